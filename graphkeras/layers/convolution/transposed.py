"""`Conv1DTranspose`, `Conv2DTranspose`, `Conv3DTranspose`: from few places to many."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...arguments import passed
from ...ops.convolution import per_axis
from ..input_spec import title
from .base import ConvolutionLayer
from .windows import window_reach


class TransposedConvolution(ConvolutionLayer):
    """Every element of the input times the kernel, added up where they meet, with the rank of a subclass."""

    keys_of_keras_2 = ("groups",)
    filters: int
    output_padding: Any

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
        if output_padding is not None:
            self.output_padding = per_axis(title(self), "output_padding", output_padding, self.rank, least=0)
            if any(more >= stride for more, stride in zip(self.output_padding, self.strides, strict=True)):
                raise ValueError(
                    f"{title(self)}: output_padding must be below the strides, got {self.output_padding} for {self.strides}."
                )

    def build_kernels(self, channels: int) -> None:
        self.kernel = self.weight("kernel", (*self.kernel_size, self.filters, channels))

    def convolve(self, inputs: Any) -> Any:
        return ops.conv_transpose(inputs, self.kernel, output_padding=self.output_padding, **self._window_options())

    def _result_size(self, axis: int, n: int) -> int:
        stride, reach = self.strides[axis], window_reach(self, axis)
        if self.output_padding is not None:
            return (n - 1) * stride + (reach if self.padding == "valid" else reach % 2) + int(self.output_padding[axis])
        return (n - 1) * stride + (max(reach, stride) if self.padding == "valid" else stride)


class Conv1DTranspose(TransposedConvolution):
    """A convolution backwards along one axis: with strides, more steps come out than went in.

    Args:
        filters: the channels of the result.
        kernel_size: how many places one element reaches.
        strides: how far apart the elements lie in the result; 1 if `dilation_rate` is not.
        padding: "valid" for the whole of what the elements reach, "same" for size * stride places.
        output_padding: places added behind, below the strides; instead of what `padding` says, see `ops.conv_transpose`.
        data_format: "channels_last" or "channels_first".
        dilation_rate: the distance between the places that one element reaches.
        activation: a name or function; none by default.
        use_bias: whether to add a bias.
        kernel_initializer, bias_initializer: where the weights start.
        kernel_regularizer, bias_regularizer, activity_regularizer: losses that training adds.
        kernel_constraint, bias_constraint: what the optimizer applies to the weights after each update.

    Input shape: ``(batch, steps, channels)``. Output shape: ``(batch, new_steps, filters)``.
    """

    rank = 1


class Conv2DTranspose(TransposedConvolution):
    """A convolution backwards over images, such as in decoders; arguments as in `Conv1DTranspose`.

    Input shape: ``(batch, height, width, channels)``. Output shape: ``(batch, new_height, new_width, filters)``.
    """

    rank = 2


class Conv3DTranspose(TransposedConvolution):
    """A convolution backwards over volumes; arguments as in `Conv1DTranspose`, but `data_format` before `output_padding`."""

    rank = 3

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        output_padding: Any = None,
        dilation_rate: Any = 1,
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
