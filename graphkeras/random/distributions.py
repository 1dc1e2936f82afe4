"""Gamma, beta and binomial numbers. All randomness of one draw comes from one array of uniform numbers.

A static graph cannot draw again until a number is accepted, so each result gets as many tries as make a failure of all of
them rarer than one in ten million, and then a typical number.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graphkeras.compiler.dims import Dim
from graphkeras.compiler.graph import Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import numpy_dtype

from ..ops.operands import Tensor, cast, dtype_of, filled, scalar, shape_of, tensor

#: At least 95 % of the tries for a gamma number are accepted, at least 70 % of those for a binomial one.
GAMMA_TRIES, BINOMIAL_TRIES = 6, 14
#: Below this mean binomial numbers are found by adding up probabilities, of which so many are more than 1e-14.
SMALL_MEAN, SMALL_COUNT = 10.0, 48
#: log(k!) minus Stirling's formula, for k < 10.
_STIRLING = [
    math.lgamma(k + 1) - ((k + 0.5) * math.log(k + 1) - (k + 1) + 0.5 * math.log(2 * math.pi)) for k in range(10)
]  # fmt: skip


def gamma_body(key: Any, shape: Any, alpha: Any, dtype: str) -> Tensor:
    """Numbers from the gamma distribution of scale 1. The gradient by `alpha` is that of the accepted try."""
    wide = _wide(dtype)
    uniform = _uniform(key, _GAMMA_NUMBERS, shape, wide)
    size, boost = _gamma(uniform, 0, _parameter(alpha, shape, wide))
    return cast(ops.multiply(size, ops.exp(boost)), dtype)


def beta_body(key: Any, shape: Any, alpha: Any, beta: Any, dtype: str) -> Tensor:
    """a / (a + b) of gamma numbers a and b, by their logarithms: both may be too small for the dtype."""
    wide = _wide(dtype)
    uniform = _uniform(key, 2 * _GAMMA_NUMBERS, shape, wide)
    logarithms = []
    for start, parameter in ((0, alpha), (_GAMMA_NUMBERS, beta)):
        size, boost = _gamma(uniform, start, _parameter(parameter, shape, wide))
        logarithms.append(ops.add(ops.log(size), boost))
    return cast(ops.sigmoid(ops.subtract(*logarithms)), dtype)


#: Uniform numbers for one gamma number: a normal number and one to decide for each try, and one more.
_GAMMA_NUMBERS = 2 * GAMMA_TRIES + 1


def _gamma(uniform: Tensor, start: int, alpha: Tensor) -> tuple[Tensor, Tensor]:
    """A gamma number of at least `alpha` 1, and the logarithm of the factor that makes it one of a smaller `alpha`.

    G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables" (2000).
    """
    one = scalar(1, alpha)
    small = cast(ops.less(alpha, one), dtype_of(alpha))
    d = ops.subtract(ops.add(alpha, small), scalar(1 / 3, alpha))
    c = ops.reciprocal(ops.sqrt(ops.multiply(d, scalar(9, d))))
    x = _normal(_rows(uniform, start, GAMMA_TRIES))
    decide = ops.log(ops.subtract(one, _rows(uniform, start + GAMMA_TRIES, GAMMA_TRIES)))
    root = ops.add(ops.multiply(c, x), one)
    v = ops.multiply(ops.square(root), root)
    positive = ops.greater(v, scalar(0, v))
    log_v = ops.log(ops.where(positive, v, one))
    bound = ops.add(ops.multiply(ops.square(x), scalar(0.5, x)), ops.multiply(d, ops.add(ops.subtract(one, v), log_v)))
    accepted = ops.logical_and(positive, ops.less(decide, bound))
    chosen = _first(v, accepted, filled(shape_of(alpha), 1, dtype_of(alpha)))
    last = ops.log(ops.subtract(one, _row(uniform, start + 2 * GAMMA_TRIES)))
    return ops.multiply(d, chosen), ops.divide(ops.multiply(last, small), alpha)


def binomial_body(key: Any, shape: Any, counts: Any, probabilities: Any, dtype: str) -> Tensor:
    """How many of `counts` trials succeed. Probabilities of large counts are compared in float64."""
    n, p = _parameter(counts, shape, "float64"), _parameter(probabilities, shape, "float64")
    flipped = ops.greater(p, scalar(0.5, p))
    less = ops.where(flipped, ops.subtract(scalar(1, p), p), p)
    small = ops.less(ops.multiply(n, less), scalar(SMALL_MEAN, n))
    if not isinstance(small, Value) and small.all():
        wide = _wide(dtype)
        successes = _by_probabilities(_row(_uniform(key, 1, shape, wide), 0), cast(n, wide), cast(less, wide))
    elif not isinstance(small, Value) and not small.any():
        successes = _by_rejection(_uniform(key, 2 * BINOMIAL_TRIES, shape, "float64"), n, less)
    else:
        uniform = _uniform(key, 2 * BINOMIAL_TRIES + 1, shape, "float64")
        large = _by_rejection(uniform, n, ops.where(small, scalar(0.5, p), less))
        successes = ops.where(small, _by_probabilities(_row(uniform, 2 * BINOMIAL_TRIES), n, less), large)
    successes = cast(successes, "float64")
    return ops.stop_gradient(cast(ops.where(flipped, ops.subtract(n, successes), successes), dtype))


def _by_probabilities(uniform: Tensor, n: Tensor, p: Tensor) -> Tensor:
    """The number of successes whose probabilities add up to less than a uniform number."""
    k = _column(np.arange(1, SMALL_COUNT), n)
    odds = ops.divide(p, ops.subtract(scalar(1, p), p))
    ratios = ops.multiply(ops.divide(ops.maximum(ops.subtract(ops.add(n, scalar(1, n)), k), scalar(0, n)), k), odds)
    none = ops.exp(ops.multiply(n, ops.log1p(ops.negative(p))))
    probabilities = ops.cumprod(ops.concatenate(ops.expand_dims(none, axis=(0,)), ratios, axis=0), axis=0)
    reached = ops.less_equal(ops.cumsum(probabilities, axis=0), uniform)
    return ops.minimum(ops.sum(cast(reached, dtype_of(n)), axis=(0,)), n)


def _by_rejection(uniform: Tensor, n: Tensor, p: Tensor) -> Tensor:
    """W. Hormann, "The generation of binomial random variates" (1993), algorithm BTRS; for n * p of at least 10."""

    def number(value: float) -> Tensor:
        return scalar(value, n)

    one = number(1)
    q = ops.subtract(one, p)
    deviation = ops.sqrt(ops.multiply(ops.multiply(n, p), q))
    b = ops.add(ops.multiply(deviation, number(2.53)), number(1.15))
    a = ops.add(ops.add(ops.multiply(b, number(0.0248)), number(-0.0873)), ops.multiply(p, number(0.01)))
    center = ops.add(ops.multiply(n, p), number(0.5))
    alpha = ops.multiply(ops.add(ops.divide(number(5.1), b), number(2.83)), deviation)
    mode = ops.floor(ops.multiply(ops.add(n, one), p))
    u = ops.subtract(_rows(uniform, 0, BINOMIAL_TRIES), number(0.5))
    v = ops.subtract(one, _rows(uniform, BINOMIAL_TRIES, BINOMIAL_TRIES))
    edge = ops.maximum(ops.subtract(number(0.5), ops.abs(u)), number(1e-7))
    k = ops.floor(ops.add(ops.multiply(ops.add(ops.divide(ops.add(a, a), edge), b), u), center))
    inside = ops.logical_and(ops.greater_equal(k, number(0)), ops.less_equal(k, n))
    k = ops.minimum(ops.maximum(k, number(0)), n)
    left, rest = ops.add(ops.subtract(n, mode), one), ops.add(ops.subtract(n, k), one)
    odds = ops.divide(p, q)
    bound = ops.add(
        ops.add(
            ops.multiply(ops.add(mode, number(0.5)), ops.log(ops.divide(ops.add(mode, one), ops.multiply(odds, left)))),
            ops.multiply(ops.add(n, one), ops.log(ops.divide(left, rest))),
        ),
        ops.multiply(ops.add(k, number(0.5)), ops.log(ops.divide(ops.multiply(odds, rest), ops.add(k, one)))),
    )
    bound = ops.add(bound, ops.add(_stirling(mode), _stirling(ops.subtract(n, mode))))
    bound = ops.subtract(bound, ops.add(_stirling(k), _stirling(ops.subtract(n, k))))
    height = ops.log(ops.divide(ops.multiply(v, alpha), ops.add(ops.divide(a, ops.square(edge)), b)))
    return _first(k, ops.logical_and(inside, ops.less_equal(height, bound)), mode)


def _stirling(k: Tensor) -> Tensor:
    """log(k!) minus Stirling's formula."""
    table = np.asarray(_STIRLING, numpy_dtype(dtype_of(k)))
    place = cast(ops.minimum(k, scalar(9, k)), "int32")
    inverse = ops.reciprocal(ops.add(k, scalar(1, k)))
    square = ops.square(inverse)
    series = ops.subtract(scalar(1 / 360, k), ops.multiply(square, scalar(1 / 1260, k)))
    large = ops.multiply(ops.subtract(scalar(1 / 12, k), ops.multiply(square, series)), inverse)
    return ops.where(ops.less(k, scalar(10, k)), ops.take(table, place, axis=0), large)


