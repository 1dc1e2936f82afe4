"""The tiles of the attention kernels: as large as registers allow on compute capability 8.0 and 9.0 without spilling.

docs/triton.md has the figures; a test reads them from the machine code. Not timed on a GPU yet. float32 has small tiles because
exact products of float32 do not run on the tensor cores and want many registers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .draft import power_of_two


@dataclass(frozen=True)
class AttentionBlocks:
    """Queries and keys of a tile of scores, warps of a program instance, stages of its loop."""

    m: int
    n: int
    warps: int
    stages: int


#: By op, bits of an element, and the largest size of a head.
_TABLE: Mapping[str, Mapping[tuple[int, int], AttentionBlocks]] = {
    "flash_attention": {
        (16, 64): AttentionBlocks(128, 128, 8, 2),
        (16, 128): AttentionBlocks(128, 64, 8, 2),
        (16, 256): AttentionBlocks(64, 32, 8, 2),
        (32, 64): AttentionBlocks(32, 32, 8, 2),
        (32, 128): AttentionBlocks(32, 16, 8, 2),
        (32, 256): AttentionBlocks(16, 16, 8, 1),
    },
    "flash_attention_query_gradient": {
        (16, 64): AttentionBlocks(64, 64, 4, 2),
        (16, 128): AttentionBlocks(64, 64, 4, 2),
        (16, 256): AttentionBlocks(64, 32, 8, 2),
        (32, 64): AttentionBlocks(32, 32, 8, 2),
        (32, 128): AttentionBlocks(32, 16, 8, 2),
        (32, 256): AttentionBlocks(16, 16, 8, 1),
    },
    "flash_attention_key_gradient": {
        (16, 64): AttentionBlocks(64, 128, 8, 2),
        (16, 128): AttentionBlocks(64, 64, 8, 2),
        (16, 256): AttentionBlocks(64, 32, 8, 2),
        (32, 64): AttentionBlocks(32, 32, 8, 2),
        (32, 128): AttentionBlocks(16, 32, 8, 2),
        (32, 256): AttentionBlocks(16, 16, 8, 1),
    },
}


def attention_choices(op: str, bits: int, size: int, queries: int, keys: int) -> list[AttentionBlocks]:
    """The tiles for heads of `size` (the larger one of keys and values); smaller for few queries or keys.

    The first is taken if nothing is measured; the others have half as many queries or keys, and need less shared memory.
    """
    table = _TABLE[op]
    whole = table[min(key for key in table if key[0] == bits and key[1] >= size)]
    m, n = (min(block, max(16, power_of_two(length))) for block, length in ((whole.m, queries), (whole.n, keys)))
    sides = ((m, n), (max(m // 2, 16), n), (m, max(n // 2, 16)))
    return list(dict.fromkeys(_with_sides(whole, *pair) for pair in sides))


def _with_sides(whole: AttentionBlocks, m: int, n: int) -> AttentionBlocks:
    warps = max(2, whole.warps * m * n // (whole.m * whole.n))
    return AttentionBlocks(m, n, warps, whole.stages)
