"""Wrong calls of ops: the error names the op and says what came and what is allowed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphkeras.compiler.ops  # noqa: F401  (fills the registry)
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.registry import OPS, ops
from graphkeras.compiler.types import TensorType
from tests.compiler.conformance import Case, cases

BATCH = Dim.symbol("batch")


def symbol(shape: tuple[Any, ...], dtype: str = "float32") -> Value:
    return Value(TensorType(shape, dtype), "x")


X = symbol((2, 3, 5))
I = symbol((4,), "int32")
KEY = symbol((2,), "uint32")

#: call, kind of error, words that its message must have.
WRONG: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: ops.sum(X, axis=3), ValueError, "sum: axis 3 is out of range .*allowed: -3 to 2"),
    (lambda: ops.mean(X, axis=(0, 0)), ValueError, "mean: axis .* twice"),
    (lambda: ops.sum(X, axis="rows"), TypeError, "sum: axis must be an integer"),
    (lambda: ops.sum(X, axes=1), TypeError, "sum has no attribute 'axes'; it has axis, keepdims"),
    (lambda: ops.mean(I), TypeError, "mean does not take int32; it takes bfloat16"),
    (lambda: ops.any(X), TypeError, "any does not take float32"),
    (lambda: ops.max(symbol((0, 3)), axis=0), ValueError, r"max: float32\[0,3\] has no elements along axis"),
    (lambda: ops.argmax(symbol((2, 0)), axis=1), ValueError, "argmax: .* no elements"),
    (lambda: ops.argmax(X), TypeError, "argmax needs the attribute 'axis'"),
    (lambda: ops.argmin(X, axis=-4), ValueError, "argmin: axis -4 is out of range"),
    (lambda: ops.matmul(X, symbol((4, 2))), ValueError, r"matmul: \(2, 3, 5\) @ \(4, 2\): .* has size 5, .* has 4"),
    (lambda: ops.matmul(I, X), TypeError, "matmul: operands have dtypes int32, float32"),
    (lambda: ops.matmul(symbol((3,)), symbol((3, 2))), ValueError, "matmul: both operands need at least 2 axes"),
    (lambda: ops.matmul(symbol((2, 3, 4)), symbol((5, 4, 3))), ValueError, "matmul: .* cannot be broadcast"),
    (lambda: ops.reshape(X, shape=(7, 2)), ValueError, r"reshape: .* has 30 elements, the shape \(7, 2\) has 14"),
    (lambda: ops.reshape(X, shape=(-1, -1)), ValueError, "reshape: only one size may be -1"),
    (lambda: ops.reshape(X, shape=(-1, 7)), ValueError, "reshape: .* 30 elements, .* multiple of 7"),
    (lambda: ops.reshape(symbol((0, 3)), shape=(-1, 0)), ValueError, "reshape: .* no value"),
    (lambda: ops.reshape(X, shape=(-1, BATCH)), ValueError, "reshape: .* multiple of batch"),
    (lambda: ops.reshape(X, shape=(None, 30)), TypeError, "reshape: a shape consists of integers"),
    (lambda: ops.reshape(X), TypeError, "reshape needs the attribute 'shape'"),
    (lambda: ops.transpose(X, axes=(0, 0, 1)), ValueError, "transpose: axes must be an order of the 3 axes"),
    (lambda: ops.squeeze(X, axis=1), ValueError, r"squeeze: axis 1 of float32\[2,3,5\] has size 3"),
    (lambda: ops.expand_dims(X, axis=5), ValueError, "expand_dims: axis 5 is out of range"),
    (lambda: ops.broadcast_to(X, shape=(2, 3, 4)), ValueError, r"broadcast_to: float32\[2,3,5\] cannot be broadcast"),
    (lambda: ops.broadcast_to(X, shape=(3, 5)), ValueError, "broadcast_to: .* cannot be broadcast"),
    (lambda: ops.concatenate(X, symbol((2, 4, 4)), axis=1), ValueError, "concatenate: shapes .* except along axis 1"),
    (lambda: ops.concatenate(X, I), TypeError, "concatenate: operands have dtypes"),
    (lambda: ops.concatenate(), TypeError, "concatenate takes at least one operand"),
    (lambda: ops.slice(X, starts=(0,), stops=(1,)), ValueError, "slice: .* has 3 axes"),
    (lambda: ops.slice(I, starts=(0,), stops=(4,), steps=(0,)), ValueError, "slice: steps must be at least 1"),
    (lambda: ops.pad(I, before=(-1,), after=(0,)), ValueError, "pad: amounts must not be negative"),
    (lambda: ops.pad(X, before=(1,), after=(0,)), ValueError, "pad: .* has 3 axes"),
    (lambda: ops.take(X, symbol((2,)), axis=0), TypeError, "take: indices must be integers, got float32"),
    (lambda: ops.take(X, I, axis=3), ValueError, "take: axis 3 is out of range"),
    (lambda: ops.take(np.zeros(3), np.array([3]), axis=0), ValueError, "take: index 3 is out of range"),
    (lambda: ops.scatter_add(I, symbol((3, 2)), size=5), ValueError, "scatter_add: updates of shape"),
    (lambda: ops.scatter_add(np.array([-1]), np.zeros(1), size=5), ValueError, "scatter_add: index -1 is out of range"),
    (lambda: ops.one_hot(X, depth=3), TypeError, "one_hot: indices must be integers"),
    (lambda: ops.one_hot(I, depth=-1), ValueError, "one_hot: depth must not be negative"),
    (
        lambda: ops.flash_attention_key_gradient(*[symbol((1, 2, 3, 4))] * 4, *[symbol((1, 2, 3))] * 2),
        ValueError,
        r"flash_attention_key_gradient: gradient, logsumexp and delta have the shapes .*; they must be .*, \(1, 3, 2\)\.",
    ),
    (lambda: ops.softmax(I), TypeError, "softmax does not take int32"),
    (lambda: ops.log_softmax(X, axis=7), ValueError, "log_softmax: axis 7 is out of range"),
    (lambda: ops.logsumexp(symbol((2, 0)), axis=1), ValueError, "logsumexp: .* no elements"),
    (lambda: ops.softmax_cross_entropy(X, symbol((2, 3))), ValueError, "softmax_cross_entropy: .* same shape"),
    (
        lambda: ops.sparse_softmax_cross_entropy(X, symbol((2, 3))),
        TypeError,
        "sparse_softmax_cross_entropy: labels must be int",
    ),
    (lambda: ops.sparse_softmax_cross_entropy(X, I), ValueError, "sparse_softmax_cross_entropy: labels need the shape"),
    (lambda: ops.sigmoid_cross_entropy(X, symbol((2, 4))), ValueError, "sigmoid_cross_entropy: .* cannot be broadcast"),
    (lambda: ops.random_bits(I, shape=(2,)), TypeError, r"random_bits: the key must be uint32\[2\]"),
    (lambda: ops.random_uniform(KEY, shape=(-2,)), ValueError, "random_uniform: sizes must not be negative"),
    (lambda: ops.random_normal(KEY, shape=(2,), dtype="int32"), TypeError, "random_normal does not take int32"),
    (lambda: ops.clip(X, low=2, high=1), ValueError, "clip: low must not be above high"),
    (lambda: ops.clip(X, low=2), TypeError, "clip needs the attribute 'high'"),
    (lambda: ops.cast(X, dtype="complex64"), TypeError, "cast does not take complex64"),
    (lambda: ops.iota(size=-1), ValueError, "iota: size must not be negative"),
    (lambda: ops.where(X, X, X), TypeError, "where: the condition must be bool"),
    (lambda: ops.add(X, symbol((4,))), ValueError, "add: Shapes .* cannot be broadcast"),
    (lambda: ops.add(X, X, axis=1), TypeError, "add has no attribute 'axis'; it has none"),
    (lambda: ops.add(X, "1"), TypeError, "add: an operand must be a tensor, an array or a number, got str"),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_wrong_calls(number: int) -> None:
    call, kind, words = WRONG[number]
    with pytest.raises(kind, match=words):
        call()


@pytest.mark.parametrize("name", sorted(OPS))
def test_wrong_numbers_of_operands(name: str) -> None:
    one: Case = next(iter(cases(OPS[name])))
    if name == "concatenate":
        return  # take any number; none is in WRONG
    has_body = any(isinstance(value, Graph) for value in one.sample.attrs.values())  # its body takes other operands
    with pytest.raises(ValueError if has_body else TypeError, match=f"(?i){name}"):
        OPS[name](*one.inputs, *[X] * 3, **one.sample.attrs)


def test_arrays_get_the_same_errors_as_symbols() -> None:
    with pytest.raises(ValueError, match=r"reshape: .* has 6 elements"):
        ops.reshape(np.zeros((2, 3)), shape=(4,))


def test_a_slice_beyond_a_symbolic_size_fails_when_the_size_is_known() -> None:
    x = symbol((BATCH, 3))
    cut = ops.slice(x, starts=(0, 0), stops=(5, 3))
    node = cut.node
    with pytest.raises(ValueError, match=r"slice: 0:5 does not lie in axis 0 .* size 4"):
        evaluate_graph(Graph.of([x], [cut]), [np.zeros((4, 3), np.float32)])
    with pytest.raises(ValueError, match=r"slice: 0:5 does not lie in axis 0 .* size 4"):
        node.with_operands([symbol((4, 3))])
