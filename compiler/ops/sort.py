"""Putting elements in order: `top_k`, which is also sorting where k is the whole axis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..dims import Dim, DimLike, is_symbolic
from ..emitter import Emitter
from ..graph import Node
from ..registry import ops
from ..types import DTYPES, FLOATS, TensorType, normalize_axis, numpy_dtype
from .base import REQUIRED, Arg, Array, Composite, Sample, widened
from .elements import places_along
from .elementwise import BATCH, LENGTH, any_numbers, check_arity
from .onnx_kernels import kernel_dtype

#: At most so many elements are picked one after the other.
FEW = 16


class TopK(Composite):
    """y, places = the first k elements along `axis` in descending order (ascending unless `largest`), and where they are

    Of equal elements the first comes first. NaN counts as larger than any number. `places` is int32.
    """

    name = "top_k"
    attributes: ClassVar[Mapping[str, Any]] = {"k": REQUIRED, "axis": -1, "largest": True}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        check_arity(self, types, 1)
        k = attrs["k"] if isinstance(attrs["k"], Dim) else int(attrs["k"])
        return {"k": k, "axis": normalize_axis(attrs["axis"], types[0].ndim, self.name), "largest": bool(attrs["largest"])}

    def infer(self, *types: TensorType, k: DimLike, axis: int, largest: bool) -> tuple[TensorType, ...]:
        check_arity(self, types, 1)
        (x,) = types
        if not is_symbolic(k) and not is_symbolic(x.shape[axis]) and not 0 <= k <= x.shape[axis]:  # type: ignore[operator]
            raise ValueError(f"top_k: k must be from 0 to {x.shape[axis]}, the size of axis {axis} of {x}; got {k}.")
        y = x.with_shape((*x.shape[:axis], k, *x.shape[axis + 1 :]))
        return y, y.with_dtype("int32")

    def expand(self, x: Any, *, k: DimLike, axis: int, largest: bool) -> Any:
        """Few of many one after the other; else an element's place is the number of elements that come before it."""
        size = x.type.shape[axis]
        numbers = ops.cast(x, dtype="int32") if x.type.dtype == "bool" else x
        places = _picked(numbers, int(k), axis, largest) if are_few(k, size) else _ranked(numbers, k, axis, largest)
        return ops.gather_elements(x, places, axis=axis), places

    def evaluate(self, x: Array, *, k: int, axis: int, largest: bool) -> tuple[Array, ...]:
        if largest:  # sorted from behind, so that turning the order around leaves equal elements in theirs
            behind = np.argsort(np.flip(widened(x), axis), axis=axis, kind="stable")
            places = np.flip(x.shape[axis] - 1 - behind, axis)
        else:
            places = np.argsort(widened(x), axis=axis, kind="stable")
        places = np.take(places, np.arange(k), axis=axis)
        return np.take_along_axis(x, places, axis=axis), places.astype(np.int32)

    def vjp(self, grad: Any, out: Any, x: Any, *, k: DimLike, axis: int, largest: bool) -> Any:
        """Back to where the elements were."""
        upstream = grad[0]
        if upstream is None:
            return (None,)
        return (ops.scatter_add_elements(out[1], upstream, axis=axis, size=x.type.shape[axis]),)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> tuple[str, ...]:
        """ONNX's TopK keeps equal elements in order, but not numbers among NaN: floats are compared by `_onnx_keys`."""
        (x,), dtype, attrs = inputs, node.inputs[0].type.dtype, node.attrs
        keys, via = _onnx_keys(emit, x, dtype)
        count = emit.shape((attrs["k"],))
        axis = attrs["axis"]
        found, places = emit("TopK", keys, count, outputs=2, axis=axis, largest=int(attrs["largest"]), sorted=1)
        if dtype in FLOATS or dtype == "uint64":
            source = x if kernel_dtype("GatherElements", dtype) == dtype else emit.cast(x, via)
            found = str(emit("GatherElements", source, places, axis=axis))
            return (found if source == x else emit.cast(found, dtype)), emit.cast(str(places), "int32")
        return (found if via == dtype else emit.cast(str(found), dtype)), emit.cast(str(places), "int32")

    def stays_whole(self, node: Node, rule: str) -> bool:
        """Triton has a template that sorts rows; the lowering spells out what is too short or too long for it."""
        return rule == "element" or super().stays_whole(node, rule)

    def flops(self, node: Node) -> DimLike:
        return 0

    def samples(self) -> Iterator[Sample]:
        for dtype in DTYPES:
            for largest in (True, False):
                yield Sample((any_numbers((2, 7), dtype),), {"k": 3, "largest": largest})
        for shape, k, axis in (
            ((5,), 5, 0),
            ((2, 5, 3), 5, 1),
            ((2, 5, 3), 2, 0),
            ((2, 1), 1, 1),
            ((2, 5), 0, 1),
            ((2, 20), 3, 1),
            ((20, 2, 3), 5, 0),
            ((0, 5), 3, 1),
            ((BATCH, 5), 3, 1),
            ((2, BATCH), BATCH, 1),
            ((LENGTH, BATCH), 2, 0),
        ):
            yield Sample((Arg(shape),), {"k": k, "axis": axis, "largest": False})
        for dtype in ("bool", "int32", "uint8", "float16"):  # with many equal elements
            yield Sample((any_numbers((3, 20), dtype),), {"k": 5})


