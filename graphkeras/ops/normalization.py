"""Normalization: moments, and tensors scaled by their own or by given statistics. 16-bit floats are computed in float32."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import normalize_axes, normalize_axis, shape_text

from .. import config
from ..operation import operation
from .linear_algebra import norm
from .operands import Tensor, as_float, cast, dtype_of, ndim_of, promoted, scalar, shape_of, tensor

__all__ = ["batch_normalization", "layer_normalization", "moments", "normalize", "rms_normalization"]

_FLOAT16_RANGE = {"low": float(np.finfo(np.float16).min), "high": float(np.finfo(np.float16).max)}


def wide(x: Tensor) -> Tensor:
    """16-bit floats as float32, wider ones as they are."""
    return cast(x, "float32") if dtype_of(x) in ("float16", "bfloat16") else x


@operation
def moments(x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False) -> Any:
    """(mean, variance) along `axes`; of 16-bit floats limited to the range of float16.

    Raises:
        NotImplementedError: for synchronized=True.
    """
    if synchronized:
        raise NotImplementedError("ops.moments: synchronized=True is not supported; leave it False.")
    x = as_float(x)
    axis = normalize_axes(axes, ndim_of(x), "moments")
    results = ops.moments(wide(x), axis=axis)
    if not keepdims and axis:
        results = tuple(ops.squeeze(result, axis=axis) for result in results)
    if dtype_of(x) in ("float16", "bfloat16"):
        results = tuple(cast(ops.clip(result, **_FLOAT16_RANGE), dtype_of(x)) for result in results)
    return results


@operation
def normalize(x: Any, axis: Any = -1, order: int = 2, epsilon: float | None = None) -> Any:
    """x divided by its norm of that order along `axis`; a norm below `epsilon` (keras.config.epsilon()) counts as that.

    Raises:
        ValueError: for an order that is no integer or below 1.
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise ValueError(f"ops.normalize: order must be an integer of at least 1, got {order!r}.")
    x = as_float(x)
    x = ops.reshape(x, shape=(1,)) if ndim_of(x) == 0 else x
    least = config.epsilon() if epsilon is None else epsilon
    if order != 2:
        return ops.divide(x, ops.maximum(norm.body(x, ord=order, axis=axis, keepdims=True), scalar(least, x)))
    axes, full = normalize_axes(axis, ndim_of(x), "normalize"), wide(x)
    squared = ops.sum(ops.square(full), axis=axes, keepdims=True)
    return cast(ops.multiply(full, ops.rsqrt(ops.maximum(squared, scalar(least**2, full)))), dtype_of(x))


@operation
def batch_normalization(
    x: Any, mean: Any, variance: Any, axis: int, offset: Any = None, scale: Any = None, epsilon: float = 1e-3
) -> Any:
    """(x - mean) / sqrt(variance + epsilon) * scale + offset; the others are vectors along `axis` of x.

    Raises:
        ValueError: for vectors of another size than that of `axis`.
    """
    given = [vector for vector in (scale, offset) if vector is not None]
    x, mean, variance, *given = promoted(x, mean, variance, *given, at_least="float")
    vectors = [np.ones(()), np.zeros(())]
    for place, vector in enumerate((scale, offset)):
        if vector is not None:
            vectors[place] = given.pop(0)
    dtype, place = dtype_of(x), normalize_axis(axis, ndim_of(x), "batch_normalization")
    size = (shape_of(x)[place],)
    for name, vector in (("mean", mean), ("variance", variance), ("scale", vectors[0]), ("offset", vectors[1])):
        if shape_of(vector) not in ((), size):
            raise ValueError(
                f"ops.batch_normalization: {name} must be a vector of shape {shape_text(size)} along axis {axis} of x of "
                f"shape {shape_text(shape_of(x))}, got shape {shape_text(shape_of(vector))}."
            )
    operands = [wide(operand) for operand in (x, mean, variance)]
    operands += [ops.broadcast_to(cast(vector, dtype_of(operands[0])), shape=size) for vector in vectors]
    return cast(ops.batch_normalization(*operands, axis=place, epsilon=epsilon), dtype)


