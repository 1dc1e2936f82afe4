# ruff: noqa: F841
# mypy: ignore-errors
"""Kernels over whole rows that also add up columns: one program instance for LENGTH rows, in tiles [BLOCK_KEPT, BLOCK_REDUCED].

A program instance goes over its rows in order and keeps the sums of columns in registers; at the end it writes one row of
sums. A small second kernel adds up these rows. So the sums have a fixed order, and need no atomics.
"""

import triton
import triton.language as tl


@triton.jit
def multiplied(a, b):
    return a * b


@triton.jit
def larger(a, b):
    return tl.maximum(a, b, propagate_nan=tl.PropagateNan.ALL)


@triton.jit
def smaller(a, b):
    return tl.minimum(a, b, propagate_nan=tl.PropagateNan.ALL)


@triton.jit
def column_sums(
    pointers,
    KEPT: tl.constexpr,
    REDUCED: tl.constexpr,
    LENGTH: tl.constexpr,
    BLOCK_KEPT: tl.constexpr,
    BLOCK_REDUCED: tl.constexpr,
):
    part = tl.program_id(0)
    reduced = tl.arange(0, BLOCK_REDUCED)[None, :]
    reduced_inside = reduced < REDUCED  # if used
    # <before>
    for start in range(0, LENGTH, BLOCK_KEPT):
        kept = (part * LENGTH + start + tl.arange(0, BLOCK_KEPT))[:, None]
        kept_inside = kept < KEPT  # if used
        # <rows>
    # <after>
