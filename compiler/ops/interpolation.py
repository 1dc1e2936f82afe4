"""The weights of separable interpolation: row `i` says how element `i` of a resized axis is mixed from the axis's elements.

All methods evaluate a kernel at the distances between sample points and elements, then make each row sum to one. Pixels are
areas: element `i` of `new_size` sits at (i + 1/2) / new_size of the axis's length.
"""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np

from ..dims import Dim, DimLike
from ..registry import ops
from ..types import numpy_dtype

METHODS = ("nearest", "linear", "cubic", "lanczos3", "lanczos5")
#: Rows whose weights sum to less than this see nothing of the axis.
_SMALLEST_SUM = 1000 * float(np.finfo(np.float32).eps)


def interpolation_weights(
    size: DimLike, new_size: DimLike, method: str, antialias: bool, dtype: str, scale: Any = None, translation: Any = None
) -> Any:
    """A matrix (new_size, size) of `dtype`: an array if all is known, else a value.

    Args:
        method: one of `METHODS` but "nearest".
        antialias: whether the kernel is widened where the axis gets shorter, so that every element counts.
        scale, translation: scalars; element x of the axis goes to x * scale + translation. By default the axis is
            stretched to its new size.
    """
    known = not any(isinstance(part, Dim) or _is_value(part) for part in (size, new_size, scale, translation))
    exact = "float64" if known or dtype == "float64" else "float32"
    inverse = 1 / _number(scale, exact) if scale is not None else _number(size, exact) / _number(new_size, exact)
    points = (_ramp(new_size, exact) + 0.5) * inverse - 0.5
    if translation is not None:
        points = points - _number(translation, exact) * inverse
    column, row = ops.expand_dims(points, axis=(1,)), _ramp(size, exact)
    distance = ops.abs(ops.subtract(column, row))
    if antialias:
        distance = ops.divide(distance, ops.maximum(inverse, 1.0))
    weights = _KERNELS[method](distance)
    total = ops.sum(weights, axis=(1,), keepdims=True)
    sees = ops.greater(ops.abs(total), _SMALLEST_SUM)
    weights = ops.multiply(ops.divide(weights, ops.where(sees, total, ops.add(total * 0, 1.0))), ops.cast(sees, dtype=exact))
    if scale is not None or translation is not None:
        inside = ops.logical_and(
            ops.greater_equal(column, -0.5), ops.less_equal(column, ops.subtract(_number(size, exact), 0.5))
        )
        weights = ops.multiply(weights, ops.cast(inside, dtype=exact))
    return ops.cast(weights, dtype=dtype)


def nearest_places(size: DimLike, new_size: DimLike) -> Any:
    """For each element of the resized axis the number of the element that it is a copy of: floor((i + 1/2) * size / new_size).

    In whole numbers, so that no rounding decides.
    """
    if isinstance(size, Dim) or isinstance(new_size, Dim):
        odd = ops.iota(size=new_size, dtype="int64") * 2 + 1
        total = ops.dimension(dim=size, dtype="int64") * odd
        return ops.cast(ops.floor_divide(total, ops.dimension(dim=new_size, dtype="int64") * 2), dtype="int32")
    return ((2 * np.arange(new_size, dtype=np.int64) + 1) * size // (2 * new_size)).astype(np.int32)


def _is_value(part: Any) -> bool:
    return part is not None and not isinstance(part, (int, float, np.ndarray, np.generic))


def _number(part: Any, dtype: str) -> Any:
    if isinstance(part, Dim):
        return ops.dimension(dim=part, dtype=dtype)
    return ops.cast(part, dtype=dtype) if _is_value(part) else np.asarray(part, numpy_dtype(dtype))


def _ramp(size: DimLike, dtype: str) -> Any:
    return ops.iota(size=size, dtype=dtype) if isinstance(size, Dim) else np.arange(size, dtype=numpy_dtype(dtype))


def _linear(x: Any) -> Any:
    return ops.maximum(ops.subtract(1.0, x), 0.0)


def _cubic(x: Any) -> Any:
    """Keys's cubic convolution with a = -1/2 (IEEE Transactions on Acoustics, Speech, and Signal Processing 29, 1981)."""
    near = (x * 1.5 - 2.5) * x * x + 1.0
    far = ((x * -0.5 + 2.5) * x - 4.0) * x + 2.0
    return ops.where(ops.less(x, 1.0), near, ops.multiply(far, ops.cast(ops.less(x, 2.0), dtype=_dtype(x))))


def _lanczos(radius: float) -> Any:
    """sinc(x) * sinc(x / radius) for x < radius"""

    def kernel(x: Any) -> Any:
        safe = ops.maximum(x, 1e-3)
        waves = ops.multiply(ops.sin(safe * pi), ops.sin(safe * (pi / radius))) * (radius / pi**2)
        found = ops.where(ops.greater(x, 1e-3), ops.divide(waves, ops.square(safe)), ops.add(x * 0, 1.0))
        return ops.multiply(found, ops.cast(ops.less_equal(x, radius), dtype=_dtype(x)))

    return kernel


_KERNELS = {"linear": _linear, "cubic": _cubic, "lanczos3": _lanczos(3.0), "lanczos5": _lanczos(5.0)}


def _dtype(x: Any) -> str:
    return str(x.dtype.name if isinstance(x, np.ndarray) else x.type.dtype)
