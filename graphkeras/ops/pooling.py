"""Pooling by windows or to a number of results, and depth to space."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkeras.compiler.dims import Shape, is_symbolic, size_of
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import numpy_dtype

from ..operation import operation
from .convolution import channels_of, is_channels_last, per_axis, window_padding
from .operands import Tensor, as_float, dtype_of, ndim_of, shape_of, tensor

__all__ = [
    "adaptive_average_pool",
    "adaptive_max_pool",
    "average_pool",
    "depth_to_space",
    "max_pool",
    "space_to_depth",
]


@operation
def max_pool(inputs: Any, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: str | None = None) -> Any:
    """The largest element of every window, in 1 to 3 spatial dimensions.

    Args:
        inputs: (batch, *spatial, channels), or channels first.
        strides: from window to window; by default the windows lie side by side.
        padding: "valid", or "same" for ceil(size / stride) windows along each axis; padding is never the largest.
    """
    return _pooled("max_pool", tensor(inputs), pool_size, strides, padding, data_format)


@operation
def average_pool(
    inputs: Any, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: str | None = None
) -> Any:
    """The mean of every window, where padding does not count, in 1 to 3 spatial dimensions; arguments as in `max_pool`."""
    return _pooled("average_pool", as_float(inputs), pool_size, strides, padding, data_format)


def _pooled(name: str, x: Tensor, pool_size: Any, strides: Any, padding: str, data_format: str | None) -> Tensor:
    ndim = _spatial_axes(name, x)
    size = per_axis(name, "pool_size", pool_size, ndim)
    attrs = {
        "size": size,
        "strides": size if strides is None else per_axis(name, "strides", strides, ndim),
        "padding": window_padding(name, padding),
        "channels_last": is_channels_last(name, data_format),
    }
    return ops.max_pool(x, **attrs) if name == "max_pool" else ops.average_pool(x, **attrs)


@operation
def adaptive_average_pool(inputs: Any, output_size: Any, data_format: str | None = None) -> Any:
    """Means of `output_size` windows along each spatial axis: window i goes from floor(i * n / output_size) to
    ceil((i + 1) * n / output_size)."""
    x = as_float(inputs)
    sizes, wanted, channels_last = _adaptive("adaptive_average_pool", x, output_size, data_format)
    if all(n % count == 0 for n, count in zip(sizes, wanted, strict=True)):
        return ops.average_pool(x, size=_quotients(sizes, wanted), channels_last=channels_last)
    for axis, (n, count) in enumerate(zip(sizes, wanted, strict=True), start=1 if channels_last else 2):
        starts, stops = _bounds(n, count)
        inside = (np.arange(n) >= starts[:, None]) & (np.arange(n) < stops[:, None])
        means = (inside / inside.sum(1, keepdims=True)).astype(numpy_dtype(dtype_of(x)))
        shape = shape_of(x)
        stacked = ops.reshape(x, shape=(size_of(shape[:axis]), n, size_of(shape[axis + 1 :])))
        x = ops.reshape(ops.matmul(means, stacked), shape=(*shape[:axis], count, *shape[axis + 1 :]))
    return x


@operation
def adaptive_max_pool(inputs: Any, output_size: Any, data_format: str | None = None) -> Any:
    """The largest elements of `output_size` windows along each spatial axis, which lie as in `adaptive_average_pool`."""
    x = tensor(inputs)
    sizes, wanted, channels_last = _adaptive("adaptive_max_pool", x, output_size, data_format)
    if all(n % count == 0 for n, count in zip(sizes, wanted, strict=True)):
        return ops.max_pool(x, size=_quotients(sizes, wanted), channels_last=channels_last)
    for axis, (n, count) in enumerate(zip(sizes, wanted, strict=True), start=1 if channels_last else 2):
        starts, stops = _bounds(n, count)
        places = np.minimum(starts[:, None] + np.arange((stops - starts).max()), stops[:, None] - 1)
        x = ops.max(ops.take(x, places.astype(np.int32), axis=axis), axis=(axis + 1,), keepdims=False)
    return x


def _adaptive(name: str, x: Tensor, output_size: Any, data_format: str | None) -> tuple[tuple[int, ...], tuple[int, ...], bool]:
    """Sizes of the spatial axes, the wanted ones, and whether channels are last."""
    ndim, channels_last = _spatial_axes(name, x), is_channels_last(name, data_format)
    sizes = shape_of(x)[1:-1] if channels_last else shape_of(x)[2:]
    if any(map(is_symbolic, sizes)):
        raise ValueError(f"{name}: the spatial sizes must be known, got the shape {shape_of(x)}. Give Input fixed ones.")
    return tuple(int(n) for n in sizes), per_axis(name, "output_size", output_size, ndim), channels_last


def _quotients(sizes: tuple[int, ...], counts: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n // count for n, count in zip(sizes, counts, strict=True))


def _bounds(n: int, count: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Where each of `count` windows over n elements begins and ends."""
    number = np.arange(count)
    return number * n // count, -(-(number + 1) * n // count)


