"""Reading and replacing parts of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkeras.compiler.dims import Dim, size_of
from graphkeras.compiler.graph import Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import broadcast, shape_text

from ..operation import operation
from .operands import Tensor, axis_in, dtype_of, filled, ndim_of, require_axes, shape_of, tensor
from .reductions import require_integer, sum_of

# fmt: off
__all__ = [
    "diag", "diagflat", "diagonal", "slice", "slice_update", "take", "take_along_axis", "trace", "tril", "triu",
]
# fmt: on


@operation
def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """The elements (slices along `axis`) at `indices`; of the flattened tensor if `axis` is None.

    Negative indices count from the end.
    """
    x = tensor(x)
    x, axis = (ops.reshape(x, shape=(size_of(shape_of(x)),)), 0) if axis is None else (x, axis_in(axis, x, "take"))
    return ops.take(x, from_front(require_integer(indices, "ops.take"), shape_of(x)[axis], "ops.take"), axis=axis)


def from_front(indices: Tensor, size: Any, name: str) -> Tensor:
    """Indices with negative ones counted from the end of an axis of that size.

    Raises:
        IndexError: for a known index out of range.
    """
    if isinstance(indices, Value):
        if dtype_of(indices).startswith("u"):
            return indices
        length = ops.dimension(dim=size, dtype=dtype_of(indices))
        return ops.where(indices < 0, ops.add(indices, length), indices)
    if not isinstance(size, Dim):
        if indices.size and (indices.min() < -size or indices.max() >= size):
            raise IndexError(f"{name}: indices must lie in [{-size}, {size}), got {indices.min()} to {indices.max()}.")
        return np.where(indices < 0, indices + indices.dtype.type(size), indices) if (indices < 0).any() else indices
    if (indices < 0).any():
        return from_front(ops.constant(value=indices), size, name)
    return indices


@operation
def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Any:
    """result[..., i, ...] = x[..., indices[..., i, ...], ...]; negative indices count from the end.

    The other axes of x and `indices` are broadcast together; with axis=None both are flattened.
    """
    x, indices = tensor(x), require_integer(indices, "ops.take_along_axis")
    if axis is None:
        x, axis = ops.reshape(x, shape=(size_of(shape_of(x)),)), 0
        indices = ops.reshape(indices, shape=(size_of(shape_of(indices)),))
    axis = axis_in(axis, x, "take_along_axis")
    if ndim_of(indices) != ndim_of(x):
        raise ValueError(
            f"ops.take_along_axis: x and indices need the same number of axes, got {shape_text(shape_of(x))} "
            f"and {shape_text(shape_of(indices))}."
        )
    indices = from_front(indices, shape_of(x)[axis], "ops.take_along_axis")
    return ops.gather_elements(*_alike_but(axis, x, indices), axis=axis)


def _alike_but(axis: int, *xs: Tensor) -> list[Tensor]:
    """All operands with their axes broadcast together, but for `axis`."""
    rest = broadcast(*((*shape_of(x)[:axis], 1, *shape_of(x)[axis + 1 :]) for x in xs))
    shapes = [(*rest[:axis], shape_of(x)[axis], *rest[axis + 1 :]) for x in xs]
    return [x if shape_of(x) == shape else ops.broadcast_to(x, shape=shape) for x, shape in zip(xs, shapes)]


@operation
def slice(inputs: Any, start_indices: Any, shape: Any) -> Any:
    """The block of `shape` that starts at `start_indices`; a size of -1 reaches to the end."""
    inputs = tensor(inputs)
    starts = _known_starts(start_indices, "ops.slice")
    if not len(starts) == len(shape) == ndim_of(inputs):
        raise ValueError(
            f"ops.slice: start_indices and shape need one number for each of the {ndim_of(inputs)} axes, "
            f"got {start_indices} and {shape}."
        )
    stops = []
    for start, size, whole in zip(starts, shape, shape_of(inputs)):
        stop = whole if not isinstance(size, Dim) and size == -1 else size + start
        if not isinstance(stop, Dim) and not isinstance(whole, Dim) and stop > whole:
            raise ValueError(f"ops.slice: {tuple(shape)} from {starts} reaches outside of {shape_text(shape_of(inputs))}.")
        stops.append(stop)
    return ops.slice(inputs, starts=starts, stops=tuple(stops), steps=(1,) * len(starts))


def _known_starts(starts: Any, name: str) -> tuple[Any, ...]:
    flat = starts.tolist() if isinstance(starts, np.ndarray) else starts
    if isinstance(flat, Value) or any(isinstance(start, Value) for start in flat):
        raise NotImplementedError(f"{name}: start_indices must be numbers, not tensors, in a static graph. Use ops.take.")
    return tuple(start if isinstance(start, Dim) else int(start) for start in flat)


@operation
def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    """`inputs` with the block that starts at `start_indices` replaced by `updates`."""
    inputs, starts = tensor(inputs), _known_starts(start_indices, "ops.slice_update")
    updates = tensor(updates, dtype_of(inputs))
    after = []
    for start, size, whole in zip(starts, shape_of(updates), shape_of(inputs), strict=True):
        left = whole - start - size
        if isinstance(left, Dim) or isinstance(start, Dim) or left < 0 or start < 0:
            raise ValueError(
                f"ops.slice_update: updates of shape {shape_text(shape_of(updates))} at {starts} do not lie inside "
                f"{shape_text(shape_of(inputs))} for certain."
            )
        after.append(left)
    mask = filled(shape_of(updates), True, "bool")
    inside = ops.pad(mask, before=starts, after=tuple(after), value=False)
    return ops.where(inside, ops.pad(updates, before=starts, after=tuple(after), value=0), inputs)


@operation
def tril(x: Any, k: int = 0) -> Any:
    """x with zeros above the k-th diagonal of its last two axes."""
    return _triangle(x, k, lower=True)


@operation
def triu(x: Any, k: int = 0) -> Any:
    """x with zeros below the k-th diagonal of its last two axes."""
    return _triangle(x, k, lower=False)


def _triangle(x: Any, k: int, lower: bool) -> Tensor:
    x = tensor(x)
    require_axes(x, 2, f"ops.{'tril' if lower else 'triu'}")
    keep = triangle_mask(shape_of(x)[-2], shape_of(x)[-1], k, lower)
    shape = shape_of(x)
    return ops.where(ops.broadcast_to(keep, shape=shape), x, filled(shape, 0, dtype_of(x)))


def triangle_mask(rows: Any, columns: Any, k: int, lower: bool) -> Tensor:
    """Booleans (rows, columns): column - row <= k if `lower`, else column - row >= k."""
    if isinstance(rows, Dim) or isinstance(columns, Dim):
        row = ops.expand_dims(ops.iota(size=rows, dtype="int32"), axis=(1,))
        column = ops.iota(size=columns, dtype="int32")
    else:
        row, column = np.arange(rows, dtype=np.int32)[:, None], np.arange(columns, dtype=np.int32)
    distance = ops.subtract(column, row)
    return (ops.less_equal if lower else ops.greater_equal)(distance, np.int32(k))


def diagonal_of(x: Any, offset: int, axis1: int, axis2: int) -> Tensor:
    x = tensor(x)
    a, b = axis_in(axis1, x, "diagonal"), axis_in(axis2, x, "diagonal")
    rest = [axis for axis in range(ndim_of(x)) if axis not in (a, b)]
    x = ops.transpose(x, axes=(*rest, a, b))
    *_, rows, columns = shape_of(x)
    if isinstance(rows, Dim) or isinstance(columns, Dim):
        raise ValueError(f"ops.diagonal: the two axes must have known sizes, got {rows} and {columns}.")
    first_row, first_column = (-offset, 0) if offset < 0 else (0, offset)
    length = max(min(rows - first_row, columns - first_column), 0)
    flat = ops.reshape(x, shape=(*shape_of(x)[:-2], rows * columns))
    places = np.arange(length, dtype=np.int32) * np.int32(columns + 1) + np.int32(first_row * columns + first_column)
    return ops.take(flat, places.astype(np.int32), axis=ndim_of(flat) - 1)


@operation
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The `offset`-th diagonal of two axes, as a new last axis."""
    return diagonal_of(x, offset, axis1, axis2)


