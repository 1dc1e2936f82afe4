"""Adam and its relatives: steps scaled by running means of gradients and of their squares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import ops
from ..variable import Variable
from .optimizer import Optimizer


class _Adaptive(Optimizer):
    """Base: `beta_1`, `beta_2`, `epsilon` and interleaved slots."""

    second_slot = "velocity"

    def __init__(
        self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7, **kwargs: Any
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        for name, beta in (("beta_1", beta_1), ("beta_2", beta_2)):
            if not 0 <= beta < 1:
                raise ValueError(f"{type(self).__name__}: {name} must lie in [0, 1), got {beta}.")
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        self._momentums: list[Variable] = []
        self._velocities: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        for variable in variables:
            self._momentums.append(self.add_variable_from_reference(variable, "momentum"))
            self._velocities.append(self.add_variable_from_reference(variable, self.second_slot))

    def step_number(self) -> Any:
        """1 for the first step, as a float."""
        return ops.cast(ops.add(self.iterations, 1), "float32")

    def mean_gradient(self, gradient: Any, variable: Variable) -> Variable:
        """m += (1 - beta_1) * (g - m)."""
        mean = self.slot(self._momentums, variable)
        mean.assign_add(ops.multiply(ops.subtract(gradient, mean), 1 - self.beta_1))
        return mean

    def mean_square(self, gradient: Any, variable: Variable) -> Variable:
        """v += (1 - beta_2) * (g**2 - v)."""
        mean = self.slot(self._velocities, variable)
        mean.assign_add(ops.multiply(ops.subtract(ops.square(gradient), mean), 1 - self.beta_2))
        return mean

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}


class Adam(_Adaptive):
    """w -= learning_rate * sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (sqrt(v) + epsilon) (Kingma & Ba 2014).

    m and v are running means of the gradient and its square, t counts steps from 1. With `amsgrad`, v is replaced by its
    greatest value so far (Reddi et al. 2018). Further arguments as in `Optimizer`.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **kwargs)
        self.amsgrad = amsgrad
        self._greatest: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        if self.amsgrad:
            self._greatest = self.add_slots("velocity_hat")

    def begin_step(self, learning_rate: Any) -> None:
        t = self.step_number()
        correction_1 = ops.subtract(1.0, ops.power(float(self.beta_1), t))
        correction_2 = ops.subtract(1.0, ops.power(float(self.beta_2), t))
        self._rate = ops.divide(ops.multiply(learning_rate, ops.sqrt(correction_2)), correction_1)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        mean = self.mean_gradient(gradient, variable)
        square = self.mean_square(gradient, variable)
        if self.amsgrad:
            greatest = self.slot(self._greatest, variable)
            greatest.assign(ops.maximum(greatest, square))
            square = greatest
        step = ops.divide(ops.multiply(mean, ops.cast(self._rate, variable.dtype)), ops.add(ops.sqrt(square), self.epsilon))
        variable.assign_sub(step)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "amsgrad": self.amsgrad}


class AdamW(Adam):
    """Adam with weight decay that does not pass through the running means (Loshchilov & Hutter 2017)."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float | None = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **kwargs: Any,
    ) -> None:
        if weight_decay is None:
            raise ValueError("AdamW: weight_decay must be a number; use Adam for none.")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **kwargs)


class Adamax(_Adaptive):
    """w -= learning_rate / (1 - beta_1**t) * m / (u + epsilon), u = max(beta_2 * u, |g|) (Kingma & Ba 2014, section 7)."""

    second_slot = "norm"

    def begin_step(self, learning_rate: Any) -> None:
        correction = ops.subtract(1.0, ops.power(float(self.beta_1), self.step_number()))
        self._rate = ops.divide(learning_rate, correction)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        mean = self.mean_gradient(gradient, variable)
        norm = self.slot(self._velocities, variable)
        norm.assign(ops.maximum(ops.multiply(norm, float(self.beta_2)), ops.abs(gradient)))
        step = ops.divide(ops.multiply(mean, ops.cast(self._rate, variable.dtype)), ops.add(norm, self.epsilon))
        variable.assign_sub(step)


class Nadam(_Adaptive):
    """Adam with Nesterov momentum (Dozat 2016); beta_1 warms up as beta_1 * (1 - 0.96**t / 2)."""

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._product = self._track(Variable(1.0, trainable=False, name="variable"))

    def begin_step(self, learning_rate: Any) -> None:
        t = self.step_number()
        beta, next_beta = self._warmed(t), self._warmed(ops.add(t, 1.0))
        self._product.assign(ops.multiply(self._product, beta))
        ahead = ops.multiply(self._product, next_beta)
        self._mean_rate = ops.divide(ops.multiply(learning_rate, next_beta), ops.subtract(1.0, ahead))
        self._gradient_rate = ops.divide(
            ops.multiply(learning_rate, ops.subtract(1.0, beta)), ops.subtract(1.0, ops.convert_to_tensor(self._product))
        )
        self._square_rate = ops.divide(1.0, ops.subtract(1.0, ops.power(float(self.beta_2), t)))

    def _warmed(self, t: Any) -> Any:
        return ops.multiply(ops.subtract(1.0, ops.multiply(ops.power(0.96, t), 0.5)), float(self.beta_1))

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        mean = self.mean_gradient(gradient, variable)
        square = self.mean_square(gradient, variable)
        ahead, now, rate = (ops.cast(x, variable.dtype) for x in (self._mean_rate, self._gradient_rate, self._square_rate))
        step = ops.add(ops.multiply(mean, ahead), ops.multiply(gradient, now))
        variable.assign_sub(ops.divide(step, ops.add(ops.sqrt(ops.multiply(square, rate)), self.epsilon)))


class Lamb(_Adaptive):
    """w -= learning_rate * |w| / |u| * u, u the step of Adam: layers move in proportion to their weights (You et al. 2019)."""

    def begin_step(self, learning_rate: Any) -> None:
        t = self.step_number()
        self._corrections = [ops.subtract(1.0, ops.power(float(beta), t)) for beta in (self.beta_1, self.beta_2)]

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        mean, square = self.mean_gradient(gradient, variable), self.mean_square(gradient, variable)
        first, second = (ops.cast(correction, variable.dtype) for correction in self._corrections)
        step = ops.divide(ops.divide(mean, first), ops.add(ops.sqrt(ops.divide(square, second)), self.epsilon))
        sizes = [ops.sqrt(ops.sum(ops.square(x))) for x in (variable, step)]
        known = ops.logical_and(ops.greater(sizes[0], 0.0), ops.greater(sizes[1], 0.0))
        ratio = ops.where(known, ops.divide(sizes[0], ops.where(known, sizes[1], 1.0)), 1.0)
        variable.assign_sub(ops.multiply(step, ops.multiply(ratio, learning_rate)))
