"""Functions of neural networks: softmax, one-hot codes, how near two images are."""

from __future__ import annotations

import math
from typing import Any

from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import normalize_axes, normalize_axis, shape_text

from ..operation import operation
from .arithmetic import multiply_numbers
from .operands import Tensor, as_float, dtype_of, is_float, is_integer, ndim_of, promoted, shape_of, standard_dtype, tensor

__all__ = ["log_softmax", "multi_hot", "one_hot", "psnr", "softmax"]


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

    x may hold floats; their fractions are cut off.

    Raises:
        TypeError: if x holds truth values.
        NotImplementedError: for sparse=True.
    """
    if sparse:
        raise NotImplementedError("ops.one_hot: there are no sparse tensors; leave sparse=False.")
    return _one_hot(x, num_classes, axis, standard_dtype(dtype))


def _one_hot(x: Any, num_classes: int, axis: int, dtype: str) -> Tensor:
    x = tensor(x)
    if is_float(dtype_of(x)):
        x = ops.cast(x, dtype="int32")
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
def multi_hot(inputs: Any, num_classes: int | None = None, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Any:
    """A vector of `num_classes` elements with ones at all places that the last axis of `inputs` says.

    Raises:
        ValueError: without `num_classes`.
        NotImplementedError: for sparse=True.
    """
    if num_classes is None:
        raise ValueError("ops.multi_hot: give num_classes, the size of the result's last axis.")
    if sparse:
        raise NotImplementedError("ops.multi_hot: there are no sparse tensors; leave sparse=False.")
    inputs = tensor(inputs)
    coded = _one_hot(inputs, num_classes, axis, standard_dtype(dtype))
    return ops.max(coded, axis=(ndim_of(inputs) - 1 if ndim_of(inputs) > 1 else 0,))


@operation
def psnr(x1: Any, x2: Any, max_val: Any) -> Any:
    """The peak signal-to-noise ratio in decibels: 20 log10(max_val) - 10 log10(mean((x1 - x2)**2)).

    Raises:
        ValueError: if the shapes differ.
    """
    a, b = promoted(x1, x2, at_least="float")
    if shape_of(a) != shape_of(b):
        raise ValueError(
            f"ops.psnr: x1 and x2 must have the same shape, got {shape_text(shape_of(a))} and {shape_text(shape_of(b))}."
        )
    error = ops.mean(ops.square(ops.subtract(a, b)), axis=tuple(range(ndim_of(a))))
    peak = ops.log(tensor(max_val, dtype_of(b)))
    return ops.subtract(multiply_numbers(peak, 20 / math.log(10)), multiply_numbers(ops.log(error), 10 / math.log(10)))
