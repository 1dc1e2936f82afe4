"""Writing to places that are given by numbers: scatter, segments, counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphkeras.compiler.dims import Dim, size_of
from graphkeras.compiler.graph import Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import FLOATS, shape_text

from ..operation import operation
from .indexing import from_front
from .operands import Tensor, as_float, cast, dtype_of, filled, ndim_of, scalar, shape_of, standard_shape, tensor
from .reductions import number_like, require_integer
from .sorting import search

# fmt: off
__all__ = [
    "bincount", "histogram", "scatter", "scatter_update", "segment_max", "segment_min", "segment_prod", "segment_sum",
    "unravel_index",
]
# fmt: on

_REDUCTIONS = {None: "set", "add": "add", "max": "max", "min": "min", "mul": "multiply"}


@operation
def scatter(indices: Any, values: Any, shape: Any) -> Any:
    """Zeros of `shape` with `values` added at the places `indices`; values at equal places are summed.

    Args:
        indices: (..., n): the place in the first n axes for each of `values`; negative ones count from the end.
        values: (...) followed by the remaining axes of `shape`.

    Raises:
        ValueError: for shapes that do not fit.
        IndexError: for a known index out of range.
    """
    values, shape = tensor(values), standard_shape(shape, "ops.scatter")
    rows, depth = _rows(indices, shape, "ops.scatter")
    _check_values("ops.scatter", "values", values, rows, shape[depth:])
    numbers = cast(values, "int32") if dtype_of(values) == "bool" else values
    summed = ops.scatter_add(rows, numbers, size=size_of(shape[:depth]))
    return cast(ops.reshape(summed, shape=shape), dtype_of(values))


@operation
def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Any:
    """`inputs` with `updates` written at the places `indices`.

    Args:
        indices: (count, n): the place in the first n axes for each update; negative ones count from the end.
        updates: (count,) followed by the remaining axes of `inputs`, or what can be broadcast to that.
        reduction: None to replace (of several at one place the last stays), or "add", "max", "min", "mul" to combine.

    Raises:
        ValueError: for shapes that do not fit or another reduction.
        IndexError: for a known index out of range.
    """
    if reduction not in _REDUCTIONS:
        known = ", ".join(map(repr, _REDUCTIONS))
        raise ValueError(f"ops.scatter_update: reduction must be one of {known}, got {reduction!r}.")
    inputs = tensor(inputs)
    shape, updates = shape_of(inputs), tensor(updates, dtype_of(inputs))
    rows, depth = _rows(indices, shape, "ops.scatter_update")
    wanted = (*shape_of(rows), *shape[depth:])
    if all(given in (1, size) for given, size in zip(reversed(shape_of(updates)), reversed(wanted))):
        updates = updates if ndim_of(updates) > len(wanted) else ops.broadcast_to(updates, shape=wanted)
    _check_values("ops.scatter_update", "updates", updates, rows, shape[depth:])
    size = size_of(shape[:depth])
    flat = ops.reshape(inputs, shape=(size, *shape[depth:]))
    if reduction == "add":
        return ops.reshape(ops.add(flat, ops.scatter_add(rows, updates, size=size)), shape=shape)
    return ops.reshape(ops.scatter_update(flat, rows, updates, reduction=_REDUCTIONS[reduction]), shape=shape)


def _rows(indices: Any, shape: Sequence[Any], name: str) -> tuple[Tensor, int]:
    """Places in the first axes of `shape` as numbers of rows, and how many axes that are."""
    indices = require_integer(indices, name)
    depth = shape_of(indices)[-1] if ndim_of(indices) else 0
    if isinstance(depth, Dim) or not 1 <= depth <= len(shape):
        raise ValueError(
            f"{name}: the last axis of indices must have 1 to {len(shape)} numbers, one for each indexed axis of the shape "
            f"{shape_text(tuple(shape))}; indices have shape {shape_text(shape_of(indices))}."
        )
    sizes = shape[:depth]
    large = any(isinstance(size, Dim) for size in sizes) or int(size_of(sizes)) > np.iinfo(np.int32).max
    dtype = "int64" if large and depth > 1 else dtype_of(indices) if depth == 1 else "int32"
    indices, last = cast(indices, dtype), ndim_of(indices) - 1
    rows: Tensor = None
    for number, size in enumerate(sizes):
        column = ops.slice(indices, starts=(*(0,) * last, number), stops=(*shape_of(indices)[:-1], number + 1))
        place = from_front(ops.squeeze(column, axis=(last,)), size, name)
        rows = place if rows is None else ops.add(ops.multiply(rows, number_like(size, rows)), place)
    return rows, depth


def _check_values(name: str, what: str, values: Tensor, rows: Tensor, rest: Sequence[Any]) -> None:
    wanted = (*shape_of(rows), *rest)
    if shape_of(values) != wanted:
        raise ValueError(f"{name}: {what} must have shape {shape_text(wanted)}, got {shape_text(shape_of(values))}.")


@operation
def segment_sum(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """The sum of the rows of `data` that have the same number in `segment_ids`; 0 for a segment without rows.

    Args:
        segment_ids: a vector, one number for each row. Rows whose number is no segment are left out.
        num_segments: how many segments there are; by default, for arrays only, one more than the largest number.
        sorted: whether `segment_ids` are in ascending order; makes no difference.

    Raises:
        ValueError: for symbolic `segment_ids` without `num_segments`, or shapes that do not fit.
    """
    data, rows, count = _segments(data, segment_ids, num_segments, "segment_sum")
    numbers = cast(data, "int32") if dtype_of(data) == "bool" else data
    summed = ops.scatter_add(rows, numbers, size=count + 1)
    return cast(_without_last(summed, count), dtype_of(data))


@operation
def segment_max(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """The largest of the rows with the same number, as in `segment_sum`; the least number there is without rows."""
    return _segment_extreme("max", data, segment_ids, num_segments)


@operation
def segment_min(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """The smallest of the rows with the same number, as in `segment_sum`; the largest number there is without rows."""
    return _segment_extreme("min", data, segment_ids, num_segments)


@operation
def segment_prod(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """The product of the rows with the same number, as in `segment_sum`; 1 for a segment without rows."""
    data, rows, count = _segments(data, segment_ids, num_segments, "segment_prod")
    return _written(data, rows, count, 1, "multiply")


def _segment_extreme(reduction: str, data: Any, segment_ids: Any, num_segments: int | None) -> Tensor:
    data, rows, count = _segments(data, segment_ids, num_segments, f"segment_{reduction}")
    dtype = dtype_of(data)
    if dtype == "bool":
        raise TypeError(f"ops.segment_{reduction}: data must be numbers, got bool. Use ops.cast(data, 'int32').")
    if dtype in FLOATS:
        nothing: Any = -np.inf if reduction == "max" else np.inf
    else:
        limits = np.iinfo(dtype)
        nothing = limits.min if reduction == "max" else limits.max
    return _written(data, rows, count, nothing, reduction)


def _segments(data: Any, segment_ids: Any, num_segments: int | None, name: str) -> tuple[Tensor, Tensor, int]:
    """The data, the number of each row (that of no segment becomes the number of segments), and how many segments there are."""
    data, rows = tensor(data), require_integer(segment_ids, f"ops.{name}")
    if ndim_of(rows) != 1 or ndim_of(data) == 0 or shape_of(data)[0] != shape_of(rows)[0]:
        raise ValueError(
            f"ops.{name}: segment_ids must be a vector with one number for each row of data, got shapes "
            f"{shape_text(shape_of(rows))} and {shape_text(shape_of(data))}."
        )
    if num_segments is None:
        if isinstance(rows, Value):
            raise ValueError(f"ops.{name}: give num_segments; a static graph must know the size of its result.")
        num_segments = int(rows.max()) + 1 if rows.size else 0
    inside = ops.logical_and(ops.greater_equal(rows, scalar(0, rows)), ops.less(rows, number_like(num_segments, rows)))
    return data, ops.where(inside, rows, number_like(num_segments, rows)), num_segments


def _written(data: Tensor, rows: Tensor, count: int, nothing: Any, reduction: str) -> Tensor:
    start = filled((count + 1, *shape_of(data)[1:]), nothing, dtype_of(data))
    return _without_last(ops.scatter_update(start, rows, data, reduction=reduction), count)


def _without_last(x: Tensor, count: int) -> Tensor:
    rest = shape_of(x)[1:]
    return ops.slice(x, starts=(0,) * (len(rest) + 1), stops=(count, *rest))


@operation
def bincount(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Any:
    """How often each of the numbers 0, 1, ... occurs in x (in each row, if x has two axes), or the sum of its `weights`.

    The result has one more element than the largest number in x, and at least `minlength`. On symbols it has exactly
    `minlength` elements, and larger numbers are left out: a static graph must know the size of its result.

    Raises:
        ValueError: for symbolic x without `minlength`, negative numbers, or shapes that do not fit.
        NotImplementedError: for sparse=True.
    """
    if sparse:
        raise NotImplementedError("ops.bincount: graphkeras has no sparse tensors; leave sparse=False.")
    x = require_integer(x, "ops.bincount")
    if ndim_of(x) not in (1, 2):
        raise ValueError(f"ops.bincount: x must have one or two axes, got shape {shape_text(shape_of(x))}.")
    numbers = filled(shape_of(x), 1, "int32") if weights is None else tensor(weights)
    if shape_of(numbers) != shape_of(x):
        raise ValueError(f"ops.bincount: weights must have the shape {shape_text(shape_of(x))} of x, got {shape_of(numbers)}.")
    size = int(minlength)
    if isinstance(x, Value):
        if size < 1:
            raise ValueError("ops.bincount: give minlength; a static graph must know the size of its result.")
        x = ops.minimum(x, scalar(size, x))
    elif x.size:
        if x.min() < 0:
            raise ValueError(f"ops.bincount: x must not hold negative numbers, got {x.min()}.")
        size = max(size, int(x.max()) + 1)
    x = cast(x, "int32")
    if ndim_of(x) == 1:
        return _without_last(ops.scatter_add(x, numbers, size=size + 1), size)
    rows = shape_of(x)[0]
    ramp = ops.iota(size=rows, dtype="int32") if isinstance(rows, Dim) else np.arange(rows, dtype=np.int32)
    places = ops.add(x, ops.expand_dims(ops.multiply(ramp, np.int32(size + 1)), axis=(1,)))
    counts = ops.scatter_add(places, numbers, size=rows * (size + 1))
    return ops.slice(ops.reshape(counts, shape=(rows, size + 1)), starts=(0, 0), stops=(rows, size))


@operation
def histogram(x: Any, bins: int = 10, range: tuple[float, float] | None = None) -> Any:
    """How many elements of the vector x lie in each of `bins` equal parts of `range`, and the ends of the parts.

    Args:
        range: from where to where; from the least to the largest element by default. Elements outside are left out, the upper
            end belongs to the last part.

    Raises:
        TypeError: for `bins` that is no integer.
        ValueError: for less than one bin, a wrong range or several axes.
    """
    if isinstance(bins, bool) or not isinstance(bins, (int, np.integer)):
        raise TypeError(f"ops.histogram: bins must be an integer, got {bins!r}.")
    if bins < 1:
        raise ValueError(f"ops.histogram: bins must be at least 1, got {bins}.")
    if range and (not isinstance(range, tuple) or len(range) != 2 or range[1] < range[0]):
        raise ValueError(f"ops.histogram: range must be a tuple (low, high) with low <= high, got {range!r}.")
    x = as_float(x)
    if ndim_of(x) != 1:
        raise ValueError(f"ops.histogram: x must be a vector, got shape {shape_text(shape_of(x))}.")
    low, high = (tensor(end, dtype_of(x)) for end in range) if range else (ops.min(x, axis=(0,)), ops.max(x, axis=(0,)))
    half = ops.multiply(cast(ops.equal(low, high), dtype_of(x)), scalar(0.5, x))
    low, high = ops.subtract(low, half), ops.add(high, half)
    share = (np.arange(bins + 1) / bins).astype(np.float64)
    upper, lower = tensor(share, dtype_of(x)), tensor(1 - share, dtype_of(x))
    edges = ops.add(ops.multiply(low, lower), ops.multiply(high, upper))
    place = ops.where(ops.equal(x, high), np.int32(bins), search(edges, x, "right"))
    counts = ops.scatter_add(place, filled(shape_of(x), 1, dtype_of(x)), size=bins + 2)
    return ops.slice(counts, starts=(1,), stops=(bins + 1,)), edges


@operation
def unravel_index(indices: Any, shape: Any) -> Any:
    """The places in an array of `shape` that numbers of its flattened elements stand for: a tensor for each axis."""
    indices, shape = require_integer(indices, "ops.unravel_index"), standard_shape(shape, "ops.unravel_index")
    rest = from_front(indices, size_of(shape), "ops.unravel_index")
    places: list[Tensor] = []
    for size in reversed(shape):
        length = number_like(size, rest)
        places.append(ops.remainder(rest, length))
        rest = ops.floor_divide(rest, length)
    return tuple(reversed(places))
