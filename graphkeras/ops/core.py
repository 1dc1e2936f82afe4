"""Conversion, shapes and gradients of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkeras.compiler.graph import Value
from graphkeras.compiler.registry import ops

from ..operation import operation
from ..tensor import KerasTensor
from ..variable import Variable
from .elementwise import dtype_limits
from .operands import cast as cast_tensor
from .operands import dtype_of, is_float, is_integer, shape_of, standard_dtype, tensor

# fmt: off
__all__ = [
    "cast", "convert_to_numpy", "convert_to_tensor", "dtype", "is_float_dtype", "is_int_dtype", "is_tensor", "ndim",
    "saturate_cast", "shape", "size", "stop_gradient",
]
# fmt: on


@operation
def cast(x: Any, dtype: Any) -> Any:
    """x in another dtype. Floats become integers by cutting off the fraction."""
    return cast_tensor(tensor(x), standard_dtype(dtype))


@operation
def saturate_cast(x: Any, dtype: Any) -> Any:
    """x in another dtype, numbers outside of its range replaced by the nearest inside."""
    x, target = tensor(x), standard_dtype(dtype)
    source = dtype_of(x)
    if not is_integer(target) or source == "bool":
        return cast_tensor(x, target)
    low, high = dtype_limits(target)
    if is_integer(source):
        least, greatest = dtype_limits(source)
        return cast_tensor(ops.clip(x, low=max(low, least), high=min(high, greatest)), target)
    wide = cast_tensor(x, "float64")
    return cast_tensor(ops.clip(wide, low=float(low), high=float(high)), target)


@operation
def convert_to_tensor(x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None) -> Any:
    """x as a tensor of `dtype`. Python numbers become int32 or the default float.

    Raises:
        NotImplementedError: for sparse=True or ragged=True.
    """
    if sparse or ragged:
        raise NotImplementedError("graphkeras has no sparse or ragged tensors; pass a dense array.")
    return tensor(x, None if dtype is None else standard_dtype(dtype))


def convert_to_numpy(x: Any) -> np.ndarray[Any, Any]:
    """x as a NumPy array.

    Raises:
        TypeError: for a symbolic tensor, which has no numbers.
    """
    if isinstance(x, (list, tuple)):
        return np.asarray(tensor([convert_to_numpy(item) for item in x]))
    if isinstance(x, Variable):
        return x.numpy()
    if isinstance(x, (KerasTensor, Value)):
        raise TypeError(
            f"ops.convert_to_numpy: {x!r} is symbolic: it stands for numbers that exist only when the model runs. "
            "Call model.predict, or keras.Model(inputs, tensor).predict, to get them."
        )
    return np.asarray(tensor(x))


def shape(x: Any) -> tuple[Any, ...]:
    """The shape: integers, and symbolic dimensions where a size is known only when the model runs.

    Symbolic dimensions may be added, multiplied and divided, and used in shapes: `ops.reshape(x, (ops.shape(x)[0], -1))`.
    """
    if isinstance(x, KerasTensor):
        return shape_of(x.value)
    if isinstance(x, Variable):
        return tuple(x.shape)
    return shape_of(x)


def ndim(x: Any) -> int:
    """The number of axes."""
    return len(shape(x))


def size(x: Any) -> Any:
    """The number of elements; symbolic where a size is."""
    total: Any = 1
    for dim in shape(x):
        total = total * dim
    return total


def dtype(x: Any) -> str:
    """The name of the dtype."""
    if isinstance(x, (KerasTensor, Variable)):
        return str(x.dtype)
    return dtype_of(x)


def is_tensor(x: Any) -> bool:
    """Whether x is a tensor: symbolic or an array."""
    return isinstance(x, (KerasTensor, Value, np.ndarray, np.generic))


@operation
def stop_gradient(variable: Any) -> Any:
    """The same numbers; gradients do not flow back through."""
    return ops.stop_gradient(tensor(variable))


def is_float_dtype(dtype: Any) -> bool:
    """Whether it is a float dtype."""
    return is_float(standard_dtype(dtype))


def is_int_dtype(dtype: Any) -> bool:
    """Whether it is an integer dtype."""
    return is_integer(standard_dtype(dtype))