@operation
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of a diagonal."""
    found = diagonal_of(x, offset, axis1, axis2)
    return sum_of(found, axis=-1)


@operation
def diag(x: Any, k: int = 0) -> Any:
    """The k-th diagonal of a matrix, or the matrix with a vector there.

    Raises:
        ValueError: for more than two axes.
    """
    x = tensor(x)
    if ndim_of(x) == 2:
        return diagonal_of(x, k, 0, 1)
    if ndim_of(x) != 1:
        raise ValueError(f"ops.diag: x must be a vector or a matrix, got shape {shape_text(shape_of(x))}.")
    return _with_diagonal(x, k)


@operation
def diagflat(x: Any, k: int = 0) -> Any:
    """A matrix whose k-th diagonal holds the flattened x."""
    return _with_diagonal(ops.reshape(tensor(x), shape=(size_of(shape_of(x)),)), k)


def _with_diagonal(x: Tensor, k: int) -> Tensor:
    length = shape_of(x)[0]
    if isinstance(length, Dim):
        raise ValueError(f"ops.diag: the size must be known, got {length}.")
    size = length + abs(k)
    row, column = (-k, 0) if k < 0 else (0, k)
    square = ops.where(np.eye(length).astype(bool), ops.expand_dims(x, axis=(1,)), filled((length, length), 0, dtype_of(x)))
    return ops.pad(square, before=(row, column), after=(size - length - row, size - length - column), value=0)
