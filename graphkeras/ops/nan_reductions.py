"""Reductions that leave NaN out. Of nothing but NaN the sum is 0, the product 1, and everything else NaN."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graphkeras.compiler.dims import size_of
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import normalize_axes

from ..operation import operation
from .cumulative import running
from .operands import Tensor, as_float, cast, dtype_of, filled, is_float, ndim_of, scalar, shape_of, tensor
from .reductions import extreme_of, place_of, prod_of, sum_of
from .sorting import METHODS

# fmt: off
__all__ = [
    "nanargmax", "nanargmin", "nancumprod", "nancumsum", "nanmax", "nanmean", "nanmedian", "nanmin", "nanpercentile", "nanprod",
    "nanquantile", "nanstd", "nansum", "nanvar",
]
# fmt: on


def _known(x: Any) -> Tensor:
    """Where x is a number."""
    return ops.logical_not(ops.is_nan(x)) if is_float(dtype_of(x)) else filled(shape_of(x), True, "bool")


def _with(x: Any, number: float) -> Tensor:
    """x with `number` in place of NaN."""
    x = tensor(x)
    return ops.where(ops.is_nan(x), scalar(number, x), x) if is_float(dtype_of(x)) else x


@operation
def nansum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum."""
    return sum_of(_with(x, 0), axis, keepdims)


@operation
def nanprod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The product."""
    return prod_of(_with(x, 1), axis, keepdims)


@operation
def nanmean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean, a float."""
    return _mean(as_float(x), axis, keepdims)


def _mean(x: Tensor, axis: Any, keepdims: bool) -> Tensor:
    return ops.divide(sum_of(_with(x, 0), axis, keepdims), sum_of(cast(_known(x), dtype_of(x)), axis, keepdims))


@operation
def nanvar(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean squared distance from the mean, a float."""
    return _variance(x, axis, keepdims)


@operation
def nanstd(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The root of `nanvar`."""
    return ops.sqrt(_variance(x, axis, keepdims))


def _variance(x: Any, axis: Any, keepdims: bool) -> Tensor:
    x = as_float(x)
    dtype = dtype_of(x)
    wide = cast(x, "float32") if dtype in ("float16", "bfloat16") else x
    return cast(_mean(ops.square(ops.subtract(wide, _mean(wide, axis, keepdims=True))), axis, keepdims), dtype)


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
    found = extreme_of(name, _with(x, -math.inf if name == "max" else math.inf), axis, keepdims, None)
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
    found = place_of(name, _with(x, -math.inf if name == "argmax" else math.inf), axis, keepdims)
    if not is_float(dtype_of(x)):
        return found
    nothing = ops.all(ops.is_nan(x), axis=normalize_axes(axis, ndim_of(x), name), keepdims=keepdims)
    return ops.where(nothing, scalar(-1, found), found)


@operation
def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The sum of all elements up to each one."""
    return running("cumsum", _with(x, 0), axis, dtype)


@operation
def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The product of all elements up to each one."""
    return running("cumprod", _with(x, 1), axis, dtype)


@operation
def nanmedian(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The middle element of the sorted order, or the mean of the two in the middle; a float."""
    return _quantile(x, 0.5, axis, "linear", keepdims, "nanmedian")


@operation
def nanquantile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """The element at the part `q` (0 to 1) of the sorted order; a float. See `quantile`."""
    return _quantile(x, q, axis, method, keepdims, "nanquantile")


@operation
def nanpercentile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """`nanquantile` at q / 100."""
    return _quantile(x, ops.multiply(tensor(q, "float32"), np.float32(0.01)), axis, method, keepdims, "nanpercentile")


def _quantile(x: Any, q: Any, axis: Any, method: str, keepdims: bool, name: str) -> Tensor:
    """Each row has its own number of elements; NaN is sorted behind them."""
    if method not in METHODS:
        raise ValueError(f"ops.{name}: method must be one of {', '.join(METHODS)}, got {method!r}.")
    x = as_float(x)
    dtype, shape = dtype_of(x), shape_of(x)
    wide = "float64" if dtype == "float64" else "float32"
    q = tensor(q, wide)
    if ndim_of(q) > 1:
        raise ValueError(f"ops.{name}: q must be a number or a vector, got shape {shape_of(q)}.")
    axes = normalize_axes(axis, len(shape), name)
    kept = tuple(k for k in range(len(shape)) if k not in axes)
    last, count = len(kept), size_of(shape[k] for k in axes)
    rows = ops.reshape(ops.transpose(x, axes=(*kept, *axes)), shape=(*(shape[k] for k in kept), count))
    ordered = cast(ops.top_k(rows, k=count, axis=last, largest=False)[0], wide)
    highest = ops.sum(cast(_known(ordered), wide), axis=(last,), keepdims=True)
    highest = ops.maximum(ops.subtract(highest, scalar(1, highest)), scalar(0, highest))
    position = ops.multiply(highest, q if ndim_of(q) else ops.reshape(q, shape=(1,)))
    below, above = ops.floor(position), ops.ceil(position)
    low, high = (ops.gather_elements(ordered, cast(place, "int32"), axis=last) for place in (below, above))
    result = cast(_mixed(low, high, ops.subtract(position, below), method), dtype)
    if ndim_of(q):
        result = ops.transpose(result, axes=(last, *range(last)))
        ahead = shape_of(q)
    else:
        result, ahead = ops.squeeze(result, axis=(last,)), ()
    if not keepdims:
        return result
    return ops.reshape(result, shape=(*ahead, *(1 if k in axes else dim for k, dim in enumerate(shape))))


def _mixed(low: Tensor, high: Tensor, share: Tensor, method: str) -> Tensor:
    """What to take between two neighbours."""
    if method == "linear":
        return ops.add(ops.multiply(low, ops.subtract(scalar(1, share), share)), ops.multiply(high, share))
    if method == "midpoint":
        return ops.multiply(ops.add(low, high), scalar(0.5, low))
    if method == "nearest":
        return ops.where(ops.less_equal(share, scalar(0.5, share)), low, high)
    return low if method == "lower" else high
