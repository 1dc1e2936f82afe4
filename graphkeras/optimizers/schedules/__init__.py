"""`keras.optimizers.schedules`: learning rates that depend on the step; evaluated inside the compiled step."""

from __future__ import annotations

from typing import Any

from ...identifiers import subclasses_in
from ...saving.serialization import deserialize_keras_object, serialize_keras_object
from .cosine import CosineDecay, CosineDecayRestarts
from .decay import ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay
from .schedule import LearningRateSchedule

_TABLE = subclasses_in(vars(), LearningRateSchedule)


def serialize(learning_rate_schedule: LearningRateSchedule) -> Any:
    """The config of a schedule."""
    return serialize_keras_object(learning_rate_schedule)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The schedule that `serialize` wrote."""
    return deserialize_keras_object(config, custom_objects=custom_objects, module_objects=_TABLE)


__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]
