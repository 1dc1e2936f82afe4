"""Kernels of running sums and products: the template row_scan, whose operand may be computed on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..graph import Node, Value
from ..indexing import flatten_index
from ..ops.base import Index
from ..types import FLOATS, numpy_dtype
from .draft import Draft, Targets, finish, warps_for
from .reduction import block_sizes
from .region import Region
from .spaces import Rows, Sizes, Template
from .writer import KernelWriter, Place, static_shape, tile_dtype

#: The function of the template that combines two elements, and the number that changes nothing.
_COMBINATIONS = {"cumsum": ("sum", 0), "cumprod": ("prod", 1)}


@dataclass(frozen=True)
class RowScan(Template):
    """A scan of `full` along `axis`. Loop variables: ``kept`` counts rows, ``reduced`` their elements."""

    full: Sizes
    axis: int

    @classmethod
    def of(cls, node: Node) -> RowScan:
        return cls(static_shape(node.inputs[0]), node.attrs["axis"])

    @property
    def rows(self) -> Rows:
        return Rows(self.full, (self.axis,))

    def operand_indices(self) -> tuple[Index, ...]:
        return (self.rows.operand_index(),)

    def result_indices(self) -> tuple[Index, ...]:
        return (self.rows.operand_index(),)

    def __str__(self) -> str:
        return f"{self.rows.kept} scans of {self.rows.reduced} elements"


def draft_row_scan(region: Region, places: Mapping[Value, Place], targets: Targets) -> Draft:
    """The kernel of `cumsum` or `cumprod`."""
    space, node = region.space, region.template_node
    assert isinstance(space, RowScan)
    rows, reverse, dtype = space.rows, node.attrs["reverse"], held_dtype(node.inputs[0].type.dtype)
    combine, identity = _COMBINATIONS[node.op.name]
    block_kept, block_reduced = block_sizes(rows, whole=False)
    masks = {
        "kept": "kept_inside" if rows.kept % block_kept else "",
        "reduced": "reduced_inside" if rows.reduced % block_reduced else "",
    }
    writer = KernelWriter(places, masks)
    index = rows.operand_index()
    tile = "[BLOCK_KEPT, BLOCK_REDUCED]"
    with writer.loop("", ["number", "start", "reduced", "reduced_inside"]) as scope:
        x = writer.element(node.inputs[0], index)
        if dtype != tile_dtype(node.inputs[0].type.dtype):
            x = writer.let(f"{x}.to(tl.{dtype})")
        if not {"kept", "reduced"} <= writer.depends(x):
            x = writer.let(f"tl.broadcast_to({x}, {tile})")
        if masks["reduced"]:
            x = writer.let(f"tl.where(reduced_inside, {x}, {identity})")
        y = writer.declare("scanned", frozenset({"kept", "reduced"}), 1)
        writer.emit(f"{y} = {combine}(carried, tl.associative_scan({x}, 1, {combine}, reverse=REVERSE))")
        writer.emit(f"carried = {combine}(carried, tl.reduce({x}, 1, {combine}, keep_dims=True))")
        for target in targets[node.output]:
            writer.emit(writer.store(target, flatten_index(index, space.full), y, ["kept", "reduced"]))
        sections = {"scan": [line for line in scope.lines if line]}
    before = [line for line in writer.scopes[0].lines[: -len(scope.lines) or None] if line]
    sections["before"] = [*before, f"carried = tl.full([BLOCK_KEPT, 1], {identity}, tl.{dtype})"]
    constants = {"KEPT": rows.kept, "REDUCED": rows.reduced, "BLOCK_KEPT": block_kept, "BLOCK_REDUCED": block_reduced}
    grid = (-(-rows.kept // block_kept), 1, 1)
    warps = warps_for(block_kept * block_reduced)
    return finish("row_scan", region, writer, sections, {**constants, "REVERSE": reverse}, grid, warps)


def held_dtype(dtype: str) -> str:
    """What is added up: 16-bit floats in float32, small integers in 32 bits."""
    if dtype in FLOATS or numpy_dtype(dtype).itemsize >= 4:
        return tile_dtype(dtype)
    return "uint32" if dtype.startswith("uint") else "int32"
