"""Random layers that change colors: hue, saturation, degeneration, posterization, grayscale, invert, and a mix of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import config as settings
from ... import ops, random
from ...arguments import passed
from ..input_spec import title
from .random_images import RandomBrightness, RandomContrast, RandomImageLayer, checked_range


class RandomColors(RandomImageLayer):
    """The base: a factor between two numbers from 0 to 1, and the range of pixel values.

    Args:
        factor: two numbers from 0 to 1, or one number f for (0, f).
        value_range: the smallest and the largest value of a pixel.
    """

    #: The bounds of the factor.
    bounds: tuple[int, int] = (0, 1)

    def __init__(
        self,
        factor: Any,
        value_range: Sequence[float] = (0, 255),
        data_format: str | None = None,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.factor: Any = checked_range(self, factor, "factor", *self.bounds)
        self.value_range: Any = self.checked_value_range(value_range)

    def draws(self, images: Any) -> tuple[Any, ...]:
        return (self.per_image(images, *self.factor),)

    def clipped(self, images: Any) -> Any:
        """Values outside of the range at its ends."""
        return ops.clip(images, self.value_range[0], self.value_range[1])

    def channels(self, images: Any) -> list[Any]:
        """The three channels, each with an axis of size 1."""
        return list(ops.split(images, 3, axis=self.channel_axis))

    def joined(self, channels: list[Any]) -> Any:
        return ops.concatenate(channels, axis=self.channel_axis)


class RandomHue(RandomColors):
    """Colors turned around the color circle, by up to half of it, in a random direction.

    Args:
        factor: two numbers from 0 to 1, or one number f for (0, f): how far, as parts of half a turn.
        value_range: the smallest and the largest value of a pixel.
    """

    def __init__(
        self,
        factor: Any,
        value_range: Sequence[float] = (0, 255),
        data_format: str | None = None,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, value_range, data_format, seed, **kwargs)
        self.value_range = value_range

    def draws(self, images: Any) -> tuple[Any, ...]:
        direction = ops.where(ops.greater(self.per_image(images, 0.0, 1.0), 0.5), -0.5, 0.5)
        return (self.per_image(images, *self.factor) * ops.cast(direction, self.compute_dtype),)

    def changed(self, images: Any, *draws: Any) -> Any:
        images = ops.image.rgb_to_hsv(self.rescaled(images, self.value_range, (0, 1)), data_format=self.data_format)
        hue, saturation, value = self.channels(images)
        hue = hue + draws[0]
        hue = ops.where(ops.greater(hue, 1.0), hue - 1.0, hue)
        hue = ops.where(ops.less(hue, 0.0), hue + 1.0, hue)
        images = ops.image.hsv_to_rgb(self.joined([hue, saturation, value]), data_format=self.data_format)
        return self.rescaled(ops.clip(images, 0.0, 1.0), (0, 1), self.value_range)


class RandomSaturation(RandomColors):
    """The strength of colors times a random number.

    Args:
        factor: two numbers from 0 to 1, or one number f for (0, f): a factor a multiplies the saturation by a / (1 - a); 0
            makes images gray, 1/2 leaves them as they are, 1 makes colors as strong as can be.
        value_range: the smallest and the largest value of a pixel.
    """

    def draws(self, images: Any) -> tuple[Any, ...]:
        factor = self.per_image(images, *self.factor)
        return (factor / (1.0 - factor + settings.epsilon()),)

    def changed(self, images: Any, *draws: Any) -> Any:
        hue, saturation, value = self.channels(ops.image.rgb_to_hsv(images, data_format=self.data_format))
        return ops.image.hsv_to_rgb(
            self.joined([hue, self.clipped(saturation * draws[0]), value]), data_format=self.data_format
        )


class RandomColorDegeneration(RandomColors):
    """Images on their way to gray.

    Args:
        factor: two numbers from 0 to 1, or one number f for (0, f): how far; 1 is all gray.
        value_range: the smallest and the largest value of a pixel.
    """

    def changed(self, images: Any, *draws: Any) -> Any:
        gray = ops.image.rgb_to_grayscale(images, data_format=self.data_format)
        return self.clipped(images + draws[0] * (gray - images))


class RandomPosterization(RandomColors):
    """Values of 0 to 255 with their lowest bits set to 0.

    Args:
        factor: how many of 8 bits are kept: an integer from 1 to 8 for 1 to one less than it, or two for the first to one less
            than the second; two equal ones are sure.
        value_range: the smallest and the largest value of a pixel.
    """

    bounds = (1, 8)

    def draws(self, images: Any) -> tuple[Any, ...]:
        low, high = self.factor
        shape = (*ops.shape(images)[:-3], 1, 1, 1)
        if low == high:
            kept = ops.ones(shape, "int32") * int(low)
        else:
            kept = random.randint(shape, low, high, "int32", self.generator)
        return (ops.cast(kept, self.compute_dtype),)

    def changed(self, images: Any, *draws: Any) -> Any:
        step = ops.power(ops.cast(2.0, self.compute_dtype), 8.0 - draws[0])
        bytes_ = ops.floor(ops.clip(self.rescaled(images, self.value_range, (0, 255)), 0.0, 255.0))
        return self.rescaled(ops.floor(bytes_ / step) * step, (0, 255), self.value_range)


class RandomGrayscale(RandomImageLayer):
    """Images that become gray, with three equal channels, with a probability.

    Args:
        factor: the probability.
    """

    def __init__(self, factor: float = 0.5, data_format: str | None = None, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        if not isinstance(factor, (int, float)) or not 0 <= factor <= 1:
            raise ValueError(f"{title(self)}: factor must be a number from 0 to 1, got {factor!r}.")
        self.factor = factor

    def transformed(self, images: Any, training: bool) -> Any:
        return self.drawn(images) if training else images

    def draws(self, images: Any) -> tuple[Any, ...]:
        return (ops.less(self.per_image(images, 0.0, 1.0), self.factor),)

    def changed(self, images: Any, *draws: Any) -> Any:
        gray = ops.cast(ops.image.rgb_to_grayscale(images, data_format=self.data_format), ops.dtype(images))
        return ops.where(draws[0], gray, images)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["seed"]  # Keras leaves it out
        return config


class RandomInvert(RandomColors):
    """The negatives of images: the largest value less each value.

    Args:
        factor: two numbers from 0 to 1, or one number f for (0, f): between them the probability is drawn for each image.
        value_range: the smallest and the largest value of a pixel.
    """

    def __init__(
        self,
        factor: Any = 1.0,
        value_range: Sequence[float] = (0, 255),
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, value_range, data_format, seed, **kwargs)
        self.value_range = value_range

    def draws(self, images: Any) -> tuple[Any, ...]:
        return (self.chosen(images, self.factor),)

    def changed(self, images: Any, *draws: Any) -> Any:
        return ops.where(draws[0], self.value_range[1] - images, images)


class RandomColorJitter(RandomImageLayer):
    """Random brightness, contrast, saturation and hue, one after the other.

    Args:
        value_range: the smallest and the largest value of a pixel.
        brightness_factor, contrast_factor, saturation_factor, hue_factor: the factors of RandomBrightness, RandomContrast,
            RandomSaturation and RandomHue; None leaves that step out.
    """

    value_range: Sequence[float]

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        brightness_factor: Any = None,
        contrast_factor: Any = None,
        saturation_factor: Any = None,
        hue_factor: Any = None,
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed(locals()))
        factors = (brightness_factor, contrast_factor, saturation_factor, hue_factor)
        kinds: tuple[Any, ...] = (RandomBrightness, RandomContrast, RandomSaturation, RandomHue)
        options = {"value_range": value_range, "data_format": data_format, "dtype": self.dtype_policy}
        self.steps: list[Any] = [
            kind(factor, seed=None if seed is None else seed + number, **options)
            for number, (kind, factor) in enumerate(zip(kinds, factors, strict=True))
            if factor is not None
        ]

    def drawn(self, images: Any) -> Any:
        for step in self.steps:
            images = step.drawn(images)
        return images
