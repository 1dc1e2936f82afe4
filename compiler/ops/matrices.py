"""What ops on stacks of matrices share: the last two axes are rows and columns, all axes before them count matrices.

The numpy target computes them with LAPACK. Other targets have no such kernels: ops of which `elimination.py` holds the formula
go step by step, all others refuse at compile time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..dims import Shape, is_symbolic
from ..emitter import Emitter
from ..graph import Node
from ..provenance import Origin, current_origin
from ..registry import ops
from ..types import TensorType
from .base import Arg, Array, Op
from .elementwise import check_arity, check_dtype

#: Dtypes that matrices may have.
MATRIX_DTYPES = ("float32", "float64")
#: Up to this size an elimination is spelled out for targets without LAPACK; of larger matrices it is a loop.
LARGEST_SPELLED_OUT = 16


@dataclass(frozen=True)
class MatrixArg(Arg):
    """A sample's operand whose diagonals are raised, so that its matrices are far from singular."""

    diagonal: float = 4.0


class HostOp(Op):
    """Base of factorizations that only the numpy target computes."""

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str | tuple[str, ...]:
        raise NotImplementedError(WAY_OUT)

    def refused(self, node: Node, target: str) -> str:
        """The message of a target that has no form of the node."""
        return refusal(self, [value.type for value in node.inputs], target, node.origin)

    def flops(self, node: Node) -> Any:
        return node.inputs[0].type.size * node.inputs[0].type.shape[-1] * 2


WAY_OUT = (
    "only NumPy factorizes matrices. Compile for it with keras.config.set_target('numpy'), or compute the factors eagerly, "
    "before the model, and pass them in."
)


def refusal(op: Op, types: Sequence[TensorType], target: str, origin: Origin | None = None) -> str:
    """The message of a target that cannot compute `op`: which operands, layer and line, and what to do."""
    origin = origin or current_origin()
    where = (f" of layer {origin.scope!r}" if origin.scope else "") + (f", written at {origin.source}" if origin.source else "")
    return f"{target} cannot compute {op.name}({', '.join(map(str, types))}){where}: {WAY_OUT}"


def check_matrix(op: Op, x: TensorType, square: bool) -> None:
    """Raise unless `x` is a stack of matrices of known size and of a dtype that LAPACK has."""
    check_dtype(op, x.dtype, MATRIX_DTYPES)
    if x.ndim < 2:
        raise ValueError(f"{op.name}: a matrix has at least 2 axes, got {x}.")
    rows, columns = x.shape[-2:]
    if is_symbolic(rows) or is_symbolic(columns):
        raise ValueError(f"{op.name}: rows and columns must be known sizes, got {x}.")
    if square and rows != columns:
        raise ValueError(f"{op.name}: square matrices are needed, got {x}.")


def matrix_shape(op: Op, x: TensorType) -> tuple[Any, ...]:
    """The shape of stacked matrices that `check_matrix` has looked at."""
    check_matrix(op, x, square=False)
    return x.shape


def check_square_and_sides(op: Op, types: Sequence[TensorType]) -> TensorType:
    """The type of the solution of equations with a square matrix, for types that fit."""
    check_arity(op, types, 2)
    a, b = types
    check_matrix(op, a, square=True)
    check_matrix(op, b, square=False)
    if a.dtype != b.dtype or a.shape[:-2] != b.shape[:-2] or a.shape[-1] != b.shape[-2]:
        raise ValueError(
            f"{op.name}: the matrices {a} and the right sides {b} must have one dtype, equal leading axes and rows."
        )
    return b


def size_of_matrix(x: Any) -> int:
    """The number of columns."""
    return int(x.type.shape[-1])


def turned(x: Any) -> Any:
    """Rows and columns exchanged."""
    ndim = x.type.ndim
    return ops.transpose(x, axes=(*range(ndim - 2), ndim - 1, ndim - 2))


def block(x: Any, rows: tuple[int, int], columns: tuple[int, int]) -> Any:
    """x[..., rows[0]:rows[1], columns[0]:columns[1]]"""
    shape: Shape = x.type.shape
    ahead = len(shape) - 2
    return ops.slice(
        x,
        starts=(*(0 for _ in range(ahead)), rows[0], columns[0]),
        stops=(*shape[:ahead], rows[1], columns[1]),
        steps=(1,) * len(shape),
    )


def stacked(parts: Sequence[Any], axis: int) -> Any:
    """Blocks joined along the rows (-2) or the columns (-1)."""
    return parts[0] if len(parts) == 1 else ops.concatenate(*parts, axis=parts[0].type.ndim + axis)


def row_product(x: Any, y: Any) -> Any:
    """x^T y"""
    return ops.matmul(turned(x), y)


def masked(x: Any, mask: Array) -> Any:
    """`x` with zeros where the (rows, columns) `mask` is 0."""
    return x * np.asarray(mask, x.type.dtype)


def triangle(x: Any, lower: bool, strict: bool = False) -> Any:
    """The lower or upper triangle of x, without its diagonal if `strict`."""
    rows, columns = x.type.shape[-2:]
    ones = np.ones((rows, columns))
    return masked(x, np.tril(ones, -1 if strict else 0) if lower else np.triu(ones, 1 if strict else 0))


def on_diagonal(x: Any) -> Any:
    """Square matrices whose diagonals are the vectors x."""
    return masked(ops.expand_dims(x, axis=(x.type.ndim,)), np.eye(x.type.shape[-1]))


def each_matrix(function: Callable[..., Any], *stacks: Array) -> Any:
    """A NumPy function of a stack of matrices; where LAPACK gives up on one of them, that one's results are NaN."""
    with np.errstate(all="ignore"):
        try:
            return function(*stacks)
        except np.linalg.LinAlgError:
            pass
        if stacks[0].ndim == 2:
            like = function(*(np.broadcast_to(np.eye(*x.shape, dtype=x.dtype), x.shape) for x in stacks))
            if isinstance(like, tuple):
                return tuple(_missing(part) for part in like)
            return _missing(like)
        ahead = stacks[0].shape[:-2]
        results = [each_matrix(function, *(x[place] for x in stacks)) for place in np.ndindex(ahead)]
        if isinstance(results[0], tuple):
            return tuple(np.stack(parts).reshape(*ahead, *np.shape(parts[0])) for parts in zip(*results))
        return np.stack(results).reshape(*ahead, *np.shape(results[0]))


def _missing(part: Any) -> Array:
    array = np.asarray(part)
    return np.full_like(array, np.nan) if array.dtype.kind == "f" else np.zeros_like(array)
