# ruff: noqa: F821, F841
# mypy: ignore-errors
"""Rows put in order: one program instance for BLOCK_KEPT rows of BLOCK_REDUCED elements, all of them in registers.

A bitonic network (K. E. Batcher, Sorting networks and their applications, 1968). In a step every element is compared with the
one whose place differs in one bit, and both of them keep the smaller or the larger one. Elements are told apart by `key`,
integers in the order that is wanted, and then by `place`, where they come from, so that equal ones stay in their order. Only
places are exchanged, through `row` in memory; an element's key is made anew of the element.

Reference: ``numpy.argsort(x, axis=1, kind="stable")``.
Configurations: compiler/triton_lowering/row_sort.py, 8 elements for each thread.
"""

import triton
import triton.language as tl


@triton.jit
def row_sort(pointers, KEPT: tl.constexpr, REDUCED: tl.constexpr, BLOCK_KEPT: tl.constexpr, BLOCK_REDUCED: tl.constexpr):
    kept = (tl.program_id(0) * BLOCK_KEPT + tl.arange(0, BLOCK_KEPT))[:, None]
    reduced = tl.arange(0, BLOCK_REDUCED)[None, :]
    kept_inside = kept < KEPT
    place = reduced + tl.zeros([BLOCK_KEPT, BLOCK_REDUCED], tl.int32)
    # <key>
    length = 2
    while length <= BLOCK_REDUCED:
        distance = length // 2
        while distance > 0:
            tl.store(row + reduced, place, mask=kept_inside)
            tl.debug_barrier()
            other = tl.load(row + (reduced ^ distance), mask=kept_inside, other=0)
            tl.debug_barrier()
            # <other_key>
            is_other_first = (other_key < key) | ((other_key == key) & (other < place))
            is_first_wanted = ((reduced & length) == 0) == ((reduced & distance) == 0)
            is_taken = is_other_first == is_first_wanted
            key = tl.where(is_taken, other_key, key)
            place = tl.where(is_taken, other, place)
            distance = distance // 2
        length = length * 2
    found = place
    # <results>
