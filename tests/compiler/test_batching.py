"""A body on all slices at once equals a loop over them, for the samples of every op that can be batched."""

import zlib

import numpy as np
import pytest

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler.batching import BATCHED, batched
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.graph import Graph, Value, has_symbol
from graphkeras.compiler.registry import OPS, ops
from graphkeras.compiler.types import TensorType
from tests.compiler.conformance import case, difference, draw

LENGTH = 3
CONTROL = {"scan", "cond", "while_loop", "lstm", "gru", "simple_rnn"}
#: Ops with bodies of their own keep their loop.
NAMES = sorted(set(OPS) - CONTROL)


def samples_of(op):
    """Those of known sizes, the first ones: batching does not look at dtypes."""
    known = [s for s in op.samples() if s.args and all(isinstance(size, int) for arg in s.args for size in arg.shape)]
    known = [s for s in known if not any(map(has_symbol, s.attrs.values()))]
    several = [s for s in known if all(arg.dtype in ("float32", "int32", "bool", "uint32") for arg in s.args)]
    return several[:4] + several[-2:]


@pytest.mark.parametrize("name", NAMES)
def test_batched_equals_a_loop(name):
    for number, sample in enumerate(samples_of(OPS[name])):
        one = case(OPS[name], sample, np.random.default_rng(number))
        body = Graph.of(one.inputs, one.outputs)
        count = len(one.inputs)
        for has_axis in {(True,) * count, (True, *(False,) * (count - 1)), (*(False,) * (count - 1), True)}:
            check(one, body, has_axis, np.random.default_rng([zlib.crc32(name.encode()), number]))


def check(one, body, has_axis, rng):
    operands = [
        Value(value.type.with_shape((LENGTH, *value.type.shape)) if flag else value.type)
        for value, flag in zip(body.inputs, has_axis, strict=True)
    ]
    results = batched(body, operands, has_axis, LENGTH)
    if results is None:
        assert body.nodes[-1].op.name not in BATCHED
        return
    slices = [[draw(arg, rng) for _ in range(LENGTH if flag else 1)] for arg, flag in zip(one.sample.args, has_axis)]
    feeds = [np.stack(several) if flag else several[0] for several, flag in zip(slices, has_axis, strict=True)]
    found = evaluate_graph(Graph.of(operands, results), feeds)[0]
    rounds = [evaluate_graph(body, [s[k if len(s) > 1 else 0] for s in slices])[0] for k in range(LENGTH)]
    for actual, expected in zip(found, zip(*rounds, strict=True), strict=True):
        assert difference(actual, np.stack(expected)) == "", str(one)


def test_what_is_the_same_for_all_is_computed_once():
    x, w = Value(TensorType((4,)), "x"), Value(TensorType((4,)), "w")
    body = Graph.of([x, w], [ops.multiply(x, ops.exp(w)), ops.sin(w)])
    wide = Value(TensorType((3, 4)), "xs")
    results = batched(body, [wide, w], [True, False], 3)
    graph = Graph.of([wide, w], results)
    assert {node.op.name: node.output.type.shape for node in graph.nodes} == {
        "exp": (4,), "multiply": (3, 4), "sin": (4,), "broadcast_to": (3, 4),
    }  # fmt: skip


def test_a_loop_stays_where_a_node_has_no_rule():
    index, x = Value(TensorType((2,), "int32"), "index"), Value(TensorType((5,)), "x")
    body = Graph.of([index, x], [ops.scatter_add(index, ops.take(x, index), size=4)])
    operands = [Value(TensorType((3, 2), "int32")), Value(TensorType((3, 5)))]
    assert batched(body, operands, [True, True], 3) is None
