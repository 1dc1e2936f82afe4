"""Where the height, width and channels of images are, and the checks that all operations on images share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import FLOATS, shape_text

from ...config import standardize_data_format
from ..operands import Tensor, dtype_of, ndim_of, shape_of, tensor


@dataclass(frozen=True)
class Frame:
    """The axes of images, counted from the front.

    Attributes:
        batched: whether there is a batch axis.
        channels_last: whether the channels are the last axis; else they come before the height.
    """

    batched: bool
    channels_last: bool
    name: str

    @property
    def height(self) -> int:
        return int(self.batched) + (0 if self.channels_last else 1)

    @property
    def width(self) -> int:
        return self.height + 1

    @property
    def channels(self) -> int:
        return self.width + 1 if self.channels_last else self.height - 1

    def sizes(self, images: Tensor) -> tuple[Any, Any]:
        """Height and width, symbolic where they are not known."""
        shape = shape_of(images)
        return shape[self.height], shape[self.width]

    def known_sizes(self, images: Tensor, what: str) -> tuple[int, int]:
        """Height and width as numbers.

        Raises:
            ValueError: if they are known only when the model runs.
        """
        sizes = self.sizes(images)
        if not all(isinstance(size, int) for size in sizes):
            raise ValueError(
                f"{self.name}: {what} needs a known height and width, got images of shape {shape_text(shape_of(images))}. "
                "Give the Input these sizes."
            )
        return sizes

    def batch(self, images: Tensor) -> Tensor:
        """The images as (batch, height, width, channels)."""
        if not self.batched:
            images = ops.expand_dims(images, axis=(0,))
        return images if self.channels_last else ops.transpose(images, axes=(0, 2, 3, 1))

    def restored(self, images: Tensor) -> Tensor:
        """The way back from `batch`."""
        if not self.channels_last:
            images = ops.transpose(images, axes=(0, 3, 1, 2))
        return images if self.batched else ops.squeeze(images, axis=(0,))

    def planes(self, images: Tensor) -> Tensor:
        """The images as (batch, channels, height, width): each channel lies together, which is fast to compute with."""
        if not self.batched:
            images = ops.expand_dims(images, axis=(0,))
        return ops.transpose(images, axes=(0, 3, 1, 2)) if self.channels_last else images

    def from_planes(self, planes: Tensor) -> Tensor:
        """The way back from `planes`."""
        if self.channels_last:
            planes = ops.transpose(planes, axes=(0, 2, 3, 1))
        return planes if self.batched else ops.squeeze(planes, axis=(0,))


def framed(images: Any, data_format: str | None, name: str) -> tuple[Tensor, Frame]:
    """The images as a tensor, and where their axes are.

    Raises:
        ValueError: for a number of axes that is neither 3 nor 4.
    """
    images = tensor(images)
    channels_last = standardize_data_format(data_format) == "channels_last"
    if ndim_of(images) not in (3, 4):
        order = "height, width, channels" if channels_last else "channels, height, width"
        raise ValueError(
            f"{name}: images must have 3 axes ({order}) or 4 (a batch of these), got shape {shape_text(shape_of(images))}."
        )
    return images, Frame(ndim_of(images) == 4, channels_last, name)


def split_planes(planes: Tensor) -> list[Tensor]:
    """Each channel of (batch, channels, height, width) as (batch, 1, height, width)."""
    batch, channels, height, width = shape_of(planes)
    return [
        ops.slice(planes, starts=(0, k, 0, 0), stops=(batch, k + 1, height, width), steps=(1, 1, 1, 1)) for k in range(channels)
    ]


def require_float(images: Tensor, name: str) -> str:
    """The dtype of the images.

    Raises:
        ValueError: if it is no float dtype.
    """
    dtype = dtype_of(images)
    if dtype not in FLOATS:
        raise ValueError(f"{name}: images must be floats, got {dtype}. Use ops.cast(images, 'float32').")
    return dtype


def require_channels(images: Tensor, frame: Frame, allowed: Sequence[int]) -> int:
    """The number of channels.

    Raises:
        ValueError: if it is not one of `allowed`.
    """
    channels = shape_of(images)[frame.channels]
    if channels not in allowed:
        raise ValueError(
            f"{frame.name}: images must have {' or '.join(map(str, allowed))} channels, got shape "
            f"{shape_text(shape_of(images))} with data_format="
            f"'{'channels_last' if frame.channels_last else 'channels_first'}'."
        )
    return int(channels)


def require_choice(value: Any, argument: str, allowed: Sequence[str], name: str) -> None:
    """Raise ValueError unless `value` is one of `allowed`."""
    if value not in allowed:
        raise ValueError(f"{name}: {argument} must be one of {', '.join(map(repr, allowed))}, got {value!r}.")
