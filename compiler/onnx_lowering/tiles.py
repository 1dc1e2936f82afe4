"""Large variables are updated in tiles of rows, so that what lies between two operations of an update stays in the cache.

onnxruntime runs one elementwise operation after the other over the whole tensor, and an optimizer's dozen of them go through
main memory every time. A tile of rows of a contiguous buffer is itself a contiguous buffer, so tiles cost no copies:
the executable binds pieces of a variable's memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..graph import Graph, Node, StateSlot, Value
from ..journal import note
from ..ops.elementwise import Elementwise
from ..provenance import derived_from
from ..registry import ops
from ..types import TensorType

#: Variables of at least this many elements are tiled; tiles have about this many.
LARGE = 1 << 20
TILE = 1 << 19


@dataclass(frozen=True)
class Tile:
    """Rows `start` to `stop` of the variable `slot`."""

    slot: str
    start: int
    stop: int


def tile_updates(graph: Graph) -> tuple[Graph, Mapping[str, Tile]]:
    """The same program with large elementwise updates in tiles.

    before: w = w - 0.1 * g                                 for w of (4096, 512)
    after:  w[0:512] = w[0:512] - 0.1 * g[0:512], ...       eight times

    Returns:
        The graph, whose tiled variables have a slot for each tile (and one for the whole if the whole is read); and, by slot
        name, which rows of which variable these are.
    """
    tiled = _tiled_nodes(graph)
    if not tiled:
        return graph, {}
    groups: dict[tuple[int, ...], list[Node]] = {}
    for node in graph.nodes:
        if node in tiled:
            groups.setdefault(_rows_first(node.output.type), []).append(node)
    nodes = [node for node in graph.nodes if node not in tiled]
    slots: dict[str, StateSlot] = {}
    tiles: dict[str, Tile] = {}
    for shape, members in groups.items():
        rows = max(1, TILE * shape[0] // _size(shape))
        why = "what lies between two operations stays in the cache"
        note(f"{len(members)} operations on {shape} made in tiles of {rows} rows", members[0], why)
        for start in range(0, shape[0], rows):
            made = _one_tile(graph, members, start, min(start + rows, shape[0]))
            nodes += made.nodes
            for slot, tile_slot in made.slots:
                slots[tile_slot.name] = tile_slot
                tiles[tile_slot.name] = Tile(slot.name, start, min(start + rows, shape[0]))
    updated = {slot.output for slot in graph.state if slot.is_updated}
    read = {value for node in nodes for value in node.inputs} | set(graph.outputs) | updated
    for slot in graph.state:
        if slot.is_updated and slot.output.node not in tiled:
            slots[slot.name] = slot
        elif slot.input in read:
            slots[slot.name] = replace(slot, output=slot.input)
    return replace(graph, nodes=tuple(nodes), state=tuple(slots.values())), tiles


def _tiled_nodes(graph: Graph) -> set[Node]:
    """Elementwise nodes of large shapes that lead to nothing but new values of variables."""
    results = {slot.output for slot in graph.state if slot.is_updated}
    tiled = {node for node in graph.nodes if isinstance(node.op, Elementwise) and _is_large(node.output.type)}
    while True:
        out = {
            node
            for node in tiled
            if node.output in graph.outputs
            or any(
                user not in tiled or user.output.type.shape != node.output.type.shape
                for user in graph.users.get(node.output, ())
            )
            or not (node.output in results or graph.users.get(node.output))
        }
        if not out:
            return tiled
        tiled -= out


@dataclass
class _TileNodes:
    nodes: list[Node]
    slots: list[tuple[StateSlot, StateSlot]]


def _one_tile(graph: Graph, members: Sequence[Node], start: int, stop: int) -> _TileNodes:
    """The nodes `members` for rows `start` to `stop`, with slots for what they read and update."""
    slot_of = {slot.input: slot for slot in graph.state}
    shape = members[0].output.type.shape
    new: dict[Value, Value] = {}
    made = _TileNodes([], [])

    def rows_of(value: Value) -> Value:
        """The tile of an operand; operands that are broadcast along the rows stay whole."""
        if value in new or len(value.type.shape) < len(shape) or value.type.shape[0] == 1:
            return new.get(value, value)
        if value in slot_of:
            new[value] = Value(value.type.with_shape((stop - start, *value.type.shape[1:])), f"{value.name}[{start}:{stop}]")
        else:
            ends = tuple(int(size) for size in value.type.shape[1:])
            new[value] = ops.slice(value, starts=(start, *(0 for _ in ends)), stops=(stop, *ends))
            piece = new[value].node
            assert piece is not None
            made.nodes.append(piece)
        return new[value]

    for node in members:
        with derived_from(node.origin):
            copy = node.with_operands([rows_of(value) for value in node.inputs])
        made.nodes.append(copy)
        new[node.output] = copy.output
    done = {node.output for node in members}
    for slot in graph.state:
        if slot.output in done or slot.input in new:
            tile_input = rows_of(slot.input)
            tile_output = new[slot.output] if slot.output in done else tile_input
            made.slots.append((slot, StateSlot(f"{slot.name}[{start}:{stop}]", tile_input, tile_output)))
    return made


def _is_large(type_: TensorType) -> bool:
    shape = _rows_first(type_)
    return len(shape) > 0 and shape[0] > 1 and _size(shape) >= LARGE


def _rows_first(type_: TensorType) -> tuple[int, ...]:
    """The shape, or () if it is not known before the run."""
    return tuple(int(dim) for dim in type_.shape) if type_.is_static else ()


def _size(shape: Sequence[int]) -> int:
    size = 1
    for dim in shape:
        size *= dim
    return size
