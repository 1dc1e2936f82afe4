"""The base of learning-rate schedules."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from ... import ops
from ...arguments import kept_arguments


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


class Decay(LearningRateSchedule):
    """The base of the schedules of graphkeras: each argument is an attribute, and `get_config` writes them."""

    #: Arguments that must be greater than 0.
    positive: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **arguments: Any) -> None:
        for name in self.positive:
            if not arguments[name] > 0:
                raise ValueError(f"{type(self).__name__}: {name} must be greater than 0, got {arguments[name]}.")
        vars(self).update(arguments)

    def get_config(self) -> dict[str, Any]:
        return kept_arguments(self)


def as_float(step: Any) -> Any:
    """The step number as a float32 tensor."""
    return ops.cast(ops.convert_to_tensor(step), "float32")
