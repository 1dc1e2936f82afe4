"""Ops are written in the ONNX forms that onnxruntime runs fast; each was measured (facts/ONNX.md §5, facts/PERF.md a.9)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort  # type: ignore[import-untyped]
import pytest

import graphkeras.compiler.ops  # noqa: F401  (fills the registry)
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.driver import compile_graph, export_onnx
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType

BATCH, SEQ = Dim.symbol("batch"), Dim.symbol("seq")


def symbol(shape: tuple[Any, ...], dtype: str = "float32", name: str = "x") -> Value:
    return Value(TensorType(shape, dtype), name)


def operators(inputs: Sequence[Value], *outputs: Value | None) -> list[str]:
    """The ONNX operators of the compiled graph."""
    graph = Graph.of(inputs, [value for value in outputs if value is not None])
    model = compile_graph(graph, {}, "onnxruntime").executable.program.model  # type: ignore[attr-defined]
    onnx.checker.check_model(model, full_check=True)
    return [node.op_type for node in model.graph.node]


@pytest.mark.parametrize(
    "before, after, expected",
    [
        ((BATCH, 6), (BATCH, 2, 3), ["Reshape"]),
        ((BATCH, 2, 3), (BATCH * 2, 3), ["Reshape"]),
        ((BATCH, SEQ, 3), (BATCH * SEQ, 3), ["Reshape"]),
        ((BATCH, SEQ, 6), (BATCH, SEQ, 2, 3), ["Reshape"]),
    ],
)
def test_a_reshape_computes_no_sizes(before: Any, after: Any, expected: list[str]) -> None:
    x = symbol(before)
    assert operators([x], ops.reshape(x, shape=after)) == expected


def test_a_slice_to_the_end_computes_no_sizes() -> None:
    x = symbol((BATCH, 6))
    assert operators([x], ops.slice(x, starts=(1, 0), stops=(None, 6))) == ["Slice"]
    assert operators([x], ops.slice(x, starts=(0, 0), stops=(-1, 6))) == ["Slice"]


def test_the_gradient_of_an_embedding_scatters() -> None:
    table, rows = symbol((100, 8), name="table"), symbol((BATCH,), "int64", "rows")
    (gradient,) = gradients([ops.sum(ops.square(ops.take(table, rows, axis=0)))], [table])
    used = operators([table, rows], gradient)
    assert used.count("ScatterND") == 8 and used.count("ScatterElements") == 1  # see onnx_scatter_rows
    assert not {"OneHot", "MatMul", "Where"} & set(used)


@pytest.mark.parametrize("size", [10, 5000])  # the second is a large table
def test_rows_are_added_up_by_several_threads_without_losing_any(size: int) -> None:
    """onnxruntime's ScatterND alone is wrong in some of these runs: threads write to one row at the same time."""
    rows, updates = symbol((BATCH,), "int64", "rows"), symbol((BATCH, 64), name="updates")
    model = export_onnx(Graph.of([rows, updates], [ops.scatter_add(rows, updates, size=size)]), {})
    options = ort.SessionOptions()
    options.intra_op_num_threads = 4
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    numbers = np.random.default_rng(0).integers(0, 10, 20_000)
    for _ in range(20):
        (found,) = session.run(None, {"rows": numbers, "updates": np.ones((20_000, 64), np.float32)})
        np.testing.assert_array_equal(found[:, 0], np.bincount(numbers, minlength=size))
        np.testing.assert_array_equal(found, found[:, :1].repeat(64, 1))


def test_losses_use_whole_operators() -> None:
    logits, labels = symbol((BATCH, 10), name="logits"), symbol((BATCH,), "int32", "labels")
    loss = ops.sparse_softmax_cross_entropy(logits, labels)
    assert operators([logits, labels], loss) == ["LogSoftmax", "Unsqueeze", "GatherElements", "Squeeze", "Neg"]
    (gradient,) = gradients([ops.mean(loss)], [logits])
    used = operators([logits, labels], gradient)
    assert used.count("Softmax") == 1
    assert not {"Where", "LogSoftmax", "Exp"} & set(used)


def test_gradients_of_kinks_need_no_where() -> None:
    x = symbol((BATCH, 8))
    y = ops.relu(x) + ops.clip(x, low=-1, high=1) + ops.maximum(x, 0.5) + ops.where(ops.greater(x, 0), x, -x) + ops.abs(x)
    (gradient,) = gradients([ops.sum(y * y)], [x])
    assert operators([x], gradient).count("Where") == 1  # the one of the forward pass, which the gradient reads


