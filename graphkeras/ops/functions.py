"""Further mathematical functions, element by element: inverse trigonometry, special functions, whole numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graphkeras.compiler.graph import Value
from graphkeras.compiler.registry import ops

from ..operation import operation
from .operands import Tensor, as_float, cast, dtype_of, is_float, is_integer, ndim_of, promoted, scalar, tensor

# fmt: off
__all__ = [
    "arccos", "arcsin", "arctan", "arctan2", "cbrt", "erfinv", "fabs", "fmax", "fmin", "fmod", "gcd", "hypot", "i0", "lcm",
    "ldexp", "nextafter", "sinc",
]
# fmt: on


@operation
def arcsin(x: Any) -> Any:
    """The angle from -pi/2 to pi/2 whose sine is x."""
    return ops.arcsin(as_float(x))


@operation
def arccos(x: Any) -> Any:
    """The angle from 0 to pi whose cosine is x."""
    return ops.arccos(as_float(x))


@operation
def arctan(x: Any) -> Any:
    """The angle from -pi/2 to pi/2 whose tangent is x."""
    return ops.arctan(as_float(x))


@operation
def arctan2(x1: Any, x2: Any) -> Any:
    """The angle from -pi to pi of the point (x2, x1), seen from the origin."""
    return ops.arctan2(*promoted(x1, x2, at_least="float"))


@operation
def cbrt(x: Any) -> Any:
    """The cube root, negative for negative x."""
    return ops.cbrt(as_float(x))


@operation
def erfinv(x: Any) -> Any:
    """The number whose `erf` is x, for -1 <= x <= 1."""
    return ops.erfinv(as_float(x))


@operation
def fabs(x: Any) -> Any:
    """|x| as a float."""
    return ops.abs(as_float(x))


@operation
def hypot(x1: Any, x2: Any) -> Any:
    """sqrt(x1**2 + x2**2), without overflow."""
    a, b = (ops.abs(x) for x in promoted(x1, x2, at_least="float"))
    long, short = ops.maximum(a, b), ops.minimum(a, b)
    is_zero = ops.equal(long, scalar(0, long))
    ratio = ops.divide(short, ops.where(is_zero, scalar(1, long), long))
    return ops.multiply(long, ops.sqrt(ops.add(ops.square(ratio), scalar(1, long))))


@operation
def sinc(x: Any) -> Any:
    """sin(pi x) / (pi x), and 1 at 0."""
    x = as_float(x)
    is_zero = ops.equal(x, scalar(0, x))
    angle = ops.multiply(ops.where(is_zero, scalar(1, x), x), scalar(math.pi, x))
    return ops.where(is_zero, scalar(1, x), ops.divide(ops.sin(angle), angle))


@operation
def i0(x: Any) -> Any:
    """The modified Bessel function of the first kind and order 0: the mean of cosh(x cos(t)) over all angles t.

    The mean over a few evenly spaced angles is exact to the last digit, because the function is smooth and periodic.
    """
    x = as_float(x)
    count = 64 if dtype_of(x) == "float64" else 32
    angles = (np.arange(count) + 0.5) * (math.pi / 2 / count)
    column = ops.expand_dims(x, axis=(ndim_of(x),))
    return ops.mean(ops.cosh(ops.multiply(column, cast(np.cos(angles), dtype_of(x)))), axis=(ndim_of(x),))


@operation
def fmax(x1: Any, x2: Any) -> Any:
    """The greater of x1 and x2; the other one where one is NaN."""
    return _without_nan("maximum", x1, x2)


@operation
def fmin(x1: Any, x2: Any) -> Any:
    """The lesser of x1 and x2; the other one where one is NaN."""
    return _without_nan("minimum", x1, x2)


def _without_nan(name: str, x1: Any, x2: Any) -> Tensor:
    a, b = promoted(x1, x2, at_least="int")
    if not is_float(dtype_of(a)):
        return getattr(ops, name)(a, b)
    return ops.where(ops.is_nan(a), b, ops.where(ops.is_nan(b), a, getattr(ops, name)(a, b)))


@operation
def fmod(x1: Any, x2: Any) -> Any:
    """What is left of x1 when x2 is taken off as often as it fits: it has the sign of x1."""
    a, b = promoted(x1, x2, at_least="int")
    if dtype_of(a).startswith("uint"):
        return ops.remainder(a, b)
    return ops.multiply(ops.remainder(ops.abs(a), ops.abs(b)), ops.sign(a))


@operation
def gcd(x1: Any, x2: Any) -> Any:
    """The greatest common divisor of whole numbers.

    Raises:
        TypeError: for floats.
    """
    return ops.gcd(*_whole_numbers(x1, x2, "gcd"))


@operation
def lcm(x1: Any, x2: Any) -> Any:
    """The least common multiple of whole numbers.

    Raises:
        TypeError: for floats.
    """
    a, b = _whole_numbers(x1, x2, "lcm")
    common = ops.gcd(a, b)
    parts = ops.floor_divide(a, ops.where(ops.equal(common, scalar(0, a)), scalar(1, a), common))
    return ops.abs(ops.multiply(parts, b))


def _whole_numbers(x1: Any, x2: Any, name: str) -> list[Tensor]:
    found = promoted(x1, x2, at_least="int")
    if not is_integer(dtype_of(found[0])):
        raise TypeError(f"ops.{name}: integers are needed, got {dtype_of(x1)} and {dtype_of(x2)}. Use ops.cast(x, 'int32').")
    return found


@operation
def ldexp(x1: Any, x2: Any) -> Any:
    """x1 * 2**x2, for integers x2.

    Raises:
        TypeError: if x2 holds no integers.
    """
    x, exponent = as_float(x1), tensor(x2)
    if not is_integer(dtype_of(exponent)):
        raise TypeError(f"ops.ldexp: the exponent x2 must hold integers, got {dtype_of(exponent)}.")
    half = ops.floor_divide(exponent, scalar(2, exponent))  # in two steps: 2**x2 may be too great where the result is not
    for part in (half, ops.subtract(exponent, half)):
        x = ops.multiply(x, ops.exp2(cast(part, dtype_of(x))))
    return x


@operation
def nextafter(x1: Any, x2: Any) -> Any:
    """The next number after x1 towards x2.

    Raises:
        NotImplementedError: for symbols: no target looks at the bits of a float.
    """
    a, b = promoted(x1, x2, at_least="float")
    if isinstance(a, Value) or isinstance(b, Value):
        raise NotImplementedError("ops.nextafter works on arrays only: no target changes single bits of floats.")
    return np.nextafter(a, b)
