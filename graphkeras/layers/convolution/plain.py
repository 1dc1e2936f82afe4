"""`Conv1D`, `Conv2D`, `Conv3D`: every window of the input times a kernel."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...arguments import passed
from ..input_spec import title
from .base import ConvolutionLayer
from .windows import window_reach


class Convolution(ConvolutionLayer):
    """activation(windows * kernel + bias), with the rank of a subclass."""

    filters: int
    groups: int

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed(locals()))
        if filters % groups != 0:
            raise ValueError(f"{title(self)}: filters must be a multiple of groups, got {filters} filters and {groups} groups.")

    def build_kernels(self, channels: int) -> None:
        if channels % self.groups != 0:
            raise ValueError(
                f"{title(self)}: the input's channels must be a multiple of groups, got {channels} channels and "
                f"{self.groups} groups."
            )
        self.kernel = self.weight("kernel", (*self.kernel_size, channels // self.groups, self.filters))

    def convolve(self, inputs: Any) -> Any:
        return ops.conv(inputs, self.kernel, **self._window_options())


class Conv1D(Convolution):
    """activation(windows * kernel + bias) along one axis, such as time.

    Args:
        filters: the channels of the result.
        kernel_size: the size of a window.
        strides: how far from window to window; 1 if `dilation_rate` is not.
        padding: "valid", "same", or "causal": zeros in front, so that a result sees its own and earlier steps only.
        data_format: "channels_last" or "channels_first".
        dilation_rate: the distance between the elements of a window.
        groups: how many groups the channels form, each with filters of its own.
        activation: a name or function; none by default.
        use_bias: whether to add a bias.
        kernel_initializer, bias_initializer: where the weights start.
        kernel_regularizer, bias_regularizer, activity_regularizer: losses that training adds.
        kernel_constraint, bias_constraint: what the optimizer applies to the weights after each update.

    Input shape: ``(batch, steps, channels)``. Output shape: ``(batch, new_steps, filters)``.
    """

    rank = 1
    paddings = ("valid", "same", "causal")

    def convolve(self, inputs: Any) -> Any:
        if self.padding != "causal":
            return super().convolve(inputs)
        around = [(0, 0), (0, 0), (0, 0)]
        around[1 if self.data_format == "channels_last" else 2] = (window_reach(self, 0) - 1, 0)
        return ops.conv(ops.pad(inputs, around), self.kernel, **{**self._window_options(), "padding": "valid"})


class Conv2D(Convolution):
    """activation(windows * kernel + bias) over images; arguments as in `Conv1D`, without "causal".

    Input shape: ``(batch, height, width, channels)``. Output shape: ``(batch, new_height, new_width, filters)``.
    """

    rank = 2


class Conv3D(Convolution):
    """activation(windows * kernel + bias) over volumes; arguments as in `Conv1D`, without "causal".

    Input shape: ``(batch, depth, height, width, channels)``. Output shape: the same with new sizes and `filters` channels.
    """

    rank = 3
