# ruff: noqa: F841
# mypy: ignore-errors
"""Running sums and products along rows: one program instance for BLOCK_KEPT rows, in tiles [BLOCK_KEPT, BLOCK_REDUCED].

A tile is scanned at once, as a tree; what all tiles before it come to is carried on. REVERSE begins with the last tile.

Reference: ``numpy.cumsum(x, axis=1)`` and ``numpy.cumprod(x, axis=1)``; from behind, of ``x[:, ::-1]``.
Configurations: compiler/triton_lowering/row_scan.py, the same as those of reductions.
"""

import triton
import triton.language as tl


@triton.jit
def sum(a, b):
    return a + b


@triton.jit
def prod(a, b):
    return a * b


@triton.jit
def row_scan(
    pointers,
    KEPT: tl.constexpr,
    REDUCED: tl.constexpr,
    BLOCK_KEPT: tl.constexpr,
    BLOCK_REDUCED: tl.constexpr,
    REVERSE: tl.constexpr,
):
    kept = (tl.program_id(0) * BLOCK_KEPT + tl.arange(0, BLOCK_KEPT))[:, None]
    kept_inside = kept < KEPT  # if used
    # <before>
    for number in range(0, REDUCED, BLOCK_REDUCED):
        start = (REDUCED - 1) // BLOCK_REDUCED * BLOCK_REDUCED - number if REVERSE else number
        reduced = (start + tl.arange(0, BLOCK_REDUCED))[None, :]
        reduced_inside = reduced < REDUCED  # if used
        # <scan>
