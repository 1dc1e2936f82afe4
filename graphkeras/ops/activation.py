"""Activations: functions of single elements, and a few of lines along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkeras.compiler.dims import Dim
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import normalize_axis, numpy_dtype, shape_text

from ..operation import operation
from .arithmetic import multiply_numbers
from .operands import Tensor, as_float, cast, dtype_of, ndim_of, promoted, scalar, shape_of, tensor

# fmt: off
__all__ = [
    "celu", "elu", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "leaky_relu",
    "log_sigmoid", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softplus", "softsign", "sparse_plus",
    "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh_shrink", "threshold",
]
# fmt: on

_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


@operation
def relu(x: Any) -> Any:
    """max(x, 0)."""
    x = tensor(x)
    return ops.relu(cast(x, "int32") if dtype_of(x) == "bool" else x)


@operation
def relu6(x: Any) -> Any:
    """x limited to [0, 6], a float."""
    return ops.clip(as_float(x), low=0, high=6)


@operation
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x where x >= 0, else negative_slope * x."""
    return ops.leaky_relu(as_float(x), slope=negative_slope)


@operation
def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where x > 0, else alpha * (e**x - 1)."""
    return ops.elu(as_float(x), alpha=alpha)


@operation
def celu(x: Any, alpha: float = 1.0) -> Any:
    """x where x > 0, else alpha * (e**(x / alpha) - 1)."""
    return ops.elu(as_float(x), alpha=alpha, scale=alpha)


@operation
def selu(x: Any) -> Any:
    """scale * elu(x, alpha) with the constants that keep mean 0 and variance 1 (Klambauer et al. 2017)."""
    return multiply_numbers(ops.elu(as_float(x), alpha=_SELU_ALPHA), _SELU_SCALE)


@operation
def gelu(x: Any, approximate: bool = True) -> Any:
    """x times the probability that a standard normal number is below x; by tanh if `approximate`, else by erf."""
    return ops.gelu(as_float(x), approximate=approximate)


@operation
def silu(x: Any) -> Any:
    """x * sigmoid(x)."""
    return ops.silu(as_float(x))


@operation
def swish(x: Any) -> Any:
    """x * sigmoid(x)."""
    return ops.silu(as_float(x))


@operation
def sigmoid(x: Any) -> Any:
    """1 / (1 + e**-x)."""
    return ops.sigmoid(as_float(x))


@operation
def log_sigmoid(x: Any) -> Any:
    """log(1 / (1 + e**-x)), without overflow."""
    return ops.negative(ops.softplus(ops.negative(as_float(x))))


@operation
def hard_sigmoid(x: Any) -> Any:
    """x / 6 + 1 / 2 limited to [0, 1]."""
    return _hard_sigmoid(as_float(x))


def _hard_sigmoid(x: Tensor) -> Tensor:
    return multiply_numbers(ops.clip(ops.add(x, scalar(3, x)), low=0.0, high=6.0), 1 / 6)


@operation
def hard_silu(x: Any) -> Any:
    """x * hard_sigmoid(x)."""
    x = as_float(x)
    return ops.multiply(x, _hard_sigmoid(x))


@operation
def hard_swish(x: Any) -> Any:
    """x * hard_sigmoid(x)."""
    x = as_float(x)
    return ops.multiply(x, _hard_sigmoid(x))


@operation
def softplus(x: Any) -> Any:
    """log(1 + e**x), without overflow."""
    return ops.softplus(as_float(x))


@operation
def softsign(x: Any) -> Any:
    """x / (1 + |x|)."""
    x = as_float(x)
    return ops.divide(x, ops.add(ops.abs(x), scalar(1, x)))


@operation
def hard_tanh(x: Any) -> Any:
    """x limited to [-1, 1]."""
    return ops.clip(tensor(x), low=-1, high=1)


@operation
def tanh_shrink(x: Any) -> Any:
    """x - tanh(x)."""
    x = as_float(x)
    return ops.subtract(x, ops.tanh(x))


@operation
def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x moved towards 0 by `threshold`, and 0 where it is nearer than that."""
    x = as_float(x)
    return ops.subtract(x, ops.clip(x, low=-threshold, high=threshold))


