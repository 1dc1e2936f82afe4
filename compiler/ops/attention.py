"""`dot_product_attention`: queries look at keys and take a weighted mean of values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ..dims import Dim, DimLike, Shape
from ..graph import Node, Value
from ..registry import OPS, ops
from ..types import FLOATS, TensorType, shape_text
from .base import Arg, Composite, Op, Sample, same_dtype
from .elementwise import BATCH, LENGTH, check_dtype
from .softmax import finite_range

#: Added to the score of a key that must not be looked at: no score is seen beside it, and it leaves room for a bias.
HIDDEN = 0.7 * finite_range("float32")[0]


class DotProductAttention(Composite):
    """y[b, t, n] = sum over s of softmax over s of (query[b, t, n] . key[b, s, n] * scale + bias[b, n, t, s]) * value[b, s, n]

    Operands: query[B, T, N, H], key[B, S, K, H], value[B, S, K, V]; then a float bias and a bool mask (True: may be looked
    at), or one of them, that broadcast to [B, N, T, S]. With K heads of keys for N of queries, N / K queries in a row share
    one. `causal` hides keys s > t. `scale` None means 1 / sqrt(H). Scores of 16-bit floats are computed in float32. A query
    that may look at nothing takes the mean of all values, and no gradient flows to it.
    """

    name = "dot_product_attention"
    attributes: ClassVar[Mapping[str, Any]] = {"scale": None, "causal": False}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        scale = attrs["scale"]
        if scale is None and types and types[0].ndim == 4:
            size = types[0].shape[-1]
            if isinstance(size, Dim):
                raise ValueError(f"dot_product_attention: the last axis of {types[0]} must have a known size, or give scale.")
            scale = 1 / math.sqrt(size) if size else 1.0
        return {"scale": None if scale is None else float(scale), "causal": bool(attrs["causal"])}

    def infer(self, *types: TensorType, scale: float | None, causal: bool) -> TensorType:
        check_operand_count(self, types)
        query, key, value = types[:3]
        check_dtype(self, same_dtype(self, types[:3]), FLOATS)
        if not query.ndim == key.ndim == value.ndim == 4:
            raise ValueError(
                "dot_product_attention: query, key and value need 4 axes (batch, length, heads, size), got "
                f"{shape_text(query.shape)}, {shape_text(key.shape)} and {shape_text(value.shape)}."
            )
        batch, length, heads, size = query.shape
        if key.shape[:3] != value.shape[:3] or key.shape[0] != batch or key.shape[3] != size:
            raise ValueError(
                f"dot_product_attention: query {shape_text(query.shape)}, key {shape_text(key.shape)} and value "
                f"{shape_text(value.shape)} do not fit: batch must be equal in all, length and heads in key and value, and the "
                "size of a head in query and key."
            )
        _group_size(heads, key.shape[2])
        whole = (batch, heads, length, key.shape[1])
        for extra in types[3:]:
            if extra.dtype != "bool":
                check_dtype(self, extra.dtype, FLOATS)
            if not _broadcasts_to(extra.shape, whole):
                raise ValueError(
                    f"dot_product_attention: bias and mask must broadcast to {shape_text(whole)} (batch, heads, queries, "
                    f"keys), got {shape_text(extra.shape)}."
                )
        if [extra.dtype == "bool" for extra in types[3:]] not in ([], [False], [True], [False, True]):
            raise TypeError("dot_product_attention: after the value come a float bias and a bool mask, or one of them.")
        return query.with_shape((batch, length, heads, value.shape[3]))

    def stays_whole(self, node: Node, rule: str) -> bool:
        """Triton has a kernel that keeps the scores to itself."""
        return rule == "element" and has_flash_kernel([value.type for value in node.inputs[:3]])

    def vjp(self, grad: Any, out: Any, *inputs: Any, **attrs: Any) -> tuple[Value | None, ...]:
        found = iter(ops.dot_product_attention_gradient(*inputs, grad, **attrs))
        return tuple(next(found) if operand.type.is_float else None for operand in inputs)

    def expand(self, query: Any, key: Any, value: Any, *extras: Any, scale: float, causal: bool) -> Any:
        batch, length, heads, size = query.type.shape
        keys, groups = key.type.shape[1], key.type.shape[2]
        shared = _group_size(heads, groups)
        dtype, wide = query.type.dtype, "float64" if query.type.dtype == "float64" else "float32"
        hidden, biases = hidden_keys(extras, length, keys, causal), [extra for extra in extras if extra.type.dtype != "bool"]
        query, key, *biases = (_cast(x, wide) for x in (query, key, *biases))
        query = query * scale
        if len(extras) > len(biases):  # with a mask, but not by `causal` alone, a query may be left without a key
            sees = ops.cast(ops.logical_not(ops.all(hidden, axis=-1, keepdims=True)), dtype=wide)
            query = query * ops.transpose(sees, axes=(0, 2, 1, 3))
            biases = [bias * sees for bias in biases]
        if shared > 1:  # queries that share keys become more queries of one head: [B, T, K*G, H] -> [B, K, G*T, H]
            query = ops.transpose(ops.reshape(query, shape=(batch, length, groups, shared, size)), axes=(0, 2, 3, 1, 4))
            query = ops.reshape(query, shape=(batch, groups, shared * length, size))
        else:
            query = ops.transpose(query, axes=(0, 2, 1, 3))
        scores = ops.matmul(query, ops.transpose(key, axes=(0, 2, 3, 1)))
        if biases or hidden is not None:
            scores = ops.reshape(scores, shape=(batch, heads, length, keys)) if shared > 1 else scores
        for bias in biases:
            scores = scores + bias
        if hidden is not None:  # added and not chosen by, because that keeps a mask as small as it came
            scores = scores + ops.cast(hidden, dtype=wide) * HIDDEN
        weights = ops.softmax(scores, axis=-1)
        weights = _cast(weights, dtype)
        if shared > 1:
            weights = ops.reshape(weights, shape=(batch, groups, shared * length, keys))
        result = ops.matmul(weights, ops.transpose(value, axes=(0, 2, 1, 3)))
        if shared == 1:
            return ops.transpose(result, axes=(0, 2, 1, 3))
        result = ops.reshape(result, shape=(batch, groups, shared, length, value.type.shape[3]))
        result = ops.transpose(result, axes=(0, 3, 1, 2, 4))
        return ops.reshape(result, shape=(batch, length, heads, value.type.shape[3]))

    def flops(self, node: Node) -> DimLike:
        """Of the two products and the softmax between them."""
        query, key, value = (operand.type for operand in node.inputs[:3])
        batch, length, heads, size = query.shape
        scores = batch * heads * length * key.shape[1]
        return scores * (2 * size + 2 * value.shape[3] + 12)

    def samples(self) -> Iterator[Sample]:
        plain = ((2, 3, 4, 5), (2, 7, 4, 5), (2, 7, 4, 6))
        grouped = ((2, 3, 4, 5), (2, 7, 2, 5), (2, 7, 2, 5))
        for dtype in FLOATS:
            yield Sample(tuple(Arg(shape, dtype) for shape in plain))
        for shapes in (plain, grouped):
            args = tuple(map(Arg, shapes))
            yield Sample((*args, Arg((2, 4, 3, 7)), Arg((2, 1, 3, 7), "bool")), {"scale": 0.5})
            yield Sample((*args, Arg((2, 1, 1, 7), "bool")), {"causal": True})
            yield Sample((*args, Arg((4, 1, 7))))
            yield Sample(args, {"causal": True})
        yield Sample(tuple(map(Arg, grouped)))
        yield Sample(tuple(map(Arg, ((BATCH, LENGTH, 2, 3), (BATCH, LENGTH, 1, 3), (BATCH, LENGTH, 1, 3)))), {"causal": True})
        yield Sample((*(Arg((BATCH, LENGTH, 2, 3)),) * 3, Arg((BATCH, 1, 1, LENGTH), "bool")))


class DotProductAttentionGradient(Composite):
    """The gradients of `dot_product_attention` by query, key, value and, if there is one, bias.

    Operands: those of `dot_product_attention`, then the gradient of its result. Without `with_bias` the bias has none.
    """

    name = "dot_product_attention_gradient"
    attributes: ClassVar[Mapping[str, Any]] = {"scale": None, "causal": False, "with_bias": True}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        with_bias = bool(attrs.pop("with_bias")) and any(_is_bias(type_) for type_ in types[3:-1])
        return {**ops.dot_product_attention.canonical(types, attrs), "with_bias": with_bias}

    def infer(self, *types: TensorType, with_bias: bool, **attrs: Any) -> tuple[TensorType, ...]:
        check_operand_count(self, types, further=1)
        *given, grad = types
        result = ops.dot_product_attention.infer(*given, **attrs)
        if grad != result:
            raise ValueError(f"{self.name}: the gradient is {grad}, but the attention's result {result}.")
        return (*given[:3], *(type_ for type_ in given[3:] if with_bias and _is_bias(type_)))

    def stays_whole(self, node: Node, rule: str) -> bool:
        """Triton's kernels give no gradient of the bias: that is as large as the scores, which they have nowhere in memory."""
        return rule == "element" and not node.attrs["with_bias"] and has_flash_kernel([value.type for value in node.inputs[:3]])

    def expand(self, *inputs: Any, with_bias: bool, **attrs: Any) -> Any:
        *given, grad = inputs
        found = Composite.vjp(OPS["dot_product_attention"], grad, None, *given, **attrs)  # type: ignore[arg-type]
        wanted = [k for k, operand in enumerate(given) if k < 3 or (with_bias and _is_bias(operand.type))]
        return tuple(found[k] for k in wanted)

    def trimmed(self, node: Node, used: Sequence[bool]) -> Sequence[Value | None] | None:
        """Without the gradient of the bias, if nobody reads that."""
        if not node.attrs["with_bias"] or used[-1]:
            return None
        return (*self(*node.inputs, **{**node.attrs, "with_bias": False}), None)

    def samples(self) -> Iterator[Sample]:
        for sample in OPS["dot_product_attention"].samples():
            query, value = sample.args[0], sample.args[2]
            yield Sample((*sample.args, Arg((*query.shape[:3], value.shape[3]), query.dtype)), sample.attrs, ())


