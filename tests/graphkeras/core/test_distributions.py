"""Random functions draw from the distributions that they name, and the same on every target."""

import numpy as np
import pytest

from graphkeras import KerasTensor, ops, random
from graphkeras.compiler import config
from graphkeras.tracing import StaticFunction

N = 20_000


def distance(ours, theirs):
    """Kolmogorov and Smirnov's distance of two samples, in units that make 2 a chance of 1 in 1500."""
    ours, theirs = np.sort(np.asarray(ours, np.float64)), np.sort(np.asarray(theirs, np.float64))
    places = np.concatenate([ours, theirs])
    shares = [np.searchsorted(sample, places, side="right") / sample.size for sample in (ours, theirs)]
    return np.abs(shares[0] - shares[1]).max() * np.sqrt(ours.size * theirs.size / (ours.size + theirs.size))


@pytest.mark.parametrize("alpha", [0.05, 0.7, 1.0, 3.5, 400.0])
def test_gamma(alpha):
    drawn = random.gamma((N,), alpha, dtype="float64", seed=1)
    assert distance(drawn, np.random.default_rng(0).gamma(alpha, size=N)) < 2
    assert distance(drawn, np.random.default_rng(0).gamma(alpha * 1.1, size=N)) > 2.5


@pytest.mark.parametrize(("alpha", "beta"), [(0.1, 0.2), (1, 1), (2, 5), (300, 2), (1e-3, 1e-3)])
def test_beta(alpha, beta):
    drawn = random.beta((N,), alpha, beta, dtype="float64", seed=2)
    assert distance(drawn, np.random.default_rng(0).beta(alpha, beta, size=N)) < 2
    assert drawn.min() >= 0 and drawn.max() <= 1


@pytest.mark.parametrize(
    ("counts", "probability"), [(1, 0.3), (10, 0.5), (100, 0.099), (25, 0.4), (100, 0.3), (1000, 0.95), (10**7, 0.25)]
)
def test_binomial(counts, probability):
    drawn = random.binomial((N,), counts, probability, seed=4)
    assert distance(drawn, np.random.default_rng(0).binomial(counts, probability, size=N)) < 2
    assert drawn.min() >= 0 and drawn.max() <= counts and (drawn == np.floor(drawn)).all()


def test_parameters_may_be_tensors():
    counts, chances = np.float32([[3], [100], [40], [7], [5]]), np.float32([[0.5], [0.5], [0.1], [1], [0]])
    drawn = random.binomial((5, N), counts, chances, seed=3)
    deviations = np.sqrt(counts * chances * (1 - chances))
    assert (np.abs(drawn.mean(1, keepdims=True) - counts * chances) <= 5 * deviations / np.sqrt(N)).all()
    np.testing.assert_allclose(drawn.std(1, keepdims=True), deviations, rtol=0.03)
    alpha = np.float32([[0.5], [8]])
    np.testing.assert_allclose(random.gamma((2, N), alpha, seed=3).mean(1, keepdims=True), alpha, rtol=0.05)


@pytest.mark.parametrize(
    ("low", "high", "dtype"),
    [(0, 10, "int32"), (-3, 4, "int8"), (0, 256, "uint8"), (-(2**31), 2**31, "int32"), (5, 5 + 2**40, "int64")],
)
def test_randint_is_even_and_reaches_its_ends(low, high, dtype):
    drawn = random.randint((N,), low, high, dtype=dtype, seed=5)
    assert drawn.dtype == dtype and drawn.min() >= low and drawn.max() < high
    assert distance(drawn, np.random.default_rng(0).integers(low, high, N)) < 2
    if high - low <= 256:
        assert set(drawn.tolist()) == set(range(low, high))


def test_shuffle_makes_every_order_equally_often():
    drawn = random.shuffle(np.broadcast_to(np.arange(4), (N, 4)), axis=1, seed=6)
    assert (np.sort(drawn, axis=1) == np.arange(4)).all()
    counts = np.unique(drawn @ [64, 16, 4, 1], return_counts=True)[1]
    assert len(counts) == 24
    chi_square = ((counts - N / 24) ** 2 / (N / 24)).sum()
    assert abs(chi_square - 23) < 5 * np.sqrt(2 * 23)


