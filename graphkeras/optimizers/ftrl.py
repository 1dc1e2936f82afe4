"""Ftrl: follow the regularized leader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import ops
from ..variable import Variable
from .optimizer import Optimizer


class Ftrl(Optimizer):
    """Weights that become exactly 0 under L1 regularization, for wide sparse models (McMahan et al. 2013).

    With p = -learning_rate_power, a the sum of squared gradients and l2 = l2_regularization_strength + beta / (2 lr):
    a' = a + g**2; z += g + 2 l2_shrinkage w - (a'**p - a**p) / lr w; w = (clip(z, -l1, l1) - z) / (a'**p / lr + 2 l2).
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        if learning_rate_power > 0:
            raise ValueError(f"Ftrl: learning_rate_power must not be above 0, got {learning_rate_power}.")
        self._options = {
            "learning_rate_power": learning_rate_power,
            "initial_accumulator_value": initial_accumulator_value,
            "l1_regularization_strength": l1_regularization_strength,
            "l2_regularization_strength": l2_regularization_strength,
            "l2_shrinkage_regularization_strength": l2_shrinkage_regularization_strength,
            "beta": beta,
        }
        for argument, value in list(self._options.items())[1:5]:
            if value < 0:
                raise ValueError(f"Ftrl: {argument} must not be negative, got {value}.")
        self._sums: list[Variable] = []
        self._linears: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        for variable in variables:
            initial = self._options["initial_accumulator_value"]
            self._sums.append(self.add_variable_from_reference(variable, "accumulator", initial))
            self._linears.append(self.add_variable_from_reference(variable, "linear"))

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        options = self._options
        power, limit = -options["learning_rate_power"], float(options["l1_regularization_strength"])
        total, linear = self.slot(self._sums, variable), self.slot(self._linears, variable)
        pulled = ops.add(gradient, ops.multiply(variable, 2.0 * options["l2_shrinkage_regularization_strength"]))
        new_total = ops.add(total, ops.square(gradient))
        new_root, root = ops.power(new_total, power), ops.power(total, power)
        change = ops.divide(ops.subtract(new_root, root), learning_rate)
        linear.assign_add(ops.subtract(pulled, ops.multiply(change, variable)))
        twice_l2 = ops.add(ops.divide(float(options["beta"]), learning_rate), 2.0 * options["l2_regularization_strength"])
        quadratic = ops.add(ops.divide(new_root, learning_rate), twice_l2)
        variable.assign(ops.divide(ops.subtract(ops.clip(linear, -limit, limit), linear), quadratic))
        total.assign(new_total)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._options}
