"""Pooling to a number of results: `AdaptiveAveragePooling1D` to `AdaptiveMaxPooling3D`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ... import config, ops
from ...arguments import passed
from ...ops.convolution import per_axis
from ..input_spec import InputSpec, title
from ..own_arguments import OwnArguments


class AdaptivePooling(OwnArguments):
    """`output_size` results along each spatial axis, from windows as even as can be; rank and function are a subclass's.

    Args:
        output_size: the sizes of the result, or one for all axes.
        data_format: "channels_last" or "channels_first"; what `config.image_data_format` says by default.
    """

    rank: ClassVar[int]
    pool: ClassVar[Callable[..., Any]]

    def __init__(self, output_size: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**passed(locals()))
        self.output_size = per_axis(title(self), "output_size", output_size, self.rank)
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        return type(self).pool(inputs, self.output_size, self.data_format)

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self.data_format == "channels_last":
            return (input_shape[0], *self.output_size, input_shape[-1])
        return (*input_shape[:2], *self.output_size)


class AdaptiveAveragePooling1D(AdaptivePooling):
    """Means of `output_size` windows of a sequence."""

    rank = 1
    pool = staticmethod(ops.adaptive_average_pool)


class AdaptiveAveragePooling2D(AdaptivePooling):
    """Means of `output_size` windows of images."""

    rank = 2
    pool = staticmethod(ops.adaptive_average_pool)


class AdaptiveAveragePooling3D(AdaptivePooling):
    """Means of `output_size` windows of volumes."""

    rank = 3
    pool = staticmethod(ops.adaptive_average_pool)


class AdaptiveMaxPooling1D(AdaptivePooling):
    """The largest elements of `output_size` windows of a sequence."""

    rank = 1
    pool = staticmethod(ops.adaptive_max_pool)


class AdaptiveMaxPooling2D(AdaptivePooling):
    """The largest elements of `output_size` windows of images."""

    rank = 2
    pool = staticmethod(ops.adaptive_max_pool)


class AdaptiveMaxPooling3D(AdaptivePooling):
    """The largest elements of `output_size` windows of volumes."""

    rank = 3
    pool = staticmethod(ops.adaptive_max_pool)
