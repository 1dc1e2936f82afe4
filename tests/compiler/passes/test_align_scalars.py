"""Scalars get the rank of results that have an axis of size 1."""

import numpy as np
import pytest

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.driver import compile_graph
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.passes.align_scalars import align_scalars
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType
from graphkeras.compiler.verify import verify_same_meaning, verify_structure

batch = Dim.symbol("batch")


def shapes_after(shape, expression, *others):
    """The shapes of the operands of the last node after the pass."""
    x = Value(TensorType(shape), "x")
    graph = Graph.of([x, *others], [expression(x)])
    result = align_scalars(graph)
    verify_structure(result, "align_scalars")
    verify_same_meaning(graph, result, "align_scalars")
    return [value.type.shape for value in result.outputs[0].node.inputs]


@pytest.mark.parametrize("shape", [(batch, 28, 28, 1), (400, 1), (3, 1), (batch, 1, 28, 28)])
def test_constants_get_the_rank_of_the_result(shape):
    ones = (1,) * len(shape)
    assert shapes_after(shape, lambda x: x * 2.0) == [shape, ones]
    assert shapes_after(shape, lambda x: x > 2.0) == [shape, ones]
    assert shapes_after(shape, lambda x: ops.where(x > 1.0, x, ops.constant(value=np.float32(0)))) == [shape, shape, ones]


@pytest.mark.parametrize("shape", [(batch, 28, 28, 3), (7,), (1,), ()])
def test_elsewhere_they_stay(shape):
    assert shapes_after(shape, lambda x: x * 2.0) == [shape, ()]


def test_other_scalars_are_reshaped_if_that_pays():
    rate = Value(TensorType(()), "rate")
    assert shapes_after((300, 1), lambda x: x * rate, rate) == [(300, 1), (1, 1)]
    assert shapes_after((30, 1), lambda x: x * rate, rate) == [(30, 1), ()]
    assert shapes_after((batch, 1), lambda x: x * rate, rate) == [(batch, 1), ()]


def test_tensors_that_are_no_scalars_stay():
    row = Value(TensorType((3, 1)), "row")
    assert shapes_after((400, 3, 1), lambda x: x * row, row) == [(400, 3, 1), (3, 1)]


def test_onnxruntime_gets_full_ranks():
    x = Value(TensorType((batch, 28, 28, 1)), "x")
    executable = compile_graph(Graph.of([x], [x / 255.0 - 0.5]), {}, "onnxruntime").executable
    assert {tuple(one.dims) for one in executable.program.model.graph.initializer} == {(1, 1, 1, 1)}