#: Sizes of a head that a program instance of the Triton kernels holds in registers.
MAX_FLASH_SIZE = 256


def has_flash_kernel(types: Sequence[TensorType]) -> bool:
    """True for types of query, key and value that the Triton kernels of attention take."""
    sizes = [type_.shape[3] for type_ in types]
    known = all(not isinstance(size, Dim) and 0 < size <= MAX_FLASH_SIZE for size in sizes)
    keys = types[1].shape[1]
    return known and (isinstance(keys, Dim) or keys > 0) and types[0].dtype in ("float32", "float16", "bfloat16")


def check_operand_count(op: Op, types: Sequence[TensorType], further: int = 0) -> None:
    """Query, key and value; bias and mask or not; and `further` operands.

    Raises:
        TypeError: otherwise.
    """
    if not 3 <= len(types) - further <= 5:
        raise TypeError(f"{op.name} takes {3 + further} to {5 + further} operands, got {len(types)}.")


def _is_bias(type_: TensorType) -> bool:
    return type_.dtype != "bool"


def _broadcasts_to(shape: Shape, whole: Shape) -> bool:
    trailing = whole[len(whole) - len(shape) :]
    return len(shape) <= len(whole) and all(size in (1, wanted) for size, wanted in zip(shape, trailing, strict=True))


