"""`DepthwiseConv1D`, `DepthwiseConv2D`: each channel with kernels of its own."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...arguments import passed
from .base import ConvolutionLayer


class DepthwiseConvolution(ConvolutionLayer):
    """Each channel convolved with `depth_multiplier` kernels of its own, with the rank of a subclass."""

    depth_multiplier: int
    keys_of_keras_2 = ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint")

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed(locals()))

    def build_kernels(self, channels: int) -> None:
        self.kernel = self.weight("depthwise", (*self.kernel_size, channels, self.depth_multiplier), "kernel")

    def _result_channels(self, channels: int) -> int:
        return channels * self.depth_multiplier

    def convolve(self, inputs: Any) -> Any:
        return ops.depthwise_conv(inputs, self.kernel, **self._window_options())


class DepthwiseConv1D(DepthwiseConvolution):
    """Each channel of a sequence convolved on its own.

    Args:
        kernel_size: the size of a window.
        strides: how far from window to window.
        padding: "valid" or "same".
        depth_multiplier: how many kernels, and so results, each channel has.
        data_format: "channels_last" or "channels_first".
        dilation_rate: the distance between the elements of a window.
        activation: a name or function; none by default.
        use_bias: whether to add a bias.
        depthwise_initializer, bias_initializer: where the weights start.
        depthwise_regularizer, bias_regularizer, activity_regularizer: losses that training adds.
        depthwise_constraint, bias_constraint: what the optimizer applies to the weights after each update.

    Input shape: ``(batch, steps, channels)``. Output shape: ``(batch, new_steps, channels * depth_multiplier)``.
    """

    rank = 1


class DepthwiseConv2D(DepthwiseConvolution):
    """Each channel of an image convolved on its own; arguments as in `DepthwiseConv1D`.

    Input shape: ``(batch, height, width, channels)``. Output shape: the same with new sizes and
    ``channels * depth_multiplier`` channels.
    """

    rank = 2
