"""Calls: equations, inverses and factorizations of matrices.

Vectors of factorizations may have another sign in Keras: their numbers are compared by what they multiply to, in the tests.
"""

import numpy as np

from .call import A, B, Call, M, call, draw

GENERAL = draw(3, 3) + 3 * np.eye(3, dtype="float32")
BATCH = draw(2, 4, 4) + 3 * np.eye(4, dtype="float32")
DEFINITE = (BATCH @ BATCH.transpose(0, 2, 1)).astype("float32")
WHOLE = np.int32([[2, 1], [1, 3]])
TRIANGULAR = np.tril(GENERAL)
SINGULAR = np.float32([[1, 2], [2, 4]])

CALLS: list[Call] = [
    call("cholesky", DEFINITE), call("cholesky", DEFINITE[0], upper=True), call("cholesky", WHOLE),
    call("cholesky_inverse", TRIANGULAR), call("cholesky_inverse", np.triu(GENERAL), upper=True),
    *(call(name, x) for name in ("inv", "det", "slogdet") for x in (GENERAL, BATCH, WHOLE)), call("logdet", DEFINITE),
    call("det", SINGULAR), call("slogdet", DEFINITE[0]), call("det", draw(5, 5)), call("inv", draw(5, 5)),
    call("solve", GENERAL, draw(3)), call("solve", GENERAL, draw(3, 2)), call("solve", BATCH, draw(2, 4, 3)),
    call("solve", WHOLE, np.int32([1, 2])), call("solve", draw(4, 4), draw(4, 2)),
    *(call("solve_triangular", GENERAL, draw(3, 2), lower=lower) for lower in (True, False)),
    call("solve_triangular", BATCH, draw(2, 4, 3)), call("solve_triangular", GENERAL, draw(3), lower=True),
    call("lu_factor", GENERAL), call("lu_factor", draw(4, 4)), call("lu_factor", BATCH),
    *(call("qr", x, values=False) for x in (GENERAL, BATCH, M, M.T)), call("qr", M.T, mode="complete", values=False),
    *(call("eigh", x, values=False) for x in (DEFINITE, DEFINITE[0], WHOLE)),
    *(call("svd", x, values=False) for x in (A, M, BATCH)), call("svd", A, full_matrices=False, values=False),
    call("svd", A, compute_uv=False), call("svd", M, compute_uv=False), call("svd", WHOLE, compute_uv=False),
    call("eig", GENERAL, eager=True, values=False), call("eig", BATCH, eager=True, values=False),
    call("pinv", M), call("pinv", A), call("pinv", SINGULAR), call("pinv", M, rcond=0.5),
    call("lstsq", M.T, draw(4)), call("lstsq", M.T, draw(4, 2)), call("lstsq", M, draw(3, 2)), call("lstsq", SINGULAR, draw(2)),
    call("matrix_rank", SINGULAR), call("matrix_rank", BATCH), call("matrix_rank", A, 1.5), call("matrix_rank", M, tol=10.0),
    *(call("norm", M, ord=ord) for ord in (2, -2, "nuc", "fro", 1, -1, -np.inf)),
    call("norm", A, ord=2, axis=(0, 2)), call("norm", A, ord="nuc", axis=(2, 1), keepdims=True),
    call("norm", B, ord=-2, axis=(-1, 0)),
    call("einsum", "ii->i", GENERAL), call("einsum", "ii", GENERAL), call("einsum", "bii->b", BATCH),
    call("einsum", "...ii,ij->...j", BATCH, draw(4, 2)), call("einsum", "iji,j->i", draw(3, 2, 3), draw(2)),
    call("einsum", "ij,ij,jk->k", M, M, draw(4, 2)),
]  # fmt: skip
