"""Products of long sums with small results, made in parts so that a GPU has enough to do at once: gradients of weights.

The parts are a batch of products, added up in a fixed order by a second kernel. Cutting the sum is a view.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from ..graph import Node, Value
from ..journal import note
from ..registry import ops
from .matmul_blocks import SIXTEEN_BITS
from .region import product_of

#: A result of fewer tiles than a GPU has multiprocessors leaves some without work; two tiles for each are wanted.
MULTIPROCESSORS, WANTED_TILES = 132, 264
#: Elements of a result's tile along each side; a part sums up so many products at least; and the most parts.
TILE_SIDE, LEAST_PART, MOST_PARTS = 64, 512, 16
#: The side for large results of 16 bits.
LARGE_SIDE = 128


def split_product(node: Node) -> Sequence[Value] | None:
    """matmul(a, b) -> the sum of matmul(a's part, b's part) over parts of the inner axis, where that pays."""
    if node.op.name != "matmul" or any(value.type.ndim != node.output.type.ndim for value in node.inputs):
        return None
    product = product_of(node)
    batch = tuple(int(dim) for dim in node.output.type.shape[:-2])
    if any(tuple(value.type.shape[:-2]) != batch for value in node.inputs):
        return None
    rows, columns = (int(dim) for dim in node.output.type.shape[-2:])
    is_large = node.output.type.dtype in SIXTEEN_BITS and min(rows, columns) >= LARGE_SIDE
    side = LARGE_SIDE if is_large and not any(size % 8 for size in (rows, columns, product.k)) else TILE_SIDE
    tiles = prod(batch) * -(-rows // side) * -(-columns // side)
    parts = part_count(product.k, tiles)
    if parts == 1:
        return None
    note(f"matmul made in {parts} parts of {product.k // parts} products", node, why=f"its result has {tiles} tiles only")
    return [_in_parts(node.inputs[0], node.inputs[1], parts)]


def part_count(length: int, tiles: int) -> int:
    """Into how many equal parts a sum of `length` products is cut; 1 if it is left whole."""
    if not 0 < tiles < MULTIPROCESSORS:
        return 1
    most = min(WANTED_TILES // tiles, length // LEAST_PART, MOST_PARTS)
    return next((parts for parts in range(most, 1, -1) if length % parts == 0), 1)


def _in_parts(a: Value, b: Value, parts: int) -> Value:
    *batch, rows, length = a.type.shape
    columns, axis, each = b.type.shape[-1], len(batch), int(length) // parts
    left = ops.reshape(a, shape=(*batch, rows, parts, each))
    left = ops.transpose(left, axes=(*range(axis), axis + 1, axis, axis + 2))
    right = ops.reshape(b, shape=(*batch, parts, each, columns))
    parted: Any = ops.matmul(left, right)
    dtype = parted.type.dtype
    if dtype in SIXTEEN_BITS:  # the parts are not rounded: the kernel has them in float32
        parted = ops.cast(parted, dtype="float32")
    result: Any = ops.sum(parted, axis=(axis,), keepdims=False)
    return ops.cast(result, dtype=dtype) if dtype in SIXTEEN_BITS else result  # type: ignore[no-any-return]
