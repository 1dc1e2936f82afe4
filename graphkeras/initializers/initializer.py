"""The base of all initializers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphkeras.compiler.types import numpy_dtype

from ..dtypes import standard_dtype

Array = np.ndarray[Any, Any]


class Initializer:
    """A function from a shape and a dtype to the first numbers of a variable. It gives NumPy arrays."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        raise NotImplementedError(f"{type(self).__name__} must define __call__(self, shape, dtype=None).")

    def get_config(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        return cls(**config)

    def clone(self) -> Initializer:
        return type(self).from_config(self.get_config())

    def __repr__(self) -> str:
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


def as_dtype(array: Array, dtype: Any) -> Array:
    """`array` in that dtype, the default float for None."""
    return array.astype(numpy_dtype(standard_dtype(dtype)))
