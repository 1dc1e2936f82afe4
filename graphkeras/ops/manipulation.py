"""Shapes: reshaping, moving, joining and cutting axes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from graphkeras.compiler.dims import Dim, size_of
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import normalize_axes, normalize_axis, shape_text

from ..operation import operation
from .operands import Tensor, aligned, axis_in, dtype_of, ndim_of, promoted, shape_of, standard_shape, tensor
from .shape_tensors import sizes_in

# fmt: off
__all__ = [
    "append", "array_split", "broadcast_to", "concatenate", "copy", "dsplit", "dstack", "expand_dims", "flip", "fliplr",
    "flipud", "hsplit", "hstack", "meshgrid", "moveaxis", "pad", "ravel", "repeat", "reshape", "roll", "rot90", "split",
    "squeeze", "stack", "swapaxes", "tile", "transpose", "unstack", "vsplit", "vstack",
]
# fmt: on


@operation
def reshape(x: Any, newshape: Any) -> Any:
    """x with another shape; one size may be -1. Sizes may be symbolic dimensions from `ops.shape`.

    Raises:
        ValueError: if the sizes do not fit.
    """
    x = tensor(x)
    newshape = sizes_in(newshape, "ops.reshape")
    sizes = (newshape,) if isinstance(newshape, (int, np.integer, Dim)) else tuple(newshape)
    return ops.reshape(x, shape=_with_rest(shape_of(x), sizes))


def _with_rest(shape: tuple[Any, ...], sizes: tuple[Any, ...]) -> tuple[Any, ...]:
    """Replace the one -1 of a new shape (None counts as -1) by what remains."""
    unknown = [k for k, size in enumerate(sizes) if size is None or (not isinstance(size, Dim) and size == -1)]
    if len(unknown) > 1:
        raise ValueError(f"ops.reshape: only one size may be -1, got {sizes}.")
    known = standard_shape([1 if k in unknown else size for k, size in enumerate(sizes)], "ops.reshape")
    if not unknown:
        return known
    total, rest = size_of(shape), size_of(known)
    if rest == 0 or (not isinstance(total, Dim) and not isinstance(rest, Dim) and total % rest):
        raise ValueError(f"ops.reshape: a tensor of shape {shape_text(shape)} cannot be reshaped to {sizes}: {total} elements.")
    return tuple(total // rest if k in unknown else size for k, size in enumerate(known))


@operation
def ravel(x: Any) -> Any:
    """All elements in one axis."""
    return ops.reshape(tensor(x), shape=(size_of(shape_of(x)),))


@operation
def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """The axes in another order; reversed by default."""
    ndim = ndim_of(x)
    order = tuple(range(ndim))[::-1] if axes is None else tuple(normalize_axis(axis, ndim, "transpose") for axis in axes)
    if sorted(order) != list(range(ndim)):
        raise ValueError(f"ops.transpose: axes must name each of the {ndim} axes once, got {axes}.")
    return ops.transpose(tensor(x), axes=order)


@operation
def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """The axes `source` moved to the places `destination`; others keep their order."""
    ndim = ndim_of(x)
    sources, places = (
        [normalize_axis(axis, ndim, "moveaxis") for axis in ([axes] if isinstance(axes, int) else axes)]
        for axes in (source, destination)
    )
    if len(sources) != len(places):
        raise ValueError(f"ops.moveaxis: source and destination must have the same length, got {source} and {destination}.")
    order = [axis for axis in range(ndim) if axis not in sources]
    for place, axis in sorted(zip(places, sources)):
        order.insert(place, axis)
    return ops.transpose(tensor(x), axes=tuple(order))


@operation
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Two axes exchanged."""
    a, b = axis_in(axis1, x, "swapaxes"), axis_in(axis2, x, "swapaxes")
    order = list(range(ndim_of(x)))
    order[a], order[b] = b, a
    return ops.transpose(tensor(x), axes=tuple(order))


@operation
def expand_dims(x: Any, axis: Any) -> Any:
    """New axes of size 1 at the places `axis` of the result."""
    count = 1 if isinstance(axis, int) else len(axis)
    return ops.expand_dims(tensor(x), axis=normalize_axes(axis, ndim_of(x) + count, "expand_dims"))


