"""The generator: known answers, statistics of streams, the range of floats. Limits are five standard deviations of chance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphkeras.compiler.ops  # noqa: F401  (fills the registry)
from graphkeras.compiler.ops.random import UNIFORM_BITS
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import FLOATS, numpy_dtype

SIZE = 1 << 18
MASK = 2**32 - 1
Array = np.ndarray[Any, Any]


def stream(seed: int, counter: int, size: int = SIZE) -> Array:
    return np.asarray(ops.random_bits(np.array([seed, counter], np.uint32), shape=(size,)))


def with_plain_integers(seed: int, counter: int, i: int) -> int:
    """The generator again, without arrays."""

    def folded(x: int, bits: int) -> int:
        return x ^ (x >> bits)

    first = folded((seed * 0x9E3779B1 + counter + 0x7F4A7C15) & MASK, 16) * 0x7FEB352D & MASK
    first = folded(folded(first, 15) * 0x846CA68B & MASK, 16)
    second = (counter * 0x85EBCA77 + first) & MASK
    x = folded((i + first) & MASK, 17) * 0xED5AD4BB & MASK
    x = (folded(x, 11) + second) * 0xAC4C1B51 & MASK
    return folded(folded(x, 15) * 0x31848BAB & MASK, 14)


def standard_deviations_from_half(bits: Array) -> float:
    """Of the bit among 32 whose frequency is farthest from one half."""
    frequencies = np.array([np.mean((bits >> np.uint32(bit)) & np.uint32(1)) for bit in range(32)])
    return float(np.abs(frequencies - 0.5).max() * 2 * np.sqrt(bits.size))


def chi_square(classes: Array, number: int) -> float:
    """How many standard deviations the counts of `classes` are from what equal chances give."""
    expected = classes.size / number
    counts = np.bincount(classes.astype(np.int64), minlength=number)
    return float((((counts - expected) ** 2 / expected).sum() - (number - 1)) / np.sqrt(2 * (number - 1)))


def test_numbers_never_change() -> None:
    """A saved seed must give the same run in every later version."""
    assert stream(1337, 5, 4).tolist() == [with_plain_integers(1337, 5, i) for i in range(4)]
    assert stream(0, 0, 3).tolist() == [994817302, 835009704, 682975214]
    assert stream(MASK, MASK, 3).tolist() == [with_plain_integers(MASK, MASK, i) for i in range(3)]


def test_an_element_depends_on_its_place_only() -> None:
    key = np.array([3, 4], np.uint32)
    flat = ops.random_bits(key, shape=(24,))
    np.testing.assert_array_equal(ops.random_bits(key, shape=(2, 3, 4)).ravel(), flat)
    np.testing.assert_array_equal(ops.random_bits(key, shape=(30,))[:24], flat)


def test_bits_are_fair_and_numbers_even() -> None:
    bits = stream(1337, 5)
    assert standard_deviations_from_half(bits) < 5
    for shift in (0, 8, 16, 20):
        assert abs(chi_square((bits >> np.uint32(shift)) & np.uint32(0xFFF), 1 << 12)) < 5


def test_following_numbers_are_independent() -> None:
    bits = stream(1, 0)
    for distance in (1, 2, 256):
        assert standard_deviations_from_half(bits[:-distance] ^ bits[distance:]) < 5
        for shift in (0, 26):
            pairs = ((bits[:-distance] >> np.uint32(shift)) & np.uint32(63)) * 64 + ((bits[distance:] >> np.uint32(shift)) & 63)
            assert abs(chi_square(pairs, 1 << 12)) < 5


@pytest.mark.parametrize(
    "seed_step, counter_step", [(1, 0), (0, 1), (1, 1), (1 << 16, 0), (0, 1 << 16), (1 << 31, 0), (0, 1 << 31)]
)
def test_neighbouring_keys_give_independent_streams(seed_step: int, counter_step: int) -> None:
    a, b = stream(1337, 5), stream(1337 + seed_step, 5 + counter_step)
    assert standard_deviations_from_half(a ^ b) < 5
    pairs = (a >> np.uint32(26)) * np.uint32(64) + (b >> np.uint32(26))
    assert abs(chi_square(pairs, 1 << 12)) < 5


def test_the_first_numbers_of_streams_are_independent() -> None:
    """One number from each of many keys, as small draws in a training loop take them."""
    by_counter = np.array([with_plain_integers(7, counter, 0) for counter in range(1 << 14)], np.uint32)
    by_seed = np.array([with_plain_integers(seed, 7, 0) for seed in range(1 << 14)], np.uint32)
    for bits in (by_counter, by_seed):
        assert standard_deviations_from_half(bits) < 5
        assert standard_deviations_from_half(bits[:-1] ^ bits[1:]) < 5


def test_streams_share_numbers_no_more_often_than_chance() -> None:
    """Overlapping streams would share long runs: the fault of generators that only jump to another start."""
    several = np.concatenate([stream(1337, counter, 1 << 15) for counter in range(64)])
    expected = several.size * (several.size - 1) / 2 / 2**32
    repeated = several.size - np.unique(several).size
    assert abs(repeated - expected) < 5 * np.sqrt(expected)


def test_every_bit_of_key_and_place_changes_half_of_the_result() -> None:
    rng = np.random.default_rng(0)
    cases = rng.integers(0, 2**32, (200, 3)).tolist()
    for word in range(3):
        for bit in range(32):
            changed = []
            for case in cases:
                other = list(case)
                other[word] ^= 1 << bit
                changed.append((with_plain_integers(*case) ^ with_plain_integers(*other)).bit_count())
            assert abs(np.mean(changed) - 16) < 5 * np.sqrt(8 / len(cases))


@pytest.mark.parametrize("dtype", FLOATS)
def test_uniform_numbers_are_at_least_0_and_less_than_1(dtype: str) -> None:
    """Also the largest one, which rounding must not make 1."""
    largest = numpy_dtype(dtype).type((2 ** UNIFORM_BITS[dtype] - 1) / 2 ** UNIFORM_BITS[dtype])
    assert float(largest) == 1 - 2.0 ** -UNIFORM_BITS[dtype]
    x = ops.random_uniform(np.array([1, 2], np.uint32), shape=(SIZE,), dtype=dtype)
    assert x.dtype == numpy_dtype(dtype)
    wide = x.astype(np.float64)
    assert wide.min() >= 0 and wide.max() < 1
    rounding = 2.0 ** -UNIFORM_BITS[dtype] / 2  # k / 2**n has the mean 1/2 - 1 / 2**(n + 1)
    assert abs(wide.mean() - 0.5 + rounding) < 5 / np.sqrt(12 * SIZE)
    assert abs(wide.var() * 12 - 1) < 0.02


@pytest.mark.parametrize("dtype", FLOATS)
def test_normal_numbers(dtype: str) -> None:
    x = ops.random_normal(np.array([1, 2], np.uint32), shape=(SIZE,), dtype=dtype).astype(np.float64)
    assert np.isfinite(x).all()
    assert abs(x.mean()) < 5 / np.sqrt(SIZE)
    assert abs(x.var() - 1) < 5 * np.sqrt(2 / SIZE) + 1e-4
    assert abs((x**3).mean()) < 5 * np.sqrt(15 / SIZE)
    assert abs((x**4).mean() - 3) < 5 * np.sqrt(96 / SIZE) + 1e-3
    assert abs(np.mean(np.abs(x) < 1) - 0.6827) < 0.005
