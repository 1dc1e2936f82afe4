# ruff: noqa: F841
# mypy: ignore-errors
"""Every element of the results by itself: one program instance for BLOCK consecutive elements."""

import triton
import triton.language as tl


@triton.jit
def pointwise(pointers, SIZE: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = i < SIZE  # if used
    # <body>
