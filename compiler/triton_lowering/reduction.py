"""Kernels of regions with reductions: what is reduced and what follows from it is computed in the same kernel.

No atomics: a result is always added up in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ..graph import Node, Value
from ..indexing import flatten_index, variable
from ..types import FLOATS, numpy_dtype
from .draft import Draft, Targets, draft_in_tiles, finish, power_of_two, warps_for
from .region import Region, rows_of
from .spaces import Rows
from .writer import KernelWriter, Place, number_text, static_shape, tile_dtype

TILE = 4096
#: Results in a tile whose neighbours in memory belong to different results: 128 bytes of float32.
NEIGHBOURS = 32
_TILE = "[BLOCK_KEPT, BLOCK_REDUCED]"


def draft_reduction(region: Region, places: Mapping[Value, Place], targets: Targets, barrier: bool = False) -> Draft:
    """The kernel of a region over rows; with `config.autotune` one for every tile that it may have."""
    rows = region.space
    assert isinstance(rows, Rows)
    tiles = tile_choices(rows, region.needs_whole_rows)
    return draft_in_tiles(lambda tile: _draft(region, rows, tile, places, targets, barrier), tiles)


def _draft(
    region: Region, rows: Rows, tile: tuple[int, int], places: Mapping[Value, Place], targets: Targets, barrier: bool
) -> Draft:
    block_kept, block_reduced = tile
    masks = {
        "kept": "kept_inside" if rows.kept % block_kept else "",
        "reduced": "reduced_inside" if rows.reduced % block_reduced or not rows.reduced else "",
    }
    writer = KernelWriter(places, masks)
    reduced = ["reduced_inside = reduced < REDUCED"] if masks["reduced"] else []
    if block_reduced >= rows.reduced:
        writer.scopes[0].lines += ["reduced = tl.arange(0, BLOCK_REDUCED)[None, :]", *reduced]
        for node in region.reductions:
            plan = Plan(node)
            finish_reduction(writer, plan, [plan.element(writer)])
    else:
        plans = [Plan(node) for node in region.reductions]
        accumulators = [plan.declare(writer) for plan in plans]
        header = "for start in range(0, REDUCED, BLOCK_REDUCED):"
        lines = ["reduced = (start + tl.arange(0, BLOCK_REDUCED))[None, :]", *reduced]
        with writer.loop(header, ["start", "reduced", "reduced_inside"], lines):
            for plan, names in zip(plans, accumulators, strict=True):
                plan.accumulate(writer, names, plan.element(writer))
        for plan, names in zip(plans, accumulators, strict=True):
            finish_reduction(writer, plan, names)
    stores = stores_of(region.stores, rows, writer, targets)
    for line in [*(["tl.debug_barrier()"] if barrier else []), *stores]:
        writer.emit(line)
    constants = {"KEPT": rows.kept, "REDUCED": rows.reduced, "BLOCK_KEPT": block_kept, "BLOCK_REDUCED": block_reduced}
    grid = (-(-rows.kept // block_kept), 1, 1)
    warps = warps_for(block_kept * block_reduced)
    return finish("reduction", region, writer, {"body": writer.scopes[0].lines}, constants, grid, warps)


def block_sizes(rows: Rows, whole: bool) -> tuple[int, int]:
    """The tile: results, and elements of each.

    Neighbours in memory should be in one tile: if the last axis is not reduced, the tile has at least NEIGHBOURS results.
    """
    least = min(power_of_two(rows.kept), 1 if rows.has_neighbours_in_row else NEIGHBOURS)
    whole_row = power_of_two(max(rows.reduced, 1))
    reduced = whole_row if whole else min(whole_row, TILE // least)
    # Programs enough for a GPU if there is work for them, but few for the interpreter if there is not.
    spread = power_of_two(-(-rows.kept // 256))
    kept = min(power_of_two(rows.kept), max(least, min(TILE // reduced, max(spread, 1024 // reduced)), 1))
    return kept, reduced


def tile_choices(rows: Rows, whole: bool) -> list[tuple[int, int]]:
    """The tile that is taken if nothing is measured, and tiles of half and twice as many results."""
    kept, reduced = block_sizes(rows, whole)
    most = min(power_of_two(rows.kept), max(2 * TILE // reduced, kept))
    return list(dict.fromkeys((size, reduced) for size in (kept, max(kept // 2, 1), min(2 * kept, most))))


@dataclass(frozen=True)
class Plan:
    """How one reduction goes: what it holds, what it starts from, how an element is added."""

    node: Node

    @property
    def name(self) -> str:
        return self.node.op.name

    @property
    def is_position(self) -> bool:
        return self.name in ("argmax", "argmin")

    @property
    def dtype(self) -> str:
        """What is added up: 16-bit floats in float32, small integers and bool in 32 bits."""
        source = self.node.inputs[0].type.dtype
        held = tile_dtype(source)
        if source in FLOATS or numpy_dtype(source).itemsize >= 4:
            return held
        return "uint32" if source.startswith("uint") else "int32"

    @property
    def identity_number(self) -> float:
        """The number that changes nothing."""
        if self.name in ("sum", "mean", "any"):
            return 0
        if self.name in ("prod", "all"):
            return 1
        lowest = self.name in ("max", "argmax")
        if self.dtype in FLOATS:
            return -np.inf if lowest else np.inf
        source = self.node.inputs[0].type.dtype
        if source == "bool":
            return 0 if lowest else 1
        limits = np.iinfo(source)
        return limits.min if lowest else limits.max

    @property
    def identity(self) -> str:
        return number_text(self.identity_number, self.dtype)

    def element(self, writer: KernelWriter) -> str:
        """The operand's elements as a tile that is full in the reduced axis."""
        rows = rows_of(self.node)
        x = writer.element(self.node.inputs[0], rows.operand_index())
        if self.dtype != tile_dtype(self.node.inputs[0].type.dtype):
            x = writer.let(f"{x}.to(tl.{self.dtype})")
        if self.is_position and self.dtype in FLOATS:  # not a number wins
            x = writer.let(f"tl.where({x} != {x}, float('{'inf' if self.name == 'argmax' else '-inf'}'), {x})")
        if "reduced" not in writer.depends(x):
            x = writer.let(f"tl.broadcast_to({x}, {_TILE})")
        if writer.masks["reduced"]:
            x = writer.let(f"tl.where(reduced_inside, {x}, {self.identity})")
        return x

    def declare(self, writer: KernelWriter) -> list[str]:
        """Tiles that a loop accumulates in; they hold `identity` at first."""
        axes = frozenset({"kept", "reduced"})
        names = [writer.declare(self.name, axes)]
        writer.emit(f"{names[0]} = tl.full({_TILE}, {self.identity}, tl.{self.dtype})")
        if self.is_position:
            names.append(writer.declare("at", axes))
            writer.emit(f"{names[1]} = tl.full({_TILE}, REDUCED, tl.int32)")
        return names

    def accumulate(self, writer: KernelWriter, names: list[str], x: str) -> None:
        total = names[0]
        if self.is_position:
            sign = ">" if self.name == "argmax" else "<"
            better = writer.declare("better", frozenset({"kept", "reduced"}), 1)
            writer.emit(f"{better} = ({x} {sign} {total}) | (({x} == {total}) & (reduced < {names[1]}))")
            writer.emit(f"{total} = tl.where({better}, {x}, {total})")
            writer.emit(f"{names[1]} = tl.where({better}, reduced, {names[1]})")
        elif self.name in ("sum", "mean"):
            writer.emit(f"{total} += {x}")
        elif self.name == "prod":
            writer.emit(f"{total} *= {x}")
        else:
            larger = self.name in ("max", "any")
            nan = ", propagate_nan=tl.PropagateNan.ALL" if self.dtype in FLOATS else ""
            writer.emit(f"{total} = tl.{'maximum' if larger else 'minimum'}({total}, {x}{nan})")


