"""Reductions that leave NaN out. Of nothing but NaN the sum is 0, the product 1, and everything else NaN."""

from __future__ import annotations

import math
from typing import Any

from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import normalize_axes

from ..operation import operation
from .cumulative import without_nan
from .operands import Tensor, as_float, cast, dtype_of, filled, is_float, ndim_of, scalar, shape_of, tensor
from .reductions import extreme_of, place_of, prod_of, sum_of

# fmt: off
__all__ = [
    "nanargmax", "nanargmin", "nanmax", "nanmean", "nanmin", "nanprod", "nanstd", "nansum", "nanvar",
]
# fmt: on


def _known(x: Any) -> Tensor:
    """Where x is a number."""
    return ops.logical_not(ops.is_nan(x)) if is_float(dtype_of(x)) else filled(shape_of(x), True, "bool")


@operation
def nansum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum."""
    return sum_of(without_nan(x, 0), axis, keepdims)


@operation
def nanprod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The product."""
    return prod_of(without_nan(x, 1), axis, keepdims)


@operation
def nanmean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean, a float."""
    return _mean(as_float(x), axis, keepdims)


def _mean(x: Tensor, axis: Any, keepdims: bool) -> Tensor:
    return ops.divide(sum_of(without_nan(x, 0), axis, keepdims), sum_of(cast(_known(x), dtype_of(x)), axis, keepdims))


@operation
def nanvar(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean squared distance from the mean, a float."""
    return _variance(x, axis, keepdims)


@operation
def nanstd(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The root of `nanvar`. Its gradient is 0 where that is 0, as for a single number."""
    variance = _variance(x, axis, keepdims)
    is_zero = ops.equal(variance, scalar(0, variance))
    root = ops.sqrt(ops.where(is_zero, scalar(1, variance), variance))  # chosen before the root: its gradient would be NaN
    return ops.where(is_zero, scalar(0, variance), root)


def _variance(x: Any, axis: Any, keepdims: bool) -> Tensor:
    x = as_float(x)
    dtype = dtype_of(x)
    wide = cast(x, "float32") if dtype in ("float16", "bfloat16") else x
    known = _known(wide)
    centred = ops.subtract(wide, _mean(wide, axis, keepdims=True))
    squares = ops.square(ops.where(known, centred, scalar(0, centred)))  # chosen before squaring: its gradient would be NaN
    return cast(ops.divide(sum_of(squares, axis, keepdims), sum_of(cast(known, dtype_of(wide)), axis, keepdims)), dtype)


@operation
def nanmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The greatest element."""
    return _extreme("max", x, axis, keepdims)


@operation
def nanmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The least element."""
    return _extreme("min", x, axis, keepdims)


def _extreme(name: str, x: Any, axis: Any, keepdims: bool) -> Tensor:
    x = tensor(x)
    found = extreme_of(name, without_nan(x, -math.inf if name == "max" else math.inf), axis, keepdims, None)
    if not is_float(dtype_of(x)):
        return found
    nothing = ops.all(ops.is_nan(x), axis=normalize_axes(axis, ndim_of(x), name), keepdims=keepdims)
    return ops.where(nothing, scalar(math.nan, found), found)


@operation
def nanargmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Where the greatest element is (the first of equals), int32; -1 where there is none."""
    return _place("argmax", x, axis, keepdims)


@operation
def nanargmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Where the least element is (the first of equals), int32; -1 where there is none."""
    return _place("argmin", x, axis, keepdims)


def _place(name: str, x: Any, axis: int | None, keepdims: bool) -> Tensor:
    x = tensor(x)
    found = place_of(name, without_nan(x, -math.inf if name == "argmax" else math.inf), axis, keepdims)
    if not is_float(dtype_of(x)):
        return found
    nothing = ops.all(ops.is_nan(x), axis=normalize_axes(axis, ndim_of(x), name), keepdims=keepdims)
    return ops.where(nothing, scalar(-1, found), found)
