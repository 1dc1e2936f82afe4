"""`keras.constraints`: what the optimizer does to a weight after each update."""

from __future__ import annotations

from typing import Any

from . import ops
from .config import epsilon
from .identifiers import resolve
from .saving.object_registration import custom_object_scope
from .saving.serialization import serialize_keras_object


class Constraint:
    """A function from a weight to the nearest allowed weight."""

    def __call__(self, w: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __call__(self, w).")

    def get_config(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constraint:
        return cls(**config)


class MaxNorm(Constraint):
    """Scales vectors along `axis` whose length is above `max_value` down to it."""

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Any) -> Any:
        norms = _norms(w, self.axis)
        return w * (ops.clip(norms, 0, self.max_value) / (norms + epsilon()))

    def get_config(self) -> dict[str, Any]:
        return {"max_value": self.max_value, "axis": self.axis}


class NonNeg(Constraint):
    """Replaces negative weights by 0."""

    def __call__(self, w: Any) -> Any:
        return ops.relu(w)


class UnitNorm(Constraint):
    """Scales vectors along `axis` to length 1."""

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        return w / (epsilon() + _norms(w, self.axis))

    def get_config(self) -> dict[str, Any]:
        return {"axis": self.axis}


class MinMaxNorm(Constraint):
    """Moves the lengths of vectors along `axis` towards [min_value, max_value], by the part `rate` of the way."""

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0) -> None:
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w: Any) -> Any:
        norms = _norms(w, self.axis)
        wanted = self.rate * ops.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return w * (wanted / (epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}


def _norms(w: Any, axis: Any) -> Any:
    return ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))


max_norm, non_neg, unit_norm, min_max_norm = MaxNorm, NonNeg, UnitNorm, MinMaxNorm

_TABLE: dict[str, Any] = {
    "MaxNorm": MaxNorm,
    "NonNeg": NonNeg,
    "UnitNorm": UnitNorm,
    "MinMaxNorm": MinMaxNorm,
    "max_norm": MaxNorm,
    "non_neg": NonNeg,
    "unit_norm": UnitNorm,
    "min_max_norm": MinMaxNorm,
}


def get(identifier: Any) -> Any:
    """A constraint from a name, a config, a class, an object or a function; None stays None.

    Raises:
        ValueError: for an unknown name; lists the near matches.
    """
    return None if identifier is None else resolve("constraint", identifier, _TABLE)


def serialize(constraint: Any) -> Any:
    """The constraint as JSON-ready data."""
    return serialize_keras_object(constraint)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The constraint that `serialize` wrote."""
    with custom_object_scope(custom_objects or {}):
        return get(config)
