"""Learning rates that fall along a cosine (Loshchilov & Hutter 2016, SGDR)."""

from __future__ import annotations

import math
from typing import Any

from ... import ops
from ...arguments import passed
from .schedule import Decay, as_float


def _cosine(fraction: Any) -> Any:
    """From 1 at fraction 0 to 0 at fraction 1."""
    return ops.multiply(ops.add(ops.cos(ops.multiply(fraction, math.pi)), 1.0), 0.5)


class CosineDecay(Decay):
    """rate * ((1 - alpha) * (1 + cos(pi * step / decay_steps)) / 2 + alpha), then rate * alpha.

    With `warmup_target`, the rate first rises linearly to it for `warmup_steps` steps and then decays from there.
    """

    positive = ("decay_steps",)

    initial_learning_rate: float
    decay_steps: int
    alpha: float
    warmup_target: float | None
    warmup_steps: int

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        super().__init__(**passed(locals()))

    def __call__(self, step: Any) -> Any:
        step = as_float(step)
        if self.warmup_target is None:
            return self._decayed(step, float(self.initial_learning_rate))
        target, steps = float(self.warmup_target), float(self.warmup_steps)
        decayed = self._decayed(ops.maximum(ops.subtract(step, steps), 0.0), target)
        if not steps:
            return decayed
        slope = (target - self.initial_learning_rate) / steps
        rising = ops.add(ops.multiply(step, slope), float(self.initial_learning_rate))
        return ops.where(ops.less(step, steps), rising, decayed)

    def _decayed(self, step: Any, rate: float) -> Any:
        fraction = ops.minimum(ops.divide(step, float(self.decay_steps)), 1.0)
        factor = ops.add(ops.multiply(_cosine(fraction), 1.0 - self.alpha), float(self.alpha))
        return ops.multiply(factor, rate)


class CosineDecayRestarts(Decay):
    """Cosine decay that starts again after each period; periods grow by `t_mul`, the starting rate shrinks by `m_mul`."""

    positive = ("first_decay_steps", "t_mul")

    initial_learning_rate: float
    first_decay_steps: int
    t_mul: float
    m_mul: float
    alpha: float

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        super().__init__(**passed(locals()))

    def __call__(self, step: Any) -> Any:
        elapsed = ops.divide(as_float(step), float(self.first_decay_steps))
        if self.t_mul == 1.0:
            restarts = ops.floor(elapsed)
            fraction = ops.subtract(elapsed, restarts)
        else:
            # `restarts` periods of lengths 1, t, t**2, ... take (t**restarts - 1) / (t - 1).
            grown = ops.add(ops.multiply(elapsed, self.t_mul - 1.0), 1.0)
            restarts = ops.floor(ops.multiply(ops.log(grown), 1 / math.log(self.t_mul)))
            length = ops.power(float(self.t_mul), restarts)
            before = ops.multiply(ops.subtract(length, 1.0), 1 / (self.t_mul - 1.0))
            fraction = ops.divide(ops.subtract(elapsed, before), length)
        height = ops.multiply(_cosine(fraction), ops.power(float(self.m_mul), restarts))
        factor = ops.add(ops.multiply(height, 1.0 - self.alpha), float(self.alpha))
        return ops.multiply(factor, float(self.initial_learning_rate))
