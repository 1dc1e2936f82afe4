"""Functions of neural networks: activations, softmax, one-hot codes."""

from __future__ import annotations

import math
from typing import Any

from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import normalize_axes, normalize_axis

from ..operation import operation
from .arithmetic import multiply_numbers
from .operands import (
    Tensor,
    as_float,
    dtype_of,
    is_integer,
    ndim_of,
    scalar,
    shape_of,
    standard_dtype,
    tensor,
)

# fmt: off
__all__ = [
    "celu", "elu", "gelu", "hard_sigmoid", "hard_silu", "hard_swish", "leaky_relu", "log_sigmoid", "log_softmax", "multi_hot",
    "one_hot", "relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "swish",
]
# fmt: on

_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


@operation
def relu(x: Any) -> Any:
    """max(x, 0)."""
    return ops.relu(tensor(x))


@operation
def relu6(x: Any) -> Any:
    """x limited to [0, 6]."""
    return ops.clip(tensor(x), low=0, high=6)


@operation
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x where x > 0, else negative_slope * x."""
    x = as_float(x)
    return ops.where(ops.greater(x, scalar(0, x)), x, multiply_numbers(x, negative_slope))


@operation
def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where x > 0, else alpha * (e**x - 1)."""
    return _elu(as_float(x), alpha)


def _elu(x: Tensor, alpha: float, scale: float = 1.0) -> Tensor:
    below = ops.expm1(ops.multiply(ops.minimum(x, scalar(0, x)), scalar(1 / scale, x)))
    return ops.where(ops.greater(x, scalar(0, x)), x, multiply_numbers(below, alpha))


@operation
def celu(x: Any, alpha: float = 1.0) -> Any:
    """x where x > 0, else alpha * (e**(x / alpha) - 1)."""
    return _elu(as_float(x), alpha, alpha)


@operation
def selu(x: Any) -> Any:
    """scale * elu(x, alpha) with the constants that keep mean 0 and variance 1 (Klambauer et al. 2017)."""
    return multiply_numbers(_elu(as_float(x), _SELU_ALPHA), _SELU_SCALE)


@operation
def gelu(x: Any, approximate: bool = True) -> Any:
    """x times the probability that a standard normal number is below x; by tanh if `approximate`, else by erf."""
    x = as_float(x)
    if not approximate:
        return ops.gelu(x)
    inner = ops.add(x, multiply_numbers(ops.multiply(ops.multiply(x, x), x), 0.044715))
    bent = ops.tanh(multiply_numbers(inner, math.sqrt(2 / math.pi)))
    return ops.multiply(multiply_numbers(x, 0.5), ops.add(bent, scalar(1, x)))


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
def softmax(x: Any, axis: Any = -1) -> Any:
    """e**x divided by its sum along `axis` (one axis, several, or None for all)."""
    return _over_axes(ops.softmax, as_float(x), axis)


@operation
def log_softmax(x: Any, axis: Any = -1) -> Any:
    """The logarithm of `softmax`, without underflow."""
    return _over_axes(ops.log_softmax, as_float(x), axis)


def _over_axes(function: Any, x: Tensor, axis: Any) -> Tensor:
    """`function` along one axis; several axes are merged into one first."""
    if isinstance(axis, int):
        return function(x, axis=normalize_axis(axis, ndim_of(x), function.name))
    axes = normalize_axes(axis, ndim_of(x), function.name)
    order = (*(k for k in range(ndim_of(x)) if k not in axes), *axes)
    moved = ops.transpose(x, axes=order)
    kept = shape_of(moved)[: ndim_of(x) - len(axes)]
    flat = function(ops.reshape(moved, shape=(*kept, -1)), axis=len(kept))
    return ops.transpose(ops.reshape(flat, shape=shape_of(moved)), axes=tuple(order.index(k) for k in range(ndim_of(x))))


@operation
def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Any:
    """A new axis of `num_classes` elements with a one at the place that x says; zeros where x is out of range.

    Raises:
        TypeError: if x does not hold integers.
        NotImplementedError: for sparse=True.
    """
    if sparse:
        raise NotImplementedError("ops.one_hot: there are no sparse tensors; leave sparse=False.")
    return _one_hot(x, num_classes, axis, standard_dtype(dtype))


def _one_hot(x: Any, num_classes: int, axis: int, dtype: str) -> Tensor:
    x = tensor(x)
    if not is_integer(dtype_of(x)):
        raise TypeError(f"ops.one_hot: x must hold integers, got {dtype_of(x)}. Use ops.cast(x, 'int32').")
    coded = ops.one_hot(x, depth=num_classes, dtype=dtype)
    place, last = normalize_axis(axis, ndim_of(coded), "one_hot"), ndim_of(coded) - 1
    if place == last:
        return coded
    order = list(range(last))
    order.insert(place, last)
    return ops.transpose(coded, axes=tuple(order))


@operation
def multi_hot(inputs: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Any:
    """A vector of `num_classes` elements with ones at all places that the last axis of `inputs` says.

    Raises:
        NotImplementedError: for sparse=True.
    """
    if sparse:
        raise NotImplementedError("ops.multi_hot: there are no sparse tensors; leave sparse=False.")
    inputs = tensor(inputs)
    coded = _one_hot(inputs, num_classes, axis, standard_dtype(dtype))
    return ops.max(coded, axis=(ndim_of(inputs) - 1 if ndim_of(inputs) > 1 else 0,))
