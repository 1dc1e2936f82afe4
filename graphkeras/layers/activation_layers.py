"""Activations as layers."""

from __future__ import annotations

from typing import Any

from .. import activations, ops
from ..arguments import passed
from .input_spec import InputSpec, title
from .own_arguments import OwnArguments


class ActivationLayer(OwnArguments):
    """A function of each tensor that keeps its shape. Most have no variables."""

    supports_masking = True

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.built = True

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


class Activation(ActivationLayer):
    """Applies a function, given by name or as a function."""

    activation: Any

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**passed(locals()))

    def call(self, inputs: Any) -> Any:
        return self.activation(inputs)


class ReLU(ActivationLayer):
    """x above `threshold`, at most `max_value`, and negative_slope * (x - threshold) below.

    Raises:
        ValueError: for a negative argument.
    """

    max_value: float | None
    negative_slope: float
    threshold: float

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**passed(locals()))
        for name, value in (("max_value", max_value), ("negative_slope", negative_slope), ("threshold", threshold)):
            if (value is None and name != "max_value") or (value is not None and value < 0):
                raise ValueError(f"{title(self)}: {name} must not be negative, got {value}.")

    def call(self, inputs: Any) -> Any:
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


class LeakyReLU(ActivationLayer):
    """x where x > 0, else negative_slope * x. `alpha` is the older name of the slope."""

    negative_slope: float

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        negative_slope = kwargs.pop("alpha", negative_slope)
        super().__init__(**passed(locals()))
        if negative_slope is None or negative_slope < 0:
            raise ValueError(f"{title(self)}: negative_slope must not be negative, got {negative_slope}.")

    def call(self, inputs: Any) -> Any:
        return ops.leaky_relu(inputs, self.negative_slope)


class PReLU(ActivationLayer):
    """x where x > 0, else alpha * x, alpha being learned; one alpha for all places along `shared_axes`."""

    shared_axes: Any

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed(locals()))
        if shared_axes is not None:
            self.shared_axes = list(shared_axes if hasattr(shared_axes, "__len__") else [shared_axes])
        self.built = False

    def build(self, input_shape: Any) -> None:
        shape = list(input_shape[1:])
        for axis in self.shared_axes or ():
            shape[axis - 1] = 1
        self.alpha = self.weight("alpha", tuple(shape))
        self.input_spec = InputSpec(ndim=len(input_shape))

    def call(self, inputs: Any) -> Any:
        return ops.add(ops.relu(inputs), ops.multiply(self.alpha, ops.minimum(inputs, 0.0)))


class ELU(ActivationLayer):
    """x where x > 0, else alpha * (e**x - 1)."""

    alpha: float

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**passed(locals()))

    def call(self, inputs: Any) -> Any:
        return ops.elu(inputs, alpha=self.alpha)


class Softmax(ActivationLayer):
    """e**x divided by its sum along `axis`. Places where `mask` is False get probability 0."""

    axis: Any

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**passed(locals()))

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is not None:
            mask = ops.cast(mask, "bool")
            inputs = ops.where(mask, inputs, ops.cast(-3e4 if self.compute_dtype == "float16" else -1e9, ops.dtype(inputs)))
        outputs = ops.softmax(inputs, axis=tuple(self.axis) if isinstance(self.axis, list) else self.axis)
        return outputs if mask is None else ops.where(mask, outputs, ops.zeros_like(outputs))
