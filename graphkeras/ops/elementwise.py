"""Functions of one operand, element by element."""

from __future__ import annotations

import math
from typing import Any

from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import broadcast, numpy_dtype

from ..operation import operation
from .operands import Tensor, as_float, cast, dtype_of, filled, is_float, promoted, scalar, shape_of, tensor, zero_of

# fmt: off
__all__ = [
    "abs",
    "absolute",
    "arccosh",
    "arcsinh",
    "arctanh",
    "ceil",
    "cos",
    "cosh",
    "deg2rad",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "floor",
    "heaviside",
    "isfinite",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "log",
    "log1p",
    "log2",
    "log10",
    "nan_to_num",
    "negative",
    "rad2deg",
    "reciprocal",
    "round",
    "rsqrt",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "tan",
    "tanh",
    "trunc",
]
# fmt: on


@operation
def negative(x: Any) -> Any:
    """-x; of unsigned integers the number that gives 0 when added to x."""
    x = tensor(x)
    return ops.subtract(zero_of(x), x) if dtype_of(x).startswith("u") else ops.negative(x)


@operation
def absolute(x: Any) -> Any:
    """|x|."""
    return _absolute(x)


@operation
def abs(x: Any) -> Any:
    """|x|."""
    return _absolute(x)


def _absolute(x: Any) -> Tensor:
    x = tensor(x)
    return x if dtype_of(x) == "bool" else ops.abs(x)


@operation
def sign(x: Any) -> Any:
    """-1, 0 or 1, in the dtype of x."""
    return ops.sign(tensor(x))


@operation
def exp(x: Any) -> Any:
    """e**x."""
    return ops.exp(as_float(x))


@operation
def exp2(x: Any) -> Any:
    """2**x."""
    return ops.exp2(as_float(x))


@operation
def expm1(x: Any) -> Any:
    """e**x - 1, exact for small x."""
    return ops.expm1(as_float(x))


@operation
def log(x: Any) -> Any:
    """The natural logarithm."""
    return ops.log(as_float(x))


@operation
def log1p(x: Any) -> Any:
    """log(1 + x), exact for small x."""
    return ops.log1p(as_float(x))


@operation
def log2(x: Any) -> Any:
    """The logarithm to base 2."""
    return ops.log2(as_float(x))


@operation
def log10(x: Any) -> Any:
    """The logarithm to base 10."""
    return ops.log10(as_float(x))


@operation
def sqrt(x: Any) -> Any:
    """The square root."""
    return ops.sqrt(as_float(x))


@operation
def rsqrt(x: Any) -> Any:
    """1 / sqrt(x)."""
    return ops.rsqrt(as_float(x))


@operation
def square(x: Any) -> Any:
    """x * x."""
    x = tensor(x)
    return ops.square(cast(x, "int32") if dtype_of(x) == "bool" else x)


@operation
def reciprocal(x: Any) -> Any:
    """1 / x."""
    return ops.reciprocal(as_float(x))


@operation
def tanh(x: Any) -> Any:
    """The hyperbolic tangent."""
    return ops.tanh(as_float(x))


@operation
def sinh(x: Any) -> Any:
    """(e**x - e**-x) / 2."""
    return ops.sinh(as_float(x))


@operation
def cosh(x: Any) -> Any:
    """(e**x + e**-x) / 2."""
    return ops.cosh(as_float(x))


@operation
def sin(x: Any) -> Any:
    """The sine of x in radians."""
    return ops.sin(as_float(x))


@operation
def cos(x: Any) -> Any:
    """The cosine of x in radians."""
    return ops.cos(as_float(x))


@operation
def tan(x: Any) -> Any:
    """The tangent of x in radians."""
    return ops.tan(as_float(x))


@operation
def arcsinh(x: Any) -> Any:
    """The number whose sinh is x."""
    return ops.arcsinh(as_float(x))


@operation
def arccosh(x: Any) -> Any:
    """The number >= 0 whose cosh is x, for x >= 1."""
    return ops.arccosh(as_float(x))


@operation
def arctanh(x: Any) -> Any:
    """The number whose tanh is x, for -1 < x < 1."""
    return ops.arctanh(as_float(x))


@operation
def floor(x: Any) -> Any:
    """The greatest whole number that is not above x, as a float."""
    return ops.floor(as_float(x))


