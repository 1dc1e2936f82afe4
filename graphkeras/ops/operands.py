"""What bodies of operations do with their operands: make tensors, ask for dtypes and shapes, promote as Keras does.

Inside a body a tensor is a compiler `Value` or a NumPy array; a Python number stays a number until it meets a tensor,
because its dtype is weak.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphkeras.compiler.dims import Dim, Shape
from graphkeras.compiler.graph import Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import DTYPES, FLOATS, INTEGERS, normalize_axis, numpy_dtype, promote, shape_text

from ..config import floatx
from ..dtypes import standard_dtype as standard_dtype
from .shape_tensors import sizes_in

Tensor = Any  # a compiler Value or a NumPy array


def weak_dtype(x: Any) -> str:
    """The dtype of a tensor; ``"int"`` or ``"float"`` for a Python number."""
    if isinstance(x, Value):
        return x.type.dtype
    if isinstance(x, bool):
        return "bool"
    if isinstance(x, (int, Dim)):
        return "int"
    if isinstance(x, float):
        return "float"
    return str(tensor(x).dtype.name)


def dtype_of(x: Any) -> str:
    """The dtype that a tensor has, or that a Python number gets."""
    return promote(weak_dtype(x), float_default=floatx())


def shape_of(x: Any) -> Shape:
    """The shape, with symbolic dimensions where they are not known."""
    return x.type.shape if isinstance(x, Value) else tuple(np.shape(x))


def ndim_of(x: Any) -> int:
    return len(shape_of(x))


def tensor(x: Any, dtype: str | None = None) -> Tensor:
    """A number, dimension, sequence or array as a tensor of `dtype`.

    By default Python numbers become int32 and the default float; arrays keep their dtype.

    Raises:
        TypeError: for something that is no number.
    """
    if isinstance(x, (Value, np.ndarray, np.generic)):
        return cast(x, dtype) if dtype else x if isinstance(x, Value) else np.asarray(x)
    if isinstance(x, Dim):
        return cast(ops.dimension(dim=x, dtype="int32"), dtype or "int32")
    if isinstance(x, (list, tuple)) and any(isinstance(item, (Value, Dim)) for item in _leaves(x)):
        return _stacked(x, dtype)
    array = np.asarray(x)
    if array.dtype.name not in DTYPES:
        raise TypeError(f"A tensor must be made of numbers, got {type(x).__name__}: {x!r}.")
    default = {"float64": floatx(), "int64": "int32"}.get(array.dtype.name, array.dtype.name)
    if default == "int32" and array.dtype.name == "int64" and array.size and (array > 2**31 - 1).any():
        default = "int64"
    if isinstance(x, (list, tuple)) and any(isinstance(item, (np.ndarray, np.generic)) for item in _leaves(x)):
        default = promote(*(weak_dtype(item) for item in _leaves(x)), float_default=floatx())
    return array.astype(numpy_dtype(dtype or default))


def _leaves(x: Any) -> list[Any]:
    return [leaf for item in x for leaf in _leaves(item)] if isinstance(x, (list, tuple)) else [x]


def _stacked(x: Sequence[Any], dtype: str | None) -> Tensor:
    """Nested sequences that hold symbols, as one tensor."""
    parts = promoted(*(tensor(item) if isinstance(item, (list, tuple)) else item for item in x))
    stacked = ops.concatenate(*(ops.expand_dims(part, axis=(0,)) for part in parts), axis=0)
    return cast(stacked, dtype) if dtype else stacked


def cast(x: Tensor, dtype: str) -> Tensor:
    """`x` in that dtype; `x` itself if it has it."""
    if isinstance(x, Value):
        return x if x.type.dtype == dtype else ops.cast(x, dtype=dtype)
    array = np.asarray(x)
    return array if array.dtype.name == dtype else ops.cast(array, dtype=dtype)


def promoted(*xs: Any, at_least: str | None = None) -> list[Tensor]:
    """All operands in their common dtype by Keras's rules; `at_least` ("int" or "float") takes part as a weak number."""
    dtypes = [weak_dtype(x) for x in xs] + ([at_least] if at_least else [])
    dtype = promote(*dtypes, float_default=floatx())
    return [tensor(x, dtype) for x in xs]


