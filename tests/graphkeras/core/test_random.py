"""Seeds, random tensors and initializers."""

import math

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import initializers, random
from graphkeras.compiler import config as compiler_config
from graphkeras.tracing import StaticFunction

N = 20_000


@pytest.mark.parametrize(
    ("draw", "mean", "stddev", "low", "high"),
    [
        (lambda s: random.uniform((N,), seed=s), 0.5, 1 / math.sqrt(12), 0, 1),
        (lambda s: random.uniform((N,), -2.0, 4.0, seed=s), 1.0, 6 / math.sqrt(12), -2, 4),
        (lambda s: random.normal((N,), 1.0, 2.0, seed=s), 1.0, 2.0, -np.inf, np.inf),
        (lambda s: random.truncated_normal((N,), 1.0, 2.0, seed=s), 1.0, 2 * 0.879626, -3, 5),
        (lambda s: random.randint((N,), 3, 7, seed=s), 4.5, math.sqrt(15 / 12), 3, 6),
        (lambda s: random.dropout(np.ones(N, np.float32), 0.25, seed=s), 1.0, math.sqrt(1 / 3), 0, 4 / 3),
    ],
)
def test_distributions(draw, mean, stddev, low, high):
    numbers = np.asarray(draw(11), np.float64)
    assert abs(numbers.mean() - mean) < 5 * stddev / math.sqrt(N)
    assert abs(numbers.std() - stddev) < 0.03 * stddev
    assert numbers.min() >= low and numbers.max() <= high + 1e-6
    np.testing.assert_array_equal(draw(11), draw(11))
    assert not np.array_equal(draw(11), draw(12))


def test_truncated_normal_has_the_right_quantiles():
    numbers = np.sort(random.truncated_normal((N,), seed=3))
    within = math.erf(math.sqrt(2))
    for z in (-1.5, -0.5, 0.0, 1.0, 1.9):
        expected = (0.5 * (1 + math.erf(z / math.sqrt(2))) - 0.5 * (1 - within)) / within
        assert abs(np.searchsorted(numbers, z) / N - expected) < 0.015


def test_categorical():
    drawn = random.categorical(np.log(np.array([[0.1, 0.6, 0.3]], np.float32)), N, seed=5)
    assert drawn.shape == (1, N) and drawn.dtype == np.int32
    np.testing.assert_allclose(np.bincount(drawn[0]) / N, [0.1, 0.6, 0.3], atol=0.015)


def test_a_generator_gives_new_numbers_each_time_and_repeats_from_its_seed():
    generator = random.SeedGenerator(7)
    first, second = (random.normal((5,), seed=generator) for _ in range(2))
    assert not np.array_equal(first, second)
    again = random.SeedGenerator(7)
    np.testing.assert_array_equal(first, random.normal((5,), seed=again))
    np.testing.assert_array_equal(second, random.normal((5,), seed=again))
    np.testing.assert_array_equal(generator.state.numpy(), [7, 2])


@pytest.mark.parametrize("target", ["numpy", "onnxruntime", "triton"])
def test_a_program_draws_the_same_bits_as_eager_calls(target):
    if target == "triton":
        pytest.importorskip("triton", reason="triton is not installed")
    former = compiler_config.update(target=target, device="interpreter")
    try:
        generator = random.SeedGenerator(7)
        program = StaticFunction(lambda x: random.dropout(x, 0.5, seed=generator), "drop")
        x = np.ones((3, 100), np.float32)
        eager = random.SeedGenerator(7)
        for _ in range(3):
            np.testing.assert_array_equal(program(x), random.dropout(x, 0.5, seed=eager))
    finally:
        compiler_config.update(target=former.target, device=former.device)


def test_set_random_seed_repeats_everything():
    def draw():
        keras.utils.set_random_seed(42)
        layer = keras.layers.Dense(4)
        layer.build((None, 3))
        return [layer.kernel.numpy(), random.normal((3,)), keras.layers.Dropout(0.5)(np.ones((20,)), training=True)]

    for one, other in zip(draw(), draw()):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match=r"0 to 2\*\*32 - 1"):
        keras.utils.set_random_seed(-1)


@pytest.mark.parametrize(
    ("name", "variance", "limit"),
    [
        ("glorot_uniform", 2 / 700, math.sqrt(6 / 700)),
        ("glorot_normal", 2 / 700, math.inf),
        ("he_uniform", 2 / 300, math.sqrt(6 / 300)),
        ("he_normal", 2 / 300, math.inf),
        ("lecun_uniform", 1 / 300, math.sqrt(3 / 300)),
        ("lecun_normal", 1 / 300, math.inf),
        ("uniform", 0.1**2 / 12, 0.05),
        ("normal", 0.05**2, math.inf),
        ("truncated_normal", (0.05 * 0.879626) ** 2, 0.1),
    ],
)
def test_initializers_have_the_variance_of_their_formula(name, variance, limit):
    numbers = initializers.get(name)((300, 400))
    assert numbers.dtype == np.float32 and numbers.shape == (300, 400)
    assert abs(numbers.var() / variance - 1) < 0.03 and abs(numbers.mean()) < 5 * math.sqrt(variance / numbers.size)
    assert np.abs(numbers).max() <= limit * 1.000001


def test_other_initializers():
    np.testing.assert_array_equal(initializers.Constant(3)((2,)), [3, 3])
    np.testing.assert_array_equal(initializers.Identity(2)((2, 3)), [[2, 0, 0], [0, 2, 0]])
    for shape in ((4, 3), (3, 4), (2, 2, 3)):
        matrix = initializers.Orthogonal(seed=1)(shape).reshape(-1, shape[-1])
        square = matrix @ matrix.T if matrix.shape[0] < matrix.shape[1] else matrix.T @ matrix
        np.testing.assert_allclose(square, np.eye(len(square)), atol=1e-5)
    conv = initializers.VarianceScaling(mode="fan_out", distribution="uniform", seed=1)((3, 3, 8, 16))
    assert abs(conv.var() * 9 * 16 - 1) < 0.1


def test_an_initializer_repeats_and_each_string_is_a_new_one():
    one = initializers.GlorotUniform(seed=3)
    np.testing.assert_array_equal(one((2, 2)), one((2, 2)))
    assert not np.array_equal(initializers.get("normal")((9,)), initializers.get("normal")((9,)))
    with pytest.raises(ValueError, match="Did you mean 'glorot_uniform'"):
        initializers.get("glorot_unifrm")


@pytest.mark.parametrize("name", ["RandomNormal", "VarianceScaling", "HeNormal", "Orthogonal", "Constant", "Zeros", "Identity"])
def test_initializer_configs_come_back(name):
    made = getattr(initializers, name)()
    again = initializers.get(initializers.serialize(made))
    assert type(again) is type(made) and again.get_config() == made.get_config()
