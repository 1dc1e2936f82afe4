"""Tensor types: a shape of `DimLike` and a dtype name, with NumPy's broadcasting and Keras's dtype promotion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from .dims import DimLike, Shape, bind_shape, is_symbolic, size_of

INTEGERS = ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64")
FLOATS = ("bfloat16", "float16", "float32", "float64")
DTYPES = ("bool", *INTEGERS, *FLOATS)
#: The dtype of strings, which exist before and after graphs only: no op takes them.
STRING = "string"


@dataclass(frozen=True)
class TensorType:
    """What is known of a value before it is computed. Prints as ``float32[batch,784]``."""

    shape: Shape
    dtype: str = "float32"

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES and self.dtype != STRING:
            raise ValueError(f"Unknown dtype {self.dtype!r}; known are {', '.join(DTYPES)}.")

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> DimLike:
        return size_of(self.shape)

    @property
    def nbytes(self) -> DimLike:
        return self.size * itemsize(self.dtype)

    @property
    def is_static(self) -> bool:
        return not any(is_symbolic(dim) for dim in self.shape)

    @property
    def is_float(self) -> bool:
        return self.dtype in FLOATS

    def bind(self, bindings: Mapping[str, DimLike]) -> TensorType:
        return TensorType(bind_shape(self.shape, bindings), self.dtype)

    def with_shape(self, shape: Shape) -> TensorType:
        return TensorType(tuple(shape), self.dtype)

    def with_dtype(self, dtype: str) -> TensorType:
        return TensorType(self.shape, dtype)

    def __str__(self) -> str:
        return f"{self.dtype}[{','.join(str(dim).replace(' ', '') for dim in self.shape)}]"


def numpy_dtype(name: str) -> np.dtype[Any]:
    """The NumPy dtype of that name; bfloat16 comes from ml_dtypes."""
    return np.dtype(ml_dtypes.bfloat16) if name == "bfloat16" else np.dtype(name)


def itemsize(name: str) -> int:
    """Bytes of one element."""
    return numpy_dtype(name).itemsize


def type_of(array: np.ndarray[Any, Any]) -> TensorType:
    return TensorType(tuple(array.shape), array.dtype.name)


# Keras's promotion lattice (also JAX's, "Type promotion semantics"): an edge leads to the next wider type.
_WIDER = {
    "bool": ("int",),
    "uint8": ("int16", "uint16"),
    "uint16": ("int32", "uint32"),
    "uint32": ("int64", "uint64"),
    "uint64": ("float",),
    "int8": ("int16",),
    "int16": ("int32",),
    "int32": ("int64",),
    "int64": ("float",),
    "int": ("uint8", "int8"),
    "float": ("bfloat16", "float16"),
    "bfloat16": ("float32",),
    "float16": ("float32",),
    "float32": ("float64",),
    "float64": (),
}


def _reachable(name: str) -> frozenset[str]:
    return frozenset({name}).union(*(_reachable(wider) for wider in _WIDER[name]))


_UPPER = {name: _reachable(name) for name in _WIDER}


def promote(*dtypes: str, float_default: str = "float32", int_default: str = "int32") -> str:
    """The dtype of an operation on operands of `dtypes`, by Keras's rules.

    ``"int"`` and ``"float"`` stand for Python numbers, which give way to any dtype of their kind.
    int64 with a float stays that float (int64 + float16 -> float16); uint64 with a signed integer gives a float.

    Raises:
        ValueError: for no dtype at all or a name that is not a dtype.
    """
    unknown = [name for name in dtypes if name not in _WIDER]
    if unknown or not dtypes:
        raise ValueError(f"Cannot promote {dtypes}; known dtypes are {', '.join(DTYPES)}, int, float.")
    common = frozenset.intersection(*(_UPPER[name] for name in dtypes))
    # The least upper bound is the common upper type from which all other common upper types can be reached.
    least = max(common, key=lambda name: len(_UPPER[name] & common))
    return {"float": float_default, "int": int_default}.get(least, least)


def broadcast(*shapes: Shape) -> Shape:
    """NumPy's broadcasting, with symbols: a symbol meets itself or 1.

    Raises:
        ValueError: when two sizes differ and neither is 1.
    """
    if shapes and all(shape == shapes[0] for shape in shapes):
        return shapes[0]
    ndim = max((len(shape) for shape in shapes), default=0)
    result: list[DimLike] = []
    for axis in range(-ndim, 0):
        sizes = {shape[axis] for shape in shapes if len(shape) >= -axis} - {1}
        if len(sizes) > 1:
            shown = " and ".join(shape_text(shape) for shape in shapes)
            raise ValueError(f"Shapes {shown} cannot be broadcast together: axis {axis} has sizes {_sizes_text(sizes)}.")
        result.append(sizes.pop() if sizes else 1)
    return tuple(result)


def _sizes_text(sizes: set[DimLike]) -> str:
    return " and ".join(sorted(str(size) for size in sizes))


def shape_text(shape: Shape) -> str:
    """A shape as a tuple, for messages: ``(batch, 784)``."""
    return f"({', '.join(str(dim) for dim in shape)}{',' if len(shape) == 1 else ''})"


def normalize_axis(axis: int, ndim: int, op: str = "op") -> int:
    """`axis` counted from the front.

    Raises:
        ValueError: when it is out of range.
    """
    if not isinstance(axis, (int, np.integer)) or isinstance(axis, bool):
        raise TypeError(f"{op}: axis must be an integer, got {axis!r}.")
    if not -ndim <= axis < ndim:
        raise ValueError(f"{op}: axis {axis} is out of range for a tensor with {ndim} axes (allowed: {-ndim} to {ndim - 1}).")
    return int(axis) % ndim


def normalize_axes(axes: Any, ndim: int, op: str = "op") -> tuple[int, ...]:
    """`axes` (None for all, an int, or a sequence) as a sorted tuple counted from the front."""
    if axes is None:
        return tuple(range(ndim))
    if isinstance(axes, (int, np.integer)):
        axes = (axes,)
    result = tuple(sorted(normalize_axis(axis, ndim, op) for axis in axes))
    if len(set(result)) != len(result):
        raise ValueError(f"{op}: axis {tuple(axes)} names an axis twice.")
    return result
