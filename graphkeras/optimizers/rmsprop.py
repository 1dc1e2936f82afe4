"""RMSprop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import ops
from ..variable import Variable
from .optimizer import Optimizer


class RMSprop(Optimizer):
    """w -= learning_rate * g / sqrt(v + epsilon), v = rho * v + (1 - rho) * g**2 (Hinton 2012).

    With `centered`, the squared running mean of the gradient is taken away from v. With `momentum`, the steps gather as
    m = momentum * m + step. Further arguments as in `Optimizer`.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered
        self._velocities: list[Variable] = []
        self._momentums: list[Variable] = []
        self._means: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._velocities = self.add_slots("velocity")
        if self.momentum > 0:
            self._momentums = self.add_slots("momentum")
        if self.centered:
            self._means = self.add_slots("average_gradient")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        velocity = self.slot(self._velocities, variable)
        velocity.assign(_running(velocity, ops.square(gradient), self.rho))
        spread: Any = velocity
        if self.centered:
            mean = self.slot(self._means, variable)
            mean.assign(_running(mean, gradient, self.rho))
            spread = ops.subtract(velocity, ops.square(mean))
        step = ops.divide(ops.multiply(gradient, learning_rate), ops.sqrt(ops.add(spread, self.epsilon)))
        if self.momentum > 0:
            momentum = self.slot(self._momentums, variable)
            momentum.assign(ops.add(ops.multiply(momentum, float(self.momentum)), step))
            step = momentum
        variable.assign_sub(step)

    def get_config(self) -> dict[str, Any]:
        own = {"rho": self.rho, "momentum": self.momentum, "epsilon": self.epsilon, "centered": self.centered}
        return {**super().get_config(), **own}


def _running(mean: Any, new: Any, kept: float) -> Any:
    """kept * mean + (1 - kept) * new."""
    return ops.add(ops.multiply(mean, float(kept)), ops.multiply(new, 1.0 - kept))