@operation
def squeeze(x: Any, axis: Any = None) -> Any:
    """Without axes of size 1: those named, or all.

    Raises:
        ValueError: for a named axis of another size.
    """
    shape = shape_of(x)
    if axis is None:
        axes = tuple(k for k, size in enumerate(shape) if size == 1)
    else:
        axes = normalize_axes(axis, len(shape), "squeeze")
        wrong = [k for k in axes if shape[k] != 1]
        if wrong:
            raise ValueError(f"ops.squeeze: axis {wrong[0]} of shape {shape_text(shape)} is not of size 1.")
    return ops.squeeze(tensor(x), axis=axes) if axes else tensor(x)


@operation
def broadcast_to(x: Any, shape: Any) -> Any:
    """x repeated along axes of size 1, and along new leading axes, to have `shape`."""
    return ops.broadcast_to(tensor(x), shape=standard_shape(shape, "ops.broadcast_to"))


@operation
def copy(x: Any) -> Any:
    """x; tensors are never changed in place, so a copy is needed for arrays only."""
    return ops.identity(tensor(x))


@operation
def concatenate(xs: Sequence[Any], axis: int | None = 0) -> Any:
    """Tensors joined along an existing axis; flattened first if `axis` is None."""
    return _concatenated(_tensors(xs, "concatenate"), axis)


@operation
def append(x1: Any, x2: Any, axis: int | None = None) -> Any:
    """x2 after x1 along `axis`; both flattened if it is None."""
    return _concatenated(promoted(x1, x2), axis)


@operation
def stack(x: Sequence[Any], axis: int = 0) -> Any:
    """Tensors of one shape, joined along a new axis."""
    parts = _tensors(x, "stack")
    shapes = {shape_of(part) for part in parts}
    if len(shapes) > 1:
        raise ValueError(f"ops.stack: all tensors must have one shape, got {' and '.join(shape_text(s) for s in shapes)}.")
    place = normalize_axis(axis, ndim_of(parts[0]) + 1, "stack")
    return ops.concatenate(*(ops.expand_dims(part, axis=(place,)) for part in parts), axis=place)


@operation
def hstack(xs: Sequence[Any]) -> Any:
    """Joined along the second axis (the first for vectors)."""
    parts = [part if ndim_of(part) else ops.reshape(part, shape=(1,)) for part in _tensors(xs, "hstack")]
    return _concatenated(parts, 0 if ndim_of(parts[0]) == 1 else 1)


@operation
def vstack(xs: Sequence[Any]) -> Any:
    """Joined along the first axis; vectors are rows."""
    parts = [part if ndim_of(part) > 1 else ops.reshape(part, shape=(1, -1)) for part in _tensors(xs, "vstack")]
    return _concatenated(parts, 0)


@operation
def dstack(xs: Sequence[Any]) -> Any:
    """Joined along the third axis."""
    parts = []
    for part in _tensors(xs, "dstack"):
        part = part if ndim_of(part) > 1 else ops.reshape(part, shape=(1, -1))
        parts.append(part if ndim_of(part) > 2 else ops.expand_dims(part, axis=(2,)))
    return _concatenated(parts, 2)


def _tensors(xs: Any, name: str) -> list[Tensor]:
    if not isinstance(xs, (list, tuple)):
        xs = list(tensor(xs))
    if not xs:
        raise ValueError(f"ops.{name}: at least one tensor is needed.")
    return promoted(*xs)


def _concatenated(parts: list[Tensor], axis: int | None) -> Tensor:
    if axis is None:
        parts, axis = [ops.reshape(part, shape=(-1,)) for part in parts], 0
    place = axis_in(axis, parts[0], "concatenate")
    return ops.concatenate(*aligned(parts, but_axis=place - ndim_of(parts[0])), axis=place)


def cut(x: Tensor, axis: int, start: Any, stop: Any) -> Tensor:
    """x[start:stop] along `axis`."""
    shape = shape_of(x)
    return ops.slice(
        x,
        starts=tuple(start if k == axis else 0 for k in range(len(shape))),
        stops=tuple(stop if k == axis else size for k, size in enumerate(shape)),
        steps=(1,) * len(shape),
    )


