"""Color spaces of images."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from graphkeras.compiler.ops.resize import product_along
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import numpy_dtype

from ...operation import operation
from ..operands import as_float, cast, dtype_of, scalar
from .frame import framed, require_channels, require_float, split_planes

#: How bright red, green and blue look: the luma weights of ITU-R BT.601.
_LUMA = (0.2989, 0.5870, 0.1140)


@operation
def rgb_to_grayscale(images: Any, data_format: str | None = None) -> Any:
    """One channel with the brightness 0.2989 red + 0.5870 green + 0.1140 blue; gray images stay as they are.

    Raises:
        ValueError: for a number of channels other than 3 and 1.
    """
    images, frame = framed(images, data_format, "ops.image.rgb_to_grayscale")
    if require_channels(images, frame, (3, 1)) == 1:
        return images
    colors = as_float(images)
    weights = np.asarray([_LUMA]).astype(numpy_dtype(dtype_of(colors)))
    return cast(product_along(colors, weights, frame.channels), dtype_of(images))


@operation
def rgb_to_hsv(images: Any, data_format: str | None = None) -> Any:
    """Hue, saturation and value, all in [0, 1], of colors in [0, 1].

    Raises:
        ValueError: for integers, or for a number of channels other than 3.
    """
    images, frame = framed(images, data_format, "ops.image.rgb_to_hsv")
    dtype = require_float(images, frame.name)
    require_channels(images, frame, (3,))
    zero, one = scalar(0, images), scalar(1, images)
    smallest = ml_dtypes.finfo(numpy_dtype(dtype)).eps  # type: ignore[no-untyped-call]
    epsilon = scalar(float(smallest), images)
    images = ops.where(ops.less(ops.abs(images), epsilon), zero, images)
    red, green, blue = split_planes(frame.planes(images))
    value = ops.maximum(ops.maximum(red, green), blue)
    spread = ops.subtract(value, ops.minimum(ops.minimum(red, green), blue))
    colored = ops.greater(spread, zero)
    bright = ops.greater(value, zero)
    saturation = ops.where(bright, ops.divide(spread, ops.where(bright, value, one)), zero)
    sixth = ops.divide(one, ops.multiply(ops.where(colored, spread, one), scalar(6, images)))

    def hue_from(high: Any, low: Any, turn: float) -> Any:
        return ops.add(ops.multiply(sixth, ops.subtract(high, low)), scalar(turn, images))

    from_green_or_blue = ops.where(ops.equal(value, green), hue_from(blue, red, 2 / 6), hue_from(red, green, 4 / 6))
    hue = ops.where(ops.equal(value, red), hue_from(green, blue, 0), from_green_or_blue)
    hue = ops.where(colored, hue, zero)
    hue = ops.add(hue, cast(ops.less(hue, zero), dtype))
    return frame.from_planes(ops.concatenate(hue, saturation, value, axis=1))


@operation
def hsv_to_rgb(images: Any, data_format: str | None = None) -> Any:
    """Red, green and blue in [0, 1] of hue, saturation and value in [0, 1].

    Raises:
        ValueError: for integers, or for a number of channels other than 3.
    """
    images, frame = framed(images, data_format, "ops.image.hsv_to_rgb")
    require_float(images, frame.name)
    require_channels(images, frame, (3,))
    hue, saturation, value = split_planes(frame.planes(images))
    sector = ops.multiply(ops.remainder(hue, scalar(1, images)), scalar(6, images))
    gray = ops.subtract(scalar(1, images), saturation)

    def channel(share: Any) -> Any:
        return ops.multiply(value, ops.add(gray, ops.multiply(saturation, ops.clip(share, low=0.0, high=1.0))))

    def distance(center: int) -> Any:
        return ops.abs(ops.subtract(sector, scalar(center, images)))

    red = channel(ops.subtract(distance(3), scalar(1, images)))
    green = channel(ops.subtract(scalar(2, images), distance(2)))
    blue = channel(ops.subtract(scalar(2, images), distance(4)))
    return frame.from_planes(ops.concatenate(red, green, blue, axis=1))
