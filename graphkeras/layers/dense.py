"""`Dense`: activation(inputs @ kernel + bias)."""

from __future__ import annotations

from typing import Any

from .. import activations, constraints, initializers, ops, regularizers
from .adapted import AdaptedLayer
from .input_spec import InputSpec, title


class Dense(AdaptedLayer):
    """activation(inputs @ kernel + bias), over the last axis of the inputs.

    Args:
        units: the size of the result's last axis.
        activation: a name or function; none by default.
        use_bias: whether to add a bias.
        kernel_initializer, bias_initializer: where the weights start.
        kernel_regularizer, bias_regularizer, activity_regularizer: losses that training adds.
        kernel_constraint, bias_constraint: what the optimizer applies to the weights after each update.
        lora_rank, lora_alpha: freeze the kernel and train two small matrices in its place, see `enable_lora`.
        quantization_config: None; quantization is not supported.

    Input shape: ``(batch, ..., input_dim)``. Output shape: ``(batch, ..., units)``.
    """

    supports_masking = True

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        if isinstance(units, bool) or not isinstance(units, int) or units < 1:
            raise ValueError(f"{title(self)}: units must be a positive integer, got {units!r}.")
        if quantization_config is not None:
            raise NotImplementedError(f"{title(self)}: quantization is not supported; leave quantization_config None.")
        self.set_lora(lora_rank, lora_alpha)
        self.units, self.use_bias = units, use_bias
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.bias: Any = None
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Any) -> None:
        input_dim = input_shape[-1]
        if input_dim is None:
            raise ValueError(f"{title(self)}: the last axis of its input must have a known size, got shape {input_shape}.")
        self.add_main_weight((input_dim, self.units), self.kernel_initializer, self.kernel_regularizer, self.kernel_constraint)
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        self.build_lora()
        self.input_spec = InputSpec(min_ndim=2, axes={-1: input_dim})

    @property
    def kernel(self) -> Any:
        """The weight, a variable; with LoRA the sum of it and its adaptation, a tensor."""
        return self.adapted()

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        outputs = ops.matmul(inputs, self.kernel)
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias)
        return self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
            **self.lora_config(),
        }
