"""The truncated standard normal distribution, by inversion: one uniform number gives one result, so nothing is redrawn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graphkeras.compiler.graph import Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import numpy_dtype

#: erf(2 / sqrt(2)): the probability of lying within two standard deviations.
_WITHIN = math.erf(math.sqrt(2.0))
#: M. Giles, "Approximating the erfinv function" (GPU Computing Gems, 2011), table 5, the branch w < 5; error below 1e-6.
_COEFFICIENTS = (
    2.81022636e-08,
    3.43273939e-07,
    -3.5233877e-06,
    -4.39150654e-06,
    0.00021858087,
    -0.00125372503,
    -0.00417768164,
    0.246640727,
    1.50140941,
)


def truncated_normal(key: Any, shape: tuple[Any, ...], dtype: str) -> Any:
    """Standard normal numbers within [-2, 2]; on a symbolic key symbolic."""

    def number(value: float) -> Any:
        return np.asarray(value, numpy_dtype(dtype))

    uniform = ops.random_uniform(key, shape=shape, dtype=dtype)
    x = ops.multiply(ops.subtract(ops.multiply(uniform, number(2.0)), number(1.0)), number(_WITHIN))
    w = ops.subtract(ops.negative(ops.log(ops.subtract(number(1.0), ops.multiply(x, x)))), number(2.5))
    polynomial: Any = number(_COEFFICIENTS[0])
    for coefficient in _COEFFICIENTS[1:]:
        polynomial = ops.add(ops.multiply(polynomial, w), number(coefficient))
    result = ops.multiply(ops.multiply(polynomial, x), number(math.sqrt(2.0)))
    return result if isinstance(result, Value) else np.asarray(result, numpy_dtype(dtype))
