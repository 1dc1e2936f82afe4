# ruff: noqa: F841
# mypy: ignore-errors
"""The same computation on arrays of different sizes, in one launch: the optimizer's update of all variables.

Every program instance looks up its array and its place in it. `addresses` has a row of COLUMNS pointers for every array.
Blocks that lie in their array as a whole need no mask, so that their loads are 16 bytes wide.
"""

import triton
import triton.language as tl


@triton.jit
def table(pointers, addresses, arrays, starts, sizes, COLUMNS: tl.constexpr, BLOCK: tl.constexpr):
    array = tl.load(arrays + tl.program_id(0))
    start = tl.multiple_of(tl.load(starts + tl.program_id(0)), BLOCK)
    size = tl.load(sizes + array)
    # <addresses>
    if start + BLOCK <= size:
        i = start + tl.arange(0, BLOCK)
        # <whole>
    else:
        i = start + tl.arange(0, BLOCK)
        inside = i < size  # if used
        # <part>
