"""Layers that give images another size: Resizing and CenterCrop."""

from __future__ import annotations

from typing import Any

from ... import ops
from .image_layer import ImageLayer


class Resizing(ImageLayer):
    """Images resized to (height, width), in the dtype they have.

    Args:
        height, width: the new size.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos3" or "lanczos5".
        crop_to_aspect_ratio: cut off what does not fit the new shape, around the center, before resizing.
        pad_to_aspect_ratio: add margins of `fill_value` instead, so that all of the image stays.
        antialias: whether shrinking averages over all pixels.
    """

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height, self.width, self.interpolation = height, width, interpolation
        self.crop_to_aspect_ratio, self.pad_to_aspect_ratio = crop_to_aspect_ratio, pad_to_aspect_ratio
        self.fill_mode, self.fill_value, self.antialias = fill_mode, fill_value, bool(antialias)

    def transformed(self, images: Any, training: bool) -> Any:
        return ops.image.resize(
            images,
            (self.height, self.width),
            interpolation=self.interpolation,
            antialias=self.antialias,
            crop_to_aspect_ratio=self.crop_to_aspect_ratio,
            pad_to_aspect_ratio=self.pad_to_aspect_ratio,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self.with_size(input_shape, self.height, self.width)


class CenterCrop(ImageLayer):
    """The middle (height, width) of images, as floats; smaller images are resized, after cropping to the new proportions.

    Args:
        height, width: the new size.
    """

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height, self.width = height, width

    def transformed(self, images: Any, training: bool) -> Any:
        images = ops.cast(images, self.compute_dtype)
        height, width = self.fixed_size_of(images)
        top, left = (height - self.height) // 2, (width - self.width) // 2
        if height >= self.height and width >= self.width:
            middle = (slice(top, top + self.height), slice(left, left + self.width))
            return images[(..., *middle)] if self.data_format == "channels_first" else images[(..., *middle, slice(None))]
        size = (self.height, self.width)
        return ops.image.resize(images, size, crop_to_aspect_ratio=True, data_format=self.data_format)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self.with_size(input_shape, self.height, self.width)