def _split(x: Any, parts: Any, axis: int, name: str, uneven: bool) -> list[Tensor]:
    x = tensor(x)
    axis = axis_in(axis, x, name)
    size = shape_of(x)[axis]
    if isinstance(parts, (int, np.integer)):
        if parts < 1:
            raise ValueError(f"ops.{name}: at least 1 part is needed, got {parts}.")
        if isinstance(size, Dim):
            if uneven:
                raise ValueError(f"ops.{name}: axis {axis} has the symbolic size {size}; give the places to cut at.")
            width = size // int(parts)
            edges = [width * k for k in range(parts + 1)]
        else:
            if size % parts and not uneven:
                raise ValueError(f"ops.{name}: axis {axis} of size {size} cannot be cut into {parts} equal parts.")
            width, more = divmod(size, int(parts))
            edges = [k * width + (k if k < more else more) for k in range(parts + 1)]
    else:
        places = [int(place) for place in np.asarray(parts).ravel()]
        if not isinstance(size, Dim):
            places = [_clamped(place + size if place < 0 else place, size) for place in places]
        edges = [0, *places, size]
    return [cut(x, axis, start, stop) for start, stop in itertools.pairwise(edges)]


def _clamped(edge: int, size: int) -> int:
    return 0 if edge < 0 else size if edge > size else edge


@operation
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """x cut along `axis` into equal parts (a number) or at places (a sequence); a list.

    Raises:
        ValueError: if the size cannot be divided.
    """
    return _split(x, indices_or_sections, axis, "split", uneven=False)


@operation
def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Like `split`, but the first parts may be longer by one."""
    return _split(x, indices_or_sections, axis, "array_split", uneven=True)


@operation
def hsplit(x: Any, indices_or_sections: Any) -> Any:
    """`split` along the second axis (the first of a vector)."""
    return _split(x, indices_or_sections, 0 if ndim_of(x) == 1 else 1, "hsplit", uneven=False)


@operation
def vsplit(x: Any, indices_or_sections: Any) -> Any:
    """`split` along the first axis."""
    return _split(x, indices_or_sections, 0, "vsplit", uneven=False)


@operation
def dsplit(x: Any, indices_or_sections: Any) -> Any:
    """`split` along the third axis."""
    return _split(x, indices_or_sections, 2, "dsplit", uneven=False)


@operation
def unstack(x: Any, num: int | None = None, axis: int = 0) -> Any:
    """The slices of x along `axis`, without that axis; a list.

    Raises:
        ValueError: if the size of the axis is symbolic and `num` does not give it.
    """
    x = tensor(x)
    axis = axis_in(axis, x, "unstack")
    count = shape_of(x)[axis] if num is None else num
    if isinstance(count, Dim):
        raise ValueError(f"ops.unstack: axis {axis} has the symbolic size {count}; give num.")
    return [ops.squeeze(cut(x, axis, k, k + 1), axis=(axis,)) for k in range(count)]


@operation
def tile(x: Any, repeats: Any) -> Any:
    """x laid `repeats` times along each axis, as numpy.tile."""
    x = tensor(x)
    times = standard_shape(repeats, "ops.tile")
    shape = (1,) * (len(times) - ndim_of(x)) + shape_of(x)
    times = (1,) * (len(shape) - len(times)) + times
    between = tuple(size for pair in zip((1,) * len(shape), shape) for size in pair)
    target = tuple(size for pair in zip(times, shape) for size in pair)
    laid = ops.broadcast_to(ops.reshape(x, shape=between), shape=target)
    return ops.reshape(laid, shape=tuple(a * b for a, b in zip(times, shape)))


@operation
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element `repeats` times (a number, or an array of one number for each), along `axis` or flattened."""
    x = tensor(x)
    x, axis = (ops.reshape(x, shape=(-1,)), 0) if axis is None else (x, axis_in(axis, x, "repeat"))
    shape = shape_of(x)
    if np.ndim(repeats) and np.size(repeats) > 1:
        size = shape[axis]
        if isinstance(size, Dim):
            raise ValueError(f"ops.repeat: axis {axis} has the symbolic size {size}; repeats must be one number.")
        return ops.take(x, np.repeat(np.arange(size, dtype=np.int32), np.asarray(repeats)), axis=axis)
    count = int(np.asarray(repeats).item())
    wide = ops.broadcast_to(ops.expand_dims(x, axis=(axis + 1,)), shape=(*shape[: axis + 1], count, *shape[axis + 1 :]))
    return ops.reshape(wide, shape=(*shape[:axis], shape[axis] * count, *shape[axis + 1 :]))


@operation
def flip(x: Any, axis: Any = None) -> Any:
    """The elements in reverse order along `axis` (all by default)."""
    return _flipped(x, axis)


@operation
def fliplr(x: Any) -> Any:
    """Reversed along the second axis."""
    return _flipped(x, 1)


