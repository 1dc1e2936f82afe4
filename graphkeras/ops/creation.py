"""New tensors. Shapes may hold symbolic dimensions from `ops.shape`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graphkeras.compiler.dims import Dim
from graphkeras.compiler.graph import Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import numpy_dtype, promote

from ..config import floatx
from ..operation import operation
from .indexing import triangle_mask
from .operands import Tensor, cast, dtype_of, filled, promoted, shape_of, standard_dtype, standard_shape, tensor, weak_dtype

# fmt: off
__all__ = [
    "arange", "array", "empty", "empty_like", "eye", "full", "full_like", "identity", "linspace", "logspace", "ones",
    "ones_like", "tri", "zeros", "zeros_like",
]
# fmt: on


@operation
def zeros(shape: Any, dtype: Any = None) -> Any:
    """Zeros of `shape`, in the default float unless `dtype` is given."""
    return filled(standard_shape(shape, "ops.zeros"), 0, standard_dtype(dtype))


@operation
def ones(shape: Any, dtype: Any = None) -> Any:
    """Ones of `shape`, in the default float unless `dtype` is given."""
    return filled(standard_shape(shape, "ops.ones"), 1, standard_dtype(dtype))


@operation
def empty(shape: Any, dtype: Any = None) -> Any:
    """A tensor whose numbers do not matter: zeros."""
    return filled(standard_shape(shape, "ops.empty"), 0, standard_dtype(dtype))


@operation
def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """`fill_value` broadcast to `shape`, in the default float unless `dtype` is given."""
    return filled(standard_shape(shape, "ops.full"), fill_value, standard_dtype(dtype))


@operation
def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Zeros in the shape and dtype of x."""
    return filled(shape_of(x), 0, dtype_of(x) if dtype is None else standard_dtype(dtype))


@operation
def ones_like(x: Any, dtype: Any = None) -> Any:
    """Ones in the shape and dtype of x."""
    return filled(shape_of(x), 1, dtype_of(x) if dtype is None else standard_dtype(dtype))


@operation
def empty_like(x: Any, dtype: Any = None) -> Any:
    """A tensor in the shape and dtype of x whose numbers do not matter: zeros."""
    return filled(shape_of(x), 0, dtype_of(x) if dtype is None else standard_dtype(dtype))


@operation
def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Any:
    """`fill_value` broadcast to the shape of x, in the dtype of x unless `dtype` is given."""
    return filled(shape_of(x), fill_value, dtype_of(x) if dtype is None else standard_dtype(dtype))


@operation
def array(x: Any, dtype: Any = None) -> Any:
    """x as a tensor."""
    return tensor(x, None if dtype is None else standard_dtype(dtype))


@operation
def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    """start, start + step, ... up to but not including stop; from 0 if only one number is given.

    int32 for integers and the default float otherwise, unless `dtype` is given. `stop` (with start 0 and step 1) or
    the length may be symbolic.

    Raises:
        TypeError: if a bound is a tensor.
        ValueError: if step is 0.
    """
    bounds = [bound for bound in (start, stop, step) if bound is not None]
    if any(isinstance(bound, Value) for bound in bounds):
        raise TypeError("ops.arange: start, stop and step must be numbers or symbolic dimensions, not tensors.")
    target = promote(*(weak_dtype(b) for b in bounds), float_default=floatx()) if dtype is None else standard_dtype(dtype)
    if stop is None:
        start, stop = 0, start
    step = 1 if step is None else step
    if step == 0:
        raise ValueError("ops.arange: step must not be 0.")
    if not any(isinstance(bound, Dim) for bound in (start, stop, step)):
        return np.arange(start, stop, step).astype(numpy_dtype(target))
    size = (stop - start) // step if step in (1, -1) else -((start - stop) // step)
    ramp = ops.iota(size=size, dtype="int32")
    return cast(ops.add(ops.multiply(ramp, tensor(step, "int32")), tensor(start, "int32")), target)


@operation
def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None, axis: int = 0
) -> Any:
    """`num` numbers evenly spaced from start to stop (included if `endpoint`), along a new axis.

    Returns:
        The tensor, or (tensor, step) if `retstep`.
    """
    points, step = evenly_spaced(start, stop, num, endpoint, dtype, axis)
    return (points, step) if retstep else points


def evenly_spaced(start: Any, stop: Any, num: int, endpoint: bool, dtype: Any, axis: int) -> tuple[Tensor, Tensor]:
    """The numbers of `linspace`, and the step between them."""
    if num < 0:
        raise ValueError(f"ops.linspace: num must not be negative, got {num}.")
    a, b = promoted(start, stop, at_least="float")
    parts = num - 1 if endpoint else num
    target = dtype_of(a) if dtype is None else standard_dtype(dtype)
    span = ops.subtract(b, a)
    step = (
        ops.divide(span, tensor(float(parts), dtype_of(a))) if parts > 0 else ops.multiply(span, tensor(math.nan, dtype_of(a)))
    )
    ndim = len(shape_of(step))
    ramp = np.arange(num).reshape((num,) + (1,) * ndim)
    fraction = (ramp / parts if parts > 0 else ramp * 0.0).astype(numpy_dtype(dtype_of(a)))
    complement = (1 - ramp / parts if parts > 0 else ramp * 0.0 + 1).astype(numpy_dtype(dtype_of(a)))
    points = ops.add(ops.multiply(a, complement), ops.multiply(b, fraction))
    points = cast(ops.floor(points) if target.startswith(("int", "uint")) else points, target)
    if axis != 0:
        order = list(range(1, ndim + 1))
        order.insert(axis % (ndim + 1), 0)
        points = ops.transpose(points, axes=tuple(order))
    return points, step


@operation
def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: float = 10, dtype: Any = None, axis: int = 0
) -> Any:
    """`num` numbers from base**start to base**stop, evenly spaced in their logarithms."""
    exponents, _ = evenly_spaced(start, stop, num, endpoint, None, axis)
    power = ops.power(tensor(float(base), dtype_of(exponents)), exponents)
    return power if dtype is None else cast(power, standard_dtype(dtype))


def _eye(rows: int, columns: int | None, k: int, dtype: Any) -> Tensor:
    return np.eye(rows, columns, k, dtype=numpy_dtype(standard_dtype(dtype)))


@operation
def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """An (N, M) matrix with ones on its k-th diagonal."""
    return _eye(N, M, k, dtype)


@operation
def identity(n: int, dtype: Any = None) -> Any:
    """The (n, n) identity matrix."""
    return _eye(n, None, 0, dtype)


@operation
def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """An (N, M) matrix with ones on and below its k-th diagonal."""
    return cast(triangle_mask(N, N if M is None else M, k, lower=True), standard_dtype(dtype))
