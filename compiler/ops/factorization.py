"""Matrices as products of simpler ones: `lu`, `qr`, `eigh`, `svd`.

LAPACK computes them on the numpy target. On other targets `lu` and `qr` go step by step, one for each column: spelled out for
small matrices, as loops for large ones. `eigh` and `svd`, which are iterations, are refused there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from ..registry import ops
from ..types import TensorType
from .base import Arg, Array, Sample, require
from .elementwise import BATCH, check_arity
from .elimination import Elimination
from .elimination_loops import eliminated_by_loop, reflected_by_loop
from .matrices import (
    HostOp,
    MatrixArg,
    block,
    check_matrix,
    each_matrix,
    masked,
    matrix_shape,
    on_diagonal,
    row_product,
    stacked,
    triangle,
    turned,
)


class LowerUpper(Elimination):
    """(lu, pivots, order): x[order] = l u

    `lu` holds u, and below its diagonal l, whose diagonal is 1. In step k row k changed places with row `pivots[k]`.
    """

    name = "lu"

    def infer(self, *types: TensorType, **attrs: Any) -> tuple[TensorType, TensorType, TensorType]:
        check_arity(self, types, 1)
        (x,) = types
        *ahead, rows, columns = matrix_shape(self, x)
        return x, TensorType((*ahead, min(rows, columns)), "int32"), TensorType((*ahead, rows), "int32")

    def steps(self, x: Any) -> tuple[Any, Any, Any]:
        """In each step the row with the greatest head comes first, and its multiples are taken off the others."""
        rows, columns = (int(size) for size in x.type.shape[-2:])
        nothing, no_place = (ops.constant(value=np.zeros((), dtype)) for dtype in (x.type.dtype, "int32"))
        numbers = np.arange(rows, dtype=np.int32)[:, None]
        order = ops.broadcast_to(ops.constant(value=numbers), shape=(*x.type.shape[:-1], 1))
        done, places, pivots = [], [], []
        for k in range(min(rows, columns)):
            count = rows - k
            place = ops.argmax(ops.abs(block(x, (0, count), (k, k + 1))), axis=-2, keepdims=True)
            pivots.append(ops.add(place, np.int32(k)))
            chosen = ops.equal(place, np.arange(count, dtype=np.int32)[:, None])
            row = ops.sum(ops.where(chosen, x, nothing), axis=-2, keepdims=True)
            done.append(row)
            places.append(ops.sum(ops.where(chosen, order, no_place), axis=-2, keepdims=True))
            if count == 1:
                break
            below = block(ops.where(chosen, block(x, (0, 1), (0, columns)), x), (1, count), (0, columns))
            order = block(ops.where(chosen, block(order, (0, 1), (0, 1)), order), (1, count), (0, 1))
            head = block(row, (0, 1), (k, k + 1))
            is_zero = ops.equal(head, nothing)
            factor = block(below, (0, count - 1), (k, k + 1)) / ops.where(is_zero, np.ones((), x.type.dtype), head)
            factor = ops.where(is_zero, nothing, factor)
            right = (k + 1, columns)
            rest = block(below, (0, count - 1), right) - factor * block(row, (0, 1), right)
            x = stacked([block(below, (0, count - 1), (0, k)), factor, rest], -1)
        if rows > columns:
            done, places = [*done, x], [*places, order]
        ahead = x.type.ndim - 2
        return (
            stacked(done, -2),
            ops.squeeze(stacked(pivots, -2), axis=(ahead + 1,)),
            ops.squeeze(stacked(places, -2), axis=(ahead + 1,)),
        )

    def loops(self, x: Any) -> tuple[Any, Any, Any]:
        rounds, ahead = min(int(size) for size in x.type.shape[-2:]), x.type.ndim - 2
        left, places, order, _ = eliminated_by_loop(x, rounds)
        pivots = ops.transpose(ops.squeeze(places, axis=(ahead + 1, ahead + 2)), axes=(*range(1, ahead + 1), 0))
        return left, pivots, ops.squeeze(order, axis=(ahead + 1,))

    def evaluate(self, *arrays: Array, **attrs: Any) -> tuple[Array, Array, Array]:
        """Gauss's elimination; in each step the row with the greatest head comes first."""
        lu = arrays[0].copy()
        *ahead, rows, columns = lu.shape
        count = min(rows, columns)
        stack, places = lu.reshape(-1, rows, columns), np.arange(len(lu.reshape(-1, rows * columns)))
        pivots, order = np.zeros((len(places), count), np.int32), np.tile(np.arange(rows, dtype=np.int32), (len(places), 1))
        with np.errstate(all="ignore"):
            for k in range(count):
                best = k + np.argmax(np.abs(stack[:, k:, k]), axis=1)
                pivots[:, k] = best
                for array in (stack, order):
                    array[places, k], array[places, best] = array[places, best], array[places, k].copy()
                factors = stack[:, k + 1 :, k] / stack[:, k, k, None]
                stack[:, k + 1 :, k] = np.where(stack[:, k, k, None] == 0, 0, factors)
                stack[:, k + 1 :, k + 1 :] -= stack[:, k + 1 :, k, None] * stack[:, k, None, k + 1 :]
        return lu, pivots.reshape(*ahead, count), order.reshape(*ahead, rows)

    def vjp(self, grad: Any, out: Any, *inputs: Any, **attrs: Any) -> Any:
        """p^T l^-T (strict lower triangle of l^T grad + upper triangle of grad u^T) u^-T, for square matrices."""
        grad_lu, (lu, _, order), rows = grad[0], out, inputs[0].type.shape[-2]
        require(rows == lu.type.shape[-1], lambda: f"lu has a gradient for square matrices only, got {inputs[0].type}.")
        if grad_lu is None:
            return (None,)
        lower = triangle(lu, lower=True, strict=True) + np.eye(rows, dtype=lu.type.dtype)
        upper = triangle(lu, lower=False)
        below = triangle(row_product(lower, triangle(grad_lu, lower=True, strict=True)), lower=True, strict=True)
        above = triangle(ops.matmul(triangle(grad_lu, lower=False), turned(upper)), lower=False)
        left = ops.triangular_solve(turned(lower), below + above, lower=False)
        both = turned(ops.triangular_solve(upper, turned(left), lower=False))
        return (row_product(ops.one_hot(order, depth=rows, dtype=lu.type.dtype), both),)

    def samples(self) -> Iterator[Sample]:
        for shape in ((3, 3), (2, 4, 4), (BATCH, 3, 3), (0, 3, 3)):
            yield Sample((MatrixArg(shape, low=-1.0, high=1.0),))
        yield Sample((Arg((4, 4)),))
        yield Sample((Arg((2, 3)),), differentiable=())


