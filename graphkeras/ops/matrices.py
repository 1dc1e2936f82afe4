"""Equations, inverses and factorizations of matrices: the last two axes are rows and columns, axes before them are batches.

NumPy computes them. In a graph for another target, matrices are solved, inverted and decomposed by `cholesky`, `qr` and
`lu_factor` column by column, small ones spelled out and large ones by a loop; `svd` and `eigh`, which are iterations, are
refused when the graph is compiled.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkeras.compiler.graph import Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import broadcast, normalize_axes, shape_text

from ..operation import operation
from .complex_numbers import refuse_symbols
from .operands import Tensor, as_float, cast, dtype_of, ndim_of, promoted, scalar, shape_of, tensor

# fmt: off
__all__ = [
    "cholesky", "cholesky_inverse", "det", "eig", "eigh", "inv", "logdet", "lstsq", "lu_factor", "matrix_rank", "pinv", "qr",
    "slogdet", "solve", "solve_triangular", "svd",
]
# fmt: on


@operation
def cholesky(x: Any, upper: bool = False) -> Any:
    """The lower triangular matrix whose product with its transpose is x (symmetric, positive definite); transposed if `upper`.

    Raises:
        ValueError: for an array that is not positive definite. In a graph the result is NaN then.
    """
    x = _matrix(x, "cholesky", square=True)
    factor = ops.cholesky(x)
    if not isinstance(factor, Value) and np.isnan(factor).any():
        raise ValueError("ops.cholesky: x is not positive definite. Add a small multiple of the identity matrix to it.")
    return _turned(factor) if upper else factor


@operation
def cholesky_inverse(x: Any, upper: bool = False) -> Any:
    """The inverse of the matrix whose `cholesky` factor is x."""
    x = _matrix(x, "cholesky_inverse", square=True)
    found = ops.triangular_solve(x, _identity_like(x), lower=not upper)
    return ops.matmul(found, _turned(found)) if upper else ops.matmul(_turned(found), found)


@operation
def inv(x: Any) -> Any:
    """The inverse matrix; NaN or infinite for a singular one."""
    return ops.inv(_matrix(x, "inv", square=True))


@operation
def det(x: Any) -> Any:
    """The determinant."""
    return ops.det(_matrix(x, "det", square=True))


@operation
def slogdet(x: Any) -> Any:
    """(sign, logarithm of the size) of the determinant."""
    return ops.slogdet(_matrix(x, "slogdet", square=True))


@operation
def logdet(x: Any) -> Any:
    """The logarithm of the determinant, of a positive definite matrix."""
    return ops.slogdet(_matrix(x, "logdet", square=True))[1]


@operation
def solve(a: Any, b: Any) -> Any:
    """The x with a x = b; b is a matrix, or a vector (one axis less than a).

    Raises:
        ValueError: for shapes that do not fit.
    """
    a, b, is_vector = _sides(a, b, "solve")
    found = ops.solve(a, b)
    return ops.squeeze(found, axis=(ndim_of(found) - 1,)) if is_vector else found


@operation
def solve_triangular(a: Any, b: Any, lower: bool = False) -> Any:
    """The x with a x = b; of `a` only the upper (or lower) triangle counts. b is a matrix, or a vector (one axis less)."""
    a, b, is_vector = _sides(a, b, "solve_triangular")
    found = ops.triangular_solve(a, b, lower=lower)
    return ops.squeeze(found, axis=(ndim_of(found) - 1,)) if is_vector else found


@operation
def lu_factor(x: Any) -> Any:
    """(lu, pivots): both triangular factors in one matrix, and the row that each row changed places with."""
    return ops.lu(_matrix(x, "lu_factor"))[:2]


@operation
def qr(x: Any, mode: str = "reduced") -> Any:
    """(q, r): x = q r with orthonormal columns of q and r upper triangular.

    Raises:
        ValueError: for a mode other than "reduced" and "complete" (q is square).
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(f"ops.qr: mode must be 'reduced' or 'complete', got {mode!r}.")
    return ops.qr(_matrix(x, "qr"), complete=mode == "complete")


@operation
def eigh(x: Any) -> Any:
    """(w, v): eigenvalues in ascending order and, as columns, eigenvectors of a symmetric matrix."""
    return ops.eigh(_matrix(x, "eigh", square=True))


@operation
def eig(x: Any) -> Any:
    """(w, v): complex eigenvalues and, as columns, eigenvectors; of arrays only.

    Raises:
        NotImplementedError: for symbols. `eigh` works for symmetric matrices.
    """
    refuse_symbols("eig", x)
    x = _matrix(x, "eig", square=True)
    complex_dtype = np.complex128 if dtype_of(x) == "float64" else np.complex64
    w, v = np.linalg.eig(x)
    return w.astype(complex_dtype), v.astype(complex_dtype)


@operation
def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """(u, s, vh): x = u diag(s) vh, or only the singular values s, in descending order."""
    x = _matrix(x, "svd")
    return ops.svd(x, full_matrices=full_matrices) if compute_uv else singular_values(x)


def singular_values(x: Tensor) -> Tensor:
    return ops.svd(x, full_matrices=False)[1]


