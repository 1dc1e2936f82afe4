"""What all convolution layers share: windows, bias, activation, and the config of them."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from ... import activations, config, constraints, initializers, ops, regularizers
from ...ops.convolution import per_axis
from ..input_spec import InputSpec, title
from ..layer import Layer


class ConvolutionLayer(Layer):
    """The base of convolution layers; a subclass makes kernels in `build_kernels` and multiplies windows in `convolve`.

    Args:
        kernel_size: the sizes of a window, or one for all axes.
        strides: how far from window to window.
        padding: "valid" for windows inside the input only, "same" for ceil(size / stride) results along each axis.
        data_format: "channels_last" or "channels_first"; what `config.image_data_format` says by default.
        dilation_rate: the distance between the elements of a window.
        activation: a name or function; none by default.
        use_bias: whether to add a bias to each channel.
    """

    rank: ClassVar[int]
    paddings: ClassVar[tuple[str, ...]] = ("valid", "same")
    keys_of_keras_2: ClassVar[tuple[str, ...]] = ()  # which its configs hold without a meaning for the layer

    def __init__(
        self,
        kernel_size: Any,
        strides: Any,
        padding: str,
        data_format: str | None,
        dilation_rate: Any,
        activation: Any,
        use_bias: bool,
        bias_initializer: Any,
        bias_regularizer: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.kernel_size = per_axis(title(self), "kernel_size", kernel_size, self.rank)
        self.strides = per_axis(title(self), "strides", strides, self.rank)
        self.dilation_rate = per_axis(title(self), "dilation_rate", dilation_rate, self.rank)
        self.padding = padding.lower() if isinstance(padding, str) else padding
        self.data_format = config.standardize_data_format(data_format)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.bias: Any = None
        self._set_handling("bias", bias_initializer, bias_regularizer, bias_constraint)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        if self.padding not in self.paddings:
            raise ValueError(f"{title(self)}: padding must be one of {', '.join(self.paddings)}; got {padding!r}.")

    def _check_count(self, argument: str, number: Any) -> None:
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise ValueError(f"{title(self)}: {argument} must be a positive integer, got {number!r}.")

    def _check_dilation(self) -> None:
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"{title(self)}: strides {self.strides} and dilation_rate {self.dilation_rate} cannot both be above 1; "
                f"leave one of them 1."
            )

    # ---- variables ----------------------------------------------------------------------------------------------------

    def _set_handling(self, kind: str, initializer: Any, regularizer: Any, constraint: Any) -> None:
        """How the weights of one kind start and are kept, as attributes: `kernel_initializer`, ..."""
        setattr(self, f"{kind}_initializer", initializers.get(initializer))
        setattr(self, f"{kind}_regularizer", regularizers.get(regularizer))
        setattr(self, f"{kind}_constraint", constraints.get(constraint))

    def _weight(self, kind: str, name: str, shape: tuple[int, ...]) -> Any:
        return self.add_weight(
            shape,
            getattr(self, f"{kind}_initializer"),
            regularizer=getattr(self, f"{kind}_regularizer"),
            constraint=getattr(self, f"{kind}_constraint"),
            name=name,
        )

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
            self.bias = self._weight("bias", "bias", (self._result_channels(channels),))
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

    def _reach(self, axis: int) -> int:
        """How many elements a window spans."""
        return (self.kernel_size[axis] - 1) * self.dilation_rate[axis] + 1

    def _result_size(self, axis: int, n: int) -> int:
        missing = self._reach(axis) if self.padding == "valid" else 1
        return (n - missing) // self.strides[axis] + 1

    # ---- config -------------------------------------------------------------------------------------------------------

    def _window_config(self) -> dict[str, Any]:
        return {
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            **self._window_options(),
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        if "groups" in cls.keys_of_keras_2 and config.get("groups", 1) != 1:
            raise ValueError(f"{cls.__name__}: groups is not supported, got groups={config['groups']!r}; only 1 is possible.")
        return super().from_config({key: value for key, value in config.items() if key not in cls.keys_of_keras_2})

    def _handling_config(self, *kinds: str) -> dict[str, Any]:
        modules = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}
        return {
            f"{kind}_{what}": module.serialize(getattr(self, f"{kind}_{what}"))
            for what, module in modules.items()
            for kind in kinds
        }
