"""Matrices solved by elimination: `cholesky`, `triangular_solve`, `solve`, `inv`, `det`, `slogdet`.

LAPACK computes them on the numpy target. For other targets small matrices are spelled out, one step for each column; large ones
become loops (`elimination_loops.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..emitter import Emitter
from ..graph import Node, Value
from ..registry import ops
from ..types import TensorType
from .base import REQUIRED, Arg, Array, Composite, Sample, has_own_rule
from .elementwise import BATCH, check_arity
from .elimination_loops import cholesky_by_loop, eliminated_by_loop, substituted_by_loop
from .matrices import (
    LARGEST_SPELLED_OUT,
    MatrixArg,
    block,
    check_matrix,
    check_square_and_sides,
    each_matrix,
    masked,
    row_product,
    size_of_matrix,
    stacked,
    triangle,
    turned,
)
from .onnx_kernels import native


class Elimination(Composite):
    """Base: an op on matrices that targets without LAPACK compute step by step: spelled out, or a loop of large ones."""

    def expand(self, *inputs: Any, **attrs: Any) -> Any:
        if min(int(size) for size in inputs[0].type.shape[-2:]) > LARGEST_SPELLED_OUT:
            return self.loops(*inputs, **attrs)
        return self.steps(*inputs, **attrs)

    def loops(self, *inputs: Any, **attrs: Any) -> Any:
        """The op in terms of others, for large matrices."""
        raise NotImplementedError(self._missing("loops"))

    def steps(self, *inputs: Any, **attrs: Any) -> Any:
        """The op in terms of others, for small matrices."""
        raise NotImplementedError(self._missing("steps"))

    def flops(self, node: Node) -> Any:
        return node.inputs[0].type.size * node.inputs[0].type.shape[-1] * 2 // 3

    def samples(self) -> Iterator[Sample]:
        for shape in ((3, 3), (2, 4, 4), (2, 1, 1), (BATCH, 3, 3), (0, 3, 3)):
            yield Sample((MatrixArg(shape, low=-1.0, high=1.0),))
        yield Sample((MatrixArg((5, 5), "float64", low=-1.0, high=1.0),))


class Cholesky(Elimination):
    """y y^T = x, y lower triangular, for symmetric positive definite x; NaN for others. (x + x^T) / 2 is what is taken."""

    name = "cholesky"

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, 1)
        check_matrix(self, types[0], square=True)
        return types[0]

    def steps(self, x: Any) -> Any:
        """Column by column: what is left of it when the columns before are taken off, over the root of its head."""
        size, x = size_of_matrix(x), (x + turned(x)) * 0.5
        columns: list[Any] = []
        for k in range(size):
            column = block(x, (k, size), (k, k + 1))
            if columns:
                before = stacked(columns, -1)
                column = column - ops.matmul(block(before, (k, size), (0, k)), turned(block(before, (k, k + 1), (0, k))))
            head = ops.sqrt(block(column, (0, 1), (0, 1)))
            column = stacked([head, block(column, (1, size - k), (0, 1)) / head], -2) if k < size - 1 else head
            ahead = (0,) * (column.type.ndim - 2)
            columns.append(ops.pad(column, before=(*ahead, k, 0), after=(*ahead, 0, 0), value=0))
        return stacked(columns, -1)

    def loops(self, x: Any) -> Any:
        return cholesky_by_loop(x)

    def evaluate(self, *arrays: Array, **attrs: Any) -> Array:
        (x,) = arrays
        return np.asarray(each_matrix(np.linalg.cholesky, (x + np.swapaxes(x, -1, -2)) / 2))

    def vjp(self, grad: Any, out: Any, *inputs: Any, **attrs: Any) -> Any:
        """y^-T phi(y^T grad) y^-1, made symmetric; phi is the lower triangle with half the diagonal."""
        product = row_product(out, grad)
        half = (triangle(product, lower=True) + triangle(product, lower=True, strict=True)) * 0.5
        left = ops.triangular_solve(turned(out), half, lower=False)
        both = turned(ops.triangular_solve(turned(out), turned(left), lower=False))
        return ((both + turned(both)) * 0.5,)

    def flops(self, node: Node) -> Any:
        return node.inputs[0].type.size * node.inputs[0].type.shape[-1] // 3


class TriangularSolve(Elimination):
    """a y = b, of `a` only the lower or upper triangle counts"""

    name = "triangular_solve"
    attributes: ClassVar[Mapping[str, Any]] = {"lower": REQUIRED}

    def infer(self, *types: TensorType, lower: bool) -> TensorType:
        return check_square_and_sides(self, types)

    def steps(self, a: Any, b: Any, *, lower: bool) -> Any:
        return substituted_back(a, b, lower)

    def loops(self, a: Any, b: Any, *, lower: bool) -> Any:
        return substituted_by_loop(a, b, lower)

    def evaluate(self, *arrays: Array, lower: bool) -> Array:
        a, b = arrays
        found = np.zeros_like(b)
        size = a.shape[-1]
        with np.errstate(all="ignore"):
            for k in range(size) if lower else reversed(range(size)):
                known = slice(0, k) if lower else slice(k + 1, size)
                rest = b[..., k, :] - (a[..., k : k + 1, known] @ found[..., known, :])[..., 0, :]
                found[..., k, :] = rest / a[..., k, k, None]
        return found

    def vjp(self, grad: Any, out: Any, *inputs: Any, lower: bool) -> Any:
        side = ops.triangular_solve(turned(inputs[0]), grad, lower=not lower)
        return triangle(-ops.matmul(side, turned(out)), lower=lower), side

    def flops(self, node: Node) -> Any:
        return node.inputs[1].type.size * node.inputs[0].type.shape[-1]

    def samples(self) -> Iterator[Sample]:
        for a, b in (((3, 3), (3, 2)), ((2, 4, 4), (2, 4, 1)), ((BATCH, 3, 3), (BATCH, 3, 2)), ((0, 2, 2), (0, 2, 3))):
            for lower in (True, False):
                yield Sample((MatrixArg(a, low=-1.0, high=1.0), Arg(b)), {"lower": lower})
        yield Sample((MatrixArg((3, 3), "float64", low=-1.0, high=1.0), Arg((3, 2), "float64")), {"lower": True})


class Solve(Elimination):
    """a y = b; NaN or infinite where `a` is singular"""

    name = "solve"

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        return check_square_and_sides(self, types)

    def steps(self, a: Any, b: Any) -> Any:
        return solved(a, b)

    def loops(self, a: Any, b: Any) -> Any:
        return solved_by_loops(a, b)

    def evaluate(self, *arrays: Array, **attrs: Any) -> Array:
        return np.asarray(each_matrix(np.linalg.solve, *arrays))

    def vjp(self, grad: Any, out: Any, *inputs: Any, **attrs: Any) -> Any:
        side = ops.solve(turned(inputs[0]), grad)
        return -ops.matmul(side, turned(out)), side

    def samples(self) -> Iterator[Sample]:
        for a, b in (((3, 3), (3, 2)), ((2, 4, 4), (2, 4, 1)), ((BATCH, 3, 3), (BATCH, 3, 2)), ((0, 2, 2), (0, 2, 3))):
            yield Sample((MatrixArg(a, low=-1.0, high=1.0), Arg(b)))
        permuted = Arg((4, 4), low=0.5, high=2.0)
        yield Sample((permuted, Arg((4, 2))), differentiable=())
        yield Sample((MatrixArg((3, 3), "float64", low=-1.0, high=1.0), Arg((3, 2), "float64")))


class Inverse(Elimination):
    """x y = the identity matrix; NaN or infinite where x is singular"""

    name = "inv"

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, 1)
        check_matrix(self, types[0], square=True)
        return types[0]

    def steps(self, x: Any) -> Any:
        identity = np.eye(size_of_matrix(x), dtype=x.type.dtype)
        return solved(x, ops.broadcast_to(ops.constant(value=identity), shape=x.type.shape))

    def loops(self, x: Any) -> Any:
        identity = np.eye(size_of_matrix(x), dtype=x.type.dtype)
        return solved_by_loops(x, ops.broadcast_to(ops.constant(value=identity), shape=x.type.shape))

    def evaluate(self, *arrays: Array, **attrs: Any) -> Array:
        return np.asarray(each_matrix(np.linalg.inv, *arrays))

    def vjp(self, grad: Any, out: Any, *inputs: Any, **attrs: Any) -> Any:
        return (-ops.matmul(ops.matmul(turned(out), grad), turned(out)),)


class Determinant(Elimination):
    """y = the determinant of x. Of large matrices (7 rows and more) the gradient needs an inverse."""

    name, onnx_name = "det", "Det"

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, 1)
        check_matrix(self, types[0], square=True)
        return types[0].with_shape(types[0].shape[:-2])

    def stays_whole(self, node: Node, rule: str) -> bool:
        return has_own_rule(self, rule) and node.output.type.dtype == "float32"

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return native(emit, "Det", node.output.type.dtype, *inputs)

    def steps(self, x: Any) -> Any:
        diagonal, sign = _pivots(x)
        return ops.prod(diagonal, axis=-1) * sign

    def loops(self, x: Any) -> Any:
        diagonal, sign = _pivots_by_loop(x)
        return ops.prod(diagonal, axis=-1) * sign

    def evaluate(self, *arrays: Array, **attrs: Any) -> Array:
        return np.asarray(np.linalg.det(arrays[0])).astype(arrays[0].dtype)

    def vjp(self, grad: Any, out: Any, *inputs: Any, **attrs: Any) -> Any:
        (x,) = inputs
        if size_of_matrix(x) <= _LARGEST_BY_MINORS:
            return (_cofactors(x) * _as_matrix(grad),)
        return (turned(ops.inv(x)) * _as_matrix(grad * out),)


class SignAndLogDeterminant(Elimination):
    """(sign of x's determinant, logarithm of its size): right where the determinant itself would overflow"""

    name = "slogdet"

    def infer(self, *types: TensorType, **attrs: Any) -> tuple[TensorType, TensorType]:
        check_arity(self, types, 1)
        check_matrix(self, types[0], square=True)
        return (types[0].with_shape(types[0].shape[:-2]),) * 2

    def steps(self, x: Any) -> tuple[Any, Any]:
        diagonal, sign = _pivots(x)
        return sign * ops.prod(ops.sign(diagonal), axis=-1), ops.sum(ops.log(ops.abs(diagonal)), axis=-1)

    def loops(self, x: Any) -> tuple[Any, Any]:
        diagonal, sign = _pivots_by_loop(x)
        return sign * ops.prod(ops.sign(diagonal), axis=-1), ops.sum(ops.log(ops.abs(diagonal)), axis=-1)

    def evaluate(self, *arrays: Array, **attrs: Any) -> tuple[Array, Array]:
        with np.errstate(all="ignore"):
            sign, logarithm = np.linalg.slogdet(arrays[0])
        return np.asarray(sign).astype(arrays[0].dtype), np.asarray(logarithm).astype(arrays[0].dtype)

    def vjp(self, grad: Any, out: Any, *inputs: Any, **attrs: Any) -> Any:
        if grad[1] is None:
            return (None,)
        return (turned(ops.inv(inputs[0])) * _as_matrix(grad[1]),)


def substituted_back(a: Any, b: Any, lower: bool) -> Any:
    """Row by row: what is left of it when the known rows are taken off, over the diagonal."""
    size, sides = size_of_matrix(a), (0, size_of_matrix(b))
    rows: list[Any] = []
    for k in range(size) if lower else reversed(range(size)):
        row = block(b, (k, k + 1), sides)
        if rows:
            known = (0, k) if lower else (k + 1, size)
            row = row - ops.matmul(block(a, (k, k + 1), known), stacked(rows, -2))
        row = row / block(a, (k, k + 1), (k, k + 1))
        rows = [*rows, row] if lower else [row, *rows]
    return stacked(rows, -2) if rows else b


def solved(a: Any, b: Any) -> Any:
    """Elimination of the columns of [a b] one after the other, then back substitution."""
    size = size_of_matrix(a)
    rows, _ = eliminated(stacked([a, b], -1), size)
    wide = stacked(rows, -2)
    left, right = block(wide, (0, size), (0, size)), block(wide, (0, size), (size, size_of_matrix(wide)))
    return substituted_back(left, right, lower=False)


def solved_by_loops(a: Any, b: Any) -> Any:
    """The same for large matrices."""
    size = size_of_matrix(a)
    wide, _, _, _ = eliminated_by_loop(stacked([a, b], -1), size)
    left, right = block(wide, (0, size), (0, size)), block(wide, (0, size), (size, size_of_matrix(wide)))
    return substituted_by_loop(left, right, lower=False)


def eliminated(x: Any, size: int) -> tuple[list[Any], Any]:
    """Rows of the upper triangle that Gauss's elimination with row exchanges leaves of the first `size` columns of x, and the
    sign of the exchanges, of shape (..., 1, 1).

    In each step the row with the greatest head changes places with the first one.
    """
    width, rows, rest = size_of_matrix(x), [], x
    sign: Any = ops.broadcast_to(ops.constant(value=np.ones((), x.type.dtype)), shape=(*x.type.shape[:-2], 1, 1))
    ahead = (0,) * (x.type.ndim - 2)
    for k in range(size):
        count, columns = size - k, (0, width - k)
        row = rest
        if count > 1:
            heads = ops.abs(block(rest, (0, count), (0, 1)))
            place = ops.argmax(heads, axis=-2, keepdims=True)
            chosen = ops.equal(place, np.arange(count, dtype=np.int32)[:, None])
            first = block(rest, (0, 1), columns)
            nothing = ops.constant(value=np.zeros((), x.type.dtype))
            row = ops.sum(ops.where(chosen, rest, nothing), axis=-2, keepdims=True)
            sign = sign * ops.where(ops.equal(place, 0), np.ones((), x.type.dtype), -np.ones((), x.type.dtype))
            below = block(ops.where(chosen, first, rest), (1, count), columns)
            factor = block(below, (0, count - 1), (0, 1)) / block(row, (0, 1), (0, 1))
            right = (1, width - k)
            rest = block(below, (0, count - 1), right) - factor * block(row, (0, 1), right)
        rows.append(ops.pad(row, before=(*ahead, 0, k), after=(*ahead, 0, 0), value=0))
    return rows, sign


def _pivots(x: Any) -> tuple[Any, Any]:
    """The diagonal that elimination leaves, and the sign of its row exchanges."""
    size = size_of_matrix(x)
    rows, sign = eliminated(x, size)
    heads = [block(row, (0, 1), (k, k + 1)) for k, row in enumerate(rows)]
    ahead = x.type.ndim - 2
    return ops.squeeze(stacked(heads, -1), axis=(ahead,)), ops.squeeze(sign, axis=(ahead, ahead + 1))


def _pivots_by_loop(x: Any) -> tuple[Any, Any]:
    """The same for large matrices."""
    size, ahead = size_of_matrix(x), x.type.ndim - 2
    left, _, _, sign = eliminated_by_loop(x, size)
    return ops.sum(masked(left, np.eye(size)), axis=-1), ops.squeeze(sign, axis=(ahead, ahead + 1))


#: Determinants of so many rows are differentiated by minors, which exist also where the inverse does not.
_LARGEST_BY_MINORS = 6


def _cofactors(x: Any) -> Any:
    """Of every element the determinant of x without its row and column, with the signs of a chessboard."""
    size, axis = size_of_matrix(x), x.type.ndim - 2
    signs = np.asarray((-1.0) ** np.add.outer(np.arange(size), np.arange(size)), x.type.dtype)
    if size == 1:
        return ops.broadcast_to(ops.constant(value=signs), shape=x.type.shape)
    others = np.stack([np.delete(np.arange(size, dtype=np.int32), k) for k in range(size)])
    rows = ops.take(x, others, axis=axis)  # (..., left out row, row, column)
    both = ops.take(rows, others, axis=axis + 2)  # (..., left out row, row, left out column, column)
    minors = ops.transpose(both, axes=(*range(axis), axis, axis + 2, axis + 1, axis + 3))
    return ops.det(minors) * signs


def _as_matrix(x: Value) -> Any:
    return ops.expand_dims(x, axis=(x.type.ndim, x.type.ndim + 1))
