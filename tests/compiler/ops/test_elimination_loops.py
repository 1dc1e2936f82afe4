"""Large matrices on targets without LAPACK: loops over the columns give what LAPACK gives."""

from __future__ import annotations

import numpy as np
import pytest

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler import driver
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.ops.matrices import LARGEST_SPELLED_OUT
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType
from tests.compiler.conformance import interpreter

SIZE = LARGEST_SPELLED_OUT + 3
rng = np.random.default_rng(3)


@pytest.fixture(autouse=True)
def triton_runs_in_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(driver._BACKENDS, "triton", interpreter())


def matrices(*ahead: int) -> np.ndarray:
    """Far from singular, but elimination has to exchange rows."""
    return rng.permuted(rng.normal(size=(*ahead, SIZE, SIZE)) + 6 * np.eye(SIZE), axis=-2).astype("float32")


def positive(*ahead: int) -> np.ndarray:
    root = rng.normal(size=(*ahead, SIZE, SIZE)) / 4
    return (root @ np.swapaxes(root, -1, -2) + np.eye(SIZE)).astype("float32")


def sides(*ahead: int) -> np.ndarray:
    return rng.normal(size=(*ahead, SIZE, 3)).astype("float32")


CASES = {
    "cholesky": (lambda x: ops.cholesky(x), [positive(2)]),
    "lower": (lambda a, b: ops.triangular_solve(a, b, lower=True), [positive(), sides()]),
    "upper": (lambda a, b: ops.triangular_solve(a, b, lower=False), [positive(2, 1), sides(2, 1)]),
    "solve": (lambda a, b: ops.solve(a, b), [matrices(2), sides(2)]),
    "inv": (lambda x: ops.inv(x), [matrices()]),
    "det": (lambda x: ops.det(x / 6.0), [matrices(2)]),
    "slogdet": (lambda x: ops.slogdet(x), [matrices(2)]),
    "lu": (lambda x: ops.lu(x), [matrices(2)]),
    "wide_lu": (lambda x: ops.lu(x), [np.concatenate([matrices(), matrices()], -1)]),
    "high_lu": (lambda x: ops.lu(x), [np.concatenate([matrices(), matrices()], -2)]),
    "qr": (lambda x: ops.qr(x, complete=False), [matrices(2)]),
    "wide_qr": (lambda x: ops.qr(x, complete=False), [np.concatenate([matrices(), matrices()], -1)]),
    "high_qr": (lambda x: ops.qr(x, complete=False), [np.concatenate([matrices(), matrices()], -2)]),
    "whole_qr": (lambda x: ops.qr(x, complete=True), [np.concatenate([matrices(), matrices()], -2)]),
    "singular_lu": (lambda x: ops.lu(x), [np.ones((SIZE, SIZE), "float32")]),
}


def compare(graph: Graph, arrays: list[np.ndarray], target: str) -> str:
    executable = driver.compile_graph(graph, {}, target).executable
    for actual, expected in zip(executable.run(arrays), evaluate_graph(graph, arrays)[0], strict=True):
        assert actual.dtype == expected.dtype
        scale = max(1.0, float(np.abs(expected).max()))
        np.testing.assert_allclose(actual, expected, rtol=2e-4, atol=2e-5 * scale)
    return executable.source


@pytest.mark.parametrize("target", ["onnxruntime", "triton"])
@pytest.mark.parametrize("name", CASES)
def test_loops_equal_lapack(name, target):
    build, arrays = CASES[name]
    inputs = [Value(TensorType(array.shape), f"x{k}") for k, array in enumerate(arrays)]
    made = build(*inputs)
    source = compare(Graph.of(inputs, made if isinstance(made, tuple) else (made,)), arrays, target)
    assert target != "triton" or "# loop: " in source


@pytest.mark.parametrize("target", ["onnxruntime", "triton"])
def test_gradients_and_open_sizes(target):
    batch = Dim.symbol("batch")
    a, b = Value(TensorType((batch, SIZE, SIZE)), "a"), Value(TensorType((batch, SIZE, 3)), "b")
    total = ops.sum(ops.square(ops.solve(a, b)), axis=None)
    compare(Graph.of([a, b], [total, *gradients([total], [a, b])]), [matrices(2), sides(2)], target)


@pytest.mark.parametrize("target", ["onnxruntime", "triton"])
def test_what_is_not_positive_definite_has_no_root(target):
    x = Value(TensorType((SIZE, SIZE)), "x")
    graph = Graph.of([x], [ops.cholesky(x)])
    (found,) = driver.compile_graph(graph, {}, target).executable.run([-np.eye(SIZE, dtype="float32")])
    assert np.isnan(np.diagonal(found)).all()
