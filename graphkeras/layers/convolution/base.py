"""What all convolution layers share: windows, bias, activation, and their arguments."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar, Self

from ... import ops
from ..input_spec import InputSpec, title
from ..own_arguments import OwnArguments, check_positive
from .windows import Sizes, set_windows, window_count


class ConvolutionLayer(OwnArguments):
    """The base of convolution layers; a subclass makes kernels in `build_kernels` and multiplies windows in `convolve`.

    Arguments of all of them:
        kernel_size: the sizes of a window, or one for all axes.
        strides: how far from window to window.
        padding: "valid" for windows inside the input only, "same" for ceil(size / stride) results along each axis.
        data_format: "channels_last" or "channels_first"; what `config.image_data_format` says by default.
        dilation_rate: the distance between the elements of a window.
        activation: a name or function; none by default.
        use_bias: whether to add a bias to each channel.

    A constructor is written once for all ranks. Its default 1 for strides and dilation_rate means 1 for every axis, and the
    signature that `help` shows for each rank spells that out, as Keras does: ``strides=(1, 1)``.
    """

    rank: ClassVar[int]
    paddings: ClassVar[tuple[str, ...]] = ("valid", "same")
    keys_of_keras_2: ClassVar[tuple[str, ...]] = ()  # which its configs hold without a meaning for the layer
    __signature__: ClassVar[inspect.Signature | None] = None

    kernel_size: Sizes
    strides: Sizes
    dilation_rate: Sizes
    padding: str
    data_format: str
    activation: Any
    use_bias: bool
    bias: Any

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "rank" in vars(cls):
            cls.__signature__ = _for_rank(inspect.signature(cls.__init__), cls.rank)
        elif "__init__" in vars(cls):
            cls.__signature__ = None  # a user's own constructor

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        set_windows(self, self.rank, self.paddings)
        counts = ("filters", "groups", "depth_multiplier")
        check_positive(self, **{name: arguments[name] for name in counts if name in arguments})
        self.bias = None
        self.input_spec = InputSpec(ndim=self.rank + 2)

    # ---- variables ----------------------------------------------------------------------------------------------------

    def _channels(self, shape: Any) -> Any:
        return shape[self._channel_axis]

    @property
    def _channel_axis(self) -> int:
        return -1 if self.data_format == "channels_last" else 1

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        if channels is None:
            raise ValueError(
                f"{title(self)}: the channels, axis {self._channel_axis} of its input, must have a known size, "
                f"got shape {input_shape}."
            )
        self.build_kernels(channels)
        if self.use_bias:
            self.bias = self.weight("bias", (self._result_channels(channels),))
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self._channel_axis: channels})

    def build_kernels(self, channels: int) -> None:
        """Make the kernels for inputs of so many channels."""
        raise NotImplementedError(f"{type(self).__name__} must define build_kernels(self, channels).")

    def _result_channels(self, channels: int) -> int:
        filters: int = self.filters  # type: ignore[attr-defined]
        return filters

    # ---- calling ------------------------------------------------------------------------------------------------------

    def call(self, inputs: Any) -> Any:
        outputs = self.convolve(inputs)
        if self.bias is not None:
            behind = () if self.data_format == "channels_last" else (1,) * self.rank
            outputs = ops.add(outputs, ops.reshape(self.bias, (*self.bias.shape, *behind)) if behind else self.bias)
        return self.activation(outputs)

    def convolve(self, inputs: Any) -> Any:
        """Windows of the inputs times the kernels."""
        raise NotImplementedError(f"{type(self).__name__} must define convolve(self, inputs).")

    def _window_options(self) -> dict[str, Any]:
        return {
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
        }

    def compute_output_shape(self, input_shape: Any) -> Any:
        last = self.data_format == "channels_last"
        spatial = input_shape[1:-1] if last else input_shape[2:]
        sizes = tuple(None if n is None else self._result_size(axis, n) for axis, n in enumerate(spatial))
        channels = self._result_channels(self._channels(input_shape))
        return (input_shape[0], *sizes, channels) if last else (input_shape[0], channels, *sizes)

    def _result_size(self, axis: int, n: int) -> int:
        return window_count(self, axis, n)

    # ---- config -------------------------------------------------------------------------------------------------------

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        if "groups" in cls.keys_of_keras_2 and config.get("groups", 1) != 1:
            raise ValueError(f"{cls.__name__}: groups is not supported, got groups={config['groups']!r}; only 1 is possible.")
        return super().from_config({key: value for key, value in config.items() if key not in cls.keys_of_keras_2})


def _for_rank(signature: inspect.Signature, rank: int) -> inspect.Signature:
    """Without self, and with a default for each axis where the default is 1 for all."""
    parameters = list(signature.parameters.values())[1:]
    spread = {"strides", "dilation_rate"} if rank > 1 else set()
    return signature.replace(
        parameters=[p.replace(default=(1,) * rank) if p.name in spread else p for p in parameters],
        return_annotation=inspect.Signature.empty,
    )
