"""Order: sorting, the k largest, places in a sorted sequence, quantiles. NaN counts as larger than any number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphkeras.compiler.dims import Dim, size_of
from graphkeras.compiler.graph import Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import normalize_axes

from ..config import floatx
from ..operation import operation
from .operands import (
    Tensor,
    as_float,
    axis_in,
    cast,
    dtype_of,
    filled,
    is_float,
    ndim_of,
    promoted,
    require_axes,
    scalar,
    shape_of,
    tensor,
)
from .reductions import number_like, require_integer

# fmt: off
__all__ = [
    "argpartition", "argsort", "digitize", "in_top_k", "median", "nanmedian", "nanpercentile",
    "nanquantile", "percentile", "quantile", "searchsorted", "sort", "top_k",
]
# fmt: on

#: A sorted sequence of known length up to this one is compared as a whole; a longer one is searched by halving.
SHORT_SEQUENCE = 32
METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


def _in_order(x: Any, axis: int | None, name: str) -> tuple[Tensor, Tensor]:
    """The elements along `axis` in ascending order, and where they were."""
    x = tensor(x)
    if axis is None or ndim_of(x) == 0:
        x, axis = ops.reshape(x, shape=(size_of(shape_of(x)),)), 0
    axis = axis_in(axis, x, name)
    values, places = ops.top_k(x, k=shape_of(x)[axis], axis=axis, largest=False)
    return values, places


@operation
def sort(x: Any, axis: int | None = -1) -> Any:
    """The elements along `axis` in ascending order; of the flattened tensor if `axis` is None."""
    return _in_order(x, axis, "sort")[0]


@operation
def argsort(x: Any, axis: int | None = -1) -> Any:
    """The places that put the elements along `axis` in ascending order, int32; equal elements stay in their order."""
    return _in_order(x, axis, "argsort")[1]


@operation
def argpartition(x: Any, kth: int, axis: int | None = -1) -> Any:
    """Places that put the element number `kth` of the sorted order there, and no larger one before it.

    Raises:
        ValueError: for a `kth` that is not an integer inside the axis.
    """
    if isinstance(kth, bool) or not isinstance(kth, (int, np.integer)):
        raise ValueError(f"ops.argpartition: kth must be an integer, got {kth!r}.")
    places = _in_order(x, axis, "argpartition")[1]
    size = shape_of(places)[-1 if axis is None else axis_in(axis, places, "argpartition")]
    if not isinstance(size, Dim) and not -size <= kth < size:
        raise ValueError(f"ops.argpartition: kth must lie in [{-size}, {size}), got {kth}.")
    return places


@operation
def top_k(x: Any, k: int, sorted: bool = True) -> Any:
    """The k largest elements of each row (the last axis) in descending order, and their places, int32.

    Of equal elements the first comes first. With sorted=False any order would do; it is the same.

    Raises:
        ValueError: if a row has fewer than k elements.
    """
    x = tensor(x)
    if ndim_of(x) == 0:
        raise ValueError("ops.top_k: x must have at least one axis, got a scalar.")
    return tuple(ops.top_k(x, k=k, axis=ndim_of(x) - 1, largest=True))


@operation
def in_top_k(targets: Any, predictions: Any, k: int) -> Any:
    """Whether fewer than k predictions of a row are larger than that of its target; NaN and unknown classes are never in.

    Args:
        targets: class numbers, of the shape of `predictions` without the last axis.
        predictions: scores of all classes along the last axis.
    """
    targets, predictions = require_integer(targets, "ops.in_top_k"), as_float(predictions)
    require_axes(predictions, 1, "ops.in_top_k")
    classes = shape_of(predictions)[-1]
    if shape_of(targets) != shape_of(predictions)[:-1]:
        raise ValueError(
            "ops.in_top_k: targets must have the shape of predictions without the last axis, got "
            f"{shape_of(targets)} and {shape_of(predictions)}."
        )
    count = number_like(classes, targets)
    known = ops.logical_and(ops.greater_equal(targets, scalar(0, targets)), ops.less(targets, count))
    places = ops.where(known, targets, scalar(0, targets))
    last = ndim_of(predictions) - 1
    score = ops.gather_elements(predictions, ops.expand_dims(places, axis=(last,)), axis=last)
    lowest = scalar(-np.inf, predictions)
    score = ops.where(ops.logical_or(ops.is_nan(score), ops.logical_not(ops.expand_dims(known, axis=(last,)))), lowest, score)
    larger = ops.sum(cast(ops.greater(predictions, score), "int32"), axis=(last,))
    return ops.logical_and(known, ops.less(larger, np.asarray(k, np.int32)))


@operation
def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Any:
    """Where each of `values` would be put into `sorted_sequence`, a vector in ascending order, so that it stays sorted; int32.

    Of several possible places the first if `side` is "left", the last if it is "right".

    Raises:
        ValueError: for a sequence of several axes or another `side`.
    """
    if side not in ("left", "right"):
        raise ValueError(f'ops.searchsorted: side must be "left" or "right", got {side!r}.')
    sequence, values = promoted(sorted_sequence, values)
    if dtype_of(sequence) == "bool":
        sequence, values = cast(sequence, "uint8"), cast(values, "uint8")
    if ndim_of(sequence) != 1:
        raise ValueError(
            f"ops.searchsorted: sorted_sequence must be a vector, got shape {shape_of(sequence)}. "
            "ops.vectorized_map searches several sequences."
        )
    return search(sequence, values, side)


def search(sequence: Tensor, values: Tensor, side: str) -> Tensor:
    """How many elements of the sorted `sequence` are less than each value ("left"), or not larger ("right"); int32."""
    size = shape_of(sequence)[0]
    if size == 0:
        return filled(shape_of(values), 0, "int32")
    known = size
    if is_float(dtype_of(values)):  # at the end of the sequence; its places are of interest only to values that are NaN
        unknown = ops.is_nan(sequence)
        known = ops.sum(cast(ops.logical_not(unknown), "int32"), axis=(0,)) if side == "left" else size
        sequence = ops.where(unknown, scalar(np.inf, sequence), sequence) if side == "left" else sequence
    if isinstance(size, Dim) or size <= SHORT_SEQUENCE:
        column = ops.reshape(sequence, shape=(size, *(1 for _ in shape_of(values))))
        found = ops.sum(cast(getattr(ops, _COUNTED[side])(column, values), "int32"), axis=(0,))
    else:
        found = _by_halving(sequence, size, values, side)
    if not is_float(dtype_of(values)):
        return found
    return ops.where(ops.is_nan(values), number_like(known, found) if isinstance(known, (int, Dim)) else known, found)


#: How an element that is counted compares with the value; those are the first ones.
_COUNTED = {"left": "less", "right": "less_equal"}


def _by_halving(sequence: Tensor, size: int, values: Tensor, side: str) -> Tensor:
    """How many elements are to be counted, of a long sequence: one bit of the number after the other."""
    steps, dtype = size.bit_length(), dtype_of(sequence)
    last = (np.inf if side == "left" else np.nan) if is_float(dtype) else np.iinfo(dtype).max
    padded = ops.pad(sequence, before=(0,), after=(2**steps - 1 - size,), value=last)
    found = filled(shape_of(values), 0, "int32")
    for step in (2**k for k in reversed(range(steps))):
        candidates = ops.slice(padded, starts=(step - 1,), stops=shape_of(padded))
        further = getattr(ops, _COUNTED[side])(ops.take(candidates, found, axis=0), values)
        found = ops.add(found, ops.multiply(cast(further, "int32"), np.int32(step)))
    return ops.minimum(found, np.int32(size))


@operation
def digitize(x: Any, bins: Any) -> Any:
    """The number of the bin that each element lies in: bins[i - 1] <= x < bins[i] gives i; int32.

    `bins` is a vector in ascending or descending order; in descending order bins[i - 1] > x >= bins[i] gives i.

    Raises:
        ValueError: for bins of several axes.
    """
    x, bins = promoted(x, bins)
    size = shape_of(bins)[0] if ndim_of(bins) == 1 else None
    if not isinstance(size, int):
        raise ValueError(f"ops.digitize: bins must be a vector of known length, got shape {shape_of(bins)}.")
    if size == 0:
        return filled(shape_of(x), 0, "int32")
    ends = ops.take(bins, np.array([0, size - 1], np.int32), axis=0)
    if not isinstance(bins, Value) and ends[0] <= ends[1]:
        return search(bins, x, "right")
    backwards = ops.take(bins, np.arange(size - 1, -1, -1, dtype=np.int32), axis=0)
    falling = ops.subtract(np.int32(size), search(backwards, x, "right"))
    if not isinstance(bins, Value):
        return falling
    first, last = (ops.slice(ends, starts=(k,), stops=(k + 1,)) for k in range(2))
    rises = ops.squeeze(ops.less_equal(first, last), axis=(0,))
    return ops.where(rises, search(bins, x, "right"), falling)


@operation
def median(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The element in the middle of the sorted order, or the mean of the two there; NaN if one is NaN. A float."""
    return _quantile(x, 0.5, axis, "midpoint", keepdims, "median")


