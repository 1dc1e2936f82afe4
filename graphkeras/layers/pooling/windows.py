"""Pooling by windows: `MaxPooling1D` to `AveragePooling3D`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ... import config, ops
from ...arguments import passed
from ...ops.convolution import per_axis
from ..input_spec import InputSpec, title
from ..own_arguments import OwnArguments


class Pooling(OwnArguments):
    """One number of every window and channel, with the rank and the function of a subclass.

    Args:
        pool_size: the sizes of a window, or one for all axes.
        strides: how far from window to window; by default they lie side by side.
        padding: "valid" for windows inside the input only, "same" for ceil(size / stride) results along each axis.
        data_format: "channels_last" or "channels_first"; what `config.image_data_format` says by default.
    """

    rank: ClassVar[int]
    pool: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed(locals()))
        self.pool_size = per_axis(title(self), "pool_size", pool_size, self.rank)
        self.strides = self.pool_size if strides is None else per_axis(title(self), "strides", strides, self.rank)
        self.padding = padding.lower() if isinstance(padding, str) else padding
        if self.padding not in ("valid", "same"):
            raise ValueError(f"{title(self)}: padding must be 'valid' or 'same', got {padding!r}.")
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        return type(self).pool(inputs, self.pool_size, self.strides, self.padding, self.data_format)


class MaxPooling1D(Pooling):
    """The largest element of every window along one axis: (batch, steps, channels) -> (batch, new_steps, channels)."""

    rank = 1
    pool = staticmethod(ops.max_pool)

    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed(locals()))


class MaxPooling2D(Pooling):
    """The largest element of every window of images (batch, height, width, channels)."""

    rank = 2
    pool = staticmethod(ops.max_pool)

    def __init__(
        self,
        pool_size: Any = (2, 2),
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed(locals()))


class MaxPooling3D(Pooling):
    """The largest element of every window of volumes (batch, depth, height, width, channels)."""

    rank = 3
    pool = staticmethod(ops.max_pool)

    def __init__(
        self,
        pool_size: Any = (2, 2, 2),
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed(locals()))


class AveragePooling1D(Pooling):
    """The mean of every window along one axis, where padding does not count."""

    rank = 1
    pool = staticmethod(ops.average_pool)


class AveragePooling2D(Pooling):
    """The mean of every window of images, where padding does not count."""

    rank = 2
    pool = staticmethod(ops.average_pool)


class AveragePooling3D(Pooling):
    """The mean of every window of volumes, where padding does not count."""

    rank = 3
    pool = staticmethod(ops.average_pool)
