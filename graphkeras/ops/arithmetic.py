"""Arithmetic on two operands, with NumPy's broadcasting and Keras's dtype promotion."""

from __future__ import annotations

import math
from typing import Any

from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import promote

from ..config import floatx
from ..operation import operation
from .operands import Tensor, dtype_of, filled, meeting, promoted, scalar, shape_of, tensor, weak_dtype, zero_of

# fmt: off
__all__ = [
    "add", "bitwise_and", "bitwise_invert", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift",
    "bitwise_xor", "clip", "divide", "divide_no_nan", "floor_divide", "left_shift", "logaddexp", "logaddexp2", "maximum",
    "minimum", "mod", "multiply", "power", "right_shift", "subtract", "true_divide",
]
# fmt: on


def _numbers(x1: Any, x2: Any) -> list[Tensor]:
    """Promoted operands; booleans count as integers."""
    return meeting(x1, x2, at_least="int")


@operation
def add(x1: Any, x2: Any) -> Any:
    """x1 + x2. Two booleans give their logical or."""
    a, b = meeting(x1, x2)
    return ops.logical_or(a, b) if dtype_of(a) == "bool" else ops.add(a, b)


@operation
def subtract(x1: Any, x2: Any) -> Any:
    """x1 - x2."""
    return ops.subtract(*_numbers(x1, x2))


@operation
def multiply(x1: Any, x2: Any) -> Any:
    """x1 * x2. Two booleans give their logical and."""
    a, b = meeting(x1, x2)
    return ops.logical_and(a, b) if dtype_of(a) == "bool" else ops.multiply(a, b)


@operation
def divide(x1: Any, x2: Any) -> Any:
    """x1 / x2, a float."""
    return ops.divide(*meeting(x1, x2, at_least="float"))


@operation
def true_divide(x1: Any, x2: Any) -> Any:
    """x1 / x2, a float."""
    return ops.divide(*meeting(x1, x2, at_least="float"))


@operation
def divide_no_nan(x1: Any, x2: Any) -> Any:
    """x1 / x2, and 0 where x2 is 0. The gradient is 0 there, too."""
    a, b = meeting(x1, x2, at_least="float")
    is_zero = ops.equal(b, zero_of(b))
    safe = ops.where(is_zero, filled(shape_of(b), 1, dtype_of(b)), b)
    quotient = ops.divide(a, safe)
    shape = shape_of(quotient)
    return ops.where(ops.broadcast_to(is_zero, shape=shape), filled(shape, 0, dtype_of(b)), quotient)


@operation
def power(x1: Any, x2: Any) -> Any:
    """x1 to the power of x2."""
    if isinstance(x2, (int, float)) and x2 == 2 and weak_dtype(x1) not in ("int", "float", "bool"):
        return ops.square(meeting(x1, x2)[0])
    if isinstance(x2, float) and x2 in (0.5, -0.5):
        return (ops.sqrt if x2 > 0 else ops.rsqrt)(meeting(x1, x2)[0])
    return ops.power(*_numbers(x1, x2))


@operation
def maximum(x1: Any, x2: Any) -> Any:
    """The greater of x1 and x2, element by element."""
    a, b = meeting(x1, x2)
    return ops.logical_or(a, b) if dtype_of(a) == "bool" else ops.maximum(a, b)


@operation
def minimum(x1: Any, x2: Any) -> Any:
    """The lesser of x1 and x2, element by element."""
    a, b = meeting(x1, x2)
    return ops.logical_and(a, b) if dtype_of(a) == "bool" else ops.minimum(a, b)


@operation
def floor_divide(x1: Any, x2: Any) -> Any:
    """floor(x1 / x2)."""
    return ops.floor_divide(*_numbers(x1, x2))


@operation
def mod(x1: Any, x2: Any) -> Any:
    """x1 - floor(x1 / x2) * x2: the remainder with the sign of x2."""
    return ops.remainder(*_numbers(x1, x2))


@operation
def logaddexp(x1: Any, x2: Any) -> Any:
    """log(exp(x1) + exp(x2)), without overflow. Python numbers count as tensors of int32 and the default float."""
    a, b = promoted(tensor(x1), tensor(x2), at_least="float")
    return ops.add(ops.maximum(a, b), ops.log1p(ops.exp(ops.negative(ops.abs(ops.subtract(a, b))))))


@operation
def logaddexp2(x1: Any, x2: Any) -> Any:
    """log2(2**x1 + 2**x2), without overflow. Python numbers count as tensors of int32 and the default float."""
    a, b = promoted(tensor(x1), tensor(x2), at_least="float")
    small = ops.exp(ops.multiply(ops.negative(ops.abs(ops.subtract(a, b))), math.log(2)))
    return ops.add(ops.maximum(a, b), ops.multiply(ops.log1p(small), 1 / math.log(2)))


@operation
def bitwise_and(x: Any, y: Any) -> Any:
    """x & y for integers and booleans."""
    return _bitwise("and", x, y)


@operation
def bitwise_or(x: Any, y: Any) -> Any:
    """x | y for integers and booleans."""
    return _bitwise("or", x, y)


@operation
def bitwise_xor(x: Any, y: Any) -> Any:
    """x ^ y for integers and booleans."""
    return _bitwise("xor", x, y)


@operation
def bitwise_not(x: Any) -> Any:
    """~x for integers and booleans."""
    x = tensor(x)
    return ops.logical_not(x) if dtype_of(x) == "bool" else ops.bitwise_not(x)


@operation
def bitwise_invert(x: Any) -> Any:
    """~x for integers and booleans."""
    x = tensor(x)
    return ops.logical_not(x) if dtype_of(x) == "bool" else ops.bitwise_not(x)


@operation
def left_shift(x: Any, y: Any) -> Any:
    """x * 2**y for integers."""
    return ops.left_shift(*_numbers(x, y))


@operation
def right_shift(x: Any, y: Any) -> Any:
    """floor(x / 2**y) for integers."""
    return ops.right_shift(*_numbers(x, y))


bitwise_left_shift, bitwise_right_shift = left_shift, right_shift


def _bitwise(kind: str, x: Any, y: Any) -> Tensor:
    a, b = promoted(x, y)
    family = "logical" if dtype_of(a) == "bool" else "bitwise"
    return getattr(ops, f"{family}_{kind}")(a, b)


@operation
def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """x limited to [x_min, x_max]. A bound may be None, a number or a tensor."""
    bounds = [bound for bound in (x_min, x_max) if bound is not None]
    x = tensor(x, "int32") if weak_dtype(x) == "bool" else x
    dtype = promote(weak_dtype(x), *(weak_dtype(bound) for bound in bounds), "int", float_default=floatx())
    x = tensor(x, dtype)
    if len(bounds) == 2 and all(isinstance(bound, (int, float)) for bound in bounds):
        return ops.clip(x, low=x_min, high=x_max)
    if x_min is not None:
        x = ops.maximum(x, tensor(x_min, dtype))
    return x if x_max is None else ops.minimum(x, tensor(x_max, dtype))


def multiply_numbers(x: Tensor, factor: float) -> Tensor:
    """`x` times a Python number, in the dtype of `x`."""
    return ops.multiply(x, scalar(factor, x))
