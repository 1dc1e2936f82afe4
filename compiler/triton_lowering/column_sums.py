"""Sums over rows of what a row kernel has at hand: gradients of scale, offset and bias, made where the rows are anyway.

A norm's backward kernel goes over rows; the gradient of its scale is a sum over all rows of a product that exists nowhere else.
Such sums are cut into parts of consecutive rows, about two for each multiprocessor. The kernel of the rows adds up one part in
each program instance (template column_sums), and a small second kernel adds up the parts: a fixed order, no atomics.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..graph import Graph, Node, Value
from ..indexing import variable
from ..journal import note
from ..registry import ops
from ..rewrite import rewrite
from ..types import FLOATS
from .draft import Draft, Targets, finish, power_of_two
from .reads import has_element_rule
from .reduction import Plan, finish_reduction, stores_of
from .region import Region, is_reduction, rows_of
from .spaces import Rows
from .split_product import WANTED_TILES
from .writer import KernelWriter, Place, static_shape

#: A part has so many rows at least; so few elements are added up by a kernel of their own.
LEAST_PART, LEAST_ELEMENTS = 8, 1 << 17
#: Elements of a tile, and for each thread. Longer rows and their sums would not fit into the registers.
TILE, THREAD_ELEMENTS = 4096, 16


def split_column_sums(graph: Graph) -> Graph:
    """Sums over rows, of what kernels over whole rows have at hand, as sums of parts: ``partial_sums`` and a sum over them."""
    while chosen := _chosen(graph):
        graph = rewrite(graph, lambda node, chosen=chosen: _in_parts(node) if node in chosen else None)  # type: ignore[misc]
    return graph


def part_length(rows: int) -> int:
    """How many rows one program instance adds up."""
    length = max(-(-rows // WANTED_TILES), LEAST_PART)
    return -(-length // LEAST_PART) * LEAST_PART


def _chosen(graph: Graph) -> set[Node]:
    """The sums over rows whose operand is made of something that a reduction of the same rows is made of, too."""
    columns: dict[Node, tuple[int, int]] = {}
    at_hand: set[tuple[Value, int]] = set()
    for node in graph.nodes:
        if not is_reduction(node):
            continue
        rows = rows_of(node)
        if rows.is_row_major and 1 < rows.reduced <= TILE:
            at_hand |= {(value, rows.reduced) for value in _behind(node.inputs[0])}
        elif _sums_columns(node, rows) and rows.reduced * rows.kept >= LEAST_ELEMENTS:
            columns[node] = (rows.reduced, rows.kept)
    return {node for node, (_, width) in columns.items() if any((v, width) in at_hand for v in _behind(node.inputs[0]))}


def _sums_columns(node: Node, rows: Rows) -> bool:
    """True for a sum over all leading axes of a large array."""
    leading = tuple(range(len(rows.axes)))
    is_sum = node.op.name == "sum" and node.inputs[0].type.dtype in FLOATS
    return is_sum and rows.axes == leading and rows.reduced > LEAST_PART and 1 < rows.kept <= TILE


def _behind(value: Value) -> Iterable[Value]:
    """`value`, and the values of its size that it is made of element by element."""
    found, waiting = {value: None}, [value]
    while waiting:
        node = waiting.pop().node
        if node is None or not has_element_rule(node):
            continue
        for operand in node.inputs:
            if operand.type.size == value.type.size and operand not in found:
                found[operand] = None
                waiting.append(operand)
    return found


def _in_parts(node: Node) -> Sequence[Value]:
    rows, (x,), dtype = rows_of(node), node.inputs, node.output.type.dtype
    length = part_length(rows.reduced)
    parts = -(-rows.reduced // length)
    note(f"sum of {rows.kept} columns made in {parts} parts of {length} rows", node, why="a kernel goes over the rows anyway")
    wide = "float64" if dtype == "float64" else "float32"
    matrix: Any = ops.reshape(ops.cast(x, dtype=wide) if wide != dtype else x, shape=(rows.reduced, rows.kept))
    total: Any = ops.sum(ops.partial_sums(matrix, length=length), axis=(0,), keepdims=False)
    total = ops.reshape(total, shape=node.output.type.shape)
    return [ops.cast(total, dtype=dtype) if wide != dtype else total]


def draft_column_sums(region: Region, places: Mapping[Value, Place], targets: Targets) -> Draft:
    """The kernel of a region over rows that also adds up columns."""
    rows, sums = region.space, region.column_sums
    assert isinstance(rows, Rows)
    length = int(sums[0].attrs["length"])
    block_reduced = power_of_two(rows.reduced)
    block_kept = min(length & -length, TILE // block_reduced)
    kept_mask = "kept_inside" if rows.kept % length else ""
    reduced_mask = "reduced_inside" if rows.reduced % block_reduced else ""
    writer = KernelWriter(places, {"part": "", "kept": kept_mask, "reduced": reduced_mask})
    others = [value for value in region.stores if value.node not in sums]
    with writer.loop("", ["start", "kept", "kept_inside"]) as scope:
        for node in region.reductions:
            plan = Plan(node)
            finish_reduction(writer, plan, [plan.element(writer)])
        totals = [_accumulate(writer, node, kept_mask) for node in sums]
        for line in stores_of(others, rows, writer, targets):
            writer.emit(line)
    lines = writer.scopes[0].lines
    before = lines[: len(lines) - len(scope.lines) - 1]
    lines.clear()
    for node, total in zip(sums, totals, strict=True):
        before.append(f"{total} = tl.zeros([BLOCK_KEPT, BLOCK_REDUCED], tl.{node.output.type.dtype})")
        _store_sums(writer, node, total, targets)
    sections = {"before": before, "rows": scope.lines, "after": lines}
    constants = {"KEPT": rows.kept, "REDUCED": rows.reduced, "LENGTH": length}
    constants |= {"BLOCK_KEPT": block_kept, "BLOCK_REDUCED": block_reduced}
    warps = max(block_kept * block_reduced // (32 * THREAD_ELEMENTS), 1)
    return finish("column_sums", region, writer, sections, constants, (-(-rows.kept // length), 1, 1), warps)


def _accumulate(writer: KernelWriter, node: Node, mask: str) -> str:
    """Add a tile of the operand to a tile of sums; returns its name."""
    x = writer.element(node.inputs[0], rows_of(node).operand_index())
    if not {"kept", "reduced"} <= writer.depends(x):
        x = writer.let(f"tl.broadcast_to({x}, [BLOCK_KEPT, BLOCK_REDUCED])")
    if mask and not writer.is_zero_beyond(x, "kept"):
        x = writer.let(f"tl.where({mask}, {x}, 0)")
    total = writer.declare("columns", frozenset({"kept", "reduced"}))
    writer.emit(f"{total} += {x}")
    return total


def _store_sums(writer: KernelWriter, node: Node, total: str, targets: Targets) -> None:
    """At the end: one row of sums."""
    parts, width = static_shape(node.output)
    position = variable("part", parts) * width + variable("reduced", width)
    row = writer.let(f"tl.sum({total}, axis=0, keep_dims=True)", "column")
    writer.set_depends(row, frozenset({"reduced"}))
    for target in targets[node.output]:
        writer.emit(writer.store(target, position, row, ["reduced"]))
