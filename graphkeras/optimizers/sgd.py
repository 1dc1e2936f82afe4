"""Gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import ops
from ..variable import Variable
from .optimizer import Optimizer


class SGD(Optimizer):
    """w -= learning_rate * g; with momentum m = momentum * m - learning_rate * g, w += m.

    With `nesterov`, w += momentum * m - learning_rate * g (Sutskever et al. 2013). Further arguments as in `Optimizer`.
    """

    def __init__(self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False, **kwargs: Any) -> None:
        super().__init__(learning_rate, **kwargs)
        if not 0 <= momentum <= 1:
            raise ValueError(f"SGD: momentum must lie in [0, 1], got {momentum}.")
        self.momentum, self.nesterov = momentum, nesterov
        self._momentums: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        if self.momentum:
            self._momentums = self.add_slots("momentum")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        step = ops.multiply(gradient, learning_rate)
        if not self.momentum:
            variable.assign_sub(step)
            return
        velocity = self.slot(self._momentums, variable)
        velocity.assign(ops.subtract(ops.multiply(velocity, float(self.momentum)), step))
        if self.nesterov:
            variable.assign_add(ops.subtract(ops.multiply(velocity, float(self.momentum)), step))
        else:
            variable.assign_add(velocity)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
