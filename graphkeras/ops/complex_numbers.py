"""Parts of complex numbers.

Tensors in graphs are real. Eagerly these functions take and return NumPy's complex arrays; on symbols a complex number is a
pair of tensors (real, imaginary), as in `fft`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkeras.compiler.graph import Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import shape_text

from ..operation import operation
from .operands import Tensor, as_float, filled, scalar, shape_of, tensor
from .operands import dtype_of as dtype_of

# fmt: off
__all__ = ["angle", "conj", "conjugate", "imag", "polar", "real", "view_as_complex", "view_as_real"]
# fmt: on


def is_complex(x: Any) -> bool:
    """Whether x is an array, or a number, of a complex dtype."""
    return not isinstance(x, Value) and np.iscomplexobj(x)


def refuse_symbols(name: str, *xs: Any) -> None:
    """Raise NotImplementedError if one of `xs` is symbolic: the result would be complex."""
    if any(isinstance(x, Value) for x in xs):
        raise NotImplementedError(
            f"ops.{name} gives complex numbers, which graphs do not have. Keep the real and the imaginary part as two tensors, "
            "as ops.fft does, or call it on arrays."
        )


@operation
def real(x: Any) -> Any:
    """The real part; x itself if it is real."""
    return np.real(x) if is_complex(x) else tensor(x)


@operation
def imag(x: Any) -> Any:
    """The imaginary part; zeros if x is real."""
    if is_complex(x):
        return np.imag(x)
    x = tensor(x)
    return filled(shape_of(x), 0, dtype_of(x))


@operation
def conj(x: Any) -> Any:
    """x with the imaginary part negated; x itself if it is real."""
    return np.conj(x) if is_complex(x) else tensor(x)


@operation
def conjugate(x: Any) -> Any:
    """x with the imaginary part negated; x itself if it is real."""
    return np.conj(x) if is_complex(x) else tensor(x)


@operation
def angle(x: Any) -> Any:
    """The angle of a complex number; 0 or pi for real x."""
    if is_complex(x):
        return np.asarray(np.angle(x))
    x = as_float(x)
    return ops.arctan2(scalar(0, x), x)


@operation
def polar(abs_: Any, angle: Any) -> Any:
    """The complex numbers of those sizes and angles; of arrays only.

    Raises:
        NotImplementedError: for symbols. ``(abs_ * ops.cos(angle), abs_ * ops.sin(angle))`` are the two parts.
    """
    refuse_symbols("polar", abs_, angle)
    size, angle = as_float(abs_), as_float(angle)
    return _complex(np.multiply(size, np.cos(angle)), np.multiply(size, np.sin(angle)))


@operation
def view_as_complex(x: Any) -> Any:
    """The complex numbers x[..., 0] + i x[..., 1]; of arrays only.

    Raises:
        NotImplementedError: for symbols.
        ValueError: if the last axis is not of size 2.
    """
    refuse_symbols("view_as_complex", x)
    x = tensor(x)
    if not shape_of(x) or shape_of(x)[-1] != 2:
        raise ValueError(f"ops.view_as_complex: the last axis must have size 2, for both parts; got {shape_text(shape_of(x))}.")
    return _complex(x[..., 0], x[..., 1])


@operation
def view_as_real(x: Any) -> Any:
    """The real and the imaginary part of x, along a new last axis."""
    if is_complex(x):
        return np.stack((np.real(x), np.imag(x)), axis=-1)
    x = tensor(x)
    parts = (ops.expand_dims(part, axis=(len(shape_of(x)),)) for part in (x, filled(shape_of(x), 0, dtype_of(x))))
    return ops.concatenate(*parts, axis=len(shape_of(x)))


def _complex(a: Tensor, b: Tensor) -> Any:
    return (a + 1j * b).astype(np.complex128 if dtype_of(a) == "float64" else np.complex64)
