"""`RandomImageLayer`, and the random layers that keep pixels as they are or change only their values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import ops, random
from ..input_spec import title
from .image_layer import ImageLayer


class RandomImageLayer(ImageLayer):
    """The base of layers that change each image of a batch at random, in training only.

    Subclasses define `draws(images)`, the random numbers, and `changed(images, *draws)`; or `drawn(images)` for both. `images`
    are floats.
    """

    def __init__(self, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self.generator = random.SeedGenerator(seed)

    def transformed(self, images: Any, training: bool) -> Any:
        images = ops.cast(images, self.compute_dtype)
        return self.drawn(images) if training else images

    def drawn(self, images: Any) -> Any:
        """The images, changed at random."""
        return self.changed(images, *self.draws(images))

    def draws(self, images: Any) -> tuple[Any, ...]:
        """The random numbers for a call: tensors."""
        raise NotImplementedError(f"{type(self).__name__} must define draws(images), or drawn(images).")

    def changed(self, images: Any, *draws: Any) -> Any:
        """The images, changed as the random numbers say."""
        raise NotImplementedError(f"{type(self).__name__} must define changed(images, *draws), or drawn(images).")

    def chosen(self, images: Any, factor: tuple[float, float]) -> Any:
        """Which images are changed, each with a probability drawn between the two of `factor`: shaped as `per_image`."""
        return ops.less(self.per_image(images, 0.0, 1.0), self.per_image(images, *factor))

    def per_image(self, images: Any, low: float, high: float) -> Any:
        """A number between `low` and `high` for every image, with axes of size 1 for the rest."""
        shape = ops.shape(images)
        return random.uniform((*shape[:-3], 1, 1, 1), low, high, self.compute_dtype, self.generator)

    def arguments_config(self) -> dict[str, Any]:
        """Its arguments as JSON-ready data; `seed` also where a class takes it without naming it."""
        return {"seed": self.seed, **super().arguments_config()}


def checked_range(layer: ImageLayer, factor: Any, name: str, low: float, high: float) -> tuple[float, float]:
    """A factor f as the range from -f (at least `low`) to f; a pair as it is.

    Raises:
        ValueError: for something else than a number or two, or numbers that are not from `low` to `high`.
    """
    pair = factor if isinstance(factor, (list, tuple)) else None
    numbers = list(pair) if pair is not None else [factor]
    valid = all(isinstance(x, (int, float)) and low <= x <= high for x in numbers) and (pair is None or len(pair) == 2)
    if not valid:
        raise ValueError(f"{title(layer)}: {name} must be a number, or two, from {low} to {high}; got {factor!r}.")
    if pair is not None:
        first, second = sorted(pair)
        return first, second
    return max(-abs(factor), low), abs(factor)


class RandomFlip(RandomImageLayer):
    """Images flipped with probability 1/2.

    Args:
        mode: "horizontal", "vertical" or "horizontal_and_vertical" (both or none).
    """

    def __init__(
        self, mode: str = "horizontal_and_vertical", seed: Any = None, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        if mode not in ("horizontal", "vertical", "horizontal_and_vertical"):
            raise ValueError(
                f"{title(self)}: mode must be 'horizontal', 'vertical' or 'horizontal_and_vertical'; got {mode!r}."
            )
        self.mode = mode

    def drawn(self, images: Any) -> Any:
        axes = {"horizontal": (self.width_axis,), "vertical": (self.height_axis,)}.get(self.mode)
        flipped = ops.flip(images, axis=axes or (self.height_axis, self.width_axis))
        return ops.where(ops.less_equal(self.per_image(images, 0.0, 1.0), 0.5), flipped, images)


class RandomCrop(RandomImageLayer):
    """A part of size (height, width), at the same random place for all images of a batch.

    Images that are not larger in both directions are cropped in the middle and resized. In inference the images stay whole, as
    in Keras: use CenterCrop or Resizing there.

    Args:
        height, width: the size of the part.
        seed: drawn if it is None; the config tells it.
    """

    def __init__(
        self,
        height: int,
        width: int,
        seed: Any = None,
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, name=name, **kwargs)
        self.height, self.width = height, width
        self.seed = self.generator.seed if seed is None else seed

    def drawn(self, images: Any) -> Any:
        height, width = self.fixed_size_of(images)
        if height > self.height and width > self.width:
            top, left = self._start(height - self.height), self._start(width - self.width)
            images = ops.take(images, ops.arange(self.height, dtype="int32") + top, axis=self.height_axis)
            return ops.take(images, ops.arange(self.width, dtype="int32") + left, axis=self.width_axis)
        top = (height - max(min(height, int(width * self.height / self.width)), 1)) // 2
        left = (width - max(min(width, int(height * self.width / self.height)), 1)) // 2
        middle = (slice(top, top + self.height), slice(left, left + self.width))
        images = images[(..., *middle)] if self.data_format == "channels_first" else images[(..., *middle, slice(None))]
        if self.size_of(images) == (self.height, self.width):
            return images
        return ops.image.resize(images, (self.height, self.width), data_format=self.data_format)

    def _start(self, largest: int) -> Any:
        return ops.cast(random.uniform((), 0.0, float(largest + 1), "float32", self.generator), "int32")


class RandomContrast(RandomImageLayer):
    """Each image's distance from its mean color times a random factor, clipped to `value_range`.

    Args:
        factor: two numbers (a, b) from 0 to 1: the factor is between 1 - a and 1 + b; one number b means (0, b), as in Keras.
        value_range: the smallest and the largest value of a pixel.
    """

    def __init__(self, factor: Any, value_range: Sequence[float] = (0, 255), seed: Any = None, **kwargs: Any) -> None:
        super().__init__(seed=seed, **kwargs)
        self.factor, self.value_range = checked_range(self, factor, "factor", 0, 1), value_range

    def draws(self, images: Any) -> tuple[Any, ...]:
        return (self.per_image(images, 1.0 - self.factor[0], 1.0 + self.factor[1]),)

    def changed(self, images: Any, *draws: Any) -> Any:
        mean = ops.mean(images, axis=(self.height_axis, self.width_axis), keepdims=True)
        return ops.clip((images - mean) * draws[0] + mean, self.value_range[0], self.value_range[1])


class RandomBrightness(RandomImageLayer):
    """Each image plus a random number, clipped to `value_range`.

    Args:
        factor: two numbers from -1 to 1, or one number f for (-f, f): the bounds of what is added, as parts of the value range.
        value_range: the smallest and the largest value of a pixel.
    """

    def __init__(self, factor: Any, value_range: Sequence[float] = (0, 255), seed: Any = None, **kwargs: Any) -> None:
        super().__init__(seed=seed, **kwargs)
        self.factor, self.value_range = checked_range(self, factor, "factor", -1, 1), self.checked_value_range(value_range)

    def draws(self, images: Any) -> tuple[Any, ...]:
        return (self.per_image(images, *self.factor),)

    def changed(self, images: Any, *draws: Any) -> Any:
        low, high = self.value_range
        return ops.clip(images + draws[0] * np.asarray(high - low, self.compute_dtype), low, high)