def meeting(*xs: Any, at_least: str | None = None) -> list[Tensor]:
    """`promoted`, for operands that are broadcast: symbolic sizes of one axis are taken to be equal where they may be."""
    return aligned(promoted(*xs, at_least=at_least))


def aligned(xs: Sequence[Tensor], but_axis: int | None = None) -> list[Tensor]:
    """Tensors whose symbolic sizes along an axis, counted from the last one, are one: it is checked when the graph runs.

    Args:
        but_axis: the axis, a negative number, along which they may differ; None for none.
    """
    shapes = [shape_of(x) for x in xs]
    if all(shape == shapes[0] for shape in shapes) or not any(isinstance(size, Dim) for shape in shapes for size in shape):
        return list(xs)
    common: dict[int, Any] = {}
    for axis in range(-max(map(len, shapes)), 0):
        sizes = list(dict.fromkeys(shape[axis] for shape in shapes if len(shape) >= -axis and shape[axis] != 1))
        if axis != but_axis and len(sizes) > 1 and sum(not isinstance(size, Dim) for size in sizes) < 2:
            common[axis] = min(sizes, key=lambda size: (isinstance(size, Dim), len(str(size))))
    return [_with_sizes(x, common) for x in xs]


def _with_sizes(x: Tensor, common: dict[int, Any]) -> Tensor:
    shape = shape_of(x)
    wanted = tuple(size if size == 1 else common.get(axis - len(shape), size) for axis, size in enumerate(shape))
    return x if wanted == shape else ops.ensure_shape(x, shape=wanted)


def as_float(x: Any) -> Tensor:
    """`x` in its own float dtype, or the default float for integers and booleans."""
    dtype = dtype_of(x)
    return tensor(x, dtype if dtype in FLOATS else floatx())


def as_bool(x: Any) -> Tensor:
    x = tensor(x)
    return x if dtype_of(x) == "bool" else ops.not_equal(x, zero_of(x))


def is_integer(dtype: str) -> bool:
    return dtype in INTEGERS


def is_float(dtype: str) -> bool:
    return dtype in FLOATS


def scalar(number: Any, like: Any) -> Tensor:
    """`number` as a scalar array in the dtype of the tensor `like`."""
    return np.asarray(number, numpy_dtype(dtype_of(like)))


def zero_of(x: Any) -> Tensor:
    return scalar(0, x)


def filled(shape: Sequence[Any], value: Any, dtype: str) -> Tensor:
    """A tensor of one number; `shape` may hold symbolic dimensions."""
    number = tensor(value, dtype)
    shape = tuple(shape)
    if any(isinstance(dim, Dim) for dim in shape):
        number = number if isinstance(number, Value) else ops.constant(value=np.asarray(number))
    return ops.broadcast_to(number, shape=shape)


def axis_in(axis: Any, x: Any, name: str) -> int:
    """`axis` of `x` counted from the front."""
    return normalize_axis(axis, ndim_of(x), name)


def require_axes(x: Any, count: int, name: str) -> None:
    """Raise ValueError if the operand of the function `name` has fewer axes than `count`."""
    if ndim_of(x) < count:
        raise ValueError(f"{name}: an operand with at least {count} axes is needed, got shape {shape_text(shape_of(x))}.")


def standard_shape(shape: Any, name: str) -> tuple[Any, ...]:
    """A shape argument as a tuple of sizes and symbolic dimensions.

    Raises:
        TypeError: for a size that is neither, also for a tensor that is not made of sizes.
        ValueError: for a negative size.
    """
    shape = sizes_in(shape, name)
    if isinstance(shape, (int, np.integer, Dim)):
        shape = (shape,)
    sizes: list[Any] = []
    for size in shape.tolist() if isinstance(shape, np.ndarray) else shape:
        if isinstance(size, Dim):
            sizes.append(size)
            continue
        if isinstance(size, bool) or not isinstance(size, (int, np.integer)):
            raise TypeError(
                f"{name}: a shape is made of integers and symbolic dimensions (from ops.shape), got {size!r} in {shape!r}."
            )
        if size < 0:
            raise ValueError(f"{name}: sizes must not be negative, got {tuple(shape)}.")
        sizes.append(int(size))
    return tuple(sizes)
