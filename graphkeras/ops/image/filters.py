"""Filters over the neighbors of each pixel, channel by channel: `gaussian_blur`, `sobel_edges`, `ssim`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphkeras.compiler.graph import Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import FLOATS, numpy_dtype, shape_text

from ...operation import operation
from ..operands import Tensor, as_float, cast, dtype_of, is_integer, ndim_of, shape_of, tensor
from .frame import framed, require_float

#: A kernel with more taps than this is applied along one axis after the other.
_TAPS_AT_ONCE = 25
#: The derivative along one axis: smoothed along the other (Sobel and Feldman 1968).
_SOBEL = np.asarray([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])


@operation
def gaussian_blur(
    images: Any, kernel_size: Sequence[int] = (3, 3), sigma: Any = (1.0, 1.0), data_format: str | None = None
) -> Any:
    """Each pixel mixed with its neighbors by a normal distribution; there are zeros outside of the image.

    Args:
        kernel_size: how many pixels (along the width, along the height) are mixed.
        sigma: standard deviations (along the width, along the height), in pixels; may be a tensor.

    Raises:
        ValueError: for integer images or sizes below 1.
    """
    images, frame = framed(images, data_format, "ops.image.gaussian_blur")
    dtype = require_float(images, frame.name)
    across, down = _pair(kernel_size, "kernel_size", frame.name)
    if min(across, down) < 1:
        raise ValueError(f"{frame.name}: kernel_size must be two numbers of at least 1, got {kernel_size}.")
    spreads = tensor(sigma)
    if shape_of(spreads) != (2,):
        raise ValueError(f"{frame.name}: sigma must be two numbers, got shape {shape_text(shape_of(spreads))}.")
    row, column = (gaussian(size, _item(spreads, k), dtype) for k, size in enumerate((across, down)))
    return frame.restored(_separable(frame.batch(images), column, row, "same"))


@operation
def sobel_edges(images: Any, data_format: str | None = None) -> Any:
    """How fast brightness grows downwards and to the right: a new last axis (dy, dx), with zeros outside of the image.

    Raises:
        ValueError: if the images are no batch.
    """
    images, frame = framed(images, data_format, "ops.image.sobel_edges")
    if not frame.batched:
        raise ValueError(f"{frame.name}: images must be a batch with 4 axes, got shape {shape_text(shape_of(images))}.")
    dtype = dtype_of(images)
    x = frame.batch(as_float(images))
    edges = []
    for kernel in (_SOBEL, _SOBEL.T):
        found = frame.restored(_filtered(x, kernel.astype(numpy_dtype(dtype_of(x))), "same"))
        exact = cast(found, "int32") if is_integer(dtype) else found
        edges.append(ops.expand_dims(cast(exact, dtype), axis=(ndim_of(images),)))
    return ops.concatenate(*edges, axis=ndim_of(images))


@operation
def ssim(
    image1: Any,
    image2: Any,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> Any:
    """How alike two images are in brightness, contrast and structure; 1 for equal ones (Wang et al. 2004).

    Args:
        max_val: the largest value of a pixel.
        filter_size, filter_sigma: the normal window that statistics are taken in.
        k1, k2: keep quotients of small numbers stable.

    Returns:
        A number, or one for each image of a batch.

    Raises:
        ValueError: for images of different shapes, or smaller than the window.
    """
    first, frame = framed(image1, data_format, "ops.image.ssim")
    second, _ = framed(image2, data_format, "ops.image.ssim")
    if shape_of(first) != shape_of(second):
        raise ValueError(
            f"{frame.name}: both images must have one shape, got {shape_text(shape_of(first))} and "
            f"{shape_text(shape_of(second))}."
        )
    sizes = frame.sizes(first)
    if any(isinstance(size, int) and size < filter_size for size in sizes):
        raise ValueError(f"{frame.name}: a window of {filter_size} pixels does not fit into images of {shape_text(sizes)}.")
    original = dtype_of(first)
    a, b = frame.batch(as_float(first)), frame.batch(as_float(second))
    b = cast(b, dtype_of(a))
    window = gaussian(filter_size, filter_sigma, dtype_of(a))
    together = ops.concatenate(a, b, ops.square(a), ops.square(b), a * b, axis=3)
    mixed = _separable(together, window, window, "valid")
    mean_a, mean_b, square_a, square_b, product = _parts(mixed, 5)
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    squares = ops.square(mean_a) + ops.square(mean_b)
    means = mean_a * mean_b
    structure = (means * 2.0 + c1) * ((product - means) * 2.0 + c2)
    contrast = (squares + c1) * (square_a + square_b - squares + c2)
    found = ops.mean(structure / contrast, axis=(1, 2, 3), keepdims=False)
    return cast(found if frame.batched else ops.squeeze(found, axis=(0,)), original)


def gaussian(size: int, sigma: Any, dtype: str) -> Tensor:
    """The values of a normal distribution at `size` points around its middle, with sum 1."""
    exact = "float64" if not isinstance(sigma, Value) else dtype
    places = np.arange(size) - (size - 1) / 2
    distance = ops.divide(places.astype(numpy_dtype(exact)), tensor(sigma, exact))
    weights = ops.exp(ops.square(distance) * -0.5)
    return cast(ops.divide(weights, ops.sum(weights, axis=(0,), keepdims=True)), dtype)


def _separable(x: Tensor, column: Tensor, row: Tensor, padding: str) -> Tensor:
    """`x` (batch, height, width, channels) filtered with the product of a column and a row."""
    (tall,), (wide,) = shape_of(column), shape_of(row)
    columns, rows = ops.reshape(column, shape=(tall, 1)), ops.reshape(row, shape=(1, wide))
    if isinstance(tall, int) and isinstance(wide, int) and tall * wide <= _TAPS_AT_ONCE:
        return _filtered(x, ops.multiply(columns, rows), padding)
    return _filtered(_filtered(x, columns, padding), rows, padding)


def _filtered(x: Tensor, kernel: Tensor, padding: str) -> Tensor:
    """Every channel of `x` (batch, height, width, channels) convolved with the same kernel (height, width)."""
    channels, size = shape_of(x)[3], shape_of(kernel)
    if not isinstance(channels, int):
        raise ValueError(f"A filter needs a known number of channels, got images of shape {shape_text(shape_of(x))}.")
    kernels = ops.broadcast_to(ops.reshape(kernel, shape=(*size, 1, 1)), shape=(*size, 1, channels))
    return ops.conv(x, kernels, padding=padding, groups=channels)


def _parts(x: Tensor, count: int) -> list[Tensor]:
    """`x` cut into equal parts along its last axis."""
    shape = shape_of(x)
    size, ones = shape[-1] // count, (1,) * len(shape)
    return [ops.slice(x, starts=(0, 0, 0, k * size), stops=(*shape[:-1], (k + 1) * size), steps=ones) for k in range(count)]


def _pair(given: Any, argument: str, name: str) -> tuple[int, int]:
    numbers = tuple(given.tolist() if isinstance(given, np.ndarray) else given)
    if len(numbers) != 2:
        raise ValueError(f"{name}: {argument} must be two numbers, got {given}.")
    return int(numbers[0]), int(numbers[1])


def _item(numbers: Tensor, k: int) -> Any:
    if not isinstance(numbers, Value):
        return float(numbers[k])
    numbers = numbers if dtype_of(numbers) in FLOATS else cast(numbers, "float32")
    return ops.slice(numbers, starts=(k,), stops=(k + 1,), steps=(1,))