class OrthogonalTriangular(Elimination):
    """(q, r): x = q r, the columns of q orthonormal, r upper triangular; q square if `complete`"""

    name = "qr"
    attributes: ClassVar[Mapping[str, Any]] = {"complete": False}

    def infer(self, *types: TensorType, complete: bool) -> tuple[TensorType, TensorType]:
        check_arity(self, types, 1)
        (x,) = types
        *ahead, rows, columns = matrix_shape(self, x)
        inner = rows if complete else min(rows, columns)
        return x.with_shape((*ahead, rows, inner)), x.with_shape((*ahead, inner, columns))

    def steps(self, x: Any, *, complete: bool) -> tuple[Any, Any]:
        """Householder's reflections, each of which makes zeros below the diagonal of one column. As in LAPACK none is made for
        a column that has them already."""
        rows, columns = (int(size) for size in x.type.shape[-2:])
        inner = min(rows, columns)
        dtype, ahead = x.type.dtype, (0,) * (x.type.ndim - 2)
        q = ops.broadcast_to(ops.constant(value=np.eye(rows, dtype=dtype)), shape=(*x.type.shape[:-1], rows))
        done: list[Any] = []
        for k in range(inner):
            count, width = rows - k, columns - k
            if count > 1:
                vector, tau = _reflection(block(x, (0, count), (0, 1)))
                x = x - tau * ops.matmul(vector, row_product(vector, x))
                right = block(q, (0, rows), (k, rows))
                right = right - tau * ops.matmul(ops.matmul(right, vector), turned(vector))
                q = stacked([block(q, (0, rows), (0, k)), right], -1) if k else right
            done.append(ops.pad(block(x, (0, 1), (0, width)), before=(*ahead, 0, k), after=(*ahead, 0, 0), value=0))
            x = block(x, (1, count), (1, width))
        r = stacked(done, -2)
        if complete:
            return q, ops.pad(r, before=(*ahead, 0, 0), after=(*ahead, rows - inner, 0), value=0)
        return block(q, (0, rows), (0, inner)), r

    def loops(self, x: Any, *, complete: bool) -> tuple[Any, Any]:
        rows, columns = (int(size) for size in x.type.shape[-2:])
        inner = rows if complete else min(rows, columns)
        q, r = reflected_by_loop(x)
        return block(q, (0, rows), (0, inner)), block(triangle(r, lower=False), (0, inner), (0, columns))

    def evaluate(self, *arrays: Array, complete: bool) -> tuple[Array, Array]:
        q, r = np.linalg.qr(arrays[0], mode="complete" if complete else "reduced")
        return q, r

    def vjp(self, grad: Any, out: Any, *inputs: Any, complete: bool) -> Any:
        """With x = [a b], a the columns up to the rank: b's gradient goes to q and r; a's is (grad q + q s) r^-T, where s is
        the lower triangle of m = r grad r^T - grad q^T q, mirrored."""
        (x,), (q, r) = inputs, out
        rows, columns = x.type.shape[-2:]
        inner = min(rows, columns)
        require(
            not complete or rows <= columns,
            lambda: f"qr with mode 'complete' has no gradient for more rows than columns: {x.type}.",
        )
        nothing = ops.constant(value=np.zeros((), x.type.dtype))
        grad_q, grad_r = (
            ops.broadcast_to(nothing, shape=value.type.shape) if g is None else g for g, value in zip(grad, (q, r), strict=True)
        )
        square, triangular = (block(part, (0, inner), (0, inner)) for part in (grad_r, r))
        if columns > rows:
            rest = block(grad_r, (0, inner), (inner, columns))
            grad_q = grad_q + ops.matmul(block(x, (0, rows), (inner, columns)), turned(rest))
        m = ops.matmul(triangular, turned(square)) - row_product(grad_q, q)
        mirrored = triangle(m, lower=True) + turned(triangle(m, lower=True, strict=True))
        left = grad_q + ops.matmul(q, mirrored)
        found = turned(ops.triangular_solve(triangular, turned(left), lower=False))
        return (stacked([found, ops.matmul(q, rest)], -1) if columns > rows else found,)

    def samples(self) -> Iterator[Sample]:
        for shape in ((3, 3), (2, 5, 3), (3, 5), (BATCH, 3, 2), (0, 3, 3)):
            yield Sample((MatrixArg(shape, low=-1.0, high=1.0),), {"complete": False})
        yield Sample((MatrixArg((3, 4), low=-1.0, high=1.0),), {"complete": True})
        yield Sample((MatrixArg((4, 3), low=-1.0, high=1.0),), {"complete": True}, differentiable=())


