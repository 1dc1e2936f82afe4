# ruff: noqa: F821, F841
# mypy: ignore-errors
"""Matrix products: one program instance for a tile [BLOCK_M, BLOCK_N] of one product, which loops over k in steps of BLOCK_K.

Programs go through the result in bands of GROUP tiles, so that neighbours read the same columns of the second operand while
they are in the cache. Elements beyond K are 0 in both operands. What follows the product is computed on its float32 tile.
"""

import triton
import triton.language as tl


@triton.jit
def matmul(
    pointers,
    M: tl.constexpr,
    N: tl.constexpr,
    K: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
    GROUP: tl.constexpr,
    PRECISION: tl.constexpr,
):
    tiles_m: tl.constexpr = (M + BLOCK_M - 1) // BLOCK_M
    tiles_n: tl.constexpr = (N + BLOCK_N - 1) // BLOCK_N
    batch = tl.program_id(0) // (tiles_m * tiles_n)  # if used
    tile = tl.program_id(0) % (tiles_m * tiles_n)
    first = tile // (GROUP * tiles_n) * GROUP
    height = tl.minimum(tiles_m - first, GROUP)
    row = first + tile % (GROUP * tiles_n) % height
    m = (row * BLOCK_M + tl.arange(0, BLOCK_M))[:, None]
    n = (tile % (GROUP * tiles_n) // height * BLOCK_N + tl.arange(0, BLOCK_N))[None, :]
    m_inside = m < M  # if used
    n_inside = n < N  # if used
    # <before>
    product = tl.zeros([BLOCK_M, BLOCK_N], tl.float32)
    for start in range(0, K, BLOCK_K):
        ka = (start + tl.arange(0, BLOCK_K))[None, :]
        kb = (start + tl.arange(0, BLOCK_K))[:, None]
        ka_inside = ka < K  # if used
        kb_inside = kb < K  # if used
        # <operands>
        product = tl.dot(a, b, product, input_precision=PRECISION)
    # <epilogue>
