"""Calls: products and norms."""

import numpy as np

from .call import COUNTS, ROW, A, B, Call, M, N, call, draw

CALLS: list[Call] = [
    call("matmul", M, N), call("matmul", A, ROW), call("matmul", draw(2, 3, 4), draw(2, 4, 5)), call("matmul", draw(4), N),
    call("matmul", COUNTS, draw(3, 2)), call("dot", M, N), call("dot", A, draw(5, 2)), call("dot", ROW, ROW),
    call("dot", draw(3, 4), draw(2, 4, 5)), call("tensordot", A, draw(3, 5, 2), axes=2),
    call("tensordot", A, draw(5, 2), axes=[[2], [0]]), call("outer", ROW, draw(3)), call("inner", A, ROW),
    call("vdot", ROW, ROW),
    call("einsum", "ij,jk->ik", M, N), call("einsum", "bij,bkj->bik", A, B), call("einsum", "...i,i->...", A, ROW),
    call("einsum", "abc->cab", A), call("einsum", "abc,c,abd->d", A, ROW, draw(2, 3, 4)), call("einsum", "ij->", M),
    call("norm", M), call("norm", A, axis=-1, keepdims=True),
    call("norm", M, ord=1, axis=1), call("norm", M, ord=np.inf),
    call("norm", M, ord=3, axis=0), call("cross", draw(4, 3), draw(4, 3, seed=1)),
]  # fmt: skip
