"""Running sums and products."""

from __future__ import annotations

from typing import Any

from graphkeras.compiler.dims import size_of
from graphkeras.compiler.registry import ops

from ..operation import operation
from .operands import Tensor, axis_in, cast, dtype_of, shape_of, standard_dtype, tensor

__all__ = ["cumprod", "cumsum"]


@operation
def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The sum of all elements up to each one along `axis`; of the flattened tensor if `axis` is None. Booleans give int32."""
    return _running("cumsum", x, axis, dtype)


@operation
def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The product of all elements up to each one along `axis`; of the flattened tensor if `axis` is None."""
    return _running("cumprod", x, axis, dtype)


def _running(name: str, x: Any, axis: int | None, dtype: Any) -> Tensor:
    x = tensor(x)
    if dtype is not None:
        x = cast(x, standard_dtype(dtype))
    x = cast(x, "int32") if dtype_of(x) == "bool" else x
    if axis is None:
        x, axis = ops.reshape(x, shape=(size_of(shape_of(x)),)), 0
    return getattr(ops, name)(x, axis=axis_in(axis, x, name))