def finish_reduction(writer: KernelWriter, plan: Plan, names: list[str]) -> None:
    """Reduce a tile to one number for each result, and let others use it."""
    x, rows = names[0], rows_of(plan.node)
    match plan.name:
        case "sum":
            result = _reduce(writer, "sum", x)
        case "mean":
            result = writer.let(f"{_reduce(writer, 'sum', x)} / {float(rows.reduced)!r}", "mean")
        case "max" | "min":
            combine = "larger" if plan.name == "max" else "smaller"
            result = _reduce(writer, plan.name, x, combine if plan.dtype in FLOATS else "")
        case "any" | "all":
            result = writer.let(f"{_reduce(writer, 'max' if plan.name == 'any' else 'min', x)} != 0", plan.name)
        case "prod":
            result = _reduce(writer, "prod", x, "multiplied")
        case _:
            best = _reduce(writer, "max" if plan.name == "argmax" else "min", x)
            place = names[1] if len(names) > 1 else "reduced"
            result = _reduce(writer, "min", writer.let(f"tl.where({x} == {best}, {place}, REDUCED)"))
    held = tile_dtype(plan.node.outputs[0].type.dtype)
    if plan.name in ("sum", "prod", "max", "min") and held != plan.dtype:
        result = writer.let(f"{result}.to(tl.{held})")
    writer.give(plan.node.outputs[0], variable("kept", rows.kept), result)


def _reduce(writer: KernelWriter, how: str, x: str, combine: str = "") -> str:
    """One number of a row: by triton's own reduction `how`, or by the template's function `combine`."""
    text = f"tl.reduce({x}, 1, {combine}, keep_dims=True)" if combine else f"tl.{how}({x}, axis=1, keep_dims=True)"
    name = writer.let(text, how)
    writer.set_depends(name, writer.depends(x) - {"reduced"})
    return name


def stores_of(values: Iterable[Value], rows: Rows, writer: KernelWriter, targets: Targets) -> list[str]:
    """Compute `values`, which have an element for every result or for everything that is reduced; the lines that store them."""
    stores = []
    for value in values:
        shape = static_shape(value)
        index = rows.index(shape)
        assert index is not None
        name = writer.element(value, index)
        variables = ["kept", "reduced"] if rows.is_full(shape) else ["kept"]
        for target in targets[value]:
            stores.append(writer.store(target, flatten_index(index, shape), name, variables))
    return stores