@operation
def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x where |x| > threshold, else 0."""
    x = as_float(x)
    return ops.where(ops.greater(ops.abs(x), scalar(threshold, x)), x, scalar(0, x))


@operation
def threshold(x: Any, threshold: Any, default_value: Any) -> Any:
    """x where x > threshold, else default_value."""
    above = ops.greater(*promoted(x, threshold))
    return ops.where(above, *promoted(x, default_value))


@operation
def squareplus(x: Any, b: float = 4) -> Any:
    """(x + sqrt(x**2 + b)) / 2."""
    x = as_float(x)
    return multiply_numbers(ops.add(x, ops.sqrt(ops.add(ops.square(x), scalar(b, x)))), 0.5)


@operation
def sparse_plus(x: Any) -> Any:
    """0 up to -1, (x + 1)**2 / 4 up to 1, x from there on."""
    x = as_float(x)
    bend = multiply_numbers(ops.square(ops.add(ops.clip(x, low=-1, high=1), scalar(1, x))), 0.25)
    return ops.add(bend, ops.relu(ops.subtract(x, scalar(1, x))))


@operation
def sparse_sigmoid(x: Any) -> Any:
    """(x + 1) / 2 limited to [0, 1]."""
    x = as_float(x)
    return multiply_numbers(ops.clip(ops.add(x, scalar(1, x)), low=0, high=2), 0.5)


@operation
def mish(x: Any) -> Any:
    """x * tanh(softplus(x))."""
    return ops.mish(as_float(x))


@operation
def glu(x: Any, axis: int = -1) -> Any:
    """The first half of x along `axis`, times the sigmoid of the second half.

    Raises:
        ValueError: if the size of the axis is odd or not known.
    """
    x = as_float(x)
    place = normalize_axis(axis, ndim_of(x), "glu")
    size = shape_of(x)[place]
    if isinstance(size, Dim) or size % 2:
        raise ValueError(f"ops.glu: axis {axis} of x must have an even size, x has shape {shape_text(shape_of(x))}.")
    before = tuple(size // 2 if k == place else 0 for k in range(ndim_of(x)))
    half = tuple(size // 2 if k == place else other for k, other in enumerate(shape_of(x)))
    first = ops.slice(x, starts=(0,) * ndim_of(x), stops=half)
    return ops.multiply(first, ops.sigmoid(ops.slice(x, starts=before, stops=shape_of(x))))


@operation
def sparsemax(x: Any, axis: int = -1) -> Any:
    """max(x - t, 0) with one t for each line along `axis`, as Keras computes it.

    With s the running sums of the line in descending order and k the number of places j where x_j > (s_j - 1) / j,
    t = (the sum of s over these k places - 1) / k. (Martins and Astudillo, arXiv:1602.02068, have s_k and not that sum.)
    """
    x = as_float(x)
    place = normalize_axis(axis, ndim_of(x), "sparsemax")
    size = shape_of(x)[place]
    line = tuple(-1 if k == place else 1 for k in range(ndim_of(x)))
    ordered = ops.top_k(x, k=size, axis=place)[0]
    sums = ops.cumsum(ordered, axis=place)
    places = (
        ops.iota(size=size, dtype=dtype_of(x)) if isinstance(size, Dim) else np.arange(size, dtype=numpy_dtype(dtype_of(x)))
    )
    rank = ops.reshape(ops.add(places, scalar(1, x)), shape=line)
    support = ops.greater(ordered, ops.divide(ops.subtract(sums, scalar(1, x)), rank))
    counted = cast(support, dtype_of(x))
    total = ops.sum(ops.multiply(sums, counted), axis=(place,), keepdims=True)
    level = ops.divide(ops.subtract(total, scalar(1, x)), ops.sum(counted, axis=(place,), keepdims=True))
    return ops.relu(ops.subtract(x, level))
