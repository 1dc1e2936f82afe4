"""Normalization in the forms that onnxruntime computes fastest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler import driver
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.executables.onnxruntime import OnnxruntimeExecutable
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.passes.dce import eliminate_dead_code
from graphkeras.compiler.passes.normalization_forms import normalization_forms
from graphkeras.compiler.pipeline import optimize
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType
from graphkeras.compiler.verify import verify_same_meaning, verify_structure
from tests.compiler.conformance import difference

BATCH = Dim.symbol("batch")
X, SCALE, SHORT = (Value(TensorType(shape, "float32")) for shape in ((BATCH, 3, 96), (96,), (BATCH, 8)))
WHOLE = "SimplifiedLayerNormalization"


def normal(gradient: bool, twice: bool = True) -> Graph:
    y = ops.rms_normalization(X, SCALE, epsilon=1e-3)[0]
    y = ops.rms_normalization(ops.tanh(y), SCALE, epsilon=1e-5)[0] if twice else y
    return Graph.of([X, SCALE], [y, *gradients([y], [X, SCALE], [ops.square(y)])] if gradient else [y])


@pytest.mark.parametrize("gradient", [False, True])
def test_onnxruntime_computes_the_same(gradient: bool) -> None:
    graph, rng = normal(gradient), np.random.default_rng(1)
    feeds: list[Any] = [rng.normal(size=shape).astype(np.float32) for shape in ((4, 3, 96), (96,))]
    executable = driver.compile_graph(graph, {}, "onnxruntime").executable
    assert isinstance(executable, OnnxruntimeExecutable)
    for actual, expected in zip(executable.run(feeds), evaluate_graph(graph, feeds)[0], strict=True):
        assert difference(actual, expected, slack=2) == ""
    whole = [node for node in executable.program.model.graph.node if node.op_type == WHOLE]
    assert len(whole) == (0 if gradient else 2)


def test_files_have_standard_operators() -> None:
    assert WHOLE.encode() not in driver.export_onnx(normal(gradient=False), {})


def formed(graph: Graph) -> list[str]:
    optimized = optimize(graph, "onnxruntime")[-1].graph
    made = eliminate_dead_code(normalization_forms(optimized))
    verify_structure(made, "normalization_forms")
    verify_same_meaning(optimized, made, "normalization_forms")
    return [node.op.name for node in made.nodes]


def test_weighted_means_are_products() -> None:
    names = formed(Graph.of([X, SCALE], [ops.mean(X * SCALE, axis=-1, keepdims=False)]))
    assert "matmul" in names and "mean" not in names


def test_the_means_of_a_gradient_are_products() -> None:
    names = formed(normal(gradient=True, twice=False))
    assert names.count("matmul") == 1 and names.count("mean") == 1


WEIGHTS = Value(TensorType((8,), "float32"))


@pytest.mark.parametrize(
    "y",
    [ops.mean(SHORT * WEIGHTS, axis=-1), ops.mean(X * SCALE, axis=1), ops.mean(X * X, axis=-1)],
    ids=["short rows", "another axis", "no vector"],
)
def test_other_means_stay(y: Value) -> None:
    assert "mean" in formed(Graph.of([X, SCALE, SHORT, WEIGHTS], [y]))
