# ruff: noqa: F821, F841
# mypy: ignore-errors
"""Attention: one program instance for BLOCK_M queries of one head, which loops over the keys in steps of BLOCK_N.

The softmax is taken on the way: `highest` is the largest score so far, `total` the sum of exponentials relative to it, and both
sums are scaled down when a larger score comes. Scores are in units of log(2), because exp2 is one instruction. Of causal
attention only keys that are not later are read, in two parts: those that all queries of the tile may see, and those on the
diagonal; with a mask a third part for queries that see nothing and so take the mean of all values. Long tiles start first.
"""

import triton
import triton.language as tl


@triton.jit
def flash_attention(
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
    highest = tl.full([BLOCK_M, 1], float("-inf"), tl.float32)
    total = tl.zeros([BLOCK_M, 1], tl.float32)
    y = tl.zeros([BLOCK_M, BLOCK_E], tl.float32)
    diagonal = tl.minimum(tile * BLOCK_M + 1, KEYS) // BLOCK_N * BLOCK_N
    later = tl.minimum(tl.cdiv(tile * BLOCK_M + BLOCK_M, BLOCK_N) * BLOCK_N, KEYS)
    for part in tl.static_range(PARTS):
        begin = 0
        end = KEYS
        if CAUSAL and part == 0:
            end = diagonal
        if part == 1:
            begin = diagonal
            end = later
        if part == 2:
            begin = later
            end = tl.where(tl.max(tl.where(highest == HIDDEN, 1, 0)) == 1, KEYS, later)
        for start in range(begin, end, BLOCK_N):
            n = (start + tl.arange(0, BLOCK_N))[:, None]
            n_across = (start + tl.arange(0, BLOCK_N))[None, :]
            n_inside = n < KEYS  # if used
            n_across_inside = n_across < KEYS  # if used
            # <key>
            scores = tl.dot(query, tl.trans(key), input_precision=PRECISION) * (SCALE * LOG2_E)
            # <scores>
            if CAUSAL and part > 0:
                scores = tl.where(m >= n_across, scores, HIDDEN)
            # <inside>
            larger = tl.maximum(highest, tl.max(scores, axis=1, keep_dims=True))
            base = tl.where(larger == float("-inf"), 0.0, larger)
            weights = tl.exp2(scores - base)
            decay = tl.exp2(highest - base)
            highest = larger
            total = total * decay + tl.sum(weights, axis=1, keep_dims=True)
            # <value>
            y = tl.dot(weights.to(value.dtype), value, y * decay, input_precision=PRECISION)
    y = y / total
    logsumexp = (highest + tl.log2(total)) / LOG2_E
    if MASKED:
        logsumexp = tl.where(highest == HIDDEN, float("inf"), logsumexp)
    # <epilogue>
