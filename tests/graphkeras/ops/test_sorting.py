"""Sorting, scattering and counting: what the comparison with Keras does not show."""

import numpy as np
import pytest

from graphkeras import KerasTensor, ops
from graphkeras.compiler import config
from graphkeras.tracing import StaticFunction


@pytest.mark.parametrize("call", [ops.nonzero, ops.unique, lambda x: ops.where(x > 0)])
def test_what_depends_on_data_is_refused_on_symbols(call):
    with pytest.raises(NotImplementedError, match="size depends on the data"):
        call(KerasTensor((2, 3)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: ops.top_k(x, 5), r"k must be from 0 to 4"),
        (lambda x: ops.sort(x, axis=2), "axis 2 is out of range"),
        (lambda x: ops.argpartition(x, 1.5), "kth must be an integer"),
        (lambda x: ops.searchsorted(x, x), "must be a vector"),
        (lambda x: ops.searchsorted(x[0], x, side="middle"), 'side must be "left" or "right"'),
        (lambda x: ops.digitize(x, x), "bins must be a vector"),
        (lambda x: ops.quantile(x, 0.5, method="cubic"), "method must be one of linear"),
        (lambda x: ops.quantile(x, np.ones((2, 2), np.float32)), "q must be a number or a vector"),
        (lambda x: ops.in_top_k(x, x, 1), "integers are needed"),
        (lambda x: ops.in_top_k(np.int32([1]), x, 1), "shape of predictions"),
        (lambda x: ops.take_along_axis(x, np.int32([0, 1]), axis=0), "same number of axes"),
        (lambda x: ops.scatter(np.int32([[0, 1, 2]]), x, (3, 4)), "1 to 2 numbers"),
        (lambda x: ops.scatter(np.int32([[0], [1]]), x, (3, 4)), r"values must have shape \(2, 4\)"),
        (lambda x: ops.scatter(np.int32([[0], [5], [1]]), x, (3, 4)), r"must lie in \[-3, 3\)"),
        (lambda x: ops.scatter_update(x, np.int32([[0]]), x[:1], reduction="mean"), "reduction must be one of"),
        (lambda x: ops.scatter_update(x, np.int32([[0]]), ops.ones((7,))), r"\(7,\)"),
        (lambda x: ops.segment_sum(x, np.int32([0, 1]), 2), "one number for each row"),
        (lambda x: ops.segment_max(x, np.int32([[0, 1, 2]]), 2), "must be a vector"),
        (lambda x: ops.segment_min(x > 0, np.int32([0, 1, 0]), 2), "data must be numbers, got bool"),
        (lambda x: ops.bincount(x), "integers are needed"),
        (lambda x: ops.histogram(x), "x must be a vector"),
        (lambda x: ops.histogram(x[0], bins=0), "bins must be at least 1"),
        (lambda x: ops.histogram(x[0], range=(2.0, 1.0)), "low <= high"),
        (lambda x: ops.cumsum(x, axis=-3), "axis -3 is out of range"),
    ],
)
def test_errors_are_the_same_on_symbols_and_arrays(call, message):
    for x in (KerasTensor((3, 4)), np.ones((3, 4), np.float32)):
        with pytest.raises((ValueError, TypeError, IndexError), match=message):
            call(x)


def test_sizes_that_a_graph_must_know():
    ids = KerasTensor((5,), dtype="int32")
    with pytest.raises(ValueError, match="give num_segments"):
        ops.segment_sum(KerasTensor((5, 2)), ids)
    with pytest.raises(ValueError, match="give minlength"):
        ops.bincount(ids)
    np.testing.assert_array_equal(ops.segment_sum(np.float32([1, 2, 3]), np.int32([0, 2, 0])), [4, 0, 2])


@pytest.mark.parametrize("length", [1, 5, 32, 33, 63, 64, 100])
@pytest.mark.parametrize("side", ["left", "right"])
def test_search_with_ties_infinities_and_nan(length, side):
    """As NumPy, for which NaN is the largest, too."""
    rng = np.random.default_rng(length)
    choices = np.float32([-np.inf, -1, 0, 1, 2, 3, np.inf, np.nan])
    sequence, values = np.sort(rng.choice(choices, length)), rng.choice(choices, 50)
    np.testing.assert_array_equal(ops.searchsorted(sequence, values, side=side), np.searchsorted(sequence, values, side))
    flags = np.sort(rng.random(length) > 0.5)
    np.testing.assert_array_equal(
        ops.searchsorted(flags, [False, True], side=side), np.searchsorted(flags, [False, True], side)
    )
    whole = np.sort(rng.choice(np.uint8([0, 3, 254, 255]), length)), np.uint8([0, 1, 3, 253, 254, 255])
    np.testing.assert_array_equal(ops.searchsorted(*whole, side=side), np.searchsorted(*whole, side))


@pytest.fixture
def run_on():
    former = config.current().target
    yield lambda target: config.update(target=target)
    config.update(target=former)


#: Calls whose axis of unknown size is the one that is sorted, summed or searched.
SYMBOLIC = [
    lambda x: ops.sort(x, axis=0),
    lambda x: ops.argsort(x, axis=0),
    lambda x: ops.sort(x, axis=None),
    lambda x: ops.cumsum(x, axis=0),
    lambda x: ops.cumprod(x, axis=0),
    lambda x: ops.cumprod(x, axis=None),
    lambda x: ops.median(x, axis=0),
    lambda x: ops.quantile(x, [0.2, 0.9], axis=0, keepdims=True),
    lambda x: ops.quantile(x, 0.3),
    lambda x: ops.searchsorted(ops.sort(x[:, 0]), x),
    lambda x: ops.take_along_axis(x, ops.argsort(x, axis=0), axis=0),
    lambda x: ops.scatter(ops.cast(x[:, :1] > 0, "int32"), x, (2, 4)),
    lambda x: ops.scatter_update(x, np.int32([[0, 1], [1, 3]]), np.float32([7, 8])),
    lambda x: ops.segment_max(x, ops.cast(x[:, 0] > 0, "int32"), 3),
    lambda x: ops.bincount(ops.cast(x > 0, "int32"), minlength=3),
    lambda x: ops.histogram(x[:, 1], 4)[0],
    lambda x: ops.in_top_k(ops.argmax(x, axis=1), x, 1),
    lambda x: ops.top_k(x, 2)[1],
]


@pytest.mark.parametrize("call", SYMBOLIC)
@pytest.mark.parametrize("target", ["numpy", "onnxruntime"])
def test_with_a_symbolic_batch(call, target, run_on):
    run_on(target)
    x = np.random.default_rng(0).normal(size=(7, 4)).astype(np.float32)
    compiled = StaticFunction(call, "call")
    for batch in (7, 2):
        np.testing.assert_allclose(compiled(x[:batch]), call(x[:batch]), rtol=1e-6, atol=1e-6)
    assert len(compiled.signatures) == 1
