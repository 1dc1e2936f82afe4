"""`ImageLayer`: what the layers on images have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import config, ops
from ..input_spec import title
from ..own_arguments import OwnArguments


class ImageLayer(OwnArguments):
    """The base of layers that take one image (height, width, channels) or a batch of them.

    Subclasses define `transformed(images, training)`. As in Keras, `training` is True unless the model says otherwise: called
    on its own, a random layer draws.
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = config.standardize_data_format(data_format)
        self.height_axis, self.width_axis = (-2, -1) if self.data_format == "channels_first" else (-3, -2)
        self.built = True

    def transformed(self, images: Any, training: bool) -> Any:
        """The new images."""
        raise NotImplementedError(f"{type(self).__name__} must define transformed(images, training).")

    def call(self, data: Any, training: bool = True) -> Any:
        if isinstance(data, dict):
            if not {"images"} <= set(data) <= {"images", "labels"}:
                raise ValueError(
                    f"{title(self)}: takes images, or a dict of images and labels, got a dict with {sorted(data)}. Bounding "
                    "boxes and segmentation masks are not changed together with the images here."
                )
            return {**data, "images": self.call(data["images"], training)}
        ndim = len(ops.shape(data))
        if ndim not in (3, 4):
            raise ValueError(f"{title(self)}: takes one image (3 axes) or a batch of images (4 axes), got {ndim} axes.")
        return self.transformed(data, training)

    def size_of(self, images: Any) -> tuple[Any, Any]:
        """Height and width."""
        shape = ops.shape(images)
        return shape[self.height_axis], shape[self.width_axis]

    def fixed_size_of(self, images: Any) -> tuple[int, int]:
        """Height and width, which must be known before the run.

        Raises:
            ValueError: if they are not.
        """
        height, width = self.size_of(images)
        if not isinstance(height, int) or not isinstance(width, int):
            raise ValueError(
                f"{title(self)}: the height and the width of its inputs must be known, got {height} and {width}. Give them in "
                "keras.Input((height, width, channels)), or resize first: Resizing takes any size."
            )
        return height, width

    def rescaled(self, images: Any, source: Sequence[float], target: Sequence[float]) -> Any:
        """Values of the range `source` in the range `target`."""
        if tuple(source) == tuple(target):
            return images
        return (images - source[0]) * ((target[1] - target[0]) / (source[1] - source[0])) + target[0]

    @property
    def channel_axis(self) -> int:
        """The axis of colors, from the end."""
        return -3 if self.data_format == "channels_first" else -1

    def with_size(self, shape: Sequence[int | None], height: int, width: int) -> tuple[int | None, ...]:
        """`shape` with another height and width."""
        sizes = list(shape)
        sizes[self.height_axis], sizes[self.width_axis] = height, width
        return tuple(sizes)

    def checked_value_range(self, value_range: Any) -> list[Any]:
        """The smallest and the largest value of a pixel, in order.

        Raises:
            ValueError: for something else than two numbers.
        """
        if not isinstance(value_range, (list, tuple)) or len(value_range) != 2:
            raise ValueError(f"{title(self)}: value_range must be two numbers, got {value_range!r}.")
        return sorted(value_range)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def arguments_config(self) -> dict[str, Any]:
        """Its arguments as JSON-ready data; `data_format` also where a class takes it without naming it."""
        return {"data_format": self.data_format, **super().arguments_config()}