@operation
def quantile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """The element at the part `q` (0 to 1) of the sorted order; NaN if one is NaN. A float.

    Args:
        q: a number, or a vector of them, which gives the result a first axis.
        axis: an axis, several, or None for all.
        method: what to take between two elements: "linear", "lower", "higher", "midpoint" or "nearest".

    Raises:
        ValueError: for another method, more than one axis of `q`, or no elements.
    """
    return _quantile(x, q, axis, method, keepdims, "quantile")


@operation
def percentile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """The quantile at q / 100."""
    return _quantile(x, q, axis, method, keepdims, "percentile", whole=100)


@operation
def nanmedian(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The median of the elements that are not NaN; NaN if there are none."""
    return _quantile(x, 0.5, axis, "midpoint", keepdims, "nanmedian", skip_nan=True)


@operation
def nanquantile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """The quantile of the elements that are not NaN; NaN if there are none."""
    return _quantile(x, q, axis, method, keepdims, "nanquantile", skip_nan=True)


@operation
def nanpercentile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """The quantile at q / 100 of the elements that are not NaN; NaN if there are none."""
    return _quantile(x, q, axis, method, keepdims, "nanpercentile", whole=100, skip_nan=True)


def _quantile(
    x: Any, q: Any, axis: Any, method: str, keepdims: bool, name: str, whole: int = 1, skip_nan: bool = False
) -> Tensor:
    if method not in METHODS:
        raise ValueError(f"ops.{name}: method must be one of {', '.join(METHODS)}, got {method!r}.")
    x = tensor(x)
    x = tensor(x, floatx()) if dtype_of(x) in ("int64", "uint64") else as_float(x)
    dtype, shape = dtype_of(x), shape_of(x)
    wide = "float64" if dtype == "float64" else "float32"
    q = tensor(q, wide)
    q = ops.divide(q, scalar(whole, q)) if whole != 1 else q
    if ndim_of(q) > 1:
        raise ValueError(f"ops.{name}: q must be a number or a vector, got shape {shape_of(q)}.")
    axes = normalize_axes(axis, len(shape), name)
    kept = [k for k in range(len(shape)) if k not in axes]
    count = size_of(shape[k] for k in axes)
    if not isinstance(count, Dim) and count == 0:
        raise ValueError(f"ops.{name}: x of shape {shape} has no elements along axis {axes}.")
    rows = ops.reshape(ops.transpose(x, axes=(*kept, *axes)), shape=(*(shape[k] for k in kept), count))
    last = len(kept)
    ordered = cast(ops.top_k(rows, k=count, axis=last, largest=False)[0], wide)
    result = cast((_of_numbers if skip_nan else _of_all)(ordered, q, method), dtype)
    result = ops.transpose(result, axes=(last, *range(last))) if ndim_of(q) else ops.squeeze(result, axis=(last,))
    if not keepdims:
        return result
    sizes = tuple(1 if k in axes else dim for k, dim in enumerate(shape))
    return ops.reshape(result, shape=(*shape_of(q), *sizes))


def _of_all(ordered: Tensor, q: Tensor, method: str) -> Tensor:
    """The quantiles of sorted rows; NaN where a row holds NaN, which is its last element then."""
    last, count = ndim_of(ordered) - 1, shape_of(ordered)[-1]
    q = ops.reshape(q, shape=(size_of(shape_of(q)),))
    highest = number_like(count - 1, q)
    result = _between(
        lambda place: ops.take(ordered, cast(place, "int32"), axis=last), ops.multiply(q, highest), highest, method
    )
    largest = ops.slice(ordered, starts=(0,) * last + (count - 1,), stops=shape_of(ordered))
    return ops.where(ops.is_nan(largest), scalar(np.nan, result), result)


def _of_numbers(ordered: Tensor, q: Tensor, method: str) -> Tensor:
    """The quantiles of what is not NaN in sorted rows."""
    last = ndim_of(ordered) - 1
    numbers = ops.sum(cast(ops.logical_not(ops.is_nan(ordered)), dtype_of(q)), axis=(last,), keepdims=True)
    highest = ops.subtract(numbers, scalar(1, q))
    position = ops.multiply(highest, ops.reshape(q, shape=(size_of(shape_of(q)),)))
    return _between(lambda place: ops.gather_elements(ordered, cast(place, "int32"), axis=last), position, highest, method)


def _between(pick: Callable[[Tensor], Tensor], position: Tensor, highest: Tensor, method: str) -> Tensor:
    """What lies at a `position` among sorted elements, of which `pick` reads one."""
    position = ops.maximum(ops.minimum(position, highest), scalar(0, position))
    below, above = ops.floor(position), ops.ceil(position)
    share = ops.subtract(position, below)
    if method == "nearest":
        return pick(ops.where(ops.less_equal(share, scalar(0.5, share)), below, above))
    if method in ("lower", "higher"):
        return pick(below if method == "lower" else above)
    low, high = pick(below), pick(above)
    if method == "midpoint":
        return ops.multiply(ops.add(low, high), scalar(0.5, low))
    return ops.add(ops.multiply(low, ops.subtract(scalar(1, share), share)), ops.multiply(high, share))