def are_few(k: DimLike, size: DimLike) -> bool:
    """Whether k of `size` elements are picked one after the other."""
    return not isinstance(k, Dim) and 1 <= k <= FEW and (isinstance(size, Dim) or size >= 4 * k)


def _ranked(x: Any, k: DimLike, axis: int, largest: bool) -> Any:
    """The places of the first k elements, from the rank of every element."""
    size, wide = x.type.shape[axis], x.type.ndim + 1
    this, other = ops.expand_dims(x, axis=axis + 1), ops.expand_dims(x, axis=axis)
    earlier = ops.less(places_along(size, axis + 1, wide), places_along(size, axis, wide))
    before = before_or_equal(other, this, largest)
    strictly = ops.logical_not(before_or_equal(this, other, largest))
    comes_first = ops.logical_or(strictly, ops.logical_and(earlier, before))
    rank = ops.sum(ops.cast(comes_first, dtype="int32"), axis=axis + 1)
    here = ops.equal(ops.expand_dims(rank, axis=axis), places_along(k, axis, wide))
    return ops.sum(ops.cast(here, dtype="int32") * places_along(size, axis + 1, wide), axis=axis + 1)


def _picked(x: Any, k: int, axis: int, largest: bool) -> Any:
    """The places of the first k elements, each the first of those that come after the last one."""
    size, dtype = x.type.shape[axis], x.type.dtype
    number = places_along(size, axis, x.type.ndim)
    behind = ops.dimension(dim=size, dtype="int32")
    if x.type.is_float:
        worst: Any = -np.inf if largest else np.nan
    else:
        worst = np.iinfo(dtype).min if largest else np.iinfo(dtype).max
    worst = ops.constant(value=np.asarray(worst, numpy_dtype(dtype)))
    left, places = None, []
    for _ in range(k):
        best = _best(x if left is None else ops.where(left, x, worst), axis, largest)
        equal = ops.logical_and(before_or_equal(x, best, largest), before_or_equal(best, x, largest))
        found = equal if left is None else ops.logical_and(left, equal)
        places.append(ops.min(ops.where(found, number, behind), axis=axis, keepdims=True))
        later = ops.logical_and(equal, ops.greater(number, places[-1]))
        left = ops.logical_or(ops.logical_not(before_or_equal(x, best, largest)), later)
    return ops.concatenate(*places, axis=axis)


def _best(x: Any, axis: int, largest: bool) -> Any:
    """The element that comes first; NaN is larger than any number."""
    if largest or not x.type.is_float:
        return (ops.max if largest else ops.min)(x, axis=axis, keepdims=True)
    unknown = ops.is_nan(x)
    infinity = ops.constant(value=np.asarray(np.inf, numpy_dtype(x.type.dtype)))
    least = ops.min(ops.where(unknown, infinity, x), axis=axis, keepdims=True)
    nothing = ops.constant(value=np.asarray(np.nan, numpy_dtype(x.type.dtype)))
    return ops.where(ops.all(unknown, axis=axis, keepdims=True), nothing, least)


def before_or_equal(a: Any, b: Any, largest: bool) -> Any:
    """Whether a comes before b or is equal to it; NaN is larger than any number."""
    low, high = (b, a) if largest else (a, b)
    ordered = ops.less_equal(low, high)
    return ops.logical_or(ordered, ops.not_equal(high, high)) if a.type.is_float else ordered


def _onnx_keys(emit: Emitter, x: str, dtype: str) -> tuple[str, str]:
    """Numbers in the order of x that TopK takes, and their dtype.

    Infinity becomes the largest number, so that NaN can become infinity.
    """
    if dtype == "uint64":  # the highest bit flipped: the same order in int64
        return str(emit("BitwiseXor", emit.cast(x, "int64"), emit.constant(np.int64(-(2**63))))), "int64"
    via = kernel_dtype("TopK", dtype)
    x = x if via == dtype else emit.cast(x, via)
    if dtype not in FLOATS:
        return x, via
    largest = emit.constant(np.asarray(np.finfo(numpy_dtype(via)).max, numpy_dtype(via)))
    infinity = emit.constant(np.asarray(np.inf, numpy_dtype(via)))
    return str(emit("Where", emit("IsNaN", x), infinity, emit("Min", x, largest))), via
