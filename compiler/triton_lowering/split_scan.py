"""Running sums and products of few long rows, made in parts so that a GPU has enough to do at once.

Each part is scanned by itself; what all parts before it come to is a scan of the parts' totals.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..graph import Node, Value
from ..journal import note
from ..registry import ops
from .reduction import TILE, block_sizes
from .row_scan import RowScan

#: So few program instances leave multiprocessors without work; so many are wanted.
FEW_PROGRAMS, WANTED_PROGRAMS = 64, 128
#: Fewer parts would not make up for the further launches.
LEAST_PARTS = 4
#: For each op the reduction that gives a part's total, what joins two parts, and the number that changes nothing.
_FORMS = {"cumsum": ("sum", "add", 0), "cumprod": ("prod", "multiply", 1)}


def split_scan(node: Node) -> Sequence[Value] | None:
    """cumsum(x) -> cumsum of each part + cumsum of the totals of the parts before, where that pays."""
    if node.op.name not in _FORMS or node.output.type.size == 0:
        return None
    rows = RowScan.of(node).rows
    block, tile = block_sizes(rows, whole=False)
    programs = -(-rows.kept // block)
    parts = min(WANTED_PROGRAMS // programs, rows.reduced // min(tile, TILE))
    if programs >= FEW_PROGRAMS or parts < LEAST_PARTS:
        return None
    length = -(-rows.reduced // parts)
    note(f"{node.op.name} made in {parts} parts of {length} elements", node, why=f"{rows.kept} rows keep few programs busy")
    return [_in_parts(node, -(-rows.reduced // length), length)]


def _in_parts(node: Node, parts: int, length: int) -> Any:
    """The axis cut into `parts` of `length`; 16-bit floats go through float32."""
    name, axis, reverse = node.op.name, node.attrs["axis"], node.attrs["reverse"]
    reduction, joining, identity = _FORMS[name]
    scan, dtype = getattr(ops, name), node.output.type.dtype
    x = ops.cast(node.inputs[0], dtype="float32") if dtype in ("float16", "bfloat16") else node.inputs[0]
    shape = tuple(int(dim) for dim in x.type.shape)

    def along(number: int) -> tuple[int, ...]:
        return tuple(number if k == axis else 0 for k in range(len(shape)))

    none = along(0)
    padded = ops.pad(x, before=none, after=along(parts * length - shape[axis]), value=identity)
    cut = ops.reshape(padded, shape=(*shape[:axis], parts, length, *shape[axis + 1 :]))
    within = scan(cut, axis=axis + 1, reverse=reverse)
    totals = getattr(ops, reduction)(cut, axis=(axis + 1,), keepdims=False)
    ends = tuple(parts - 1 if k == axis else size for k, size in enumerate(shape))
    if reverse:
        others = ops.slice(totals, starts=along(1), stops=tuple(parts if k == axis else size for k, size in enumerate(shape)))
        before = ops.pad(others, before=none, after=along(1), value=identity)
    else:
        before = ops.pad(ops.slice(totals, starts=none, stops=ends), before=along(1), after=none, value=identity)
    before = ops.expand_dims(scan(before, axis=axis, reverse=reverse), axis=(axis + 1,))
    joined = ops.reshape(getattr(ops, joining)(within, before), shape=padded.type.shape)
    result = ops.slice(joined, starts=none, stops=shape)
    return ops.cast(result, dtype=dtype) if x is not node.inputs[0] else result