def test_gelu_is_fused(tmp_path: Path) -> None:
    x = symbol((BATCH, 8))
    executable = compile_graph(Graph.of([x], [ops.gelu(x)]), {}, "onnxruntime").executable
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    ort.InferenceSession(executable.model, options)  # type: ignore[attr-defined]
    assert [node.op_type for node in onnx.load(tmp_path / "optimized.onnx").graph.node] == ["Gelu"]


def test_matmul_of_a_stack_has_one_weight_gradient_product() -> None:
    x, weights = symbol((BATCH, SEQ, 8)), symbol((8, 4), name="w")
    (gradient,) = gradients([ops.sum(ops.square(ops.matmul(x, weights)))], [weights])
    used = operators([x, weights], gradient)
    assert used.count("MatMul") == 2
    assert "ReduceSum" not in used


def test_the_largest_uint64_is_found_above_the_range_of_int64() -> None:
    x = symbol((BATCH, 2), "uint64")
    outputs = [ops.max(x, axis=1), ops.min(x, axis=1), ops.argmax(x, axis=1), ops.argmin(x, axis=1)]
    given = np.array([[3, 2**63 + 5], [2**64 - 1, 2**63 - 1]], np.uint64)
    found = compile_graph(Graph.of([x], outputs), {}, "onnxruntime").executable.run([given])
    for actual, expected in zip(found, [given.max(1), given.min(1), given.argmax(1), given.argmin(1)], strict=True):
        np.testing.assert_array_equal(actual, expected)


def test_constants_are_shared() -> None:
    x = symbol((BATCH, 8))
    y = ops.expand_dims(ops.sum(x, axis=1), axis=1) + ops.expand_dims(ops.max(x, axis=1), axis=1)
    graph = Graph.of([x], [y])
    model = compile_graph(graph, {}, "onnxruntime").executable.program.model  # type: ignore[attr-defined]
    values = [onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer]
    assert len(values) == 1 and np.array_equal(values[0], [1])


@pytest.mark.parametrize(
    "shape, size, method, antialias, expected",
    [
        ((BATCH, 8, 8, 3), (16, 16), "nearest", False, ["Resize"]),
        ((BATCH, 3, 8, 8), (16, 16), "linear", False, ["Resize"]),
        ((BATCH, 8, 8, 3), (5, 9), "linear", False, ["Resize"]),
        ((BATCH, 8, 8, 3), (5, 9), "cubic", True, ["Resize"]),
        ((BATCH, 8, 8, 3), (5, 5), "linear", True, ["Reshape", "MatMul", "Reshape", "MatMul", "Reshape"]),  # other weights
        ((BATCH, 8, 8, 3), (16, 9), "lanczos3", False, ["Reshape", "MatMul", "Reshape", "MatMul", "Reshape"]),
        ((BATCH, 3, 6, 6), (9, 9), "nearest", False, ["Gather", "Gather"]),  # Resize would round the middles its own way
    ],
)
def test_resize_is_whole_where_onnx_computes_the_same(
    shape: tuple[Any, ...], size: tuple[int, int], method: str, antialias: bool, expected: list[str]
) -> None:
    x = symbol(shape)
    axis = (1, 2) if shape[-1] == 3 else (2, 3)
    assert operators([x], ops.resize(x, axis=axis, size=size, method=method, antialias=antialias)) == expected


def test_a_column_times_a_row_is_a_product_of_matrices() -> None:
    column, row, vector, matrix = (symbol(s, name=str(n)) for n, s in enumerate([(BATCH, 1), (1, 3), (3,), (BATCH, 3)]))
    assert operators([column, row], row * column) == ["MatMul"]
    assert operators([column, vector], column * vector) == ["Unsqueeze", "MatMul"]
    assert operators([column, matrix], column * matrix) == ["Mul"]


def test_one_hot_codes_are_rows_of_a_matrix_that_is_made_at_load() -> None:
    assert "Equal" not in operators([labels := symbol((BATCH,), "int32")], ops.one_hot(labels, depth=10))
    assert "Equal" in operators([labels], ops.one_hot(labels, depth=5000))
