"""Initializers without randomness."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..saving.serialization import deserialize_keras_object, serialize_keras_object
from .initializer import Array, Initializer, as_dtype


class Constant(Initializer):
    """`value`, a number or an array that can be broadcast to the shape."""

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        return as_dtype(np.broadcast_to(np.asarray(self.value), tuple(shape)), dtype)

    def get_config(self) -> dict[str, Any]:
        return {"value": serialize_keras_object(self.value)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constant:
        return cls(deserialize_keras_object(config["value"]))


class Zeros(Initializer):
    """Zeros."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        return as_dtype(np.zeros(tuple(shape)), dtype)


class Ones(Initializer):
    """Ones."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        return as_dtype(np.ones(tuple(shape)), dtype)


class Identity(Initializer):
    """The identity matrix times `gain`.

    Raises:
        ValueError: for a shape that is no matrix.
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        if len(shape) != 2:
            raise ValueError(f"The Identity initializer makes matrices, got the shape {tuple(shape)}.")
        return as_dtype(self.gain * np.eye(shape[0], shape[1]), dtype)

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain}