def test_categorical_of_many_rows():
    chances = np.float32([[0.1, 0.6, 0.3], [0.5, 0.5, 0.0]])
    with np.errstate(divide="ignore"):
        drawn = random.categorical(np.log(chances), N, seed=7)
    shares = np.stack([np.bincount(row, minlength=3) / N for row in drawn])
    np.testing.assert_allclose(shares, chances, atol=5 * 0.5 / np.sqrt(N))


#: Draws whose integers are the same on every target, and draws that are the same up to rounding.
EXACT = [
    lambda x, s: random.randint((3, 5), -9, 12, seed=s) + ops.cast(x[:1, :1], "int32"),
    lambda x, s: random.randint((7,), 0, 2**45, dtype="int64", seed=s),
    lambda x, s: random.shuffle(x, axis=1, seed=s),
    lambda x, s: random.shuffle(x, seed=s),
    lambda x, s: random.dropout(x, 0.3, seed=s),
    lambda x, s: random.uniform((4, 3), seed=s),
]
ROUNDED = [
    lambda x, s: random.normal((40,), 1.0, 2.0, seed=s),
    lambda x, s: random.truncated_normal((40,), seed=s),
    lambda x, s: random.gamma((40,), 0.3, seed=s),
    lambda x, s: random.gamma(ops.shape(x), ops.abs(x[:, :1]) + 0.5, seed=s),
    lambda x, s: random.beta((40,), 0.7, 2.0, seed=s),
    lambda x, s: random.binomial((40,), 12, 0.5, seed=s),
    lambda x, s: random.binomial((40,), 1000, 0.5, seed=s),
    lambda x, s: random.binomial((ops.shape(x)[0], 5), ops.floor(ops.abs(x[:, :1]) * 50), 0.3, seed=s),
    lambda x, s: random.categorical(x, 6, seed=s),
]


@pytest.mark.parametrize("target", ["numpy", "onnxruntime", "triton"])
def test_a_program_draws_what_eager_calls_draw(target):
    if target == "triton":
        pytest.importorskip("triton", reason="triton is not installed")
    former = config.update(target=target, device="interpreter")
    x = np.random.default_rng(0).normal(size=(4, 10)).astype(np.float32)
    try:
        generator, eager = random.SeedGenerator(7), random.SeedGenerator(7)
        program = StaticFunction(lambda x: [draw(x, generator) for draw in (*EXACT, *ROUNDED)], "draws")
        for _ in range(2):
            found, expected = program(x), [draw(x, eager) for draw in (*EXACT, *ROUNDED)]
            for number, (one, other) in enumerate(zip(found, expected)):
                assert one.dtype == other.dtype
                tolerance = 0 if number < len(EXACT) else 2e-5
                np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance, err_msg=f"draw {number} on {target}")
    finally:
        config.update(target=former.target, device=former.device)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: random.randint((2,), 0, 5, dtype="float32"), "dtype must be an integer"),
        (lambda x: random.randint((2,), 5, 5), "minval must be below maxval"),
        (lambda x: random.randint((2,), 0, 300, dtype="uint8"), "uint8 holds numbers from 0 to 255"),
        (lambda x: random.categorical(x[0], 2), r"two axes, \(rows, classes\)"),
        (lambda x: random.dropout(x, 1.5), r"rate must lie in \[0, 1\]"),
        (lambda x: random.shuffle(x, axis=2), "axis 2 is out of range"),
        (lambda x: random.gamma((2,), 1.0, dtype="int32"), "dtype must be a float"),
        (lambda x: random.beta((-2,), 1.0, 1.0), "sizes must not be negative"),
        (lambda x: random.binomial((3, 2), ops.abs(x), 0.5), "cannot be broadcast"),
    ],
)
def test_errors(call, message):
    for x in (KerasTensor((4, 10)), np.ones((4, 10), np.float32)):
        with pytest.raises(ValueError, match=message):
            call(x)
