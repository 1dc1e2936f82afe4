"""Learning rates that fall exponentially, in steps, as a polynomial or with 1 / time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import ops
from ...arguments import passed
from .schedule import Decay, as_float


class _ByPeriods(Decay):
    """Rates that depend on how many times `decay_steps` have passed."""

    positive = ("decay_steps",)

    initial_learning_rate: float
    decay_steps: int
    decay_rate: float
    staircase: bool

    def _periods(self, step: Any) -> Any:
        periods = ops.divide(as_float(step), float(self.decay_steps))
        return ops.floor(periods) if self.staircase else periods


class ExponentialDecay(_ByPeriods):
    """initial_learning_rate * decay_rate**(step / decay_steps); in whole periods if `staircase`."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        super().__init__(**passed(locals()))

    def __call__(self, step: Any) -> Any:
        return ops.multiply(ops.power(float(self.decay_rate), self._periods(step)), float(self.initial_learning_rate))


class InverseTimeDecay(_ByPeriods):
    """initial_learning_rate / (1 + decay_rate * step / decay_steps); in whole periods if `staircase`."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        super().__init__(**passed(locals()))

    def __call__(self, step: Any) -> Any:
        return ops.divide(
            float(self.initial_learning_rate), ops.add(ops.multiply(self._periods(step), float(self.decay_rate)), 1.0)
        )


class PiecewiseConstantDecay(Decay):
    """values[0] up to and including step boundaries[0], then values[1] up to boundaries[1], and so on.

    Raises:
        ValueError: unless there is one value more than boundaries.
    """

    boundaries: list[float]
    values: list[float]

    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant") -> None:
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                f"PiecewiseConstantDecay: values needs one number more than boundaries, got {len(boundaries)} boundaries "
                f"and {len(values)} values."
            )
        super().__init__(boundaries=list(boundaries), values=list(values), name=name)

    def __call__(self, step: Any) -> Any:
        step = as_float(step)
        rate = ops.convert_to_tensor(float(self.values[-1]), dtype="float32")
        for boundary, value in zip(reversed(self.boundaries), reversed(self.values[:-1])):
            rate = ops.where(ops.less_equal(step, float(boundary)), float(value), rate)
        return rate


class PolynomialDecay(Decay):
    """(initial - end) * (1 - step / decay_steps)**power + end.

    After `decay_steps` the rate stays at `end_learning_rate`, or if `cycle` the time is stretched to the next multiple
    of `decay_steps` and the rate jumps up again.
    """

    positive = ("decay_steps",)

    initial_learning_rate: float
    decay_steps: int
    end_learning_rate: float
    power: float
    cycle: bool

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        super().__init__(**passed(locals()))

    def __call__(self, step: Any) -> Any:
        step = as_float(step)
        period: Any = float(self.decay_steps)
        if self.cycle:
            period = ops.multiply(ops.maximum(ops.ceil(ops.divide(step, period)), 1.0), period)
        else:
            step = ops.minimum(step, period)
        left = ops.subtract(1.0, ops.divide(step, period))
        left = left if self.power == 1 else ops.power(left, float(self.power))
        return ops.add(
            ops.multiply(left, float(self.initial_learning_rate - self.end_learning_rate)), float(self.end_learning_rate)
        )
