"""Every declared rule fires where it should, stays away from its near miss, and leaves the numbers as they were.

A rule without a case in the table, or a case without a rule, fails a test.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.journal import recording
from graphkeras.compiler.passes.simplify import RULES, simplify
from graphkeras.compiler.registry import ops
from graphkeras.compiler.rewrite import apply_rules
from graphkeras.compiler.types import TensorType, numpy_dtype
from graphkeras.compiler.verify import verify_structure

batch = Dim.symbol("batch")


def float32(*shape: Any) -> TensorType:
    return TensorType(shape, "float32")


def int32(*shape: Any) -> TensorType:
    return TensorType(shape, "int32")


def uint32(*shape: Any) -> TensorType:
    return TensorType(shape, "uint32")


def boolean(*shape: Any) -> TensorType:
    return TensorType(shape, "bool")


F, I, U, B = float32(3, 4), int32(3, 4), uint32(3, 4), boolean(3, 4)


@dataclass(frozen=True)
class Case:
    """`fires` of values of `types` is rewritten; `near` of values of `near_types` (default: the same) is not."""

    fires: Callable[..., Value]
    types: tuple[TensorType, ...]
    near: Callable[..., Value]
    near_types: tuple[TensorType, ...] = ()


def array(*numbers: float, dtype: str = "float32") -> np.ndarray:
    return np.array(numbers, numpy_dtype(dtype))


def constant(number: float, dtype: str = "float32") -> Value:
    return ops.constant(value=np.asarray(number, numpy_dtype(dtype)))


CASES = {
    # ---- arithmetic
    "f(c, x) -> f(x, c) for commutative f": Case(lambda x: 2.0 * x, (F,), lambda x: 2.0 - x),
    "x + 0 -> x": Case(lambda x: 0.0 + x, (F,), lambda x: x + 1e-30),
    "x - 0 -> x": Case(lambda x: x - 0.0, (F,), lambda x: 1.0 - x),
    "0 - x -> -x": Case(lambda x: 0.0 - x, (F,), lambda x: ops.constant(value=np.uint32(0)) - x, (U,)),
    "x * 1 -> x": Case(lambda x: 1.0 * x, (F,), lambda x: x * array(1, 1, 1, 1), (float32(),)),
    "x * -1 -> -x": Case(lambda x: x * -1.0, (F,), lambda x: x * array(-1, -1, -1, 1)),
    "x * 0 -> 0": Case(lambda x: x * 0, (I,), lambda x: x * 0.0, (F,)),
    "x - x -> 0": Case(lambda x: x - x, (I,), lambda x: x - x, (F,)),
    "-(-x) -> x": Case(lambda x: -(-x), (F,), lambda x: -ops.abs(x)),  # noqa: B002
    "x + -y -> x - y": Case(lambda x, y: -y + x, (F, F), lambda x, y: x + y),
    "x - -y -> x + y": Case(lambda x, y: x - -y, (F, F), lambda x, y: -x - y),
    "-x - y -> -(x + y)": Case(lambda x, y: -x - y, (F, F), lambda x, y: x - -y),
    "-(x - y) -> y - x": Case(lambda x, y: -(x - y), (F, F), lambda x, y: -(x + y)),
    "-x * y -> -(x * y)": Case(lambda x, y: y * -x, (F, F), lambda x, y: -(x * y)),
    "-x / y -> -(x / y)": Case(lambda x, y: -x / y, (F, F), lambda x, y: -(x / y)),
    "x / -y -> -(x / y)": Case(lambda x, y: x / -y, (F, F), lambda x, y: -(x / y)),
    "-(x * c) -> x * -c": Case(lambda x: -(3.0 * x), (F,), lambda x, y: -(x * y), (F, F)),
    "-(x / c) -> x / -c": Case(lambda x: -(x / 3.0), (F,), lambda x, y: -(x / y), (F, F)),
    "(x + c) + d -> x + (c + d) for integers": Case(lambda x: (x + 3) + 4, (I,), lambda x: (x + 1e8) + 1.0, (F,)),
    "(x * c) * d -> x * (c * d)": Case(lambda x: (x * 3.0) * 0.25, (F,), lambda x: (x * 1e30) * 1e-30),
    "x / c -> x * (1 / c) where c is a power of two": Case(lambda x: x / array(2, -8, 0.5, 1), (F,), lambda x: x / 3.0),
    "1 / x -> reciprocal(x)": Case(lambda x: 1.0 / x, (F,), lambda x: x / 1.0),
    "x * reciprocal(y) -> x / y": Case(
        lambda x, y: ops.reciprocal(y) * x, (F, F), lambda x, y: ops.reciprocal(x) + ops.reciprocal(y)
    ),
    "reciprocal(sqrt(x)) -> rsqrt(x)": Case(lambda x: ops.reciprocal(ops.sqrt(x)), (F,), lambda x: ops.sqrt(ops.reciprocal(x))),
    # ---- functions
    "x * x -> square(x)": Case(lambda x: x * x, (F,), lambda x, y: x * y, (F, F)),
    "power(x, 0) -> 1": Case(lambda x: ops.power(x, 0.0), (F,), lambda x: ops.power(x, array(0, 0, 0, 1))),
    "power(x, 1) -> x": Case(lambda x: ops.power(x, 1.0), (F,), lambda x: ops.power(1.0, x)),
    "power(x, 2) -> square(x)": Case(lambda x: ops.power(x, 2.0), (F,), lambda x: ops.power(x, 2.5)),
    "power(x, 3) -> square(x) * x": Case(lambda x: ops.power(x, 3.0), (F,), lambda x: ops.power(x, 4.0)),
    "power(x, -1) -> reciprocal(x)": Case(lambda x: ops.power(x, -1.0), (F,), lambda x: ops.power(x, -2.0)),
    "power(x, 0.5) -> sqrt(x) where x >= 0": Case(lambda x: ops.power(ops.abs(x), 0.5), (F,), lambda x: ops.power(x, 0.5)),
    "square(-x) -> square(x)": Case(lambda x: ops.square(-x), (F,), lambda x: -ops.square(x)),
    "square(abs(x)) -> square(x)": Case(lambda x: ops.square(ops.abs(x)), (F,), lambda x: ops.abs(ops.square(x))),
    "abs(-x) -> abs(x)": Case(lambda x: ops.abs(-x), (F,), lambda x: -ops.abs(x)),
    "abs(x) -> x where x >= 0": Case(lambda x: ops.abs(ops.exp(x) + 1.0), (F,), lambda x: ops.abs(ops.exp(x) - 1.0)),
    "cos(-x) -> cos(x)": Case(lambda x: ops.cos(-x), (F,), lambda x: ops.sin(-x)),
    "relu(x) -> x where x >= 0": Case(lambda x: ops.relu(ops.relu(x)), (F,), lambda x: ops.relu(ops.square(x)), (I,)),
    "maximum(x, 0) -> relu(x)": Case(lambda x: ops.maximum(0.0, x), (F,), lambda x: ops.minimum(x, 0.0)),
    "maximum(x, x) -> x": Case(lambda x: ops.maximum(x, x), (F,), lambda x: ops.maximum(x, -x)),
    "minimum(x, x) -> x": Case(lambda x: ops.minimum(x, x), (F,), lambda x: ops.minimum(x, -x)),
    "reciprocal(exp(-x) + 1) -> sigmoid(x)": Case(
        lambda x: ops.reciprocal(1.0 + ops.exp(-x)), (F,), lambda x: ops.reciprocal(1.0 + ops.exp(x))
    ),
    "log(softmax(x)) -> log_softmax(x)": Case(
        lambda x: ops.log(ops.softmax(x, axis=0)), (float32(2, 3),), lambda x: ops.log(ops.softmax(x, axis=0) + 1e-7)
    ),
    # ---- logic
    "not(not(x)) -> x": Case(lambda x: ops.logical_not(ops.logical_not(x)), (B,), lambda x: ops.logical_not(x)),
    "x and true -> x": Case(lambda x: ops.logical_and(True, x), (B,), lambda x: ops.logical_or(x, True)),
    "x and false -> false": Case(lambda x: ops.logical_and(x, False), (B,), lambda x: ops.logical_or(x, False)),
    "x or false -> x": Case(lambda x: ops.logical_or(x, False), (B,), lambda x: ops.logical_and(x, False)),
    "x or true -> true": Case(lambda x: ops.logical_or(x, True), (B,), lambda x: ops.logical_xor(x, True)),
    "f(x, x) -> x for and, or": Case(lambda x: ops.bitwise_or(x, x), (I,), lambda x: ops.bitwise_xor(x, x)),
    "not(x == y) -> x != y": Case(
        lambda x, y: ops.logical_not(ops.equal(x, y)), (F, F), lambda x, y: ops.logical_not(ops.less(x, y))
    ),
    "not(x != y) -> x == y": Case(
        lambda x, y: ops.logical_not(ops.not_equal(x, y)), (F, F), lambda x, y: ops.logical_not(ops.greater(x, y))
    ),
    "~~x -> x": Case(lambda x: ops.bitwise_not(ops.bitwise_not(x)), (I,), lambda x: ops.bitwise_not(-x)),
    "x ^ 0 -> x": Case(lambda x: ops.bitwise_xor(0, x), (I,), lambda x: ops.bitwise_and(x, 0)),
    "x ^ x -> 0": Case(lambda x: ops.bitwise_xor(x, x), (U,), lambda x, y: ops.bitwise_xor(x, y), (U, U)),
    "x | 0 -> x": Case(lambda x: ops.bitwise_or(x, 0), (I,), lambda x: ops.bitwise_or(x, 1)),
    "x & 0 -> 0": Case(lambda x: ops.bitwise_and(x, 0), (I,), lambda x: ops.bitwise_and(x, 1)),
    "(x ^ c) ^ d -> x ^ (c ^ d)": Case(
        lambda x: ops.bitwise_xor(ops.bitwise_xor(x, 5), 9),
        (U,),
        lambda x, y: ops.bitwise_xor(ops.bitwise_xor(x, 5), y),
        (U, U),
    ),
    "x << 0 -> x": Case(lambda x: ops.left_shift(x, 0), (U,), lambda x: ops.left_shift(x, 1)),
    "x >> 0 -> x": Case(lambda x: ops.right_shift(x, 0), (U,), lambda x: ops.right_shift(x, 1)),
    "where(true, x, y) -> x": Case(
        lambda x, y: ops.where(np.True_, x, y), (F, F), lambda c, x, y: ops.where(c, x, y), (B, F, F)
    ),
    "where(false, x, y) -> y": Case(
        lambda x, y: ops.where(np.False_, x, y), (F, F), lambda x, y: ops.where(np.False_, x, y), (F, float32(4))
    ),
    "where(c, x, x) -> x": Case(lambda c, x: ops.where(c, x, x), (B, F), lambda c, x: ops.where(c, x, -x)),
    "where(not(c), x, y) -> where(c, y, x)": Case(
        lambda c, x, y: ops.where(ops.logical_not(c), x, y), (B, F, F), lambda c, x, y: ops.where(c, y, x)
    ),
    "where(c, 1, 0) -> cast(c)": Case(
        lambda c: ops.where(c, constant(1), constant(0)), (B,), lambda c: ops.where(c, constant(0), constant(1))
    ),
    "cast(x) -> x where it has that dtype": Case(
        lambda x: ops.cast(x, dtype="float32"), (F,), lambda x: ops.cast(x, dtype="float64")
    ),
    "cast(cast(x)) -> cast(x) where the inner one keeps every x": Case(
        lambda x: ops.cast(ops.cast(x, dtype="float64"), dtype="float32"),
        (F,),
        lambda x: ops.cast(ops.cast(x, dtype="float16"), dtype="float32"),
    ),
    "cast(dimension) -> dimension of that dtype": Case(
        lambda x: x * ops.cast(ops.dimension(dim=batch, dtype="int32"), dtype="float32"),
        (float32(batch),),
        lambda x: x * ops.cast(ops.dimension(dim=batch, dtype="int32"), dtype="float16"),
        (TensorType((batch,), "float16"),),
    ),
    "f(x) -> x for identity, stop_gradient": Case(lambda x: ops.stop_gradient(x), (F,), lambda x: ops.relu(x)),
    "ensure_shape(x) -> x where x has the shape": Case(
        lambda x: ops.ensure_shape(x, shape=(batch, 4)), (float32(batch, 4),), lambda x: ops.ensure_shape(x, shape=(5, 4))
    ),
    # ---- views
    "view(x) -> x where the shape stays": Case(
        lambda x: ops.reshape(x, shape=(batch, 4)), (float32(batch, 4),), lambda x: ops.reshape(x, shape=(2, 2 * batch))
    ),
    "transpose(x) -> x where the axes stay": Case(
        lambda x: ops.transpose(x, axes=(0, 1)), (F,), lambda x: ops.transpose(x, axes=(1, 0)), (float32(3, 3),)
    ),
    "slice(x) -> x where it takes all": Case(
        lambda x: ops.slice(x, starts=(0, 0), stops=(3, 4), steps=(1, 1)),
        (F,),
        lambda x: ops.slice(x, starts=(0, 1), stops=(3, 4), steps=(1, 1)),
    ),
    "pad(x) -> x where it adds nothing": Case(
        lambda x: ops.pad(x, before=(0, 0), after=(0, 0), value=1.0),
        (F,),
        lambda x: ops.pad(x, before=(0, 0), after=(0, 1), value=1.0),
    ),
    "concatenate(x) -> x": Case(lambda x: ops.concatenate(x, axis=0), (F,), lambda x: ops.concatenate(x, x, axis=0)),
    "reshape(reshape(x)) -> reshape(x)": Case(
        lambda x: ops.squeeze(ops.expand_dims(x, axis=(1,)), axis=(1,)),
        (float32(batch, 4),),
        lambda x: ops.reshape(ops.transpose(x, axes=(1, 0)), shape=(2, 6)),
        (F,),
    ),
    "transpose(transpose(x)) -> transpose(x)": Case(
        lambda x: ops.transpose(ops.transpose(x, axes=(1, 2, 0)), axes=(0, 2, 1)),
        (float32(2, 3, 5),),
        lambda x: ops.transpose(-ops.transpose(x, axes=(1, 2, 0)), axes=(0, 2, 1)),
    ),
    "transpose(x) -> reshape(x) where only axes of size 1 move": Case(
        lambda x: ops.transpose(x, axes=(1, 0, 2)), (float32(batch, 1, 4),), lambda x: ops.transpose(x, axes=(2, 1, 0))
    ),
    "broadcast_to(broadcast_to(x)) -> broadcast_to(x)": Case(
        lambda x: ops.broadcast_to(ops.broadcast_to(x, shape=(3, 4)), shape=(2, 3, 4)),
        (float32(4),),
        lambda x: ops.broadcast_to(-ops.broadcast_to(x, shape=(3, 4)), shape=(2, 3, 4)),
    ),
    "broadcast_to(reshape(x)) -> broadcast_to(x) where the reshape only puts axes in front": Case(
        lambda x: ops.broadcast_to(ops.reshape(x, shape=(1, 4)), shape=(3, 4)),
        (float32(4),),
        lambda x: ops.broadcast_to(ops.reshape(x, shape=(4, 1)), shape=(4, 3)),
    ),
    "view(broadcast_to(x)) -> broadcast_to(x) where x is one number": Case(
        lambda x: ops.transpose(ops.broadcast_to(x, shape=(3, 4)), axes=(1, 0)),
        (float32(1),),
        lambda x: ops.transpose(ops.broadcast_to(x, shape=(3, 4)), axes=(1, 0)),
        (float32(4),),
    ),
    "constant of equal numbers -> broadcast_to(number)": Case(
        lambda x: x + array(2, 2, 2, 2), (F,), lambda x: x + array(2, 2, 2, 3)
    ),
    "f(broadcast_to(x), y) -> f(x, y) for elementwise f": Case(
        lambda x, y: ops.broadcast_to(x, shape=(3, 4)) * y,
        (float32(4), F),
        lambda x, y: ops.matmul(ops.broadcast_to(x, shape=(3, 4)), y),
        (float32(4), float32(4, 2)),
    ),
    "f(reshape(x), y) -> f(x, y) where the reshape only puts axes in front": Case(
        lambda x, y: ops.reshape(x, shape=(1, 4)) + y,
        (float32(4), float32(batch, 4)),
        lambda x, y: ops.reshape(x, shape=(1, 4)) + y,
        (float32(4), float32(4)),
    ),
    "matmul(a, b) -> a * b where one number meets one": Case(
        lambda a, b: ops.matmul(a, b), (float32(2, batch, 1), float32(1, 4)), lambda a, b: ops.matmul(a, b), (F, float32(4, 1))
    ),
    # ---- pieces
    "pad(x, behind) + pad(y, before) -> concatenate(x, y) where the pieces fill the axis": Case(
        lambda x, y: ops.pad(y, before=(0, 4), after=(0, 0), value=0) + ops.pad(x, before=(0, 0), after=(0, 3), value=0),
        (float32(batch, 4), float32(batch, 3)),
        lambda x, y: ops.pad(y, before=(0, 3), after=(0, 0), value=0) + ops.pad(x, before=(0, 0), after=(0, 2), value=0),
    ),
    # ---- reductions
    "reduce(x) -> reshape(x) where the axes have size 1": Case(
        lambda x: ops.sum(x, axis=1), (float32(batch, 1, 4),), lambda x: ops.sum(x, axis=(1, 2))
    ),
    "reduce(reduce(x)) -> reduce(x)": Case(
        lambda x: ops.sum(ops.sum(x, axis=1), axis=1, keepdims=True),
        (float32(2, 3, 5),),
        lambda x: ops.sum(ops.max(x, axis=1), axis=1, keepdims=True),
    ),
    "reduce(reshape(x)) -> reduce(x) over all": Case(
        lambda x: ops.max(ops.reshape(x, shape=(2, 6))), (F,), lambda x: ops.max(ops.reshape(x, shape=(2, 6)), axis=1)
    ),
    "sum(-x) -> -sum(x)": Case(lambda x: ops.sum(-x, axis=1), (F,), lambda x: ops.max(-x, axis=1)),
    "sum(broadcast_to(x)) -> sum(x) * count": Case(
        lambda x: ops.sum(ops.broadcast_to(x, shape=(2, batch, 4)), axis=(0, 1)),
        (float32(batch, 1),),
        lambda x: ops.sum(ops.broadcast_to(x, shape=(3, 4)), axis=1),
        (float32(4),),
    ),
    "reduce(broadcast_to(x)) -> reduce(x) for mean, max, min, any, all": Case(
        lambda x: ops.mean(ops.broadcast_to(x, shape=(3, 4)), axis=1),
        (float32(3, 1),),
        lambda x: ops.mean(ops.broadcast_to(x, shape=(batch, 3, 4)), axis=(0, 1)),
        (float32(3, 1),),
    ),
}

BY_TITLE = {rule.title: rule for rule in RULES}


def graph_of(build: Callable[..., Value], types: tuple[TensorType, ...]) -> Graph:
    inputs = [Value(type_, f"x{k}") for k, type_ in enumerate(types)]
    return Graph.of(inputs, [build(*inputs)])


def feeds(graph: Graph) -> list[np.ndarray]:
    """Random numbers, and among those of floats all that is special."""
    rng = np.random.default_rng(0)
    special = [np.inf, -np.inf, np.nan, 0.0, -0.0, 1e30, -1e30, 1e-30]
    result = []
    for value in graph.inputs:
        shape = tuple(8 if dim == batch else int(dim) for dim in value.type.shape)
        if value.type.is_float:
            numbers = rng.uniform(-3, 3, shape)
            count = min(len(special), max(numbers.size - 3, 0))
            numbers.ravel()[rng.permutation(numbers.size)[:count]] = special[:count]
        else:
            numbers = rng.integers(0, 2 if value.type.dtype == "bool" else 9, shape)
        result.append(numbers.astype(numpy_dtype(value.type.dtype)))
    return result


def fired(graph: Graph, title: str) -> tuple[bool, Graph]:
    with recording() as entries:
        after = apply_rules(graph, [BY_TITLE[title]])
    return any(entry.what == title and not entry.refused for entry in entries), after


def test_every_rule_has_a_case_and_every_case_a_rule():
    assert len(BY_TITLE) == len(RULES), "two rules have one title"
    assert sorted(CASES) == sorted(BY_TITLE)


@pytest.mark.parametrize("title", CASES)
def test_it_fires_and_the_numbers_stay(title):
    graph = graph_of(CASES[title].fires, CASES[title].types)
    did, after = fired(graph, title)
    assert did
    verify_structure(after, title)
    # log_softmax is finite where the logarithm of an underflown softmax is not, and says so.
    numbers = feeds(graph) if "log_softmax" not in title else [np.random.default_rng(0).normal(size=(2, 3)).astype("float32")]
    with np.errstate(all="ignore"):
        (expected,), _ = evaluate_graph(graph, numbers)
        (actual,), _ = evaluate_graph(after, numbers)
    assert actual.dtype == expected.dtype
    if BY_TITLE[title].rounds:
        np.testing.assert_allclose(actual, expected, rtol=2e-6, atol=1e-37)
    else:
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("title", CASES)
def test_it_does_not_fire_on_a_near_miss(title):
    case = CASES[title]
    did, _ = fired(graph_of(case.near, case.near_types or case.types), title)
    assert not did


@pytest.mark.parametrize("title", CASES)
def test_all_rules_together_come_to_an_end(title):
    case = CASES[title]
    for build, types in ((case.fires, case.types), (case.near, case.near_types or case.types)):
        once = simplify(graph_of(build, types))
        verify_structure(once, "simplify")
        with recording() as entries:
            simplify(once)
        assert not [entry for entry in entries if not entry.refused], "a second time there is nothing left to do"


def test_refusals_say_why():
    with recording() as entries:
        simplify(graph_of(lambda x: x - x, (F,)))
    assert [entry.why for entry in entries if entry.what == "x - x -> 0"] == ["an infinite or NaN x minus itself is NaN"]
