"""Gradients of pooling as copies of rows, and simple_rnn as a loop: only in runs, with the same numbers."""

import numpy as np
import pytest

from graphkeras.compiler import driver
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.passes.dce import eliminate_dead_code
from graphkeras.compiler.passes.pooling_forms import pooling_forms
from graphkeras.compiler.pipeline import optimize
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType
from graphkeras.compiler.verify import verify_same_meaning, verify_structure


def pooled(shape, **attrs):
    """Average pooling and its gradient, all with channels last."""
    x = Value(TensorType(shape), "x")
    y = ops.average_pool(x, **attrs)
    return Graph.of([x], [y, *gradients([y], [x], [ops.square(y)])])


def names(graph):
    optimized = optimize(graph, "onnxruntime")[-1].graph
    made = eliminate_dead_code(pooling_forms(optimized))
    verify_structure(made, "pooling_forms")
    verify_same_meaning(optimized, made, "pooling_forms")
    return [node.op.name for node in made.nodes]


def check(graph, *feeds):
    expected = driver.compile_graph(graph, {}, "numpy").executable.run(feeds)
    for one, other in zip(driver.compile_graph(graph, {}, "onnxruntime").executable.run(feeds), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape, size", [((2, 4, 6, 3), (2, 3)), ((2, 6, 3), (2,)), ((2, 4, 2, 6, 3), (2, 1, 3))])
def test_tiles_are_copied(shape, size):
    graph = pooled(shape, size=size, strides=size)
    assert "average_pool_gradient" not in names(graph)
    check(graph, np.random.default_rng(0).normal(size=shape).astype(np.float32))


@pytest.mark.parametrize(
    "shape, attrs",
    [
        ((2, 5, 6, 3), {"size": (2, 3), "strides": (2, 3)}),  # a row is left over
        ((2, 4, 6, 3), {"size": (2, 2), "strides": (1, 1)}),  # windows overlap
        ((2, 5, 6, 3), {"size": (2, 2), "strides": (2, 2), "padding": "same"}),
    ],
)
def test_other_windows_stay(shape, attrs):
    graph = pooled(shape, **attrs)
    assert "average_pool_gradient" in names(graph)
    check(graph, np.random.default_rng(0).normal(size=shape).astype(np.float32))


@pytest.mark.parametrize("activation, looped", [("tanh", True), ("relu", True), ("linear", True), ("softplus", False)])
def test_simple_rnn_is_a_loop(activation, looped):
    shapes = [(2, 5, 3), (2, 4), (3, 4), (4, 4), (4,)]
    operands = [Value(TensorType(shape)) for shape in shapes]
    graph = Graph.of(operands, list(ops.simple_rnn(*operands, activation=activation)))
    assert ("scan" in names(graph)) is looped and ("simple_rnn" in names(graph)) is not looped
    rng = np.random.default_rng(0)
    check(graph, *(rng.normal(size=shape).astype(np.float32) for shape in shapes))


def test_nothing_to_do():
    x = Value(TensorType((2, 3)))
    graph = Graph.of([x], [ops.sin(x)])
    assert [node.op.name for node in pooling_forms(graph).nodes] == ["sin"]