def _group_size(heads: DimLike, groups: DimLike) -> int:
    """How many heads of queries share a head of keys."""
    if heads == groups:
        return 1
    if isinstance(heads, Dim) or isinstance(groups, Dim) or groups == 0 or heads % groups:
        raise ValueError(
            f"dot_product_attention: the number of heads of the query must be a multiple of that of the key, got {heads} and "
            f"{groups}."
        )
    return heads // groups


def hidden_keys(extras: Sequence[Any], length: DimLike, keys: DimLike, causal: bool) -> Any:
    """Which keys each query must not look at, with 4 axes; None if it may look at all."""
    hidden = None
    for extra in extras:
        if extra.type.dtype == "bool":
            missing = tuple(range(4 - extra.type.ndim))
            hidden = ops.logical_not(ops.expand_dims(extra, axis=missing) if missing else extra)
    if causal:
        query, key = ops.iota(size=length, dtype="int32"), ops.iota(size=keys, dtype="int32")
        later = ops.less(ops.expand_dims(query, axis=(0, 1, 3)), ops.expand_dims(key, axis=(0, 1, 2)))
        hidden = later if hidden is None else ops.logical_or(hidden, later)
    return hidden


def _cast(x: Any, dtype: str) -> Any:
    return x if x.type.dtype == dtype else ops.cast(x, dtype=dtype)
