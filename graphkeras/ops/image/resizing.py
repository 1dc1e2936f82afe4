"""Images in another size: `resize`, and `scale_and_translate` for any place and scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphkeras.compiler.dims import Dim
from graphkeras.compiler.graph import Value
from graphkeras.compiler.ops.interpolation import interpolation_weights
from graphkeras.compiler.ops.resize import product_along
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import FLOATS, normalize_axis, shape_text

from ...config import floatx
from ...operation import operation
from ..core import saturate_cast
from ..operands import Tensor, as_float, cast, dtype_of, is_integer, ndim_of, shape_of, tensor
from .frame import Frame, framed, require_choice

#: Keras's names of the methods of the op `resize`.
_METHODS = {"bilinear": "linear", "nearest": "nearest", "lanczos3": "lanczos3", "lanczos5": "lanczos5", "bicubic": "cubic"}
_SCALING = {
    **dict.fromkeys(("linear", "bilinear", "trilinear"), "linear"),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), "cubic"),
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
}


@operation
def resize(
    images: Any,
    size: Sequence[Any],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Any:
    """Images with height and width `size`, in the same dtype.

    Args:
        interpolation: "nearest", "bilinear", "bicubic" (Keys, a = -1/2), "lanczos3" or "lanczos5".
        antialias: whether shrinking averages over all pixels; otherwise it picks some.
        crop_to_aspect_ratio: cut off what does not fit the new shape, around the center, before resizing.
        pad_to_aspect_ratio: add margins of `fill_value`, so that all of the image stays.

    Raises:
        ValueError: for an unknown interpolation, sizes below 1, or both cropping and padding.
    """
    images, frame = framed(images, data_format, "ops.image.resize")
    require_choice(interpolation, "interpolation", tuple(_METHODS), frame.name)
    require_choice(fill_mode, "fill_mode", ("constant",), frame.name)
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError(f"{frame.name}: only one of crop_to_aspect_ratio and pad_to_aspect_ratio may be True.")
    height, width = _checked_size(size, frame.name)
    x, dtype, method = images, dtype_of(images), _METHODS[interpolation]
    if dtype not in FLOATS and (method != "nearest" or (pad_to_aspect_ratio and float(fill_value) % 1 != 0)):
        x = as_float(x)
    if crop_to_aspect_ratio:
        x = _cropped(x, frame, *frame.known_sizes(x, "crop_to_aspect_ratio"), height, width)
    if pad_to_aspect_ratio:
        x = _padded(x, frame, *frame.known_sizes(x, "pad_to_aspect_ratio"), height, width, fill_value)
    x = ops.resize(x, axis=(frame.height, frame.width), size=(height, width), method=method, antialias=bool(antialias))
    if dtype_of(x) == dtype:
        return x
    return saturate_cast.body(ops.round(x) if is_integer(dtype) else x, dtype)


def _checked_size(size: Any, name: str) -> tuple[Any, Any]:
    sizes = tuple(size.tolist() if isinstance(size, np.ndarray) else size) if not isinstance(size, (int, Dim)) else (size,)
    if len(sizes) != 2 or any(not isinstance(n, Dim) and n <= 0 for n in sizes):
        raise ValueError(f"{name}: size must be (height, width), both at least 1, got {size}.")
    return tuple(n if isinstance(n, Dim) else int(n) for n in sizes)  # type: ignore[return-value]


def _cropped(x: Tensor, frame: Frame, height: int, width: int, new_height: int, new_width: int) -> Tensor:
    tall = max(min(height, int(float(width * new_height) / new_width)), 1)
    wide = max(min(width, int(float(height * new_width) / new_height)), 1)
    starts, stops = [0] * ndim_of(x), list(shape_of(x))
    for axis, whole, kept in ((frame.height, height, tall), (frame.width, width, wide)):
        starts[axis] = (whole - kept) // 2
        stops[axis] = starts[axis] + kept
    return ops.slice(x, starts=tuple(starts), stops=tuple(stops), steps=(1,) * ndim_of(x))


def _padded(x: Tensor, frame: Frame, height: int, width: int, new_height: int, new_width: int, fill_value: float) -> Tensor:
    """Equal margins above and below, or left and right."""
    tall = max(height, int(float(width * new_height) / new_width))
    wide = max(width, int(float(height * new_width) / new_height))
    margins = [0] * ndim_of(x)
    if (tall - height) // 2 > 0:
        margins[frame.height] = (tall - height) // 2
    elif (wide - width) // 2 > 0:
        margins[frame.width] = (wide - width) // 2
    fill = float(fill_value) if dtype_of(x) in FLOATS else int(fill_value)
    return ops.pad(x, before=tuple(margins), after=tuple(margins), value=fill)


@operation
def scale_and_translate(
    images: Any,
    output_shape: Sequence[int],
    scale: Any,
    translation: Any,
    spatial_dims: Sequence[int],
    method: str,
    antialias: bool = True,
) -> Any:
    """The pixel at place x of an axis goes to x * scale + translation; what comes from outside is 0.

    Args:
        output_shape: the shape of the result; it differs from that of the images along `spatial_dims` only.
        scale, translation: a number for each of `spatial_dims`; they may be tensors.
        method: "linear", "cubic", "lanczos3" or "lanczos5"; "bilinear" and "bicubic" are the same.

    Raises:
        ValueError: for an unknown method, or numbers that do not fit the shape.
    """
    name = "ops.image.scale_and_translate"
    require_choice(method, "method", tuple(_SCALING), name)
    images = tensor(images)
    x = as_float(images)
    axes = [normalize_axis(axis, ndim_of(x), name) for axis in spatial_dims]
    shape = tuple(output_shape)
    fixed = [axis for axis in range(ndim_of(x)) if axis not in axes]
    if len(shape) != ndim_of(x) or any(shape[axis] != shape_of(x)[axis] for axis in fixed):
        raise ValueError(
            f"{name}: output_shape must equal the images' shape {shape_text(shape_of(x))} except along spatial_dims="
            f"{tuple(spatial_dims)}, got {shape}."
        )
    scales = _numbers(scale, "scale", len(axes), name)
    shifts = _numbers(translation, "translation", len(axes), name)
    for axis, factor, shift in zip(axes, scales, shifts):
        size, new_size = shape_of(x)[axis], shape[axis]
        weights = interpolation_weights(size, new_size, _SCALING[method], antialias, dtype_of(x), factor, shift)
        x = product_along(x, weights, axis)
    return x


def _numbers(given: Any, argument: str, count: int, name: str) -> list[Any]:
    """One scalar for each axis."""
    numbers = tensor(given)
    if shape_of(numbers) != (count,):
        raise ValueError(
            f"{name}: {argument} must hold {count} numbers, as spatial_dims does, got {shape_text(shape_of(numbers))}."
        )
    if not isinstance(numbers, Value):
        return [numbers[k] for k in range(count)]
    numbers = numbers if dtype_of(numbers) in FLOATS else cast(numbers, floatx())
    return [ops.squeeze(ops.slice(numbers, starts=(k,), stops=(k + 1,), steps=(1,)), axis=(0,)) for k in range(count)]
