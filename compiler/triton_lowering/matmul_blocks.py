"""The tiles of matrix products: a table for each way of multiplying, from large tiles to small ones.

A large tile reads less memory for each product, but a result that makes few of them leaves multiprocessors without work. So the
first tile of the table is taken that makes enough program instances. What a GPU's measurements say of such tables is in
docs/triton.md; these tiles neither spill on compute capability 8.0 nor on 9.0, which tests read from the machine code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .draft import power_of_two
from .spaces import Product

#: Program instances that keep a GPU busy: about as many as an H100 has multiprocessors (132).
ENOUGH_PROGRAMS = 128
SIXTEEN_BITS = ("float16", "bfloat16")


@dataclass(frozen=True)
class Blocks:
    """The tile of one program instance, its warps, and the stages of its loop over k."""

    m: int
    n: int
    k: int
    num_warps: int
    num_stages: int = 3


#: Only where nothing follows the product: the tile alone takes 128 registers of every thread.
WIDE = Blocks(128, 256, 64, 8)
#: 16-bit factors whose rows are aligned, on the tensor cores.
ALIGNED = (Blocks(128, 128, 64, 8), Blocks(64, 128, 64, 4), Blocks(64, 64, 64, 4), Blocks(32, 32, 64, 4))
#: Rows that are not aligned: addresses take many registers.
UNALIGNED = (Blocks(64, 64, 32, 4), Blocks(32, 32, 64, 4))
#: float32 by ``tf32`` on the tensor cores: twice the bytes for each number.
TF32 = (Blocks(128, 128, 32, 8), Blocks(64, 64, 32, 4), Blocks(32, 32, 32, 4))
#: float32 without the tensor cores, or in three products.
FLOAT32 = (Blocks(64, 64, 32, 4), Blocks(32, 32, 64, 4))


def matmul_choices(product: Product, dtype: str, precision: str, is_plain: bool) -> list[Blocks]:
    """The tiles that a product of `dtype` may have, first the one that is taken if nothing is measured.

    `is_plain`: nothing follows the product in the kernel.
    """
    is_aligned = not any(size % 8 for size in (product.m, product.n, product.k))
    table = _table(dtype, precision, is_aligned)
    if table is ALIGNED and is_plain and product.k >= 8 * WIDE.k:
        table = (WIDE, *table)
    chosen = next((blocks for blocks in table if _programs(product, blocks) >= ENOUGH_PROGRAMS), table[-1])
    return list(dict.fromkeys(_fitted(product, blocks) for blocks in (chosen, *table)))


def _fitted(product: Product, chosen: Blocks) -> Blocks:
    """The tile, no larger than the product."""
    m, n = (min(block, max(16, power_of_two(size))) for block, size in ((chosen.m, product.m), (chosen.n, product.n)))
    warps = chosen.num_warps if m * n == chosen.m * chosen.n else 8 if m * n >= 128 * 128 else 4 if m * n >= 1024 else 2
    return replace(chosen, m=m, n=n, k=min(chosen.k, max(16, power_of_two(product.k))), num_warps=warps)


def _table(dtype: str, precision: str, is_aligned: bool) -> Sequence[Blocks]:
    if dtype in SIXTEEN_BITS:
        return ALIGNED if is_aligned else UNALIGNED
    return TF32 if precision == "tf32" and is_aligned else FLOAT32


def _programs(product: Product, blocks: Blocks) -> int:
    return product.batch * -(-product.m // blocks.m) * -(-product.n // blocks.n)
