"""Cutting images and volumes into patches."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from graphkeras.compiler.dims import Dim
from graphkeras.compiler.ops.geometry import canonical_geometry, counts_of
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import shape_text

from ...config import standardize_data_format
from ...operation import operation
from ..operands import Tensor, ndim_of, shape_of, tensor


@operation
def extract_patches(
    images: Any,
    size: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    dilation_rate: int | Sequence[int] = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """Patches of `size` as vectors: (batch, rows, columns, height * width * channels), channels fastest.

    Three numbers as `size` cut volumes, as `extract_patches_3d` does. By default patches lie side by side.

    Raises:
        TypeError: if `size` is neither a number nor a tuple of them.
        ValueError: for a `size` that has neither two nor three numbers.
    """
    if not isinstance(size, int) and not isinstance(size, (tuple, list)):
        raise TypeError(f"ops.image.extract_patches: size must be an int or a tuple of them, got {type(size).__name__}.")
    if not isinstance(size, int) and len(size) not in (2, 3):
        raise ValueError(f"ops.image.extract_patches: size must have 2 or 3 numbers, got {size}.")
    window = (size, size) if isinstance(size, int) else tuple(size)
    return _patches(images, window, strides, dilation_rate, padding, data_format, "ops.image.extract_patches")


@operation
def extract_patches_3d(
    volumes: Any,
    size: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    dilation_rate: int | Sequence[int] = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """Patches of volumes (batch, depth, height, width, channels) as vectors in the place of the channels.

    Raises:
        ValueError: for a `size` that has not three numbers.
    """
    window = (size, size, size) if isinstance(size, int) else tuple(size)
    if len(window) != 3:
        raise ValueError(f"ops.image.extract_patches_3d: size must have 3 numbers, got {size}.")
    return _patches(volumes, window, strides, dilation_rate, padding, data_format, "ops.image.extract_patches_3d")


def _patches(
    images: Any, size: tuple[int, ...], strides: Any, dilation: Any, padding: str, data_format: str | None, name: str
) -> Tensor:
    images, ndim = tensor(images), len(size)
    channels_last = standardize_data_format(data_format) == "channels_last"
    batched = ndim_of(images) == ndim + 2
    if ndim_of(images) not in (ndim + 1, ndim + 2):
        raise ValueError(
            f"{name}: patches of size {size} are cut from tensors with {ndim + 1} axes, or {ndim + 2} with a batch, got "
            f"shape {shape_text(shape_of(images))}."
        )
    x = images if batched else ops.expand_dims(images, axis=(0,))
    first = 1 if channels_last else 2
    sizes = shape_of(x)[first : first + ndim]
    given = {"strides": strides or size, "padding": padding, "dilation": dilation, "channels_last": channels_last}
    attrs = canonical_geometry(name, sizes, size, given)
    counts = counts_of(sizes, size, attrs)
    if any(not isinstance(count, Dim) and count < 1 for count in counts):
        raise ValueError(f"{name}: patches of size {size} do not fit into images of {shape_text(sizes)}.")
    if _side_by_side(attrs, size):
        patches = _tiles(x, first, size)
    else:
        starts = tuple(-before for before, _ in attrs["padding"])
        patches = ops.windows(
            x, first=first, counts=counts, size=size, strides=attrs["strides"], steps=attrs["dilation"], starts=starts
        )
    found = _as_vectors(patches, first, ndim, channels_last)
    return found if batched else ops.squeeze(found, axis=(0,))


def _side_by_side(attrs: Any, size: tuple[int, ...]) -> bool:
    plain = all(pair == (0, 0) for pair in attrs["padding"])
    return plain and attrs["strides"] == size and all(step == 1 for step in attrs["dilation"])


def _tiles(x: Tensor, first: int, size: tuple[int, ...]) -> Tensor:
    """What `windows` gives for patches that touch and do not overlap: a matter of shape alone."""
    shape, ndim = shape_of(x), len(size)
    counts = tuple(n // taps for n, taps in zip(shape[first : first + ndim], size))
    stops = list(shape)
    stops[first : first + ndim] = [count * taps for count, taps in zip(counts, size)]
    if tuple(stops) != tuple(shape):
        x = ops.slice(x, starts=(0,) * len(shape), stops=tuple(stops), steps=(1,) * len(shape))
    parted = [part for pair in zip(counts, size) for part in pair]
    x = ops.reshape(x, shape=(*shape[:first], *parted, *shape[first + ndim :]))
    places, taps = range(first, first + 2 * ndim, 2), range(first + 1, first + 2 * ndim, 2)
    return ops.transpose(x, axes=(*range(first), *places, *range(first + 2 * ndim, ndim_of(x)), *taps))


def _as_vectors(patches: Tensor, first: int, ndim: int, channels_last: bool) -> Tensor:
    """The taps of each patch and its channels as one axis, at the place of the channels."""
    shape = shape_of(patches)
    taps = tuple(range(len(shape) - ndim, len(shape)))
    if channels_last:
        ordered = ops.transpose(patches, axes=(*range(ndim + 1), *taps, ndim + 1))
        return ops.reshape(ordered, shape=(*shape[: ndim + 1], shape[ndim + 1] * prod(shape[ndim + 2 :])))
    ordered = ops.transpose(patches, axes=(0, *taps, 1, *range(first, first + ndim)))
    return ops.reshape(ordered, shape=(shape[0], shape[1] * prod(shape[first + ndim :]), *shape[first : first + ndim]))
