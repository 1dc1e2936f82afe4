"""`LossScaleOptimizer`: keeps gradients of 16-bit floats away from zero."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any, Self

import numpy as np

from graphkeras.compiler.provenance import scope

from .. import ops
from ..saving.serialization import deserialize_keras_object, serialize_keras_object
from ..variable import Variable
from .conditional import only_if
from .optimizer import Optimizer

#: Arguments of other optimizers that files of older Keras hold, with the only value that has a meaning here.
_DEFAULTS: dict[str, Any] = {
    "weight_decay": None,
    "clipnorm": None,
    "global_clipnorm": None,
    "clipvalue": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}


class LossScaleOptimizer(Optimizer):
    """Multiplies the loss by a scale and divides the gradients by it, so that small gradients do not become 0 in float16.

    A step whose gradients hold NaN or infinity changes nothing but the scale, which is halved. After `dynamic_growth_steps`
    steps without that the scale is doubled. `compile` puts it around the optimizer of a model with the policy
    ``"mixed_float16"``.

    Args:
        inner_optimizer: what updates the variables.
        initial_scale: the first scale.
        dynamic_growth_steps: how many good steps double it.
        name: a name; made from the class by default.

    Raises:
        ValueError: for an argument that belongs to the inner optimizer.
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if not kwargs.pop("dynamic", True):
            raise ValueError(
                "LossScaleOptimizer: its scale is always dynamic; for a fixed one use Adam(loss_scale_factor=...)."
            )
        for argument, value in kwargs.items():
            if argument not in _DEFAULTS:
                raise TypeError(f"LossScaleOptimizer has no argument {argument!r}; give it to the inner optimizer.")
            if value != _DEFAULTS[argument]:
                raise ValueError(f"LossScaleOptimizer: give {argument}={value!r} to the inner optimizer.")
        super().__init__(0.0, name=name)
        self.inner_optimizer = inner_optimizer
        self.initial_scale, self.dynamic_growth_steps = float(initial_scale), int(dynamic_growth_steps)
        inner_optimizer.loss_scale_factor = None  # else gradients would be divided twice

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        with scope(self.name):
            self.step_counter = self._track(Variable(np.zeros((), np.int32), trainable=False, name="step_counter"))
            self.dynamic_scale = self._track(
                Variable(np.float32(self.initial_scale), dtype="float32", trainable=False, name="dynamic_scale")
            )
        self.inner_optimizer.build(variables)
        super().build(variables)

    @property
    def variables(self) -> list[Variable]:
        """Its own state, then that of the inner optimizer."""
        return [*self._variables, *self.inner_optimizer.variables]

    @property
    def iterations(self) -> Any:
        return self.inner_optimizer.iterations

    @property
    def learning_rate(self) -> Any:
        """That of the inner optimizer."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        self.inner_optimizer.learning_rate = learning_rate

    lr = learning_rate

    def scale_loss(self, loss: Any) -> Any:
        scale = self.dynamic_scale if self.built else self.initial_scale
        return ops.multiply(loss, ops.cast(scale, ops.dtype(loss)))

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> Any:
        if not self.built:
            if trainable_variables is None:
                raise ValueError(f"Optimizer {self.name!r}: pass the variables, or build(variables) it first.")
            self.build(list(trainable_variables))
        with scope(self.name):
            finite = self.check_finite(grads)
            inverse = ops.divide(1.0, self.dynamic_scale)
            unscaled = [None if g is None else ops.multiply(g, ops.cast(inverse, ops.dtype(g))) for g in grads]
            only_if(finite, lambda: self.inner_optimizer.apply(unscaled, trainable_variables))
            grows = ops.equal(self.step_counter, self.dynamic_growth_steps - 1)
            factor = ops.where(finite, ops.where(grows, 2.0, 1.0), 0.5)
            self.dynamic_scale.assign(ops.multiply(self.dynamic_scale, ops.cast(factor, "float32")))
            counted = ops.where(ops.logical_or(grows, ops.logical_not(finite)), 0, ops.add(self.step_counter, 1))
            self.step_counter.assign(ops.cast(counted, "int32"))
        return self.iterations

    def check_finite(self, grads: Sequence[Any]) -> Any:
        """Whether all gradients are numbers, neither NaN nor infinite."""
        return reduce(ops.logical_and, [ops.all(ops.isfinite(gradient)) for gradient in grads if gradient is not None])

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "inner_optimizer": serialize_keras_object(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Self:
        config = dict(config)
        inner = deserialize_keras_object(config.pop("inner_optimizer"), custom_objects=custom_objects)
        return cls(inner, **config)