class SymmetricEigen(HostOp):
    """(w, v): x v = v diag(w), w ascending, the columns of v orthonormal. (x + x^T) / 2 is what is taken.

    The gradient of v needs eigenvalues that differ.
    """

    name = "eigh"

    def infer(self, *types: TensorType, **attrs: Any) -> tuple[TensorType, TensorType]:
        check_arity(self, types, 1)
        (x,) = types
        check_matrix(self, x, square=True)
        return x.with_shape(x.shape[:-1]), x

    def evaluate(self, *arrays: Array, **attrs: Any) -> tuple[Array, Array]:
        (x,) = arrays
        w, v = each_matrix(np.linalg.eigh, (x + np.swapaxes(x, -1, -2)) / 2)
        return w, v

    def vjp(self, grad: Any, out: Any, *inputs: Any, **attrs: Any) -> Any:
        """v (diag(grad w) + v^T grad v / differences) v^T, made symmetric; the differences are w[column] - w[row]."""
        (grad_w, grad_v), (w, v) = grad, out
        inside = None if grad_w is None else on_diagonal(grad_w)
        if grad_v is not None:
            turning = row_product(v, grad_v) * _inverse_off_diagonal(_differences(w))
            inside = turning if inside is None else inside + turning
        found = ops.matmul(ops.matmul(v, inside), turned(v))
        return ((found + turned(found)) * 0.5,)

    def samples(self) -> Iterator[Sample]:
        for shape in ((3, 3), (2, 4, 4), (BATCH, 3, 3), (0, 3, 3)):
            yield Sample((_spread_out(shape),))


