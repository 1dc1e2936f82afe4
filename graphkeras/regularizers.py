"""`keras.regularizers`: what a weight adds to the loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from . import ops
from .identifiers import resolve
from .saving.object_registration import custom_object_scope
from .saving.serialization import serialize_keras_object


class Regularizer:
    """A function from a variable to a scalar loss."""

    def __call__(self, x: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __call__(self, x).")

    def get_config(self) -> dict[str, Any]:
        raise NotImplementedError(
            f"{type(self).__name__} cannot be saved: it must define get_config(self), returning its constructor's arguments."
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Regularizer:
        return cls(**config)


class L1L2(Regularizer):
    """l1 * sum(|x|) + l2 * sum(x**2).

    Raises:
        ValueError: for a factor that is negative or not finite.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1, self.l2 = _factor("l1", l1), _factor("l2", l2)

    def __call__(self, x: Any) -> Any:
        total: Any = ops.zeros((), ops.dtype(x))
        if self.l1:
            total = total + self.l1 * ops.sum(ops.absolute(x))
        if self.l2:
            total = total + self.l2 * ops.sum(ops.square(x))
        return total

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1, "l2": self.l2}


class L1(Regularizer):
    """l1 * sum(|x|)."""

    def __init__(self, l1: float | None = 0.01) -> None:
        self.l1 = _factor("l1", 0.01 if l1 is None else l1)

    def __call__(self, x: Any) -> Any:
        return self.l1 * ops.sum(ops.absolute(x))

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1}


class L2(Regularizer):
    """l2 * sum(x**2)."""

    def __init__(self, l2: float | None = 0.01) -> None:
        self.l2 = _factor("l2", 0.01 if l2 is None else l2)

    def __call__(self, x: Any) -> Any:
        return self.l2 * ops.sum(ops.square(x))

    def get_config(self) -> dict[str, Any]:
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """Mean of |u v| over pairs of different rows (or columns) u, v, each divided by its length, times `factor`.

    Raises:
        ValueError: for another mode, or for a variable that is no matrix.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise ValueError(f"OrthogonalRegularizer: mode must be 'rows' or 'columns', got {mode!r}.")
        self.factor, self.mode = _factor("factor", factor), mode

    def __call__(self, x: Any) -> Any:
        if len(ops.shape(x)) != 2:
            raise ValueError(f"OrthogonalRegularizer: a matrix is needed, got shape {ops.shape(x)}.")
        if self.mode == "rows":
            unit = ops.normalize(x, axis=1)
            products, size = ops.matmul(unit, ops.transpose(unit)), ops.shape(x)[0]
        else:
            unit = ops.normalize(x, axis=0)
            products, size = ops.matmul(ops.transpose(unit), unit), ops.shape(x)[1]
        pairs = size * (size - 1) / 2
        return self.factor * 0.5 * ops.sum(ops.absolute(products * (1.0 - ops.eye(size)))) / pairs

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor, "mode": self.mode}


def _factor(name: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        raise ValueError(f"A regularization factor is a number of at least 0, got {name}={value!r}.")
    return float(value)


def l1_l2(l1: float = 0.01, l2: float = 0.01) -> L1L2:
    """`L1L2` with the defaults that the name has as a string."""
    return L1L2(l1, l2)


l1, l2, orthogonal_regularizer = L1, L2, OrthogonalRegularizer

_TABLE: dict[str, Callable[..., Any]] = {
    "L1": L1,
    "L2": L2,
    "L1L2": L1L2,
    "OrthogonalRegularizer": OrthogonalRegularizer,
    "l1": L1,
    "l2": L2,
    "l1_l2": L1L2,
    "orthogonal_regularizer": OrthogonalRegularizer,
}


def get(identifier: Any) -> Any:
    """A regularizer from a name, a config, a class, an object or a function; None stays None.

    Raises:
        ValueError: for an unknown name; lists the near matches.
    """
    return None if identifier is None else resolve("regularizer", identifier, _TABLE)


def serialize(regularizer: Any) -> Any:
    """The regularizer as JSON-ready data."""
    return serialize_keras_object(regularizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The regularizer that `serialize` wrote."""
    with custom_object_scope(custom_objects or {}):
        return get(config)
