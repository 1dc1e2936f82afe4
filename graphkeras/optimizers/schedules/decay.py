"""Learning rates that fall exponentially, in steps, as a polynomial or with 1 / time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import ops
from .schedule import LearningRateSchedule, as_float, positive


class ExponentialDecay(LearningRateSchedule):
    """initial_learning_rate * decay_rate**(step / decay_steps); in whole periods if `staircase`."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial_learning_rate, self.decay_rate, self.staircase, self.name = (
            initial_learning_rate,
            decay_rate,
            staircase,
            name,
        )
        self.decay_steps = positive("ExponentialDecay: decay_steps", decay_steps)

    def __call__(self, step: Any) -> Any:
        periods = ops.divide(as_float(step), float(self.decay_steps))
        periods = ops.floor(periods) if self.staircase else periods
        return ops.multiply(ops.power(float(self.decay_rate), periods), float(self.initial_learning_rate))

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }


class InverseTimeDecay(LearningRateSchedule):
    """initial_learning_rate / (1 + decay_rate * step / decay_steps); in whole periods if `staircase`."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        self.initial_learning_rate, self.decay_rate, self.staircase, self.name = (
            initial_learning_rate,
            decay_rate,
            staircase,
            name,
        )
        self.decay_steps = positive("InverseTimeDecay: decay_steps", decay_steps)

    def __call__(self, step: Any) -> Any:
        periods = ops.divide(as_float(step), float(self.decay_steps))
        periods = ops.floor(periods) if self.staircase else periods
        return ops.divide(float(self.initial_learning_rate), ops.add(ops.multiply(periods, float(self.decay_rate)), 1.0))

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[0] up to and including step boundaries[0], then values[1] up to boundaries[1], and so on.

    Raises:
        ValueError: unless there is one value more than boundaries.
    """

    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant") -> None:
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                f"PiecewiseConstantDecay: values needs one number more than boundaries, got {len(boundaries)} boundaries "
                f"and {len(values)} values."
            )
        self.boundaries, self.values, self.name = list(boundaries), list(values), name

    def __call__(self, step: Any) -> Any:
        step = as_float(step)
        rate = ops.convert_to_tensor(float(self.values[-1]), dtype="float32")
        for boundary, value in zip(reversed(self.boundaries), reversed(self.values[:-1])):
            rate = ops.where(ops.less_equal(step, float(boundary)), float(value), rate)
        return rate

    def get_config(self) -> dict[str, Any]:
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}


class PolynomialDecay(LearningRateSchedule):
    """(initial - end) * (1 - step / decay_steps)**power + end.

    After `decay_steps` the rate stays at `end_learning_rate`, or if `cycle` the time is stretched to the next multiple
    of `decay_steps` and the rate jumps up again.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate, self.end_learning_rate = initial_learning_rate, end_learning_rate
        self.decay_steps = positive("PolynomialDecay: decay_steps", decay_steps)
        self.power, self.cycle, self.name = power, cycle, name

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

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "end_learning_rate": self.end_learning_rate,
            "power": self.power,
            "cycle": self.cycle,
            "name": self.name,
        }
