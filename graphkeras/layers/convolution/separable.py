"""`SeparableConv1D`, `SeparableConv2D`: each channel on its own, then a mix of the channels."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...arguments import passed
from .base import ConvolutionLayer


class SeparableConvolution(ConvolutionLayer):
    """A depthwise convolution, then one with windows of size 1 that mixes the channels, with the rank of a subclass."""

    filters: int
    depth_multiplier: int
    keys_of_keras_2 = ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint")

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed(locals()))

    def build_kernels(self, channels: int) -> None:
        between = channels * self.depth_multiplier
        depthwise_shape, pointwise_shape = (*self.kernel_size, channels, self.depth_multiplier), (1,) * self.rank
        self.depthwise_kernel = self.weight("depthwise", depthwise_shape, "depthwise_kernel")
        self.pointwise_kernel = self.weight("pointwise", (*pointwise_shape, between, self.filters), "pointwise_kernel")

    def convolve(self, inputs: Any) -> Any:
        return ops.separable_conv(inputs, self.depthwise_kernel, self.pointwise_kernel, **self._window_options())


class SeparableConv1D(SeparableConvolution):
    """Each channel of a sequence convolved on its own, then mixed into `filters` channels.

    Args:
        filters: the channels of the result.
        kernel_size: the size of a window.
        strides: how far from window to window.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
        dilation_rate: the distance between the elements of a window.
        depth_multiplier: how many kernels each channel has before the mix.
        activation: a name or function; none by default.
        use_bias: whether to add a bias.
        depthwise_initializer, pointwise_initializer, bias_initializer: where the weights start.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer: losses that training adds.
        depthwise_constraint, pointwise_constraint, bias_constraint: what the optimizer applies after each update.

    Input shape: ``(batch, steps, channels)``. Output shape: ``(batch, new_steps, filters)``.
    """

    rank = 1


class SeparableConv2D(SeparableConvolution):
    """Each channel of an image convolved on its own, then mixed into `filters` channels; arguments as in `SeparableConv1D`.

    Input shape: ``(batch, height, width, channels)``. Output shape: ``(batch, new_height, new_width, filters)``.
    """

    rank = 2
