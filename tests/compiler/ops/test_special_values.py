"""Functions of one number at the ends of their range: relative accuracy, infinities and NaN, on every target."""

from __future__ import annotations

import numpy as np
import pytest

from graphkeras.compiler import driver
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.registry import OPS, ops
from graphkeras.compiler.types import TensorType
from tests.compiler.conformance import Array, interpreter

#: Op -> numbers beside those that all get.
NUMBERS: dict[str, tuple[float, ...]] = {
    "tan": (1e-5, 1.5, -1.5),
    "arcsin": (1e-5, 0.999999, -0.999999, 1.0, -1.0, 1.5),
    "arccos": (1e-5, 0.999999, -0.999999, 1.0, -1.0, 1.5),
    "arctan": (1e-5, 1e5, -1e20, 1e30),
    "sinh": (1e-5, 20.0, -80.0, 1000.0),
    "cosh": (1e-5, 20.0, -80.0, 1000.0),
    "arcsinh": (1e-5, -1e-3, 1e5, -1e18, 1e30),
    "arccosh": (1.0, 1.00001, 1e5, 1e18, 1e30, 0.5),
    "arctanh": (1e-5, 0.999999, -0.999999, 1.0, -1.0, 1.5),
    "exp2": (1e-5, 10.0, -20.0, 2000.0),
    "log2": (8.0, 1024.0, 0.25, 1e-30, -1.0),
    "log10": (10.0, 1000.0, 1e-30, -1.0),
    "cbrt": (8.0, -27.0, 1e-30, 1e30),
    "erfc": (1e-5, 0.499, 0.501, 3.999, 4.001, 9.0, -9.0, 40.0),
    "sign": (1e-45, -1e-45, 5e-324, -1e30),
    "softplus": (1e-5, -20.0, -80.0, 20.0, 1000.0, -1000.0),
    "erfinv": (1e-5, 0.8499, 0.8501, 0.9999, 1.0, -1.0, 1.5),
}
EVERYWHERE = (0.0, -0.0, 0.3, -0.7, np.inf, -np.inf, np.nan)
#: Relative to the result.
TOLERANCE = {"float32": 4e-6, "float64": 1e-13}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("target", ["onnxruntime", "triton"])
@pytest.mark.parametrize("name", sorted(NUMBERS))
def test_function(name: str, target: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.asarray((*EVERYWHERE, *NUMBERS[name]), dtype)
    expected = OPS[name].evaluate(x)
    assert isinstance(expected, np.ndarray)
    compare(f"{name} on {target}", _run(OPS[name], [x], target, monkeypatch), expected, x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("target", ["onnxruntime", "triton"])
@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_a_bound_lets_infinities_through(name: str, target: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x, bound = np.asarray(EVERYWHERE, dtype), np.asarray(0.1, dtype)
    expected = OPS[name].evaluate(x, bound)
    assert isinstance(expected, np.ndarray)
    found = _run(lambda value: OPS[name](value, bound), [x], target, monkeypatch)
    compare(f"{name} on {target}", found, expected, x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("target", ["onnxruntime", "triton"])
def test_arctan2(target: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = np.asarray([0.0, -0.0, 1.0, -2.0, 1e-30, -1e30, np.inf, -np.inf, np.nan], dtype)
    y, x = (np.ascontiguousarray(part.ravel()) for part in np.meshgrid(numbers, numbers))
    found = _run(ops.arctan2, [y, x], target, monkeypatch)
    compare(f"arctan2 on {target}", found, np.arctan2(y, x), y)
    known = ~np.isnan(found)
    np.testing.assert_array_equal(np.signbit(found[known]), np.signbit(y[known]))


def _run(op: object, arrays: list[Array], target: str, monkeypatch: pytest.MonkeyPatch) -> Array:
    monkeypatch.setitem(driver._BACKENDS, "triton", interpreter())
    inputs = [Value(TensorType(array.shape, array.dtype.name), f"x{k}") for k, array in enumerate(arrays)]
    graph = Graph.of(inputs, [op(*inputs)])  # type: ignore[operator]
    return driver.compile_graph(graph, {}, target).executable.run(arrays)[0]


def compare(what: str, found: Array, expected: Array, x: Array) -> None:
    with np.errstate(all="ignore"):
        near = np.abs(found - expected) <= TOLERANCE[x.dtype.name] * np.abs(expected) + np.finfo(x.dtype).tiny
    wrong = ~(near | (found == expected) | (np.isnan(found) & np.isnan(expected)))
    assert not wrong.any(), f"{what}: of {x[wrong]} is {found[wrong]}, expected {expected[wrong]}"
