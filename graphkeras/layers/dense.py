"""`Dense`: activation(inputs @ kernel + bias)."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..arguments import passed
from .adapted import AdaptedLayer
from .input_spec import InputSpec, title
from .own_arguments import check_positive


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
    hidden = AdaptedLayer.hidden | {"activity_regularizer"}  # written by `Layer`, if there is one

    units: int
    activation: Any
    use_bias: bool

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
        super().__init__(**passed(locals()))
        check_positive(self, units=units)
        self.bias: Any = None
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Any) -> None:
        input_dim = input_shape[-1]
        if input_dim is None:
            raise ValueError(f"{title(self)}: the last axis of its input must have a known size, got shape {input_shape}.")
        self.build_main_weight((input_dim, self.units))
        if self.use_bias:
            self.bias = self.weight("bias", (self.units,))
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