@operation
def ceil(x: Any) -> Any:
    """The least whole number that is not below x, as a float."""
    return ops.ceil(as_float(x))


@operation
def round(x: Any, decimals: int = 0) -> Any:
    """x rounded to `decimals` digits after the point, half to even. Integers stay as they are for decimals >= 0."""
    x = tensor(x)
    if not is_float(dtype_of(x)):
        if decimals >= 0:
            return cast(x, "int32") if dtype_of(x) == "bool" else x
        dtype, shift = dtype_of(x), 10.0**-decimals
        as_double = cast(x, "float64")
        return cast(ops.multiply(ops.round(ops.divide(as_double, shift)), shift), dtype)
    if decimals == 0:
        return ops.round(x)
    shift = scalar(10.0**decimals, x)
    return ops.divide(ops.round(ops.multiply(x, shift)), shift)


@operation
def trunc(x: Any) -> Any:
    """x without its fraction."""
    x = tensor(x)
    if not is_float(dtype_of(x)):
        return x
    return ops.multiply(ops.sign(x), ops.floor(ops.abs(x)))


@operation
def deg2rad(x: Any) -> Any:
    """Degrees as radians."""
    x = as_float(x)
    return ops.multiply(x, scalar(math.pi / 180, x))


@operation
def rad2deg(x: Any) -> Any:
    """Radians as degrees."""
    x = as_float(x)
    return ops.multiply(x, scalar(180 / math.pi, x))


@operation
def erf(x: Any) -> Any:
    """The error function 2/sqrt(pi) * integral of exp(-t**2) from 0 to x."""
    return ops.erf(as_float(x))


@operation
def erfc(x: Any) -> Any:
    """1 - erf(x), exact also where it is tiny."""
    return ops.erfc(as_float(x))


@operation
def isnan(x: Any) -> Any:
    """Whether x is not a number."""
    return _float_test("is_nan", x, False)


@operation
def isinf(x: Any) -> Any:
    """Whether x is infinite."""
    return _float_test("is_inf", x, False)


@operation
def isfinite(x: Any) -> Any:
    """Whether x is neither infinite nor NaN."""
    return _float_test("is_finite", x, True)


@operation
def isposinf(x: Any) -> Any:
    """Whether x is plus infinity."""
    x = as_float(x)
    return ops.equal(x, scalar(math.inf, x))


@operation
def isneginf(x: Any) -> Any:
    """Whether x is minus infinity."""
    x = as_float(x)
    return ops.equal(x, scalar(-math.inf, x))


def _float_test(name: str, x: Any, for_integers: bool) -> Tensor:
    x = tensor(x)
    return getattr(ops, name)(x) if is_float(dtype_of(x)) else filled(shape_of(x), for_integers, "bool")


@operation
def nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """x with NaN and infinities replaced; infinities by the dtype's greatest and least number unless given."""
    x = tensor(x)
    dtype = dtype_of(x)
    if not is_float(dtype):
        return x
    largest = float(
        {"bfloat16": 3.3895313892515355e38, "float16": 65504.0, "float64": 1.7976931348623157e308}.get(
            dtype, 3.4028234663852886e38
        )
    )
    shape = shape_of(x)
    for found, number in (
        (ops.is_nan(x), nan),
        (ops.equal(x, scalar(math.inf, x)), largest if posinf is None else posinf),
        (ops.equal(x, scalar(-math.inf, x)), -largest if neginf is None else neginf),
    ):
        x = ops.where(found, filled(shape, number, dtype), x)
    return x


@operation
def heaviside(x1: Any, x2: Any) -> Any:
    """0 where x1 < 0, x2 where x1 is 0, 1 where x1 > 0."""
    x1, x2 = promoted(x1, x2, at_least="float")
    shape = broadcast(shape_of(x1), shape_of(x2))
    x1, x2 = ops.broadcast_to(x1, shape=shape), ops.broadcast_to(x2, shape=shape)
    return ops.where(ops.equal(x1, zero_of(x1)), x2, cast(ops.greater(x1, zero_of(x1)), dtype_of(x1)))


def dtype_limits(dtype: str) -> tuple[Any, Any]:
    """The least and the greatest number of an integer dtype."""
    bits = numpy_dtype(dtype).itemsize * 8
    return (0, 2**bits - 1) if dtype.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
