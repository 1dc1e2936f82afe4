# ruff: noqa: F821, F841
# mypy: ignore-errors
"""The gradient of attention by its queries: one program instance for BLOCK_M queries of one head, which loops over the keys.

The weights are made anew from the scores and the logsumexp that attention left. See flash_attention.py for the parts.
"""

import triton
import triton.language as tl


@triton.jit
def flash_attention_query_gradient(
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
    PARTS: tl.constexpr,
    PRECISION: tl.constexpr,
):
    LOG2_E: tl.constexpr = 1.4426950408889634
    tiles: tl.constexpr = (QUERIES + BLOCK_M - 1) // BLOCK_M
    tile = tiles - 1 - tl.program_id(0) % tiles
    head = tl.program_id(0) // tiles % HEADS
    group = head // SHARED
    batch = tl.program_id(0) // (tiles * HEADS)
    m = (tile * BLOCK_M + tl.arange(0, BLOCK_M))[:, None]
    d = tl.arange(0, BLOCK_D)[None, :]
    e = tl.arange(0, BLOCK_E)[None, :]
    m_inside = m < QUERIES  # if used
    d_inside = d < SIZE  # if used
    e_inside = e < VALUE_SIZE  # if used
    # <query>
    dq = tl.zeros([BLOCK_M, BLOCK_D], tl.float32)
    diagonal = tl.minimum(tile * BLOCK_M + 1, KEYS) // BLOCK_N * BLOCK_N
    for part in tl.static_range(PARTS):
        begin = 0
        end = KEYS
        if CAUSAL and part == 0:
            end = diagonal
        if part == 1:
            begin = diagonal
            end = tl.minimum(tile * BLOCK_M + BLOCK_M, KEYS)
        for start in range(begin, end, BLOCK_N):
            n = (start + tl.arange(0, BLOCK_N))[:, None]
            n_across = (start + tl.arange(0, BLOCK_N))[None, :]
            n_inside = n < KEYS  # if used
            n_across_inside = n_across < KEYS  # if used
            # <key>
            scores = tl.dot(query, tl.trans(key), input_precision=PRECISION) * (SCALE * LOG2_E)
            # <scores>
            if CAUSAL and part == 1:
                scores = tl.where(m >= n_across, scores, HIDDEN)
            # <inside>
            weights = tl.exp2(scores - logsumexp * LOG2_E)
            # <value>
            slopes = weights * (tl.dot(grad, tl.trans(value), input_precision=PRECISION) - delta)
            dq = tl.dot(slopes.to(key.dtype), key, dq, input_precision=PRECISION)
    dq = dq * SCALE
    # <epilogue>
