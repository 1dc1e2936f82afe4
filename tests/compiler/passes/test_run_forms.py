"""Forms that only a run takes: the numbers of the reference, and none of them in exported files."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest

import graphkeras.compiler.ops  # noqa: F401  (fills the registry)
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.driver import compile_graph, export_onnx
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.registry import OPS, ops
from graphkeras.compiler.types import TensorType

BATCH = Dim.symbol("batch")


def symbol(*shape: Any, dtype: str = "float32") -> Value:
    return Value(TensorType(shape, dtype), "x")


def run(x: Value, *outputs: Value | None, array: Any) -> tuple[list[str], list[Any]]:
    """The ONNX operators of the program, and its results on `array`."""
    graph = Graph.of([x], [value for value in outputs if value is not None])
    executable = compile_graph(graph, {}, "onnxruntime").executable
    return [node.op_type for node in executable.program.model.graph.node], executable.run([array])  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["sum", "mean"])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize(
    "shape, axis",
    [((96, 129), (1,)), ((96, 129), (0, 1)), ((BATCH, 8, 9), (1, 2)), ((3, 40, 80), (2,)), ((5, 30, 100), (0, 1, 2))],
)
def test_sums_of_long_rows_are_products(name: str, keepdims: bool, shape: Any, axis: Any) -> None:
    x, sizes = symbol(*shape), tuple(7 if isinstance(dim, Dim) else dim for dim in shape)
    array = np.random.default_rng(0).normal(size=sizes).astype(np.float32)
    y = OPS[name](x, axis=axis, keepdims=keepdims)
    operators, (found,) = run(x, y, array=array)
    assert "MatMul" in operators
    expected = OPS[name].evaluate(array, axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(found, np.asarray(expected), rtol=1e-5, atol=1e-4)
    exported = onnx.load_from_string(export_onnx(Graph.of([x], [y]), {}))
    assert [node.op_type for node in exported.graph.node] == [{"sum": "ReduceSum", "mean": "ReduceMean"}[name]]


def test_sums_of_infinities() -> None:
    array = np.ones((128, 64), np.float32)
    array[0, 3], array[1, 0], array[2, 1], array[2, 9] = np.inf, np.nan, np.inf, -np.inf
    x = symbol(128, 64)
    operators, (found,) = run(x, ops.sum(x, axis=1), array=array)
    assert "MatMul" in operators
    np.testing.assert_array_equal(found[:4], [np.inf, np.nan, np.nan, 64])


@pytest.mark.parametrize(
    "shape, dtype, axis",
    [
        ((200, 40), "float32", (1,)),
        ((8, 128), "float32", (1,)),
        ((128, 128), "float64", (1,)),
        ((128, 128), "float32", (0,)),
        ((9000,), "float32", (0,)),
        ((BATCH, BATCH), "float32", (1,)),
        ((0, 128), "float32", (0, 1)),
    ],
)
def test_other_sums_stay(shape: Any, dtype: str, axis: Any) -> None:
    x = symbol(*shape, dtype=dtype)
    sizes = tuple(7 if isinstance(dim, Dim) else dim for dim in shape)
    operators, _ = run(x, ops.sum(x, axis=axis), array=np.ones(sizes, dtype))
    assert operators == ["ReduceSum"]


def test_gelu_is_one_operator_unless_its_gradient_reads_its_parts() -> None:
    x, array = symbol(BATCH, 5), np.linspace(-9, 9, 20, dtype=np.float32).reshape(4, 5)
    y = ops.gelu(x, approximate=True)
    operators, (found,) = run(x, y, array=array)
    assert operators == ["FastGelu"]
    np.testing.assert_allclose(found, np.asarray(OPS["gelu"].evaluate(array, approximate=True)), rtol=1e-5, atol=1e-6)
    assert "FastGelu" not in run(x, y, *gradients([y], [x]), array=array)[0]
    number = symbol()
    assert "FastGelu" not in run(number, ops.gelu(number, approximate=True), array=np.ones((), np.float32))[0]
    wide = symbol(3, dtype="float64")
    assert "FastGelu" not in run(wide, ops.gelu(wide, approximate=True), array=np.ones(3))[0]


def test_exported_files_have_standard_operators_only() -> None:
    x = symbol(BATCH, 5)
    exported = onnx.load_from_string(export_onnx(Graph.of([x], [ops.gelu(x, approximate=True)]), {}))
    assert [opset.domain for opset in exported.opset_import] == [""]
    assert {node.domain for node in exported.graph.node} == {""}
