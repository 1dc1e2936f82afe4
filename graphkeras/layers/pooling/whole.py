"""Pooling over all places: `GlobalMaxPooling1D` to `GlobalAveragePooling3D`."""

from __future__ import annotations

from typing import Any, ClassVar

from ... import config, ops
from ...arguments import passed
from ..input_spec import InputSpec
from ..own_arguments import OwnArguments


class GlobalPooling(OwnArguments):
    """One number of each channel, with the rank of a subclass.

    Args:
        data_format: "channels_last" or "channels_first"; what `config.image_data_format` says by default.
        keepdims: whether the spatial axes stay, with size 1.
    """

    rank: ClassVar[int]
    keepdims: bool

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**passed(locals()))
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def _axes(self) -> tuple[int, ...]:
        first = 1 if self.data_format == "channels_last" else 2
        return tuple(range(first, first + self.rank))


class GlobalMaxPooling(GlobalPooling):
    """The largest element of each channel."""

    def call(self, inputs: Any) -> Any:
        return ops.max(inputs, axis=self._axes, keepdims=self.keepdims)


class GlobalMaxPooling1D(GlobalMaxPooling):
    """The largest element of each channel of a sequence: (batch, steps, channels) -> (batch, channels)."""

    rank = 1


class GlobalMaxPooling2D(GlobalMaxPooling):
    """The largest element of each channel of an image: (batch, height, width, channels) -> (batch, channels)."""

    rank = 2


class GlobalMaxPooling3D(GlobalMaxPooling):
    """The largest element of each channel of a volume: (batch, depth, height, width, channels) -> (batch, channels)."""

    rank = 3


class GlobalAveragePooling1D(GlobalPooling):
    """The mean of each channel of a sequence, over the steps that a mask leaves, if there is one."""

    rank = 1
    supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return ops.mean(inputs, axis=self._axes, keepdims=self.keepdims)
        counted = ops.expand_dims(ops.cast(mask, "bool"), 2 if self.data_format == "channels_last" else 1)
        total = ops.sum(ops.where(counted, inputs, ops.zeros_like(inputs)), axis=self._axes, keepdims=self.keepdims)
        count = ops.sum(ops.cast(counted, self.compute_dtype), axis=self._axes, keepdims=self.keepdims)
        return ops.divide(total, count)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """No steps are left that a mask could be for."""
        return


class GlobalAveragePooling2D(GlobalPooling):
    """The mean of each channel of an image: (batch, height, width, channels) -> (batch, channels)."""

    rank = 2

    def call(self, inputs: Any) -> Any:
        return ops.mean(inputs, axis=self._axes, keepdims=self.keepdims)


class GlobalAveragePooling3D(GlobalPooling):
    """The mean of each channel of a volume: (batch, depth, height, width, channels) -> (batch, channels)."""

    rank = 3

    def call(self, inputs: Any) -> Any:
        return ops.mean(inputs, axis=self._axes, keepdims=self.keepdims)