def _spatial_axes(name: str, x: Tensor) -> int:
    if not 3 <= ndim_of(x) <= 5:
        raise ValueError(f"{name}: inputs need a batch, channels and 1 to 3 spatial axes, got the shape {shape_of(x)}.")
    return ndim_of(x) - 2


@operation
def depth_to_space(x: Any, block_size: int, data_format: str = "channels_last") -> Any:
    """Channels laid out as blocks of `block_size` by `block_size` places: (batch, height, width, channels) becomes
    (batch, height * block_size, width * block_size, channels / block_size**2), or the same with channels first."""
    image, shape, channels_last = _image("depth_to_space", x, block_size, data_format)
    channels = channels_of(image, channels_last)
    if is_symbolic(channels) or channels % block_size**2 != 0:
        raise ValueError(f"depth_to_space: {channels} channels are no multiple of block_size**2 = {block_size**2}.")
    left = channels // block_size**2
    if channels_last:
        n, height, width, _ = shape
        apart = ops.reshape(image, shape=(n, height, width, block_size, block_size, left))
        turned = ops.transpose(apart, axes=(0, 1, 3, 2, 4, 5))
        return ops.reshape(turned, shape=(n, height * block_size, width * block_size, left))
    n, _, height, width = shape
    apart = ops.reshape(image, shape=(n, left, block_size, block_size, height, width))
    turned = ops.transpose(apart, axes=(0, 1, 4, 2, 5, 3))
    return ops.reshape(turned, shape=(n, left, height * block_size, width * block_size))


@operation
def space_to_depth(x: Any, block_size: int, data_format: str = "channels_last") -> Any:
    """Blocks of `block_size` by `block_size` places laid out as channels: the way back from `depth_to_space`."""
    image, shape, channels_last = _image("space_to_depth", x, block_size, data_format)
    height, width = shape[1:3] if channels_last else shape[2:]
    if any(not is_symbolic(n) and n % block_size != 0 for n in (height, width)):
        raise ValueError(f"space_to_depth: {height} x {width} places are no multiple of block_size = {block_size}.")
    rows, columns = height // block_size, width // block_size
    if channels_last:
        n, channels = shape[0], shape[-1]
        apart = ops.reshape(image, shape=(n, rows, block_size, columns, block_size, channels))
        turned = ops.transpose(apart, axes=(0, 1, 3, 2, 4, 5))
        return ops.reshape(turned, shape=(n, rows, columns, channels * block_size**2))
    n, channels = shape[:2]
    apart = ops.reshape(image, shape=(n, channels, rows, block_size, columns, block_size))
    turned = ops.transpose(apart, axes=(0, 1, 3, 5, 2, 4))
    return ops.reshape(turned, shape=(n, channels * block_size**2, rows, columns))


def _image(name: str, x: Any, block_size: int, data_format: str) -> tuple[Tensor, Shape, bool]:
    image = tensor(x)
    if ndim_of(image) != 4:
        raise ValueError(f"{name}: x must have 4 axes (batch, height, width, channels), got the shape {shape_of(image)}.")
    if isinstance(block_size, bool) or not isinstance(block_size, (int, np.integer)) or block_size < 1:
        raise ValueError(f"{name}: block_size must be an integer of at least 1, got {block_size!r}.")
    return image, shape_of(image), is_channels_last(name, data_format)
