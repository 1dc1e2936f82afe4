"""Kernels of sorting: the template row_sort, for `top_k` of rows that fit into the registers of one program instance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from ..graph import Node, Value
from ..indexing import flatten_index, loaded
from ..ops.base import Index
from ..types import FLOATS
from .draft import Draft, Targets, finish, power_of_two
from .region import Region
from .spaces import Rows, Sizes, Template
from .writer import KernelWriter, Place, static_shape

#: Rows of more elements than these are sorted. The place of an element of a shorter row is found by counting those before it.
LEAST_ROW, LARGEST_ROW = 32, 8192
#: Elements of a program instance, where one row has fewer.
TILE = 1024
#: Elements for each thread, and the most warps.
PER_THREAD, MAX_WARPS = 8, 32
#: For a dtype as wide as an element of it: the integer dtype of the keys.
_KEYS = {"float64": "int64", "int64": "int64", "uint64": "int64", "uint32": "int64"}
_AXES = frozenset({"kept", "reduced"})


@dataclass(frozen=True)
class RowSort(Template):
    """`full` put in order along `axis`, of which the first `count` places are wanted. Loop variables as for `Rows`."""

    full: Sizes
    axis: int
    count: int
    takes_steps: ClassVar[bool] = False

    @classmethod
    def of(cls, node: Node) -> RowSort:
        return cls(static_shape(node.inputs[0]), node.attrs["axis"], int(node.attrs["k"]))

    @property
    def rows(self) -> Rows:
        return Rows(self.full, (self.axis,))

    def operand_indices(self) -> tuple[Index, ...]:
        return (self.rows.operand_index(),)

    def result_indices(self) -> tuple[Index, ...]:
        return (self.rows.operand_index(),) * 2

    def __str__(self) -> str:
        return f"{self.rows.kept} sorts of {self.rows.reduced} elements"


def draft_row_sort(region: Region, places: Mapping[Value, Place], targets: Targets) -> Draft:
    """The kernel of `top_k`."""
    space, node = region.space, region.template_node
    assert isinstance(space, RowSort)
    rows = space.rows
    block_reduced = power_of_two(rows.reduced)
    block_kept = max(1, min(power_of_two(rows.kept), TILE // block_reduced))
    writer = KernelWriter(places, {"kept": "kept_inside", "reduced": ""})
    writer.set_depends("place", _AXES)
    first = next(target for value in node.outputs if value in region.stores for target in targets[value])
    scratch = Place(f"value/scratch/{first.buffer}", (rows.kept, block_reduced), "int32")
    keys = _Keys(writer, node, space)
    writer.emit(f"row = {writer.parameter(scratch.buffer, scratch.dtype, written=True)} + kept * BLOCK_REDUCED")
    keys.write("key", "place")
    sections = {"key": _taken(writer.scopes[0].lines)}
    with writer.loop("", ["length", "distance", "other"]) as scope:
        writer.set_depends("other", _AXES)
        keys.write("other_key", "other")
        sections["other_key"] = _taken(scope.lines)
    writer.scopes[0].lines.clear()
    values, found = node.outputs
    writer.set_depends("found", _AXES)
    _store(region, writer, space, targets, found, lambda: "found")
    _store(region, writer, space, targets, values, lambda: keys.element("found"))
    sections["results"] = _taken(writer.scopes[0].lines)
    constants = {"KEPT": rows.kept, "REDUCED": rows.reduced, "BLOCK_KEPT": block_kept, "BLOCK_REDUCED": block_reduced}
    warps = min(max(block_kept * block_reduced // (32 * PER_THREAD), 1), MAX_WARPS)
    made = finish("row_sort", region, writer, sections, constants, (-(-rows.kept // block_kept), 1, 1), warps)
    return replace(made, scratch=(scratch,))


@dataclass(frozen=True)
class _Keys:
    """Integers in the order in which the elements shall come."""

    writer: KernelWriter
    node: Node
    space: RowSort

    def element(self, place: str) -> str:
        """The element of the row at the place of that name."""
        index = list(self.space.operand_indices()[0])
        index[self.space.axis] = loaded(place)
        return self.writer.element(self.node.inputs[0], tuple(index))

    def write(self, name: str, place: str) -> None:
        """Negative floats have the bits of the others turned around; NaN is larger than any number; -0 equals 0.

        What is behind the end of the row comes last; its places are larger than all others.
        """
        dtype, let = self.node.inputs[0].type.dtype, self.writer.let
        key_dtype = _KEYS.get(dtype, "int32")
        largest = 2**63 - 1 if key_dtype == "int64" else 2**31 - 1
        x = self.element(place)
        if dtype in FLOATS:
            bits = let(f"tl.where({x} == 0, 0.0, {x}).to(tl.{key_dtype}, bitcast=True)", "bits")
            key = let(f"tl.where({bits} < 0, {bits} ^ {largest}, {bits})", "bits")
            key = let(f"tl.where({x} != {x}, {largest}, {key})", "bits")
        elif dtype == "uint64":
            key = let(f"{x}.to(tl.int64, bitcast=True) ^ {-(2**63)}", "bits")
        else:
            key = let(f"{x}.to(tl.{key_dtype})", "bits")
        key = f"~{key}" if self.node.attrs["largest"] else key
        self.writer.emit(f"{name} = tl.where({place} < REDUCED, {key}, {largest})")


def _store(
    region: Region, writer: KernelWriter, space: RowSort, targets: Targets, value: Value, element: Callable[[], str]
) -> None:
    if value not in region.stores:
        return
    name, index = element(), space.result_indices()[0]
    position = flatten_index(index, static_shape(value))
    for target in targets[value]:
        writer.emit(writer.store(target, position, name, ["kept", "reduced"], f"(reduced < {space.count})"))


def _taken(lines: list[str]) -> list[str]:
    """The lines written so far, which are taken away."""
    found = [line for line in lines if line]
    lines.clear()
    return found
