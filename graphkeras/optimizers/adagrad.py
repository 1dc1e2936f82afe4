"""Adagrad and Adadelta."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import ops
from ..variable import Variable
from .optimizer import Optimizer


class Adagrad(Optimizer):
    """w -= learning_rate * g / sqrt(a + epsilon), a the sum of all squared gradients (Duchi et al. 2011)."""

    def __init__(
        self, learning_rate: Any = 0.001, initial_accumulator_value: float = 0.1, epsilon: float = 1e-7, **kwargs: Any
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.initial_accumulator_value, self.epsilon = initial_accumulator_value, epsilon
        self._accumulators: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._accumulators = self.add_slots("accumulator", self.initial_accumulator_value)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        accumulator = self.slot(self._accumulators, variable)
        accumulator.assign_add(ops.square(gradient))
        variable.assign_sub(ops.divide(ops.multiply(gradient, learning_rate), ops.sqrt(ops.add(accumulator, self.epsilon))))

    def get_config(self) -> dict[str, Any]:
        own = {"initial_accumulator_value": self.initial_accumulator_value, "epsilon": self.epsilon}
        return {**super().get_config(), **own}


class Adadelta(Optimizer):
    """w += learning_rate * d, d = -g * sqrt(s + epsilon) / sqrt(a + epsilon) (Zeiler 2012).

    a and s are running means of the squared gradients and of the squared d.
    """

    def __init__(self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7, **kwargs: Any) -> None:
        super().__init__(learning_rate, **kwargs)
        self.rho, self.epsilon = rho, epsilon
        self._gradients: list[Variable] = []
        self._deltas: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        for variable in variables:
            self._gradients.append(self.add_variable_from_reference(variable, "accumulated_grad"))
            self._deltas.append(self.add_variable_from_reference(variable, "accumulated_delta_var"))

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        squares, deltas = self.slot(self._gradients, variable), self.slot(self._deltas, variable)
        squares.assign(self._running(squares, gradient))
        ratio = ops.sqrt(ops.divide(ops.add(deltas, self.epsilon), ops.add(squares, self.epsilon)))
        delta = ops.multiply(gradient, ratio)
        deltas.assign(self._running(deltas, delta))
        variable.assign_sub(ops.multiply(delta, learning_rate))

    def _running(self, mean: Any, new: Any) -> Any:
        """rho * mean + (1 - rho) * new**2."""
        return ops.add(ops.multiply(mean, float(self.rho)), ops.multiply(ops.square(new), 1.0 - self.rho))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rho": self.rho, "epsilon": self.epsilon}
