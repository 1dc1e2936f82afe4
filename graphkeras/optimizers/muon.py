"""Muon: momentum made orthogonal."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from .. import ops
from ..variable import Variable
from .optimizer import Optimizer


class Muon(Optimizer):
    """For matrices w -= learning_rate * O(m), O the nearest orthogonal matrix by Newton-Schulz steps (Jordan et al. 2024).

    Variables that are no matrices, embeddings and those of `exclude_layers` are updated by AdamW.

    Args:
        adam_beta_1, adam_beta_2, epsilon, adam_weight_decay: for the variables that AdamW updates.
        adam_lr_ratio: their learning rate as a part of `learning_rate`.
        exclude_layers: regular expressions for the paths of variables that AdamW updates.
        exclude_embeddings: whether AdamW updates variables with "embedding" in their path.
        muon_a, muon_b, muon_c: the polynomial of a Newton-Schulz step: a x + (b A + c A A) x, A = x x'.
        momentum: how much of m stays in each step.
        ns_steps: the number of Newton-Schulz steps.
        nesterov: look ahead by the momentum.
        rms_rate: updates are multiplied by it and the root of the longer side of the matrix; None for neither.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.7750,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, weight_decay=weight_decay, **kwargs)
        self.adam_beta_1, self.adam_beta_2, self.adam_weight_decay = adam_beta_1, adam_beta_2, adam_weight_decay
        self.epsilon, self.adam_lr_ratio = epsilon, adam_lr_ratio
        self.exclude_layers, self.exclude_embeddings = list(exclude_layers or ()), exclude_embeddings
        self.muon_a, self.muon_b, self.muon_c = muon_a, muon_b, muon_c
        self.momentum, self.ns_steps, self.nesterov, self.rms_rate = momentum, ns_steps, nesterov, rms_rate
        self._momentums: list[Variable] = []
        self._squares: list[Variable | None] = []

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        for variable in variables:
            self._momentums.append(self.add_variable_from_reference(variable, "momentum"))
            by_adam = self._is_for_adam(variable)
            self._squares.append(self.add_variable_from_reference(variable, "velocity") if by_adam else None)

    def _is_for_adam(self, variable: Variable) -> bool:
        if variable.ndim != 2 or (self.exclude_embeddings and "embedding" in variable.path.lower()):
            return True
        return any(re.search(pattern, variable.path) for pattern in self.exclude_layers)

    def begin_step(self, learning_rate: Any) -> None:
        step = ops.cast(ops.add(self.iterations, 1), "float32")
        corrections = [ops.subtract(1.0, ops.power(float(beta), step)) for beta in (self.adam_beta_1, self.adam_beta_2)]
        rate = ops.multiply(learning_rate, float(self.adam_lr_ratio))
        self._adam_rate = ops.divide(ops.multiply(rate, ops.sqrt(corrections[1])), corrections[0])

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        mean = self.slot(self._momentums, variable)
        square = self._squares[self._positions[variable]]
        if square is not None:
            mean.assign_add(ops.multiply(ops.subtract(gradient, mean), 1 - self.adam_beta_1))
            square.assign_add(ops.multiply(ops.subtract(ops.square(gradient), square), 1 - self.adam_beta_2))
            step = ops.multiply(mean, ops.cast(self._adam_rate, variable.dtype))
            variable.assign_sub(ops.divide(step, ops.add(ops.sqrt(square), self.epsilon)))
            return
        mean.assign(ops.add(ops.multiply(mean, float(self.momentum)), gradient))
        ahead = ops.add(gradient, ops.multiply(mean, float(self.momentum))) if self.nesterov else mean
        step = ops.multiply(self._orthogonal(ahead, variable.shape), learning_rate)
        if self.rms_rate is not None:
            step = ops.multiply(step, math.sqrt(max(variable.shape)) * self.rms_rate)
        variable.assign_sub(step)

    def _orthogonal(self, matrix: Any, shape: tuple[int, ...]) -> Any:
        """About the orthogonal matrix nearest to `matrix`: its singular values are moved towards 1."""
        tall = shape[0] > shape[1]
        x = ops.transpose(matrix) if tall else ops.convert_to_tensor(matrix)
        x = ops.divide(x, ops.add(ops.sqrt(ops.sum(ops.square(x))), 1e-7))
        for _ in range(self.ns_steps):
            squared = ops.matmul(x, ops.transpose(x))
            factor = ops.add(ops.multiply(squared, self.muon_b), ops.matmul(ops.multiply(squared, self.muon_c), squared))
            x = ops.add(ops.multiply(x, self.muon_a), ops.matmul(factor, x))
        return ops.transpose(x) if tall else x

    def _decay(self, variables: Sequence[Variable], learning_rate: Any) -> None:
        for variable in variables:
            decay = self.adam_weight_decay if self._is_for_adam(variable) else self.weight_decay
            if decay is not None and self.decays(variable):
                rate = ops.multiply(learning_rate, float(decay))
                variable.assign_sub(ops.multiply(variable, ops.cast(rate, variable.dtype)))

    def get_config(self) -> dict[str, Any]:
        names = (
            *("adam_beta_1", "adam_beta_2", "epsilon", "exclude_layers", "muon_a", "muon_b", "muon_c", "adam_lr_ratio"),
            *("momentum", "ns_steps", "nesterov", "exclude_embeddings", "adam_weight_decay", "rms_rate"),
        )
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
