"""Running sums and products."""

from __future__ import annotations

from typing import Any

from graphkeras.compiler.dims import size_of
from graphkeras.compiler.registry import ops

from ..operation import operation
from .operands import Tensor, axis_in, cast, dtype_of, is_float, scalar, shape_of, standard_dtype, tensor

__all__ = ["cumprod", "cumsum", "nancumprod", "nancumsum"]


@operation
def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The sum of all elements up to each one along `axis`; of the flattened tensor if `axis` is None. Booleans give int32."""
    return running("cumsum", x, axis, dtype)


@operation
def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The product of all elements up to each one along `axis`; of the flattened tensor if `axis` is None."""
    return running("cumprod", x, axis, dtype)


@operation
def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The running sum, with 0 in place of NaN."""
    return running("cumsum", without_nan(x, 0), axis, dtype)


@operation
def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The running product, with 1 in place of NaN."""
    return running("cumprod", without_nan(x, 1), axis, dtype)


def without_nan(x: Any, value: float) -> Tensor:
    """x with `value` in place of NaN."""
    x = tensor(x)
    return ops.where(ops.is_nan(x), scalar(value, x), x) if is_float(dtype_of(x)) else x


def running(name: str, x: Any, axis: int | None, dtype: Any) -> Tensor:
    """`cumsum` or `cumprod`."""
    x = tensor(x)
    if dtype is not None:
        x = cast(x, standard_dtype(dtype))
    x = cast(x, "int32") if dtype_of(x) == "bool" else x
    if axis is None:
        x, axis = ops.reshape(x, shape=(size_of(shape_of(x)),)), 0
    return getattr(ops, name)(x, axis=axis_in(axis, x, name))
