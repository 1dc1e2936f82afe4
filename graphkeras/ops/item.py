"""x[key]: parts of tensors by integers, slices, None, Ellipsis, integer tensors and masks, with NumPy's rules."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from graphkeras.compiler.dims import Dim, size_of
from graphkeras.compiler.graph import Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import shape_text

from ..operation import operation
from .indexing import from_front
from .operands import Tensor, cast, dtype_of, is_integer, ndim_of, shape_of, tensor
from .reductions import number_like

__all__ = ["get_item"]

_ALL = builtins.slice(None)


@operation
def get_item(x: Any, key: Any) -> Any:
    """x[key] with integers, slices, None, Ellipsis, integer tensors, and masks whose values are known.

    Integer tensors are broadcast together, and their axes stand where the indexed ones were, or first if those were apart.

    Raises:
        IndexError: for more indices than axes, an integer out of range, or a mask of another shape.
        TypeError: for a key that is none of these.
        NotImplementedError: for a symbolic mask: the size of the result would depend on the data.
    """
    x = tensor(x)
    return _parts(x, _one_for_each_axis(x, key if isinstance(key, tuple) else (key,)))


def _one_for_each_axis(x: Tensor, keys: tuple[Any, ...]) -> list[Any]:
    """`keys` with slices in place of Ellipsis, and integer tensors in place of masks."""
    known: list[Any] = []
    masks: list[tuple[int, Any]] = []
    for key in keys:
        if isinstance(key, (np.ndarray, list)) and np.asarray(key).dtype == bool and np.ndim(key):
            masks.append((len(known), np.asarray(key)))
            known += [places.astype(np.int32) for places in np.nonzero(key)]
        else:
            known.append(key)
    used = sum(1 for key in known if key is not None and key is not Ellipsis)
    ndim = ndim_of(x)
    if used > ndim:
        raise IndexError(f"{used} indices for a tensor with {ndim} axes.")
    if sum(1 for key in known if key is Ellipsis) > 1:
        raise IndexError("Only one Ellipsis may stand in an index.")
    _check_masks(x, known, masks, ndim - used)
    if not any(key is Ellipsis for key in known):
        known.append(Ellipsis)
    spread: list[Any] = []
    for key in known:
        spread += [_ALL] * (ndim - used) if key is Ellipsis else [key]
    return spread


def _check_masks(x: Tensor, keys: Sequence[Any], masks: Sequence[tuple[int, Any]], hidden: int) -> None:
    """Every mask has the shape of the axes that it stands for; an Ellipsis stands for `hidden` axes."""
    for place, mask in masks:
        before = keys[:place]
        axis = sum(hidden if key is Ellipsis else key is not None for key in before)
        wanted = shape_of(x)[axis : axis + mask.ndim]
        if mask.shape != wanted:
            raise IndexError(f"A mask of shape {shape_text(mask.shape)} cannot stand for axes of shape {shape_text(wanted)}.")


def _is_array(key: Any) -> bool:
    return isinstance(key, (Value, np.ndarray, list))


def _is_integer(key: Any) -> bool:
    return isinstance(key, (int, np.integer)) and not isinstance(key, bool)


def _parts(x: Tensor, keys: list[Any]) -> Tensor:
    """x[keys], with one key for each axis, and None for each new axis."""
    axis_keys = [key for key in keys if key is not None]
    x = _cut(x, axis_keys)
    arrays = {axis: _indices(key, shape_of(x)[axis]) for axis, key in enumerate(axis_keys) if _is_array(key)}
    dropped = [axis for axis, key in enumerate(axis_keys) if _is_integer(key)]
    if not arrays:
        x = ops.squeeze(x, axis=tuple(dropped)) if dropped else x
        return _with_new_axes(x, keys, 0, in_front=False)
    first = min(arrays)
    x, count = _gathered(x, arrays)
    if dropped:
        rest = [axis - sum(array < axis for array in arrays) for axis in dropped]
        x = ops.squeeze(x, axis=tuple(axis if axis < first else axis + count for axis in rest))
    start = first - sum(axis < first for axis in dropped)
    in_front = not _are_neighbours([_is_array(key) or _is_integer(key) for key in keys])
    if in_front and count:
        others = [axis for axis in range(ndim_of(x)) if not start <= axis < start + count]
        x = ops.transpose(x, axes=(*range(start, start + count), *others))
    return _with_new_axes(x, keys, count, in_front)


def _cut(x: Tensor, keys: Sequence[Any]) -> Tensor:
    """The slices taken, and of each axis with an integer the one element."""
    starts, stops, steps, backwards = [], [], [], []
    for axis, (key, size) in enumerate(zip(keys, shape_of(x), strict=True)):
        start, stop, step = 0, size, 1
        if isinstance(key, builtins.slice):
            start, stop, step = _slice_bounds(key, size)
            if step < 0:
                backwards.append((axis, start, stop, step))
                start, stop, step = 0, size, 1
        elif _is_integer(key):
            start = _integer_index(int(key), size, axis)
            stop = start + 1
        elif not _is_array(key):
            raise TypeError(
                "A tensor is indexed by integers, slices, None, Ellipsis, integer tensors or masks, "
                f"got {type(key).__name__}: {key!r}."
            )
        starts.append(start)
        stops.append(stop)
        steps.append(step)
    if any(start != 0 for start in starts) or tuple(stops) != shape_of(x) or any(step != 1 for step in steps):
        x = ops.slice(x, starts=tuple(starts), stops=tuple(stops), steps=tuple(steps))
    for axis, start, stop, step in backwards:
        x = ops.take(x, np.arange(start, stop, step, dtype=np.int32), axis=axis)
    return x


def _indices(key: Any, size: Any) -> Tensor:
    """An integer tensor, counted from the front."""
    indices = tensor(key)
    if isinstance(key, list) and not key:
        indices = cast(indices, "int32")
    if not is_integer(dtype_of(indices)):
        raise NotImplementedError(
            f"Indexing with a {dtype_of(indices)} tensor gives a result whose size depends on the data. "
            "Use ops.where(mask, x, other)."
        )
    return from_front(indices, size, "x[indices]")


def _gathered(x: Tensor, arrays: Mapping[int, Tensor]) -> tuple[Tensor, int]:
    """The elements at the integer tensors `arrays` of several axes, whose own axes come where the first of them was; and how
    many these are."""
    if len(arrays) == 1:
        ((axis, indices),) = arrays.items()
        return ops.take(x, indices, axis=axis), ndim_of(indices)
    shape, first = shape_of(x), min(arrays)
    rest = [axis for axis in range(len(shape)) if axis not in arrays]
    sizes = [shape[axis] for axis in arrays]
    wide = any(isinstance(size, Dim) for size in sizes) or int(size_of(sizes)) > np.iinfo(np.int32).max
    rows: Tensor = None
    for axis, indices in arrays.items():
        place = cast(indices, "int64" if wide else "int32")
        rows = place if rows is None else ops.add(ops.multiply(rows, number_like(shape[axis], rows)), place)
    turned = ops.transpose(x, axes=(*arrays, *rest))
    flat = ops.reshape(turned, shape=(size_of(sizes), *(shape[axis] for axis in rest)))
    found, count = ops.take(flat, rows, axis=0), ndim_of(rows)
    if not first or not count:
        return found, count
    before, behind = range(count, count + first), range(count + first, ndim_of(found))
    return ops.transpose(found, axes=(*before, *range(count), *behind)), count


def _are_neighbours(chosen: Sequence[bool]) -> bool:
    places = [place for place, is_chosen in enumerate(chosen) if is_chosen]
    return places[-1] - places[0] == len(places) - 1


def _with_new_axes(x: Tensor, keys: Sequence[Any], count: int, in_front: bool) -> Tensor:
    """An axis of size 1 where a key is None; the `count` axes of integer tensors stand in front or where their first key is."""
    new, place, waiting = [], count if in_front else 0, 0 if in_front else count
    for key in keys:
        if key is None:
            new.append(place)
            place += 1
        elif isinstance(key, builtins.slice):
            place += 1
        else:
            place, waiting = place + waiting, 0
    return ops.expand_dims(x, axis=tuple(new)) if new else x


def _integer_index(index: int, size: Any, axis: int) -> Any:
    if isinstance(size, Dim):
        return size + index if index < 0 else index
    if not -size <= index < size:
        raise IndexError(f"Index {index} is out of range for axis {axis} of size {size}.")
    return index % size


def _slice_bounds(key: Any, size: Any) -> tuple[Any, Any, int]:
    """Start, stop and step, counted from the front; a symbolic size stays symbolic."""
    step = 1 if key.step is None else int(key.step)
    if not isinstance(size, Dim) and not any(isinstance(bound, Dim) for bound in (key.start, key.stop)):
        for bound in (key.start, key.stop):
            if isinstance(bound, (Value, float)):
                raise TypeError(f"The bounds of a slice must be integers, got {bound!r}. Use ops.take for computed places.")
        start, stop, step = key.indices(size)
        return (start, stop, step) if step < 0 else (start, stop if stop > start else start, step)
    if step < 1:
        raise NotImplementedError(f"A slice with step {step} needs a known size, got the symbolic size {size}. Use ops.flip.")
    start = 0 if key.start is None else key.start
    stop = size if key.stop is None else key.stop
    start = size + start if not isinstance(start, Dim) and start < 0 else start
    stop = size + stop if not isinstance(stop, Dim) and stop < 0 else stop
    return start, stop, step
