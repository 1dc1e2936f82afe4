# ruff: noqa: F841
# mypy: ignore-errors
"""Reductions: one program instance for BLOCK_KEPT results, each of REDUCED elements, in tiles [BLOCK_KEPT, BLOCK_REDUCED].

Where all elements of a result fit into the tile, several reductions may build upon each other, as in softmax. Otherwise a loop
in the body goes over the elements, always in the same order.
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
def reduction(pointers, KEPT: tl.constexpr, REDUCED: tl.constexpr, BLOCK_KEPT: tl.constexpr, BLOCK_REDUCED: tl.constexpr):
    kept = (tl.program_id(0) * BLOCK_KEPT + tl.arange(0, BLOCK_KEPT))[:, None]
    kept_inside = kept < KEPT  # if used
    # <body>
