"""The three kernels that Triton computes `dot_product_attention` and its gradients with: the scores are nowhere in memory.

The forward kernel keeps one number of each row of scores, the logarithm of its sum of exponentials; with it the gradients'
kernels make the weights anew, tile by tile (Dao, FlashAttention-2, 2023, algorithms 1 and 2), and sums have a fixed order. Here
stands what the kernels mean; they themselves are in kernels/templates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..dims import DimLike
from ..graph import Node, Value
from ..registry import OPS, ops
from ..types import TensorType, shape_text
from .attention import HIDDEN, check_operand_count, hidden_keys
from .base import Arg, Composite, Sample

_ATTRIBUTES: Mapping[str, Any] = {"scale": None, "causal": False}


class _FlashKernel(Composite):
    attributes: ClassVar[Mapping[str, Any]] = _ATTRIBUTES

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        return OPS["dot_product_attention"].canonical(types, attrs)

    def stays_whole(self, node: Node, rule: str) -> bool:
        return rule == "element"


class FlashAttention(_FlashKernel):
    """y, l = dot_product_attention(query, key, value, ...), log(sum over s of exp(score[b, n, t, s]))

    Operands and attributes are those of `dot_product_attention`, but for float64. l[B, N, T] is float32, and inf for a query
    that may look at nothing.
    """

    name = "flash_attention"

    def infer(self, *types: TensorType, **attrs: Any) -> tuple[TensorType, ...]:
        check_operand_count(self, types)
        result = OPS["dot_product_attention"].infer(*types, **attrs)
        assert isinstance(result, TensorType)
        batch, length, heads, _ = types[0].shape
        return result, TensorType((batch, heads, length), "float32")

    def expand(self, query: Any, key: Any, value: Any, *extras: Any, scale: float, causal: bool) -> Any:
        y = ops.dot_product_attention(query, key, value, *extras, scale=scale, causal=causal)
        scores, hidden = _scores(query, key, extras, scale, causal)
        largest = ops.max(scores, axis=(3,), keepdims=True)
        sums = ops.sum(ops.exp(ops.subtract(scores, largest)), axis=(3,))
        logsumexp = ops.add(ops.log(sums), ops.squeeze(largest, axis=(3,)))
        if any(extra.type.dtype == "bool" for extra in extras):
            blind = ops.all(ops.broadcast_to(hidden, shape=scores.type.shape), axis=(3,))
            logsumexp = ops.where(blind, np.asarray(np.inf, scores.type.dtype), logsumexp)
        return y, logsumexp

    def flops(self, node: Node) -> DimLike:
        return OPS["dot_product_attention"].flops(node)

    def samples(self) -> Iterator[Sample]:
        for sample in OPS["dot_product_attention"].samples():
            if sample.args[0].dtype != "float64":
                yield Sample(sample.args, sample.attrs, ())


class FlashAttentionQueryGradient(_FlashKernel):
    """dq[t] = sum over s of ds[t, s] * key[s] * scale with ds = weights * (grad[t] . value[s] - delta[t])

    Operands: those of `dot_product_attention`, the gradient of its result, its logsumexp[B, N, T], and delta[B, N, T], the sum
    over the last axis of gradient times result.
    """

    name = "flash_attention_query_gradient"

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        _check_gradient_operands(self, types, attrs)
        return types[0]

    def expand(self, query: Any, key: Any, value: Any, *others: Any, scale: float, causal: bool) -> Any:
        *extras, grad, logsumexp, delta = others
        slopes, _ = _slopes_and_weights(query, key, value, extras, grad, logsumexp, delta, scale, causal)
        dq = ops.multiply(ops.matmul(slopes, _by_head(key, query)), scale)
        return ops.cast(ops.transpose(dq, axes=(0, 2, 1, 3)), dtype=query.type.dtype)

    def samples(self) -> Iterator[Sample]:
        yield from _gradient_samples()


class FlashAttentionKeyGradient(_FlashKernel):
    """dk[s] = sum over t of ds[t, s] * query[t] * scale; dv[s] = sum over t of weights[t, s] * grad[t]

    over all heads of queries that share the key. The operands are those of `flash_attention_query_gradient`. A query that may
    look at nothing weighs all values alike.
    """

    name = "flash_attention_key_gradient"

    def infer(self, *types: TensorType, **attrs: Any) -> tuple[TensorType, ...]:
        _check_gradient_operands(self, types, attrs)
        return types[1], types[2]

    def expand(self, query: Any, key: Any, value: Any, *others: Any, scale: float, causal: bool) -> Any:
        *extras, grad, logsumexp, delta = others
        slopes, weights = _slopes_and_weights(query, key, value, extras, grad, logsumexp, delta, scale, causal)
        if any(extra.type.dtype == "bool" for extra in extras):
            blind = ops.expand_dims(ops.is_inf(logsumexp), axis=(3,))
            count = ops.dimension(dim=key.type.shape[1], dtype="float32")
            even = ops.divide(ops.cast(blind, dtype="float32"), count)
            weights = ops.add(weights, even)
        products = [(slopes, query, key, scale), (weights, grad, value, 1.0)]
        return tuple(_summed_over_shared(left, right, like, factor) for left, right, like, factor in products)

    def samples(self) -> Iterator[Sample]:
        yield from _gradient_samples()


def _check_gradient_operands(op: _FlashKernel, types: Sequence[TensorType], attrs: Mapping[str, Any]) -> None:
    check_operand_count(op, types, further=3)
    *given, grad, logsumexp, delta = types
    result, rows = ops.flash_attention.infer(*given, **attrs)
    shapes, expected = ([type_.shape for type_ in types] for types in ((grad, logsumexp, delta), (result, rows, rows)))
    if shapes != expected:
        told = (", ".join(map(shape_text, each)) for each in (shapes, expected))
        raise ValueError("{}: gradient, logsumexp and delta have the shapes {}; they must be {}.".format(op.name, *told))


def flash_gradient(node: Node) -> Sequence[Value]:
    """What a node `dot_product_attention_gradient` is in terms of the kernels."""
    *given, grad = node.inputs
    attrs = {key: node.attrs[key] for key in _ATTRIBUTES}
    y, logsumexp = ops.flash_attention(*given, **attrs)
    products = ops.multiply(ops.cast(grad, dtype="float32"), ops.cast(y, dtype="float32"))
    delta = ops.sum(ops.transpose(products, axes=(0, 2, 1, 3)), axis=(3,))  # queries of one head are neighbours
    others = (*given, grad, logsumexp, delta)
    return (ops.flash_attention_query_gradient(*others, **attrs), *ops.flash_attention_key_gradient(*others, **attrs))


def _by_head(x: Any, query: Any) -> Any:
    """(batch, length, heads, size) as (batch, heads of the query, length, size) in float32: shared heads are repeated."""
    batch, length, groups, size = x.type.shape
    heads = query.type.shape[2]
    x = ops.transpose(ops.cast(x, dtype="float32"), axes=(0, 2, 1, 3))
    x = ops.broadcast_to(ops.expand_dims(x, axis=(2,)), shape=(batch, groups, heads // groups, length, size))
    return ops.reshape(x, shape=(batch, heads, length, size))


def _scores(query: Any, key: Any, extras: Sequence[Any], scale: float, causal: bool) -> tuple[Any, Any]:
    """The scores [B, N, T, S], lowest where a key must not be looked at; and where that is, None for nowhere."""
    left, right = _by_head(query, query), ops.transpose(_by_head(key, query), axes=(0, 1, 3, 2))
    scores = ops.multiply(ops.matmul(left, right), scale)
    hidden = hidden_keys(extras, query.type.shape[1], key.type.shape[1], causal)
    for extra in extras:
        if extra.type.dtype != "bool":
            scores = ops.add(scores, ops.cast(extra, dtype=scores.type.dtype))
    if hidden is not None:
        scores = ops.where(hidden, np.asarray(HIDDEN, scores.type.dtype), scores)
    return scores, hidden


def _slopes_and_weights(
    query: Any, key: Any, value: Any, extras: Sequence[Any], grad: Any, logsumexp: Any, delta: Any, scale: float, causal: bool
) -> tuple[Any, Any]:
    """The gradient of the scores, and the weights: [B, N, T, S]."""
    scores, _ = _scores(query, key, extras, scale, causal)
    weights = ops.exp(ops.subtract(scores, ops.expand_dims(logsumexp, axis=(3,))))
    products = ops.matmul(_by_head(grad, query), ops.transpose(_by_head(value, query), axes=(0, 1, 3, 2)))
    return ops.multiply(weights, ops.subtract(products, ops.expand_dims(delta, axis=(3,)))), weights


def _summed_over_shared(left: Any, right: Any, like: Any, factor: float) -> Any:
    """sum over t and over the heads that share a key of left[b, n, t, s] * right[b, t, n, :]"""
    batch, keys, groups, size = like.type.shape
    product = ops.matmul(ops.transpose(left, axes=(0, 1, 3, 2)), _by_head(right, right))
    product = ops.reshape(product, shape=(batch, groups, product.type.shape[1] // groups, keys, size))
    total = ops.multiply(ops.sum(product, axis=(2,)), factor)
    return ops.cast(ops.transpose(total, axes=(0, 2, 1, 3)), dtype=like.type.dtype)


def _gradient_samples() -> Iterator[Sample]:
    """With a logsumexp that lets weights be up to about 1."""
    for sample in OPS["dot_product_attention_gradient"].samples():
        if sample.args[0].dtype == "float64":
            continue
        query = sample.args[0]
        batch, length, heads, _ = query.shape
        rows = (batch, heads, length)
        yield Sample((*sample.args, Arg(rows, "float32", 6.0, 8.0), Arg(rows, "float32")), sample.attrs, ())
