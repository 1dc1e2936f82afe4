"""Convolutions: plain, depthwise, separable, transposed; and the windows that they multiply.

Kernels have Keras's shapes: (*size, channels, filters); (*size, channels, multiplier) where each channel is for itself; (*size,
filters, channels) where the convolution is transposed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphkeras.compiler.dims import DimLike, Shape, is_symbolic
from graphkeras.compiler.registry import ops

from ..config import image_data_format
from ..operation import operation
from .operands import Tensor, dtype_of, ndim_of, shape_of, tensor

__all__ = ["conv", "conv_transpose", "depthwise_conv", "fold", "separable_conv", "unfold"]


@operation
def conv(
    inputs: Any, kernel: Any, strides: Any = 1, padding: str = "valid", data_format: str | None = None, dilation_rate: Any = 1
) -> Any:
    """The sum of every window of `inputs` times `kernel`, in 1 to 3 spatial dimensions.

    Args:
        inputs: (batch, *spatial, channels), or (batch, channels, *spatial) for "channels_first".
        kernel: (*size, channels / groups, filters); there are as many groups as make the channels fit.
        padding: "valid", or "same" for ceil(size / stride) results along each axis.

    Returns:
        (batch, *spatial, filters) in the kernel's dtype.

    Raises:
        ValueError: for channels that are no multiple of the kernel's; for windows that do not fit.
    """
    x, weights = _operands("conv", inputs, kernel)
    channels_last = is_channels_last("conv", data_format)
    channels, each = channels_of(x, channels_last), shape_of(weights)[-2]
    if is_symbolic(channels) or is_symbolic(each) or channels % max(int(each), 1) != 0:
        raise ValueError(
            f"conv: inputs of shape {shape_of(x)} have {channels} channels, the kernel of shape {shape_of(weights)} takes "
            f"{each}; the channels must be a multiple of that."
        )
    return ops.conv(
        x,
        weights,
        strides=strides,
        padding=window_padding("conv", padding),
        dilation=dilation_rate,
        groups=channels // each,
        channels_last=channels_last,
    )


@operation
def depthwise_conv(
    inputs: Any, kernel: Any, strides: Any = 1, padding: str = "valid", data_format: str | None = None, dilation_rate: Any = 1
) -> Any:
    """Every channel convolved with its own kernels: (*size, channels, multiplier); makes channels * multiplier channels."""
    return _depthwise("depthwise_conv", inputs, kernel, strides, padding, data_format, dilation_rate)


@operation
def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """A depthwise convolution, then one with windows of size 1 that mixes the channels."""
    name = "separable_conv"
    between = _depthwise(name, inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    x, weights = _operands(name, between, pointwise_kernel)
    return ops.conv(x, weights, channels_last=is_channels_last(name, data_format))


@operation
def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """The gradient of a convolution by its inputs, as an operation: every element times `kernel`, added up where they meet.

    Args:
        inputs: (batch, *spatial, channels), or channels first.
        kernel: (*size, filters, channels).
        padding: "valid" makes (n - 1) * stride + max(size, stride) elements along an axis, "same" n * stride.
        output_padding: elements that are added behind instead, to (n - 1) * stride + size ("valid") or (n - 1) * stride +
            size % 2 ("same").

    Raises:
        ValueError: for channels that do not fit; for sizes that leave nothing.
    """
    name = "conv_transpose"
    x, weights = _operands(name, inputs, kernel)
    channels_last = is_channels_last(name, data_format)
    shape, size = shape_of(x), shape_of(weights)[:-2]
    if channels_of(x, channels_last) != shape_of(weights)[-1]:
        raise ValueError(
            f"conv_transpose: inputs of shape {shape} have {channels_of(x, channels_last)} channels, the last axis of the "
            f"kernel, {shape_of(weights)}, is {shape_of(weights)[-1]}; they must be equal."
        )
    ndim = len(size)
    first = 1 if channels_last else 2
    steps, dilation = (per_axis(name, key, n, ndim) for key, n in (("strides", strides), ("dilation_rate", dilation_rate)))
    more = (None,) * ndim if output_padding is None else per_axis(name, "output_padding", output_padding, ndim, least=0)
    pairs: list[tuple[int, int]] = []
    sizes: list[DimLike] = []
    behind: list[int] = []
    for n, taps, stride, step, extra in zip(shape[first : first + ndim], size, steps, dilation, more, strict=True):
        reach = (int(taps) - 1) * step + 1
        left, right = _transposed_padding(reach, stride, window_padding(name, padding), extra)
        made = (n - 1) * stride + left + right - reach + 2
        after = max(reach - 1 - right, 0)
        unreached = max(right - (reach - 1) - (stride - 1), 0)
        if not is_symbolic(made) and made < 1:  # type: ignore[operator]
            raise ValueError(f"conv_transpose: {n} elements with stride {stride} and output_padding {extra} make {made}.")
        pairs.append((reach - 1 - left, after))
        sizes.append(made - unreached)
        behind.append(unreached)
    y = ops.conv_input_gradient(
        x, weights, sizes=tuple(sizes), strides=steps, padding=tuple(pairs), dilation=dilation, channels_last=channels_last
    )
    if not any(behind):
        return y
    zeros = (0,) * (ndim + 2)
    return ops.pad(y, before=zeros, after=(*zeros[:first], *behind, *zeros[first + ndim :]), value=0)


def _transposed_padding(reach: int, stride: int, padding: str, extra: int | None) -> tuple[int, int]:
    """What Keras puts around the elements, which are `stride` apart, before a plain convolution with the turned kernel."""
    if padding == "valid":
        return reach - 1, reach - 1 + (max(reach, stride) - reach if extra is None else extra)
    total = stride + reach - 2 if extra is None else reach + reach % 2 - 2 + extra
    left = min(total // 2 + total % 2, reach - 1)
    return left, total - left


@operation
def unfold(x: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """The windows of an image (batch, channels, height, width) as columns: (batch, channels * taps, windows)."""
    image = tensor(x)
    if ndim_of(image) != 4:
        raise ValueError(f"unfold: x must have 4 axes (batch, channels, height, width), got the shape {shape_of(image)}.")
    size, places = _windows_of("unfold", kernel_size, dilation, padding, stride)
    batch, channels = shape_of(image)[:2]
    counts = _counts(shape_of(image)[2:], size, places)
    windows = ops.windows(image, first=2, counts=counts, size=size, **places)
    columns = ops.transpose(windows, axes=(0, 1, 4, 5, 2, 3))
    return ops.reshape(columns, shape=(batch, channels * size[0] * size[1], counts[0] * counts[1]))


@operation
def fold(x: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """An image from the columns that `unfold` makes, where windows meet their sum: (batch, channels, *output_size)."""
    columns = tensor(x)
    if ndim_of(columns) != 3:
        raise ValueError(f"fold: x must have 3 axes (batch, channels * taps, windows), got the shape {shape_of(columns)}.")
    size, places = _windows_of("fold", kernel_size, dilation, padding, stride)
    sizes = per_axis("fold", "output_size", output_size, 2)
    counts, (batch, rows, count) = _counts(sizes, size, places), shape_of(columns)
    channels, rest = divmod(int(rows), size[0] * size[1])
    if rest or count != counts[0] * counts[1]:
        raise ValueError(
            f"fold: x of shape {shape_of(columns)} must have a multiple of {size[0] * size[1]} rows, the taps of {size}, and "
            f"{counts[0]} * {counts[1]} columns, the windows in {sizes}."
        )
    apart = ops.reshape(columns, shape=(batch, channels, *size, *counts))
    return ops.fold(ops.transpose(apart, axes=(0, 1, 4, 5, 2, 3)), first=2, sizes=sizes, size=size, **places)


def _windows_of(
    name: str, kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> tuple[tuple[int, ...], dict[str, tuple[int, ...]]]:
    size, steps, strides = (
        per_axis(name, key, n, 2) for key, n in (("kernel_size", kernel_size), ("dilation", dilation), ("stride", stride))
    )
    around = per_axis(name, "padding", padding, 2, least=0)
    return size, {"strides": strides, "steps": steps, "starts": tuple(-n for n in around)}


def _counts(sizes: Shape, size: Sequence[int], places: dict[str, tuple[int, ...]]) -> Shape:
    axes = zip(sizes, size, places["strides"], places["steps"], places["starts"], strict=True)
    return tuple((n - 2 * start - (taps - 1) * step - 1) // stride + 1 for n, taps, stride, step, start in axes)


def _depthwise(
    name: str, inputs: Any, kernel: Any, strides: Any, padding: str, data_format: str | None, dilation_rate: Any
) -> Tensor:
    x, weights = _operands(name, inputs, kernel)
    channels_last = is_channels_last(name, data_format)
    *size, channels, multiplier = shape_of(weights)
    if channels_of(x, channels_last) != channels:
        raise ValueError(
            f"{name}: inputs of shape {shape_of(x)} have {channels_of(x, channels_last)} channels, the depthwise kernel of "
            f"shape {shape_of(weights)} has {channels}; they must be equal."
        )
    return ops.conv(
        x,
        ops.reshape(weights, shape=(*size, 1, channels * multiplier)),
        strides=strides,
        padding=window_padding(name, padding),
        dilation=dilation_rate,
        groups=channels,
        channels_last=channels_last,
    )


def _operands(name: str, inputs: Any, kernel: Any) -> tuple[Tensor, Tensor]:
    """Both as tensors of the kernel's dtype."""
    weights = tensor(kernel)
    x = tensor(inputs, dtype_of(weights))
    if not 3 <= ndim_of(x) <= 5 or ndim_of(weights) != ndim_of(x):
        raise ValueError(
            f"{name}: inputs need a batch, channels and 1 to 3 spatial axes, and the kernel as many axes; got the shapes "
            f"{shape_of(x)} and {shape_of(weights)}."
        )
    return x, weights