class SingularValues(HostOp):
    """(u, s, vh): x = u diag(s) vh, s descending, u's columns and vh's rows orthonormal; u and vh square if `full_matrices`

    The gradients of u and vh need singular values that differ and are not 0.
    """

    name = "svd"
    attributes: ClassVar[Mapping[str, Any]] = {"full_matrices": False}

    def infer(self, *types: TensorType, full_matrices: bool) -> tuple[TensorType, TensorType, TensorType]:
        check_arity(self, types, 1)
        (x,) = types
        *ahead, rows, columns = matrix_shape(self, x)
        inner = min(rows, columns)
        u, vh = ((rows, rows), (columns, columns)) if full_matrices else ((rows, inner), (inner, columns))
        return x.with_shape((*ahead, *u)), x.with_shape((*ahead, inner)), x.with_shape((*ahead, *vh))

    def evaluate(self, *arrays: Array, full_matrices: bool) -> tuple[Array, Array, Array]:
        u, s, vh = each_matrix(lambda x: tuple(np.linalg.svd(x, full_matrices=full_matrices)), arrays[0])
        return u, s, vh

    def vjp(self, grad: Any, out: Any, *inputs: Any, full_matrices: bool) -> Any:
        """u (diag(grad s) + (f * skew(u^T grad u)) s + s (f * skew(v^T grad v))) v^T, f = 1 / (s[column]^2 - s[row]^2),
        and what lies outside of the spaces of u and v."""
        (grad_u, grad_s, grad_vh), (u, s, vh), (x,) = grad, out, inputs
        rows, columns = x.type.shape[-2:]
        inner = min(rows, columns)
        require(
            not full_matrices or rows == columns or (grad_u is None and grad_vh is None),
            lambda: f"svd with full_matrices=True has no gradient through u and vh of {x.type}. Use full_matrices=False.",
        )
        u, vh = block(u, (0, rows), (0, inner)), block(vh, (0, inner), (0, columns))
        inside = None if grad_s is None else on_diagonal(grad_s)
        factor = _inverse_off_diagonal(_differences(ops.square(s)))
        row, column = ops.expand_dims(s, axis=(s.type.ndim,)), ops.expand_dims(s, axis=(s.type.ndim - 1,))
        outside: list[Any] = []
        if grad_u is not None:
            turning = row_product(u, grad_u)
            inside = _sum(inside, (turning - turned(turning)) * factor * column)
            scaled = grad_u / column
            if rows > inner:
                outside.append(ops.matmul(scaled - ops.matmul(u, row_product(u, scaled)), vh))
        if grad_vh is not None:
            turning = ops.matmul(vh, turned(grad_vh))
            inside = _sum(inside, (turning - turned(turning)) * factor * row)
            scaled = grad_vh / row
            if columns > inner:
                outside.append(ops.matmul(u, scaled - ops.matmul(ops.matmul(scaled, turned(vh)), vh)))
        found = ops.matmul(ops.matmul(u, inside), vh)
        for part in outside:
            found = found + part
        return (found,)

    def samples(self) -> Iterator[Sample]:
        for shape in ((3, 3), (2, 4, 3), (3, 4), (BATCH, 3, 2), (0, 3, 3)):
            yield Sample((_spread_out(shape),), {"full_matrices": False})
        yield Sample((_spread_out((3, 3)),), {"full_matrices": True})
        yield Sample((_spread_out((2, 3)),), {"full_matrices": True}, differentiable=())


def _reflection(column: Any) -> tuple[Any, Any]:
    """(v, tau): I - tau v v^T turns the column into its head, times a number; v's head is 1."""
    count, dtype = int(column.type.shape[-2]), column.type.dtype
    one, zero = np.ones((), dtype), np.zeros((), dtype)
    head, rest = block(column, (0, 1), (0, 1)), block(column, (1, count), (0, 1))
    size = ops.sum(ops.square(rest), axis=-2, keepdims=True)
    is_done = ops.equal(size, zero)
    length = ops.sqrt(size + ops.square(head))
    beta = ops.where(is_done, one, ops.where(ops.less(head, zero), length, -length))
    vector = stacked(
        [ops.broadcast_to(ops.constant(value=one), shape=head.type.shape), rest / ops.where(is_done, one, head - beta)], -2
    )
    return vector, ops.where(is_done, zero, (beta - head) / beta)


def _spread_out(shape: tuple[Any, ...]) -> Arg:
    return Arg(shape, low=-2.0, high=2.0)


def _sum(a: Any, b: Any) -> Any:
    return b if a is None else a + b


def _differences(w: Any) -> Any:
    """w[column] - w[row]"""
    return ops.expand_dims(w, axis=(w.type.ndim - 1,)) - ops.expand_dims(w, axis=(w.type.ndim,))


def _inverse_off_diagonal(x: Any) -> Any:
    """1 / x, but 0 on the diagonal, where x is 0."""
    identity = np.eye(x.type.shape[-1], dtype=x.type.dtype)
    return masked(ops.reciprocal(x + identity), 1 - identity)