@operation
def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: float | None = None, rms_scaling: bool = False
) -> Any:
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta, mean and variance being those of each sample along `axis`.

    gamma and beta have the shape of those axes. `epsilon` None means keras.config.epsilon(). With `rms_scaling` only the
    scale changes: x / sqrt(variance + epsilon) * gamma; for root mean squares use `rms_normalization`.

    Raises:
        ValueError: for gamma or beta of a shape that does not fit.
    """
    x = as_float(x)
    full, axes = wide(x), normalize_axes(axis, ndim_of(x), "layer_normalization")
    epsilon = config.epsilon() if epsilon is None else epsilon
    parameters = [None if p is None else _along_axes(p, name, full, axes) for name, p in (("gamma", gamma), ("beta", beta))]
    scale, offset = parameters
    if rms_scaling:
        scaled = ops.multiply(full, ops.rsqrt(ops.add(ops.moments(full, axis=axes)[1], scalar(epsilon, full))))
        return cast(scaled if scale is None else ops.multiply(scaled, scale), dtype_of(x))
    if axes == tuple(range(axes[0], ndim_of(x))):
        row = shape_of(x)[axes[0] :]
        scale, offset = (None if p is None else ops.reshape(p, shape=row) for p in (scale, offset))
        fitting = [scale, offset][: 0 if scale is None else 1 if offset is None else 2]
        result = ops.layer_normalization(full, *fitting, axis=axes[0], epsilon=epsilon)[0]
        return cast(ops.add(result, offset) if scale is None and offset is not None else result, dtype_of(x))
    mean, variance = ops.moments(full, axis=axes)
    factor = ops.rsqrt(ops.add(variance, scalar(epsilon, full)))
    factor = factor if scale is None else ops.multiply(factor, scale)
    shift = ops.negative(ops.multiply(mean, factor))
    shift = shift if offset is None else ops.add(shift, offset)
    return cast(ops.add(ops.multiply(full, factor), shift), dtype_of(x))


def _along_axes(parameter: Any, name: str, x: Tensor, axes: tuple[int, ...]) -> Tensor:
    """A parameter of the shape of `axes` as a tensor that broadcasts with x."""
    parameter = tensor(parameter, dtype_of(x))
    wanted = tuple(size if k in axes else 1 for k, size in enumerate(shape_of(x)))
    row = tuple(shape_of(x)[k] for k in axes)
    if shape_of(parameter) not in (row, wanted):
        raise ValueError(
            f"ops.layer_normalization: {name} for axis {axes} of x of shape {shape_text(shape_of(x))} must have shape "
            f"{shape_text(row)}, got {shape_text(shape_of(parameter))}."
        )
    return ops.reshape(parameter, shape=wanted)


@operation
def rms_normalization(x: Any, scale: Any = None, axis: Any = -1, epsilon: float | None = None) -> Any:
    """x / sqrt(mean of x**2 along `axis` + epsilon) * scale. `epsilon` None means keras.config.epsilon()."""
    x = as_float(x)
    x = ops.reshape(x, shape=(1,)) if ndim_of(x) == 0 else x
    full, axes = wide(x), normalize_axes(axis, ndim_of(x), "rms_normalization")
    epsilon = config.epsilon() if epsilon is None else epsilon
    parameters = [] if scale is None else [tensor(scale, dtype_of(full))]
    if axes == tuple(range(axes[0], ndim_of(x))):
        whole = [p for p in parameters if shape_of(p) == shape_of(x)[axes[0] :]]
        parameters = [] if whole else parameters
        result = ops.rms_normalization(full, *whole, axis=axes[0], epsilon=epsilon)[0]
    else:
        mean = ops.mean(ops.square(full), axis=axes, keepdims=True)
        result = ops.multiply(full, ops.rsqrt(ops.add(mean, scalar(epsilon, full))))
    return cast(ops.multiply(result, parameters[0]) if parameters else result, dtype_of(x))
