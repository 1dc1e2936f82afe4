"""Random layers that blur, sharpen, erase or tilt images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import ops, random
from ..input_spec import title
from .random_colors import RandomColors
from .random_images import RandomImageLayer, checked_range


class RandomSharpness(RandomColors):
    """Images on their way from smooth to sharp: a mix of each image and a smoothed one, or beyond the image.

    Args:
        factor: two numbers from 0 to 1, or one number f for (0, f): 0 is smooth, 1/2 leaves images as they are, 1 is sharp.
        value_range: the smallest and the largest value of a pixel.
    """

    def changed(self, images: Any, *draws: Any) -> Any:
        channels = ops.shape(images)[self.channel_axis]
        kernel = np.full((3, 3, channels, 1), 1 / 13, self.compute_dtype)
        kernel[1, 1] = 5 / 13
        batch = images if len(ops.shape(images)) == 4 else ops.expand_dims(images, 0)
        smooth = ops.depthwise_conv(batch, kernel, padding="same", data_format=self.data_format)
        smooth = ops.reshape(smooth, ops.shape(images))
        return self.clipped(images + (1.0 - draws[0] * 2.0) * (smooth - images))


class RandomGaussianBlur(RandomImageLayer):
    """Images mixed with their surroundings by a normal distribution.

    Args:
        factor: two numbers from 0 to 1, or one number f for (0, f): between them the probability is drawn for each image.
        kernel_size: how many pixels are mixed: an odd number, or two for width and height.
        sigma: two numbers from 0 to 1, or one number s for (0, s): between them the standard deviations along width and height
            are drawn for each batch, in pixels.
        value_range: the smallest and the largest value of a pixel.
    """

    def __init__(
        self,
        factor: Any = 1.0,
        kernel_size: Any = 3,
        sigma: Any = 1.0,
        value_range: Sequence[float] = (0, 255),
        data_format: str | None = None,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.factor = checked_range(self, factor, "factor", 0, 1)
        sizes = tuple(kernel_size) if isinstance(kernel_size, (list, tuple)) else (kernel_size, kernel_size)
        if len(sizes) != 2 or not all(isinstance(size, int) and size > 0 and size % 2 for size in sizes):
            raise ValueError(f"{title(self)}: kernel_size must be an odd number, or two, got {kernel_size!r}.")
        self.kernel_size, self.sigma = sizes, checked_range(self, sigma, "sigma", 0, 1)
        self.value_range = value_range

    def draws(self, images: Any) -> tuple[Any, ...]:
        sigma = random.uniform((2,), *self.sigma, self.compute_dtype, self.generator) + 1e-6
        return self.chosen(images, self.factor), sigma

    def changed(self, images: Any, *draws: Any) -> Any:
        chosen, sigma = draws
        blurred = ops.image.gaussian_blur(images, self.kernel_size, sigma, data_format=self.data_format)
        return ops.clip(ops.where(chosen, blurred, images), self.value_range[0], self.value_range[1])


def random_rectangle(layer: RandomImageLayer, images: Any, sides: Any) -> tuple[Any, Any]:
    """Rectangles at random places: a mask of their pixels, and their areas as parts of the image, for every image.

    Args:
        sides: (width, height) as parts of the image's, shaped as `per_image`.
    """
    masks, area = [], 1.0
    for axis, part in zip((layer.width_axis, layer.height_axis), sides, strict=True):
        size = layer.size_of(images)[0 if axis == layer.height_axis else 1]
        length = part * ops.cast(size, layer.compute_dtype)
        start = layer.per_image(images, 0.0, 1.0) * (ops.cast(size, layer.compute_dtype) - length)
        shape: list[Any] = [1] * len(ops.shape(images))
        shape[axis] = -1
        places = ops.reshape(ops.cast(ops.arange(size), layer.compute_dtype), shape)
        masks.append(ops.logical_and(ops.greater_equal(places, start), ops.less(places, start + length)))
        area = area * part
    return ops.logical_and(*masks), area


class RandomErasing(RandomImageLayer):
    """A random rectangle of each image is replaced by noise or a color.

    Args:
        factor: two numbers from 0 to 1, or one number f for (0, f): between them the probability is drawn for each image.
        scale: two numbers from 0 to 1, or one number s for (0, s): the square roots of two numbers between them are the sides
            of the rectangle, as parts of the image's.
        fill_value: a number, or one for each of three channels; None for noise.
        value_range: the smallest and the largest value of a pixel.
    """

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = (0.02, 0.33),
        fill_value: Any = None,
        value_range: Sequence[float] = (0, 255),
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.factor = checked_range(self, factor, "factor", 0, 1)
        self.scale = checked_range(self, scale, "scale", 0, 1)
        numbers = fill_value if isinstance(fill_value, (list, tuple)) else [fill_value] * 3
        if len(numbers) != 3 or not all(number is None or isinstance(number, (int, float)) for number in numbers):
            raise ValueError(f"{title(self)}: fill_value must be a number, three of them or None; got {fill_value!r}.")
        self.fill_value, self.value_range = fill_value, value_range

    def draws(self, images: Any) -> tuple[Any, ...]:
        sides = [ops.sqrt(self.per_image(images, *self.scale)) for _ in range(2)]
        mask, _ = random_rectangle(self, images, sides)
        return ops.logical_and(mask, self.chosen(images, self.factor)), self._filling(images)

    def _filling(self, images: Any) -> Any:
        if self.fill_value is None:
            noise = random.normal(ops.shape(images), dtype=self.compute_dtype, seed=self.generator)
            filling = noise * self.value_range[1]
        else:
            filling = np.asarray(self.fill_value, self.compute_dtype)
            if self.data_format == "channels_first" and filling.ndim:
                filling = filling[:, None, None]
        return ops.clip(filling, self.value_range[0], self.value_range[1])

    def changed(self, images: Any, *draws: Any) -> Any:
        erased, filling = draws
        return ops.where(erased, filling, images)


class RandomPerspective(RandomImageLayer):
    """Images seen from a random place: their corners are moved.

    Args:
        factor: two numbers from 0 to 1, or one number f for (0, f): between them the probability is drawn for each image.
        scale: each coordinate of a corner grows or shrinks by up to half of this part of it.
        interpolation: "bilinear" or "nearest".
        fill_value: what lies outside of the image.
    """

    def __init__(
        self,
        factor: Any = 1.0,
        scale: float = 1.0,
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.factor = checked_range(self, factor, "factor", 0, 1)
        if not isinstance(scale, (int, float)) or not 0 <= scale <= 1:
            raise ValueError(f"{title(self)}: scale must be a number from 0 to 1, got {scale!r}.")
        if interpolation not in ("nearest", "bilinear"):
            raise NotImplementedError(
                f"{title(self)}: interpolation must be one of ('nearest', 'bilinear'); got {interpolation!r}."
            )
        self.scale, self.interpolation, self.fill_value = scale, interpolation, fill_value

    def draws(self, images: Any) -> tuple[Any, ...]:
        count = ops.shape(images)[0] if len(ops.shape(images)) == 4 else 1
        moves = random.uniform((count, 4, 2), -0.5 * self.scale, 0.5 * self.scale, self.compute_dtype, self.generator)
        return self.chosen(images, self.factor), moves

    def changed(self, images: Any, *draws: Any) -> Any:
        chosen, moves = draws
        height, width = self.fixed_size_of(images)
        corners = [[0.0, 0.0], [width - 1, 0.0], [0.0, height - 1], [width - 1, height - 1]]
        start = ops.zeros_like(moves) + np.asarray(corners, self.compute_dtype)
        is_batch = len(ops.shape(images)) == 4
        tilted = ops.image.perspective_transform(
            images if is_batch else ops.expand_dims(images, 0),
            start,
            start + start * moves,
            interpolation=self.interpolation,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )
        return ops.where(chosen, tilted if is_batch else ops.squeeze(tilted, 0), images)
