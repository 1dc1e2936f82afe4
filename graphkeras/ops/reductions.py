"""Reductions over axes. `axis` is an integer, a tuple of them, or None for all axes."""

from __future__ import annotations

from typing import Any

from graphkeras.compiler.dims import Dim, size_of
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import normalize_axes, normalize_axis

from ..operation import operation
from .operands import Tensor, as_bool, as_float, cast, dtype_of, is_integer, ndim_of, promoted, scalar, shape_of, tensor

# fmt: off
__all__ = [
    "all", "amax", "amin", "any", "argmax", "argmin", "average", "count_nonzero", "logsumexp", "max", "mean", "min", "prod",
    "ptp", "std", "sum", "var",
]
# fmt: on


_SUMMED_AS = {"bool": "int32", "int8": "int32", "int16": "int32", "uint8": "uint32", "uint16": "uint32"}


def sum_of(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The sum; booleans and small integers are summed as 32-bit integers."""
    x = tensor(x)
    x = cast(x, _SUMMED_AS.get(dtype_of(x), dtype_of(x)))
    return ops.sum(x, axis=normalize_axes(axis, ndim_of(x), "sum"), keepdims=keepdims)


def prod_of(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Tensor:
    """The product, in `dtype`, or else in the dtype that `sum_of` has."""
    x = tensor(x)
    x = cast(x, dtype or _SUMMED_AS.get(dtype_of(x), dtype_of(x)))
    return ops.prod(x, axis=normalize_axes(axis, ndim_of(x), "prod"), keepdims=keepdims)


def mean_of(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The mean, a float."""
    x = as_float(x)
    return ops.mean(x, axis=normalize_axes(axis, ndim_of(x), "mean"), keepdims=keepdims)


def variance_of(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The mean squared distance from the mean; 16-bit floats are computed in float32."""
    x = as_float(x)
    dtype = dtype_of(x)
    wide = cast(x, "float32") if dtype in ("float16", "bfloat16") else x
    axes = normalize_axes(axis, ndim_of(x), "var")
    variance = ops.moments(wide, axis=axes)[1]
    return cast(variance if keepdims or not axes else ops.squeeze(variance, axis=axes), dtype)


@operation
def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum. Booleans and integers of fewer than 32 bits give int32 or uint32."""
    return sum_of(x, axis, keepdims)


@operation
def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """The product."""
    return prod_of(x, axis, keepdims, dtype)


@operation
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean; a float, also for integers."""
    return mean_of(x, axis, keepdims)


@operation
def var(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The variance: mean of (x - mean(x))**2."""
    return variance_of(x, axis, keepdims)


@operation
def std(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The standard deviation: square root of the variance."""
    return ops.sqrt(variance_of(x, axis, keepdims))


def extreme_of(name: str, x: Any, axis: Any, keepdims: bool, initial: Any) -> Tensor:
    """The greatest ("max") or least ("min") element; of booleans whether one is true, or all are."""
    x = tensor(x)
    axes = normalize_axes(axis, ndim_of(x), name)
    if dtype_of(x) == "bool":
        result = (ops.any if name == "max" else ops.all)(x, axis=axes, keepdims=keepdims)
    else:
        result = getattr(ops, name)(x, axis=axes, keepdims=keepdims)
    if initial is None:
        return result
    return getattr(ops, f"{name}imum")(result, tensor(initial, dtype_of(x)))


@operation
def max(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The greatest element, at least `initial`."""
    return extreme_of("max", x, axis, keepdims, initial)


@operation
def min(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The least element, at most `initial`."""
    return extreme_of("min", x, axis, keepdims, initial)


@operation
def amax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The greatest element."""
    return extreme_of("max", x, axis, keepdims, None)


@operation
def amin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The least element."""
    return extreme_of("min", x, axis, keepdims, None)


@operation
def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The greatest element minus the least."""
    return ops.subtract(extreme_of("max", x, axis, keepdims, None), extreme_of("min", x, axis, keepdims, None))


@operation
def any(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether one element is true (not 0)."""
    return ops.any(as_bool(x), axis=normalize_axes(axis, ndim_of(x), "any"), keepdims=keepdims)


@operation
def all(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether all elements are true (not 0)."""
    return ops.all(as_bool(x), axis=normalize_axes(axis, ndim_of(x), "all"), keepdims=keepdims)


def place_of(name: str, x: Any, axis: int | None, keepdims: bool) -> Tensor:
    """Where the greatest ("argmax") or least ("argmin") element is."""
    x = tensor(x)
    x = cast(x, "int32") if dtype_of(x) == "bool" else x
    if axis is None:
        ndim = ndim_of(x)
        place = getattr(ops, name)(ops.reshape(x, shape=(size_of(shape_of(x)),)), axis=0, keepdims=False)
        return ops.reshape(place, shape=(1,) * ndim) if keepdims else place
    return getattr(ops, name)(x, axis=normalize_axis(axis, ndim_of(x), name), keepdims=keepdims)


@operation
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Where the greatest element is (the first of equals), int32; in the flattened tensor if `axis` is None."""
    return place_of("argmax", x, axis, keepdims)


@operation
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Where the least element is (the first of equals), int32; in the flattened tensor if `axis` is None."""
    return place_of("argmin", x, axis, keepdims)


@operation
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))), without overflow."""
    x = as_float(x)
    return ops.logsumexp(x, axis=normalize_axes(axis, ndim_of(x), "logsumexp"), keepdims=keepdims)


@operation
def count_nonzero(x: Any, axis: Any = None) -> Any:
    """How many elements are not 0, int32."""
    found = cast(as_bool(x), "int32")
    return ops.sum(found, axis=normalize_axes(axis, ndim_of(x), "count_nonzero"), keepdims=False)


@operation
def average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    """sum(x * weights) / sum(weights); `weights` is of the shape of x, or a vector along the one `axis`.

    Raises:
        ValueError: for weights of another shape.
    """
    if weights is None:
        return mean_of(x, axis)
    x, weights = promoted(x, weights, at_least="float")
    if shape_of(weights) != shape_of(x):
        if not isinstance(axis, int) or ndim_of(weights) != 1:
            raise ValueError(
                f"ops.average: weights of shape {shape_of(weights)} for x of shape {shape_of(x)}: they must have the same "
                "shape, or weights be a vector along the one axis given."
            )
        place = normalize_axis(axis, ndim_of(x), "average")
        weights = ops.reshape(weights, shape=tuple(-1 if k == place else 1 for k in range(ndim_of(x))))
    total = sum_of(ops.multiply(x, weights), axis)
    return ops.divide(total, sum_of(ops.broadcast_to(weights, shape=shape_of(x)), axis))


def number_like(number: Any, like: Tensor) -> Tensor:
    """A size, known or symbolic, as a scalar in the dtype of `like`."""
    return tensor(number, dtype_of(like)) if isinstance(number, Dim) else scalar(number, like)


def require_integer(x: Any, name: str) -> Tensor:
    """`x` if its dtype is an integer.

    Raises:
        TypeError: if not.
    """
    x = tensor(x)
    if not is_integer(dtype_of(x)):
        raise TypeError(f"{name}: integers are needed, got {dtype_of(x)}. Use ops.cast(x, 'int32').")
    return x