def _first(candidates: Tensor, accepted: Tensor, otherwise: Tensor) -> Tensor:
    """For each place the first of the rows `candidates` that was accepted."""
    last = ops.expand_dims(otherwise, axis=(0,))
    always = filled(shape_of(last), 1, "int32")
    found = ops.argmax(ops.concatenate(cast(accepted, "int32"), always, axis=0), axis=0, keepdims=True)
    return ops.squeeze(ops.gather_elements(ops.concatenate(candidates, last, axis=0), found, axis=0), axis=(0,))


def _normal(uniform: Tensor) -> Tensor:
    """As many normal numbers as uniform ones, by Box and Muller: a sine and a cosine of each pair."""
    half = int(shape_of(uniform)[0]) // 2
    first, second = _rows(uniform, 0, half), _rows(uniform, half, half)
    radius = ops.sqrt(ops.multiply(ops.log(ops.subtract(scalar(1, first), first)), scalar(-2, first)))
    angle = ops.multiply(second, scalar(2 * math.pi, second))
    return ops.concatenate(ops.multiply(radius, ops.cos(angle)), ops.multiply(radius, ops.sin(angle)), axis=0)


def _uniform(key: Any, rows: int, shape: tuple[Any, ...], dtype: str) -> Tensor:
    return ops.random_uniform(tensor(key), shape=(rows, *shape), dtype=dtype)


def _rows(x: Tensor, start: int, count: int) -> Tensor:
    rest = shape_of(x)[1:]
    return ops.slice(x, starts=(start, *(0 for _ in rest)), stops=(start + count, *rest))


def _row(x: Tensor, number: int) -> Tensor:
    return ops.squeeze(_rows(x, number, 1), axis=(0,))


def _column(numbers: Any, like: Tensor) -> Tensor:
    """`numbers` along a new first axis of `like`."""
    return np.asarray(numbers, numpy_dtype(dtype_of(like))).reshape(-1, *(1 for _ in shape_of(like)))


def _parameter(x: Any, shape: tuple[Any, ...], dtype: str) -> Tensor:
    """A parameter for every number that is drawn."""
    x = tensor(x, dtype)
    if any(isinstance(size, Dim) for size in shape) and not isinstance(x, Value):
        x = ops.constant(value=x)
    return ops.broadcast_to(x, shape=shape)


def _wide(dtype: str) -> str:
    return "float64" if dtype == "float64" else "float32"
