"""Random layers that move pixels by affine maps: RandomTranslation, RandomRotation, RandomZoom and RandomShear."""

from __future__ import annotations

import math
from typing import Any

from ... import ops, random
from ..input_spec import title
from .random_images import RandomImageLayer, checked_range


class RandomPlaces(RandomImageLayer):
    """The base: pixel (x, y) comes from place (a0 x + a1 y + a2, b0 x + b1 y + b2), with numbers drawn for each image.

    Args:
        fill_mode: what lies outside of an image: "reflect", "wrap", "constant" (`fill_value`) or "nearest".
        interpolation: "bilinear" or "nearest".
    """

    def __init__(
        self,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: Any = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        for name, value, allowed in (
            ("fill_mode", fill_mode, ("reflect", "wrap", "constant", "nearest")),
            ("interpolation", interpolation, ("nearest", "bilinear")),
        ):
            if value not in allowed:
                raise NotImplementedError(f"{title(self)}: {name} must be one of {allowed}; got {value!r}.")
        self.fill_mode, self.interpolation, self.fill_value = fill_mode, interpolation, fill_value

    def coefficients(self, images: Any, count: Any) -> list[Any]:
        """a0, a1, a2, b0, b1, b2, each a number or of shape (count, 1)."""
        raise NotImplementedError(f"{type(self).__name__} must define coefficients(images, count).")

    def draws(self, images: Any) -> tuple[Any, ...]:
        shape = ops.shape(images)
        count = shape[0] if len(shape) == 4 else 1
        ones = ops.ones((count, 1), "float32")
        return (ops.concatenate([ones * number for number in [*self.coefficients(images, count), 0.0, 0.0]], axis=1),)

    def changed(self, images: Any, *draws: Any) -> Any:
        (matrix,) = draws
        return ops.image.affine_transform(
            images,
            matrix if len(ops.shape(images)) == 4 else ops.squeeze(matrix, 0),
            interpolation=self.interpolation,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )

    def numbers(self, count: Any, low: float, high: float) -> Any:
        """A number for every image, (count, 1)."""
        return random.uniform((count, 1), low, high, "float32", self.generator)


class RandomTranslation(RandomPlaces):
    """Images moved down and to the right by random parts of their size.

    Args:
        height_factor, width_factor: two numbers from -1 to 1, or one number f for (-f, f); negative: up and to the left.
        fill_mode, interpolation, fill_value: see `RandomPlaces`.
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: Any = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        self._height_range = checked_range(self, height_factor, "height_factor", -1, 1)
        self._width_range = checked_range(self, width_factor, "width_factor", -1, 1)

    def coefficients(self, images: Any, count: Any) -> list[Any]:
        height, width = self.fixed_size_of(images)
        down = self.numbers(count, *self._height_range) * float(height)
        right = self.numbers(count, *self._width_range) * float(width)
        return [1.0, 0.0, -right, 0.0, 1.0, -down]


class RandomRotation(RandomPlaces):
    """Images turned around their middle by a random angle.

    Args:
        factor: two numbers from -1 to 1, or one number f for (-f, f): the bounds of the angle in full turns, counterclockwise.
        fill_mode, interpolation, fill_value: see `RandomPlaces`.
    """

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: Any = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.factor = checked_range(self, factor, "factor", -1, 1)

    def coefficients(self, images: Any, count: Any) -> list[Any]:
        height, width = self.fixed_size_of(images)
        x, y = (width - 1) / 2, (height - 1) / 2
        angle = self.numbers(count, self.factor[0] * math.tau, self.factor[1] * math.tau)
        cos, sin = ops.cos(angle), ops.sin(angle)
        return [cos, -sin, sin * y - cos * x + x, sin, cos, y - sin * x - cos * y]


class RandomZoom(RandomPlaces):
    """Images zoomed out (positive factors) or in (negative factors) around their middle.

    Args:
        height_factor: two numbers from -1 to 1, or one number f for (-f, f): how much more of the image's height is seen.
        width_factor: the same for the width; None keeps the proportions.
        fill_mode, interpolation, fill_value: see `RandomPlaces`.
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: Any = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        self._height_range = checked_range(self, height_factor, "height_factor", -1, 1)
        self._width_range = None if width_factor is None else checked_range(self, width_factor, "width_factor", -1, 1)

    def coefficients(self, images: Any, count: Any) -> list[Any]:
        height, width = self.fixed_size_of(images)
        tall = self.numbers(count, *self._height_range) + 1.0
        wide = tall if self._width_range is None else self.numbers(count, *self._width_range) + 1.0
        return [wide, 0.0, (1.0 - wide) * ((width - 1) / 2), 0.0, tall, (1.0 - tall) * ((height - 1) / 2)]


class RandomShear(RandomPlaces):
    """Images sheared: rows are moved by a random part of their number, columns too, in one direction or the other.

    Args:
        x_factor, y_factor: two numbers from 0 to 1, or one number f for (-f, f): by how much a row (a column) is moved more
            than the one before. The direction of both is drawn for each image.
        fill_mode, interpolation, fill_value: see `RandomPlaces`.
    """

    def __init__(
        self,
        x_factor: Any = 0.0,
        y_factor: Any = 0.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        data_format: str | None = None,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.x_factor, self.y_factor = (
            (-factor, factor) if isinstance(factor, (int, float)) else checked
            for factor, checked in (
                (x_factor, checked_range(self, x_factor, "x_factor", 0, 1)),
                (y_factor, checked_range(self, y_factor, "y_factor", 0, 1)),
            )
        )

    def coefficients(self, images: Any, count: Any) -> list[Any]:
        direction = ops.where(ops.greater(self.numbers(count, 0.0, 1.0), 0.5), -1.0, 1.0)
        right, down = (self.numbers(count, *factor) * direction for factor in (self.x_factor, self.y_factor))
        return [1.0, right, 0.0, down, 1.0, 0.0]
