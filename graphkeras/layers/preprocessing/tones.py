"""Layers that spread the tones of images: Solarization, AutoContrast and Equalization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import ops
from ..input_spec import title
from .image_layer import ImageLayer
from .random_images import RandomImageLayer, checked_range


class Solarization(RandomImageLayer):
    """Values become their negatives: in the range of 0 to 255, v + addition where that is below a threshold, else 255 less it.

    Args:
        addition_factor, threshold_factor: two numbers from 0 to 1, or one number f for (0, f). The addition and the threshold
            are drawn for each image between the first number and 255 times the second, as in Keras.
        value_range: the smallest and the largest value of a pixel.
    """

    def __init__(
        self,
        addition_factor: Any = 0.0,
        threshold_factor: Any = 0.0,
        value_range: Sequence[float] = (0, 255),
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        self.addition_factor = checked_range(self, addition_factor, "addition_factor", 0, 1)
        self.threshold_factor = checked_range(self, threshold_factor, "threshold_factor", 0, 1)
        self.value_range = self.checked_value_range(value_range)

    def draws(self, images: Any) -> tuple[Any, ...]:
        factors = (self.addition_factor, self.threshold_factor)
        return tuple(self.per_image(images, low, 255 * high) for low, high in factors)

    def changed(self, images: Any, *draws: Any) -> Any:
        addition, threshold = draws
        raised = ops.clip(self.rescaled(images, self.value_range, (0, 255)) + addition, 0.0, 255.0)
        return self.rescaled(ops.where(ops.less(raised, threshold), raised, 255.0 - raised), (0, 255), self.value_range)


class AutoContrast(ImageLayer):
    """Each channel of each image stretched to the whole range of values. A channel of one value stays.

    Args:
        value_range: the smallest and the largest value of a pixel.
    """

    def __init__(self, value_range: Sequence[float] = (0, 255), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value_range = self.checked_value_range(value_range)

    def transformed(self, images: Any, training: bool) -> Any:
        images = ops.cast(images, self.compute_dtype)
        axes = (self.height_axis, self.width_axis)
        least, greatest = ops.min(images, axis=axes, keepdims=True), ops.max(images, axis=axes, keepdims=True)
        is_flat = ops.equal(least, greatest)
        low, high = self.value_range
        stretched = (images - least) * ((high - low) / ops.where(is_flat, 1.0, greatest - least)) + low
        return ops.where(is_flat, images, ops.clip(stretched, low, high))


class Equalization(ImageLayer):
    """Values spread so that all tones are equally frequent, in training. A batch shares one histogram for each channel.

    Args:
        value_range: the smallest and the largest value of a pixel.
        bins: how many tones are told apart.
    """

    def __init__(
        self, value_range: Sequence[float] = (0, 255), bins: int = 256, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        if bins < 1:
            raise ValueError(f"{title(self)}: bins must be at least 1, got {bins!r}.")
        self.bins, self.value_range = bins, self.checked_value_range(value_range)

    def transformed(self, images: Any, training: bool) -> Any:
        if not training:
            return images
        images = ops.cast(images, self.compute_dtype)
        low, high = self.value_range
        scaled = images * (255 / (high - low)) - low * (255 / (high - low))
        channels = ops.shape(images)[self.channel_axis]
        if not isinstance(channels, int):
            raise ValueError(f"{title(self)}: the number of channels must be known.")
        shape = [1] * len(ops.shape(images))
        shape[self.channel_axis] = channels
        counted = self._entries(scaled * (self.bins - 1) / 255.0, channels, shape)
        counts = ops.segment_sum(ops.ones_like(ops.cast(counted, "float32")), counted, num_segments=channels * self.bins)
        table, is_flat = _equalized_tones(ops.reshape(counts, (channels, self.bins)))
        looked_up = self._entries(scaled / 255.0 * (self.bins - 1), channels, shape)
        found = ops.reshape(ops.take(ops.reshape(table, (-1,)), looked_up), ops.shape(images))
        equalized = ops.where(ops.reshape(is_flat, shape), scaled, ops.cast(found, self.compute_dtype))
        return self.rescaled(equalized, (0, 255), self.value_range)

    def _entries(self, tones: Any, channels: int, shape: list[int]) -> Any:
        """Each channel has a table of its own: tone t of channel c is entry c * bins + t."""
        numbers = ops.clip(ops.cast(tones, "int32"), 0, self.bins - 1)
        return ops.reshape(numbers + np.arange(channels, dtype=np.int32).reshape(shape) * self.bins, (-1,))


def _equalized_tones(counts: Any) -> tuple[Any, Any]:
    """New values (0 to 255) for the tones of histograms (channels, bins), and which histograms have one tone at most.

    A tone becomes its part of the pixels up to it, less those of the lowest tone that occurs.
    """
    up_to = ops.cumsum(counts, axis=-1)
    whole = up_to[:, -1:]
    lowest = ops.min(ops.where(ops.greater(up_to, 0.0), up_to, whole), axis=-1, keepdims=True)
    spread = ops.where(ops.equal(whole, lowest), 1.0, whole - lowest)
    table = ops.clip(ops.round((up_to - lowest) * 255.0 / spread), 0.0, 255.0)
    return table, ops.less_equal(ops.sum(ops.cast(ops.greater(counts, 0.0), "int32"), axis=-1), 1)
