"""Convolutions get ONNX's layout, and the transposes around them cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler import driver, pipeline
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.passes.channels_first import channels_first
from graphkeras.compiler.passes.cse import eliminate_common_subexpressions
from graphkeras.compiler.passes.dce import eliminate_dead_code
from graphkeras.compiler.passes.simplify import simplify
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType
from graphkeras.compiler.verify import verify_same_meaning, verify_structure

BATCH = Dim.symbol("batch")


def value(*shape: Any) -> Value:
    return Value(TensorType(shape, "float32"))


X, KERNEL, VECTOR = value(BATCH, 6, 5, 4), value(3, 2, 4, 4), value(4)
FIRST = value(BATCH, 4, 6, 5)


def conv(x: Any) -> Any:
    return ops.conv(x, KERNEL, padding="same")


def turned(result: Any) -> Graph:
    results = result if isinstance(result, tuple) else (result,)
    graph = Graph.of([X, KERNEL, VECTOR, FIRST], results)
    made = eliminate_dead_code(simplify(eliminate_common_subexpressions(channels_first(graph))))
    verify_structure(made, "channels_first")
    verify_same_meaning(graph, made, "channels_first")
    return made


def transposes(graph: Graph) -> int:
    return sum(node.op.name == "transpose" for node in graph.nodes)


BETWEEN: dict[str, Callable[[Any], Any]] = {
    "nothing": lambda y: y,
    "bias and activation": lambda y: ops.relu(y + VECTOR),
    "a number": lambda y: y * 2.0,
    "a constant": lambda y: y * np.linspace(0, 1, 20, dtype=np.float32).reshape(5, 4),
    "a branch": lambda y: ops.tanh(y) + ops.relu(y),
    "itself scaled by its mean": lambda y: y * ops.mean(y, axis=(1, 2), keepdims=True),
    "resizing": lambda y: ops.resize(y, axis=(1, 2), size=(12, 7)),
    "the gradient of resizing": lambda y: ops.resize_gradient(y, axis=(1, 2), size=(3, 10), method="nearest"),
    "padding": lambda y: ops.pad(y, before=(0, 1, 0, 0), after=(0, 0, 2, 0), value=1),
    "a slice": lambda y: ops.slice(y, starts=(0, 1, 0, 0), stops=(None, None, 3, None)),
    "pooling": lambda y: ops.average_pool(ops.max_pool(y, size=2), size=2, strides=1, padding="same"),
    "moments": lambda y: (y - ops.moments(y, axis=(0, 1, 2))[0]) * ops.moments(y, axis=(0, 1, 2))[1],
    "normalization": lambda y: ops.batch_normalization(y, VECTOR, ops.exp(VECTOR), VECTOR, VECTOR, epsilon=1e-3),
    "a joined sum": lambda y: y + ops.broadcast_to(ops.reshape(VECTOR, shape=(1, 1, 1, 4)), shape=y.type.shape),
}


@pytest.mark.parametrize("between", BETWEEN)
def test_only_the_ends_are_transposed(between: str) -> None:
    graph = turned(conv(BETWEEN[between](conv(X))))
    assert transposes(graph) - (between == "a constant") == 2
    assert not any(node.attrs.get("channels_last") for node in graph.nodes)


def test_pieces_are_joined_without_transposes() -> None:
    graph = turned(ops.sum(ops.concatenate(conv(X), conv(X * 2.0), axis=3), axis=(0, 1, 2), keepdims=False))
    assert transposes(graph) <= 2  # of the operands


def test_a_reduction_takes_away_the_transpose() -> None:
    assert transposes(turned(ops.sum(conv(X), axis=(0, 1, 2), keepdims=False))) == 1


def test_a_kept_order_of_axes_is_transposed_after_the_reduction() -> None:
    graph = turned(ops.max(conv(X), axis=(0,), keepdims=False))
    (last,) = (node for node in graph.nodes if node.output in graph.outputs)
    assert last.op.name == "transpose" and last.output.type.shape == (6, 5, 4)


def test_gradients_need_no_more_transposes() -> None:
    hidden = ops.relu(conv(X) + VECTOR)
    y = ops.sum(ops.max_pool(conv(hidden), size=2), axis=(0, 1, 2, 3), keepdims=False)
    slopes = tuple(slope for slope in gradients([y], [KERNEL, VECTOR]) if slope is not None)
    assert len(slopes) == 2 and transposes(turned((y, *slopes))) == 1


def test_an_operand_in_the_users_layout_keeps_the_sum_where_it_is() -> None:
    """Moving the transpose behind the sum would put one before X instead."""
    graph = turned(conv(X) + X)
    assert [node.op.name for node in graph.nodes][-1] == "add"


def test_other_transposes_are_left_alone() -> None:
    graph = turned((conv(X), ops.relu(ops.transpose(X, axes=(0, 2, 1, 3)))))
    assert [node.op.name for node in graph.nodes if graph.outputs[1] in node.outputs] == ["relu"]


def test_graphs_without_convolutions_are_left_alone() -> None:
    graph = Graph.of([FIRST], [ops.relu(ops.transpose(FIRST, axes=(0, 2, 3, 1)))])
    assert channels_first(graph) is graph


def test_float64_has_no_convolution_in_onnx() -> None:
    x, kernel = (Value(TensorType(shape, "float64")) for shape in ((2, 5, 3), (2, 3, 4)))
    graph = Graph.of([x, kernel], [ops.conv(x, kernel)])
    assert channels_first(graph) is graph
    result = driver.compile_graph(graph, {}, "onnxruntime").executable.run([np.ones((2, 5, 3)), np.ones((2, 3, 4))])
    np.testing.assert_array_equal(result[0], np.full((2, 4, 4), 6.0))


def test_the_whole_pipeline_leaves_two_transposes_and_whole_operators() -> None:
    y = conv(ops.max_pool(ops.relu(conv(X) + VECTOR), size=2, strides=1))
    graph = pipeline.optimize(Graph.of([X, KERNEL, VECTOR], [y]), "onnxruntime")[-1].graph
    assert transposes(graph) == 2
    assert {"conv", "max_pool"} <= {node.op.name for node in graph.nodes}
