"""Graph -> Program: the whole way from nodes to kernels in memory. Read this first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from graphkeras.kernels.program import Buffer, Kernel, Kind, Launch, Pointer, Program

from ..dims import DimLike
from ..graph import Graph
from ..journal import Entry, recording
from ..types import itemsize
from .draft import Draft
from .fusion import form_regions
from .memory import Lifetime, plan_arena
from .pointwise import draft_pointwise
from .prepare import prepare
from .product import draft_product
from .reduction import draft_reduction
from .schedule import Schedule, Unit, make_schedule, needed_places
from .spaces import Flat, Rows
from .table import draft_table
from .writer import Place


@dataclass(frozen=True)
class Lowered:
    """A program and what a caller must know of it.

    Attributes:
        program: what a device runs.
        graph: the graph that it computes, all sizes known.
        output_numbers: for every output of the graph, which of the program's output buffers it is.
        entries: what was fused, what was not, and why.
    """

    program: Program
    graph: Graph
    output_numbers: tuple[int, ...]
    entries: tuple[Entry, ...]


def lower(graph: Graph, bindings: Mapping[str, DimLike]) -> Lowered:
    """The Triton program of `graph` for one choice of sizes.

    Raises:
        NotImplementedError: for an op that no kernel can be written for; names the op and where to add it.
    """
    with recording() as entries:
        bound = prepare(graph, bindings)
        schedule = make_schedule(bound, form_regions(bound))
        drafts = [draft(unit, schedule, number) for number, unit in enumerate(schedule.units) if _has_work(unit)]
    drafts = _with_shared_kernels(drafts)
    outputs = list(dict.fromkeys(bound.outputs))
    program = Program(graph.name, *_assemble(bound, schedule, drafts))
    return Lowered(program, bound, tuple(outputs.index(value) for value in bound.outputs), tuple(entries))


def draft(unit: Unit, schedule: Schedule, number: int) -> Draft:
    """The kernel of one launch."""
    targets = schedule.targets[number]
    places = [needed_places(region, {**schedule.places, **unit.sources}) for region in unit.regions]
    if len(unit.regions) > 1:
        return draft_table(unit.regions, places, targets, f"table/{number}")
    (region,) = unit.regions
    match region.space:
        case Flat():
            return draft_pointwise(region, places[0], targets, unit.barrier)
        case Rows():
            return draft_reduction(region, places[0], targets, unit.barrier)
    return draft_product(region, places[0], targets, unit.barrier)


def _with_shared_kernels(drafts: list[Draft]) -> list[Draft]:
    """Launches whose kernels differ in their comments only get one kernel: the first one's."""
    first: dict[object, Kernel] = {}
    shared = []
    for each in drafts:
        kernel = each.kernel
        code = "\n".join(line for line in kernel.source.splitlines() if not line.startswith("#"))
        key = (code, tuple(kernel.signature.items()), tuple(kernel.constants.items()), kernel.num_warps, kernel.num_stages)
        shared.append(replace(each, kernel=first.setdefault(key, kernel)))
    return shared


def _has_work(unit: Unit) -> bool:
    """False for regions whose results have no elements."""
    return any(value.type.size != 0 for region in unit.regions for value in region.stores)


def _assemble(graph: Graph, schedule: Schedule, drafts: list[Draft]) -> tuple[tuple[Buffer, ...], tuple[Launch, ...], int]:
    """Buffers with their places, launches, and the size of the arena."""
    places: dict[str, Place] = {place.buffer: place for place in schedule.places.values()}
    for targets in schedule.targets:
        places.update((place.buffer, place) for group in targets.values() for place in group)
    used: dict[str, list[int]] = {name: [] for name in places}
    for number, each in enumerate(drafts):
        entries = [name for table in each.tables.values() for name in table]
        for name in (*each.buffers, *entries):
            if name in used:
                used[name].append(number)
    offsets, arena_bytes = plan_arena(_lifetimes(places, used, len(drafts)))
    buffers = [_buffer(place, offsets) for place in places.values()]
    for each in drafts:
        buffers += [
            Buffer(name, array.dtype.name, array.size, "constant", data=array.ravel()) for name, array in each.constants.items()
        ]
        buffers += [Buffer(name, "uint64", len(names), "table", entries=names) for name, names in each.tables.items()]
    unique = tuple({buffer.name: buffer for buffer in buffers}.values())
    launches = tuple(
        Launch(each.kernel, each.grid, tuple(Pointer(name) for name in each.buffers), each.note) for each in drafts
    )
    return _in_order(graph, unique), launches, arena_bytes


def _lifetimes(places: Mapping[str, Place], used: Mapping[str, list[int]], count: int) -> list[Lifetime]:
    """Inputs live from the start, outputs to the end, temporaries from their first to their last use."""
    lifetimes = []
    for name, place in places.items():
        kind = _kind(name)
        if kind == "state":
            continue
        first = -1 if kind == "input" else min(used[name], default=0)
        last = count if kind == "output" else max(used[name], default=first)
        lifetimes.append(Lifetime(name, _size(place) * itemsize(place.dtype), first, last))
    return lifetimes


def _buffer(place: Place, offsets: Mapping[str, int]) -> Buffer:
    kind = _kind(place.buffer)
    return Buffer(place.buffer, place.dtype, _size(place), kind, offsets.get(place.buffer, 0))


_KINDS: Mapping[str, Kind] = {"input": "input", "output": "output", "state": "state", "value": "temporary"}


def _kind(name: str) -> Kind:
    return _KINDS[name.partition("/")[0]]


def _size(place: Place) -> int:
    size = 1
    for dim in place.shape:
        size *= dim
    return size


def _in_order(graph: Graph, buffers: tuple[Buffer, ...]) -> tuple[Buffer, ...]:
    """Inputs and outputs in the order of the graph's."""
    order = {"input": 0, "output": 1}

    def key(buffer: Buffer) -> tuple[int, int]:
        rank = order.get(buffer.kind, 2)
        return rank, int(buffer.name.split("/")[1]) if rank < 2 else 0

    return tuple(sorted(buffers, key=key))