@operation
def pinv(x: Any, rcond: Any = None) -> Any:
    """The pseudo-inverse; singular values below `rcond` times the greatest count as 0.

    By default `rcond` is ten times the rounding error of the sums.
    """
    return _pseudo_inverse(_matrix(x, "pinv"), rcond, 10.0)


def _pseudo_inverse(x: Tensor, rcond: Any, slack: float) -> Tensor:
    u, s, vh = ops.svd(x, full_matrices=False)
    least = ops.multiply(_greatest(s), scalar(slack * _rounding(x) if rcond is None else rcond, x))
    is_large = ops.logical_and(ops.greater_equal(s, least), ops.greater(s, scalar(0, s)))
    weights = ops.where(is_large, ops.reciprocal(ops.where(is_large, s, scalar(1, s))), scalar(0, s))
    return ops.matmul(ops.multiply(_turned(vh), ops.expand_dims(weights, axis=(ndim_of(s) - 1,))), _turned(u))


@operation
def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """The x for which a x is nearest to b, and of several the shortest.

    Raises:
        ValueError: if `a` is not one matrix, or b has another number of rows.
    """
    a, b = (_wide(x) for x in promoted(a, b, at_least="float"))
    if ndim_of(a) != 2 or ndim_of(b) not in (1, 2) or shape_of(a)[0] != shape_of(b)[0]:
        raise ValueError(
            "ops.lstsq: a must be a matrix and b a vector or a matrix of as many rows, got "
            f"{shape_text(shape_of(a))} and {shape_text(shape_of(b))}."
        )
    side = b if ndim_of(b) == 2 else ops.expand_dims(b, axis=(1,))
    found = ops.matmul(_pseudo_inverse(a, rcond, 1.0), side)
    return found if ndim_of(b) == 2 else ops.squeeze(found, axis=(1,))


@operation
def matrix_rank(x: Any, tol: Any = None) -> Any:
    """How many singular values are greater than `tol` (by default the rounding error of the greatest), int32."""
    x = _matrix(x, "matrix_rank")
    s = singular_values(x)
    least = ops.multiply(_greatest(s), scalar(_rounding(x), s)) if tol is None else tensor(tol, dtype_of(s))
    return ops.sum(cast(ops.greater(s, least), "int32"), axis=(ndim_of(s) - 1,))


def matrix_norm(x: Tensor, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    """Norms made of singular values: the greatest (2), the least (-2), their sum ("nuc")."""
    rest = tuple(k for k in range(ndim_of(x)) if k not in axes)
    s = singular_values(_wide(ops.transpose(x, axes=(*rest, *axes))))
    reduce = {2: ops.max, -2: ops.min, "nuc": ops.sum}[ord]
    result = cast(reduce(s, axis=(ndim_of(s) - 1,)), dtype_of(x))
    return ops.expand_dims(result, axis=normalize_axes(axes, ndim_of(x), "norm")) if keepdims else result


def _greatest(s: Tensor) -> Tensor:
    return ops.max(s, axis=(ndim_of(s) - 1,), keepdims=True)


def _rounding(x: Tensor) -> float:
    return float(np.finfo(dtype_of(x)).eps) * max(int(size) for size in shape_of(x)[-2:])


def _turned(x: Tensor) -> Tensor:
    ndim = ndim_of(x)
    return ops.transpose(x, axes=(*range(ndim - 2), ndim - 1, ndim - 2))


def _identity_like(x: Tensor) -> Tensor:
    return ops.broadcast_to(np.eye(int(shape_of(x)[-1]), dtype=dtype_of(x)), shape=shape_of(x))


def _wide(x: Any) -> Tensor:
    """`x` as float32 or float64: there are no factorizations in 16 bits."""
    x = as_float(x)
    return cast(x, "float32") if dtype_of(x) in ("float16", "bfloat16") else x


def _matrix(x: Any, name: str, square: bool = False) -> Tensor:
    x = _wide(x)
    shape = shape_of(x)
    if len(shape) < 2:
        raise ValueError(f"ops.{name}: x must be a matrix, or a batch of them; got shape {shape_text(shape)}.")
    if square and shape[-1] != shape[-2]:
        raise ValueError(f"ops.{name}: x must be square in its last two axes; got shape {shape_text(shape)}.")
    return x


def _sides(a: Any, b: Any, name: str) -> tuple[Tensor, Tensor, bool]:
    """Matrices and right sides in one dtype with equal leading axes, and whether the right sides were vectors."""
    a, b = (_wide(x) for x in promoted(a, b, at_least="float"))
    a = _matrix(a, name, square=True)
    is_vector = ndim_of(b) == ndim_of(a) - 1
    if is_vector:
        b = ops.expand_dims(b, axis=(ndim_of(b),))
    if ndim_of(b) < 2 or shape_of(b)[-2] != shape_of(a)[-1]:
        shown = shape_of(b)[:-1] if is_vector else shape_of(b)
        raise ValueError(
            f"ops.{name}: a of shape {shape_text(shape_of(a))} and b of shape {shape_text(shown)} do not fit: b must have "
            "as many rows as a has columns."
        )
    ahead = broadcast(shape_of(a)[:-2], shape_of(b)[:-2])
    a, b = (ops.broadcast_to(x, shape=(*ahead, *shape_of(x)[-2:])) for x in (a, b))
    return a, b, is_vector
