"""The base of learning-rate schedules."""

from __future__ import annotations

from typing import Any, Self

from ... import ops


class LearningRateSchedule:
    """A learning rate as a function of the step.

    A subclass defines `__call__(step)` with `graphkeras.ops`, and `get_config`; `step` is an integer tensor from 0.
    """

    def __call__(self, step: Any) -> Any:
        """The learning rate of that step."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__(self, step).")

    def get_config(self) -> dict[str, Any]:
        raise NotImplementedError(f"{type(self).__name__} must define get_config to be saved.")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(**config)


def as_float(step: Any) -> Any:
    """The step number as a float32 tensor."""
    return ops.cast(ops.convert_to_tensor(step), "float32")


def positive(name: str, value: float) -> float:
    """`value` if it is above 0.

    Raises:
        ValueError: if it is not.
    """
    if not value > 0:
        raise ValueError(f"{name} must be greater than 0, got {value}.")
    return value
