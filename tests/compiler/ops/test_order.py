"""Where NaN, ties and zeros go when elements are sorted or multiplied up: what random samples do not show."""

import numpy as np
import pytest

from graphkeras.compiler import driver
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import numpy_dtype, type_of
from tests.compiler.conformance import interpreter

NUMBERS = [[3, np.nan, 1, np.inf, 2, np.nan, -np.inf, 1], [1, -np.inf, 1, np.nan, np.inf, np.inf, 0, -0.0]]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize(
    ("largest", "places"),
    [
        (True, [[1, 5, 3, 0, 4, 2], [3, 4, 5, 0, 2, 6]]),
        (False, [[6, 2, 7, 4, 0, 3], [1, 6, 7, 0, 2, 4]]),
    ],
)
def test_nan_and_ties_have_their_place_on_every_target(dtype, largest, places, monkeypatch):
    """NaN is larger than infinity; equal elements stay in their order, and so do several NaN."""
    monkeypatch.setitem(driver._BACKENDS, "triton", interpreter())
    x = np.asarray(NUMBERS, numpy_dtype(dtype))
    source = Value(type_of(x), "x")
    graph = Graph.of([source], ops.top_k(source, k=6, largest=largest))
    for target in ("numpy", "onnxruntime", "triton"):
        values, found = driver.compile_graph(graph, {}, target).executable.run([x])
        np.testing.assert_array_equal(found, places, err_msg=target)
        expected = np.take_along_axis(x, np.asarray(places), axis=1)
        np.testing.assert_array_equal(values.astype("float64"), expected.astype("float64"), err_msg=target)


@pytest.mark.parametrize("largest", [True, False])
def test_few_of_many_with_nan_ties_and_infinities(largest, monkeypatch):
    """Picked one after the other on triton; the last rows have fewer numbers than are wanted."""
    monkeypatch.setitem(driver._BACKENDS, "triton", interpreter())
    rng = np.random.default_rng(0)
    x = rng.choice(np.float32([0, -0.0, 1, 2, np.nan, np.inf, -np.inf]), (40, 30))
    x[-3:] = np.nan
    x[-2, 7], x[-1, [3, 9]] = -np.inf, np.inf
    source = Value(type_of(x), "x")
    graph = Graph.of([source], ops.top_k(source, k=7, largest=largest))
    expected = ops.top_k(x, k=7, largest=largest)
    for target in ("onnxruntime", "triton"):
        values, places = driver.compile_graph(graph, {}, target).executable.run([x])
        np.testing.assert_array_equal(places, expected[1], err_msg=target)
        np.testing.assert_array_equal(values, expected[0], err_msg=target)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("zeros", [[], [2], [0], [1, 3], [4], [0, 4], [0, 1, 2, 3, 4]])
def test_gradient_of_cumprod_with_zeros(zeros, reverse):
    """By the definition: the sum over i of grad[i] times the product of all factors of y[i] but one."""
    x, grad = np.array([1.5, -0.7, 0.4, 2.0, -1.1]), np.array([0.3, 1.0, -0.5, 0.8, 0.6])
    x[zeros] = 0
    source, upstream = Value(type_of(x), "x"), Value(type_of(grad), "grad")
    (slope,) = gradients([ops.cumprod(source, axis=0, reverse=reverse)], [source], [upstream])
    (found,) = evaluate_graph(Graph.of([source, upstream], [slope]), [x, grad])[0]
    expected = np.zeros(5)
    for i in range(5):
        factors = range(i, 5) if reverse else range(i + 1)
        for k in factors:
            expected[k] += grad[i] * np.prod([x[j] for j in factors if j != k])
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("zeros", [[], [0], [1], [0, 2], [0, 1, 2]])
def test_gradient_of_products_of_rows_with_zeros(zeros):
    x, updates, indices = np.array([2.0, 3.0]), np.array([0.5, -0.7, 1.2]), np.array([0, 0, 1])
    updates[zeros] = 0
    source, written, places, seed = (Value(type_of(array)) for array in (x, updates, indices, x))
    result = ops.scatter_update(source, places, written, reduction="multiply")
    slopes = gradients([result], [source, written], [seed])
    graph = Graph.of([source, places, written, seed], slopes)
    found = evaluate_graph(graph, [x, indices, updates, np.array([1.0, 10.0])])[0]
    a, b, c = updates
    np.testing.assert_allclose(found[0], [a * b, 10 * c])
    np.testing.assert_allclose(found[1], [2 * b, 2 * a, 30])


def test_of_several_rows_with_one_index_the_last_stays():
    x, updates, indices = np.zeros((3, 1)), np.array([[1.0], [2.0], [3.0]]), np.array([1, 1, 0])
    source, written, places, seed = (Value(type_of(array)) for array in (x, updates, indices, x))
    result = ops.scatter_update(source, places, written)
    slopes = gradients([result], [source, written], [seed])
    graph = Graph.of([source, places, written, seed], [result, *slopes])
    values, to_x, to_updates = evaluate_graph(graph, [x, indices, updates, np.array([[5.0], [6.0], [7.0]])])[0]
    assert values.ravel().tolist() == [3, 2, 0]
    assert to_x.ravel().tolist() == [0, 0, 7]
    assert to_updates.ravel().tolist() == [0, 6, 5]
