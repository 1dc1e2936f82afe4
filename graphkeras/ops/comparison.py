"""Comparison, logic and choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphkeras.compiler.registry import ops

from ..operation import operation
from .data_dependent import places_of
from .operands import as_bool, dtype_of, filled, is_float, meeting, promoted, scalar, shape_of, tensor
from .sorting import SHORT_SEQUENCE, search

# fmt: off
__all__ = [
    "allclose", "equal", "greater", "greater_equal", "isclose", "isin", "isreal", "less", "less_equal", "logical_and",
    "logical_not", "logical_or", "logical_xor", "not_equal", "select", "signbit", "where",
]
# fmt: on


@operation
def equal(x1: Any, x2: Any) -> Any:
    """x1 == x2, element by element."""
    return ops.equal(*meeting(x1, x2))


@operation
def not_equal(x1: Any, x2: Any) -> Any:
    """x1 != x2, element by element."""
    return ops.not_equal(*meeting(x1, x2))


@operation
def greater(x1: Any, x2: Any) -> Any:
    """x1 > x2, element by element."""
    return ops.greater(*meeting(x1, x2))


@operation
def greater_equal(x1: Any, x2: Any) -> Any:
    """x1 >= x2, element by element."""
    return ops.greater_equal(*meeting(x1, x2))


@operation
def less(x1: Any, x2: Any) -> Any:
    """x1 < x2, element by element."""
    return ops.less(*meeting(x1, x2))


@operation
def less_equal(x1: Any, x2: Any) -> Any:
    """x1 <= x2, element by element."""
    return ops.less_equal(*meeting(x1, x2))


@operation
def logical_and(x1: Any, x2: Any) -> Any:
    """Whether both are true (not 0)."""
    return ops.logical_and(as_bool(x1), as_bool(x2))


@operation
def logical_or(x1: Any, x2: Any) -> Any:
    """Whether one is true (not 0)."""
    return ops.logical_or(as_bool(x1), as_bool(x2))


@operation
def logical_xor(x1: Any, x2: Any) -> Any:
    """Whether exactly one is true (not 0)."""
    return ops.logical_xor(as_bool(x1), as_bool(x2))


@operation
def logical_not(x: Any) -> Any:
    """Whether x is false (0)."""
    return ops.logical_not(as_bool(x))


@operation
def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """x1 where `condition` holds, else x2; of arrays with `condition` alone the places where it holds, as `nonzero`.

    Raises:
        NotImplementedError: for a symbolic condition alone: the number of found places is not known in a static graph.
        ValueError: with only one of x1 and x2.
    """
    if x1 is None and x2 is None:
        return places_of(as_bool(condition), "ops.where(condition)", "Give both x1 and x2")
    if x1 is None or x2 is None:
        raise ValueError("ops.where: give both x1 and x2, or neither.")
    return ops.where(as_bool(condition), *meeting(x1, x2))


@operation
def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """From `choicelist` the first element whose condition in `condlist` holds, else `default`.

    Raises:
        ValueError: if the lists are empty or of different lengths.
    """
    if not condlist or len(condlist) != len(choicelist):
        raise ValueError(
            "ops.select: condlist and choicelist must have the same length, at least 1, "
            f"got {len(condlist)} and {len(choicelist)}."
        )
    *choices, result = promoted(*choicelist, default)
    for condition, choice in zip(reversed(condlist), reversed(choices)):
        result = ops.where(as_bool(condition), choice, result)
    return result


@operation
def isclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """|x1 - x2| <= atol + rtol * |x2|, element by element; NaN is close to NaN if `equal_nan`."""
    return _isclose(x1, x2, rtol, atol, equal_nan)


@operation
def allclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """Whether `isclose` holds for all elements; a boolean scalar."""
    return ops.all(_isclose(x1, x2, rtol, atol, equal_nan))


def _isclose(x1: Any, x2: Any, rtol: float, atol: float, equal_nan: bool) -> Any:
    a, b = meeting(x1, x2, at_least="float")
    bound = ops.add(ops.multiply(ops.abs(b), scalar(rtol, b)), scalar(atol, b))
    finite = ops.logical_and(ops.is_finite(a), ops.is_finite(b))
    close = ops.logical_and(finite, ops.less_equal(ops.abs(ops.subtract(a, b)), bound))
    close = ops.logical_or(close, ops.equal(a, b))
    return ops.logical_or(close, ops.logical_and(ops.is_nan(a), ops.is_nan(b))) if equal_nan else close


@operation
def isreal(x: Any) -> Any:
    """True everywhere: complex numbers are not supported."""
    return filled(shape_of(x), True, "bool")


@operation
def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Any:
    """Whether each element of x1 is among the elements of x2. `assume_unique` changes nothing."""
    a, b = meeting(x1, x2)
    if dtype_of(a) == "bool":
        a, b = ops.cast(a, dtype="int32"), ops.cast(b, dtype="int32")
    b = ops.reshape(b, shape=(-1,))
    size = shape_of(b)[0]
    if isinstance(size, int) and size > SHORT_SEQUENCE:
        ordered, _ = ops.top_k(b, k=size, axis=0, largest=False)
        place = ops.minimum(search(ordered, a, "left"), np.asarray(size - 1, np.int32))
        found = ops.equal(ops.take(ordered, place, axis=0), a)
    else:
        found = ops.any(ops.equal(ops.reshape(b, shape=(size, *(1 for _ in shape_of(a)))), a), axis=(0,))
    return ops.logical_not(found) if invert else found


@operation
def signbit(x: Any) -> Any:
    """Whether x is below 0, or -0.0."""
    x = tensor(x)
    if dtype_of(x) == "bool":
        return filled(shape_of(x), False, "bool")
    negative = ops.less(x, scalar(0, x))
    if not is_float(dtype_of(x)):
        return negative
    below = ops.less(ops.reciprocal(x), scalar(0, x))  # 1 / -0.0 is -inf
    return ops.logical_or(negative, below)