@operation
def flipud(x: Any) -> Any:
    """Reversed along the first axis."""
    return _flipped(x, 0)


def _flipped(x: Any, axis: Any) -> Tensor:
    return ops.flip(tensor(x), axis=axis)


@operation
def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """The elements moved by `shift` places along `axis`; those that fall off come back at the start."""
    x = tensor(x)
    if axis is None:
        return ops.reshape(_rolled(ops.reshape(x, shape=(-1,)), shift, 0), shape=shape_of(x))
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    shifts = (shift,) * len(axes) if isinstance(shift, int) else tuple(shift)
    if len(axes) != len(shifts):
        raise ValueError(f"ops.roll: shift and axis must have the same length, got {shift} and {axis}.")
    for count, place in zip(shifts, axes):
        x = _rolled(x, count, axis_in(place, x, "roll"))
    return x


def _rolled(x: Tensor, shift: int, axis: int) -> Tensor:
    size = shape_of(x)[axis]
    shift = shift if isinstance(size, Dim) else shift % size if size else 0
    if shift == 0:
        return x
    edge = size - shift if shift > 0 else -shift
    return ops.concatenate(cut(x, axis, edge, size), cut(x, axis, 0, edge), axis=axis)


@operation
def rot90(array: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """Turned by k * 90 degrees from axes[0] towards axes[1]."""
    a, b = (axis_in(axis, array, "rot90") for axis in axes)
    if a == b:
        raise ValueError(f"ops.rot90: the two axes must differ, got {axes}.")
    order = list(range(ndim_of(array)))
    order[a], order[b] = b, a
    turned = (
        lambda x: x,
        lambda x: ops.transpose(_flipped(x, b), axes=tuple(order)),
        lambda x: _flipped(x, (a, b)),
        lambda x: _flipped(ops.transpose(x, axes=tuple(order)), b),
    )
    return turned[k % 4](tensor(array))


@operation
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """x with elements added around it.

    `pad_width` is a number, a pair (before, after), or such a pair for each axis. `mode`: "constant" (0 or
    `constant_values`), "edge", "reflect", "symmetric", "wrap".

    Raises:
        ValueError: for another mode, or a mode other than "constant" on an axis of symbolic size.
    """
    x = tensor(x)
    ndim = ndim_of(x)
    widths = [(int(before), int(after)) for before, after in np.broadcast_to(np.asarray(pad_width, np.int64), (ndim, 2))]
    if mode == "constant":
        value = 0 if constant_values is None else np.asarray(constant_values).item()
        if dtype_of(x) == "bool":
            value = bool(value)
        return ops.pad(x, before=tuple(w[0] for w in widths), after=tuple(w[1] for w in widths), value=value)
    allowed = ("edge", "reflect", "symmetric", "wrap")
    if mode not in allowed:
        raise ValueError(f"ops.pad: mode must be one of constant, {', '.join(allowed)}, got {mode!r}.")
    if constant_values is not None:
        raise ValueError(f"ops.pad: constant_values goes with mode 'constant', got mode {mode!r}.")
    for axis, width in enumerate(widths):
        if width != (0, 0):
            size = shape_of(x)[axis]
            if isinstance(size, Dim):
                raise ValueError(f"ops.pad: mode {mode!r} needs a known size, axis {axis} has the symbolic size {size}.")
            places = np.pad(np.arange(size, dtype=np.int32), width, mode=mode)  # type: ignore[call-overload]
            x = ops.take(x, places, axis=axis)
    return x


@operation
def meshgrid(*x: Any, indexing: str = "xy") -> Any:
    """Coordinate tensors from coordinate vectors; a list. "xy" swaps the first two axes against "ij".

    Raises:
        ValueError: for another indexing.
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"ops.meshgrid: indexing must be 'xy' or 'ij', got {indexing!r}.")
    vectors = [ops.reshape(tensor(vector), shape=(-1,)) for vector in x]
    places = list(range(len(vectors)))
    if indexing == "xy" and len(vectors) > 1:
        places[:2] = 1, 0
    target = [shape_of(vectors[place])[0] for place in places]
    grids = []
    for vector, place in zip(vectors, places):
        flat = ops.reshape(vector, shape=tuple(-1 if k == place else 1 for k in range(len(vectors))))
        grids.append(ops.broadcast_to(flat, shape=tuple(target)))
    return grids