def is_channels_last(name: str, data_format: str | None) -> bool:
    """Whether channels are the last axis; None means what `config.image_data_format` says.

    Raises:
        ValueError: for an unknown format.
    """
    chosen = image_data_format() if data_format is None else str(data_format).lower()
    if chosen not in ("channels_last", "channels_first"):
        raise ValueError(f"{name}: data_format must be 'channels_last' or 'channels_first', got {data_format!r}.")
    return chosen == "channels_last"


def channels_of(x: Tensor, channels_last: bool) -> DimLike:
    return shape_of(x)[-1 if channels_last else 1]


def window_padding(name: str, padding: Any) -> str:
    """ "valid" or "same".

    Raises:
        ValueError: for another padding.
    """
    chosen = padding.lower() if isinstance(padding, str) else padding
    if chosen not in ("valid", "same"):
        raise ValueError(f"{name}: padding must be 'valid' or 'same', got {padding!r}.")
    return str(chosen)


def per_axis(name: str, argument: str, numbers: Any, ndim: int, least: int = 1) -> tuple[int, ...]:
    """One number for each of `ndim` axes, from one for all or a sequence.

    Raises:
        ValueError: for too few or too many numbers, or one below `least`.
    """
    every = (numbers,) * ndim if isinstance(numbers, (int, np.integer)) else tuple(numbers)
    if len(every) != ndim or any(int(n) < least for n in every):
        raise ValueError(
            f"{name}: {argument} must be a number of at least {least}, or one for each of {ndim} spatial axes, got {numbers!r}."
        )
    return tuple(int(n) for n in every)
