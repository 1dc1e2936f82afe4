# ruff: noqa: B007, F821, F841
# mypy: ignore-errors
"""The gradients of attention by its keys and values: one program instance for BLOCK_N keys of one head of keys.

It loops over the SHARED heads of queries that share the keys and over their queries in steps of BLOCK_M, so that nobody else
adds to its sums. Tiles of scores are transposed here: keys are rows. Of causal attention only queries that are not earlier are
read, in two parts: those on the diagonal, and those that may see all keys of the tile; with a mask also earlier ones that see
nothing: they weigh all values alike.
"""

import triton
import triton.language as tl


@triton.jit
def flash_attention_key_gradient(
    pointers,
    QUERIES: tl.constexpr,
    KEYS: tl.constexpr,
    HEADS: tl.constexpr,
    SHARED: tl.constexpr,
    SIZE: tl.constexpr,
    VALUE_SIZE: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_D: tl.constexpr,
    BLOCK_E: tl.constexpr,
    SCALE: tl.constexpr,
    HIDDEN: tl.constexpr,
    CAUSAL: tl.constexpr,
    MASKED: tl.constexpr,
    PARTS: tl.constexpr,
    PRECISION: tl.constexpr,
):
    LOG2_E: tl.constexpr = 1.4426950408889634
    tiles: tl.constexpr = (KEYS + BLOCK_N - 1) // BLOCK_N
    groups: tl.constexpr = HEADS // SHARED
    tile = tl.program_id(0) % tiles
    group = tl.program_id(0) // tiles % groups
    batch = tl.program_id(0) // (tiles * groups)
    n = (tile * BLOCK_N + tl.arange(0, BLOCK_N))[:, None]
    d = tl.arange(0, BLOCK_D)[None, :]
    e = tl.arange(0, BLOCK_E)[None, :]
    n_inside = n < KEYS  # if used
    d_inside = d < SIZE  # if used
    e_inside = e < VALUE_SIZE  # if used
    # <key>
    dk = tl.zeros([BLOCK_N, BLOCK_D], tl.float32)
    dv = tl.zeros([BLOCK_N, BLOCK_E], tl.float32)
    diagonal = tl.minimum(tile * BLOCK_N, QUERIES) // BLOCK_M * BLOCK_M
    full = tl.minimum(tl.cdiv(tile * BLOCK_N + BLOCK_N - 1, BLOCK_M) * BLOCK_M, QUERIES)
    for head in range(group * SHARED, group * SHARED + SHARED):
        if CAUSAL and MASKED:
            for start in range(0, diagonal, BLOCK_M):
                m = (start + tl.arange(0, BLOCK_M))[:, None]
                m_inside = m < QUERIES  # if used
                # <earlier>
                if tl.max(tl.where(blind, 1, 0)) == 1:
                    # <unseeing>
                    dv += tl.sum(tl.where(blind, grad, 0).to(tl.float32), axis=0, keep_dims=True) / KEYS
        for part in tl.static_range(PARTS):
            begin = 0
            end = QUERIES
            if CAUSAL and part == 0:
                begin = diagonal
                end = full
            if part == 1:
                begin = full
            for start in range(begin, end, BLOCK_M):
                m = (start + tl.arange(0, BLOCK_M))[:, None]
                m_across = (start + tl.arange(0, BLOCK_M))[None, :]
                m_inside = m < QUERIES  # if used
                m_across_inside = m_across < QUERIES  # if used
                # <query>
                scores = tl.dot(key, tl.trans(query), input_precision=PRECISION) * (SCALE * LOG2_E)
                # <scores>
                if CAUSAL and part == 0:
                    scores = tl.where(m_across >= n, scores, HIDDEN)
                # <inside>
                weights = tl.exp2(scores - logsumexp * LOG2_E)
                even = weights
                if MASKED:
                    even = tl.where(logsumexp == float("inf"), 1 / KEYS, weights)
                # <grad>
                dv = tl.dot(even.to(grad.dtype), grad, dv, input_precision=PRECISION)
                slopes = weights * (tl.dot(value, tl.trans(grad), input_precision=PRECISION) - delta)
                dk = tl.dot(slopes.to(query.dtype), query, dk, input_precision=PRECISION)
    dk = dk * SCALE
    # <epilogue>
