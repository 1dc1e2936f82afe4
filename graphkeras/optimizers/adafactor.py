"""Adafactor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphkeras.compiler.provenance import scope
from graphkeras.compiler.types import numpy_dtype

from .. import ops
from ..variable import Variable
from .optimizer import Optimizer


class Adafactor(Optimizer):
    """Adam without momentum whose mean square of a matrix is kept as means of its rows and columns (Shazeer & Stern 2018).

    With t the step from 1, rho = min(learning_rate, 1 / sqrt(t)) and b = 1 - t**beta_2_decay:
    r = b r + (1 - b) mean(g**2 + epsilon_1, last axis), c the same of the axis before, v = r c / mean(r);
    w -= rho max(epsilon_2, rms(w)) u / max(1, rms(u) / clip_threshold), u = g / sqrt(v). Vectors keep v itself.

    Args:
        relative_step: changes nothing: as in Keras, rho is limited to 1 / sqrt(t) in either case.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.beta_2_decay, self.epsilon_1, self.epsilon_2 = beta_2_decay, epsilon_1, epsilon_2
        self.clip_threshold, self.relative_step = clip_threshold, relative_step
        self._rows: list[Variable] = []
        self._columns: list[Variable] = []
        self._squares: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        for variable in variables:
            self._rows.append(self._means(variable, variable.shape[:-1]))
            self._columns.append(self._means(variable, (*variable.shape[:-2], *variable.shape[-1:])))
            self._squares.append(self.add_variable_from_reference(variable, "velocity"))

    def _means(self, variable: Variable, shape: tuple[int, ...]) -> Variable:
        """Means of rows or columns; for a vector an unused number, which files of Keras hold as well."""
        if variable.ndim < 2:
            return self._track(Variable(np.zeros((), np.int32), trainable=False, name=variable.name))
        with scope(self.name):
            return self._track(Variable(np.zeros(shape, numpy_dtype(variable.dtype)), trainable=False, name=variable.name))

    def begin_step(self, learning_rate: Any) -> None:
        step = ops.cast(ops.add(self.iterations, 1), "float32")
        self._rate = ops.minimum(learning_rate, ops.rsqrt(step))
        self._new = ops.power(step, float(self.beta_2_decay))  # 1 - b

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        new = ops.cast(self._new, variable.dtype)
        squares = ops.add(ops.square(gradient), self.epsilon_1)
        square = self.slot(self._squares, variable)
        if variable.ndim >= 2:
            rows, columns = self.slot(self._rows, variable), self.slot(self._columns, variable)
            rows.assign(_running(rows, ops.mean(squares, axis=-1), new))
            columns.assign(_running(columns, ops.mean(squares, axis=-2), new))
            share = ops.divide(rows, ops.mean(rows, axis=-1, keepdims=True))
            square.assign(ops.multiply(ops.expand_dims(share, -1), ops.expand_dims(columns, -2)))
        else:
            square.assign(_running(square, squares, new))
        step = ops.divide(gradient, ops.sqrt(square))
        rate = ops.multiply(ops.maximum(_rms(variable), self.epsilon_2), ops.cast(self._rate, variable.dtype))
        limited = ops.divide(rate, ops.maximum(ops.divide(_rms(step), float(self.clip_threshold)), 1.0))
        variable.assign_sub(ops.multiply(step, limited))

    def get_config(self) -> dict[str, Any]:
        own = {
            "beta_2_decay": self.beta_2_decay,
            "epsilon_1": self.epsilon_1,
            "epsilon_2": self.epsilon_2,
            "clip_threshold": self.clip_threshold,
            "relative_step": self.relative_step,
        }
        return {**super().get_config(), **own}


def _running(mean: Any, new: Any, share: Any) -> Any:
    """(1 - share) mean + share new."""
    return ops.add(ops.multiply(mean, ops.subtract(1.0, share)), ops.multiply(new, share))


def _rms(x: Any) -> Any:
    """The root of the mean square."""
    return ops.sqrt(ops.mean(ops.square(x)))
