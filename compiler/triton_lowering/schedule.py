"""Regions -> launches in order, with every variable's new value written where it belongs.

A variable's new value may go to the variable's own memory only when nobody needs the old one any more. Where that cannot be
had, it goes to the arena first and is copied at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import networkx as nx  # type: ignore[import-untyped]

from ..graph import Graph, StateSlot, Value
from ..indexing import flatten_index
from ..journal import note
from .reach import writers
from .region import Facts, LoopRegion, Region
from .spaces import Flat
from .table import Likeness, likeness
from .writer import Place, static_shape


@dataclass
class Unit:
    """Regions that share a launch.

    Attributes:
        regions: more than one only if they are alike.
        barrier: True if the kernel overwrites a variable that it reads elsewhere than where it writes.
        sources: where values lie for this launch, if not where the schedule says.
    """

    regions: list[Region]
    barrier: bool = False
    sources: Mapping[Value, Place] = field(default_factory=dict)


@dataclass
class Schedule:
    """What runs, in order, and where every value is.

    Attributes:
        units: the launches.
        places: where a value that is read from memory lies.
        targets: for each launch, where its results are written.
        temporaries: values in the arena that are neither inputs nor outputs, with their buffers.
    """

    units: list[Unit]
    places: dict[Value, Place]
    targets: list[Mapping[Value, Sequence[Place]]]
    temporaries: dict[Value, Place] = field(default_factory=dict)


@dataclass(frozen=True)
class Boundary:
    """Where a graph's inputs lie and its results go.

    Attributes:
        sources: the place of every input.
        results: for every output, where it is written.
        scope: begins the names of the graph's own temporaries.
    """

    sources: Mapping[Value, Place]
    results: Mapping[Value, Sequence[Place]]
    scope: str = ""

    @classmethod
    def of(cls, graph: Graph) -> Boundary:
        """Of a whole program: buffers for every input and every different output."""
        sources = {value: _place(f"input/{number}/{value.name}", value) for number, value in enumerate(graph.inputs)}
        names = dict(zip(reversed(graph.outputs), reversed(graph.output_names)))
        results = {
            value: [_place(f"output/{number}/{names[value]}", value)]
            for number, value in enumerate(dict.fromkeys(graph.outputs))
        }
        return cls(sources, results)


def _place(buffer: str, value: Value) -> Place:
    return Place(buffer, static_shape(value), value.type.dtype)


def state_buffer(slot: StateSlot) -> str:
    return f"state/{slot.name}"


def state_place(slot: StateSlot) -> Place:
    """A variable's own memory."""
    return _place(state_buffer(slot), slot.input)


def make_schedule(graph: Graph, regions: Sequence[Region], boundary: Boundary) -> Schedule:
    """Order the launches of `regions`, which compute all results of `graph`."""
    return _Scheduler(graph, regions, boundary).run()


class _Scheduler:
    def __init__(self, graph: Graph, regions: Sequence[Region], boundary: Boundary) -> None:
        self.graph, self.regions, self.boundary = graph, list(regions), boundary
        self.writer = writers(regions)
        self.storer = {value: number for number, region in enumerate(regions) for value in region.stores}
        self.before = nx.DiGraph()  # regions by number; an edge to what must run later
        self.before.add_nodes_from(range(len(regions)))
        self.readers: dict[Value, list[int]] = {}
        for number, region in enumerate(regions):
            for value in region.needs:
                self.readers.setdefault(value, []).append(number)
                if self.writer.get(value, number) != number:
                    self.before.add_edge(self.writer[value], number)
        self.barriers: set[int] = set()
        self.late: list[StateSlot] = []

    def run(self) -> Schedule:
        updated = [slot for slot in self.graph.state if slot.is_updated]
        self.late = [slot for slot in updated if not self.write_in_place(slot)]
        in_place = [slot for slot in updated if slot not in self.late]
        schedule = Schedule([], self.source_places(), [])
        targets = self.assign_targets(schedule, in_place)
        self.group_updates(schedule.places, targets)
        for number in nx.lexicographical_topological_sort(self.before, key=self.first_number):
            members = self.before.nodes[number].get("members", [number])
            schedule.units.append(Unit([self.regions[k] for k in members], bool(self.barriers & set(members))))
            schedule.targets.append(targets)
        self.copy_late(schedule, targets)
        return schedule

    # ---- variables ----------------------------------------------------------------------------------------------------

    def write_in_place(self, slot: StateSlot) -> bool:
        """Let the kernel that computes a variable's new value write it over the old one, after everybody who reads that."""
        writer = self.storer[slot.output]
        readers = [number for number in self.readers.get(slot.input, ()) if number != writer]
        reason = ""
        if any(nx.has_path(self.before, writer, reader) for reader in readers):
            reason = "a kernel that needs the new value reads the old one too"
        elif self.regions[writer].needs_value(slot.input):
            reason = self.overwriting_fault(self.regions[writer], slot)
        if reason == "barrier":
            self.barriers.add(writer)
        elif reason:
            note(f"the variable {slot.name} is copied at the end", why=reason, refused=True)
            return False
        self.before.add_edges_from((reader, writer) for reader in readers)
        return True

    def overwriting_fault(self, region: Region, slot: StateSlot) -> str:
        """Why `region` cannot write the variable while it reads it; ``barrier`` if it can with one."""
        if isinstance(region, LoopRegion):
            return "the loop that computes the new value reads the old one"
        index = region.space.index(static_shape(slot.output))
        position = flatten_index(index, static_shape(slot.output)) if index is not None else None
        needed = [*region.demands.get(slot.input, ()), *region.operand_demands.get(slot.input, ())]
        if slot.input.type.size != 1 and all(flatten_index(i, static_shape(slot.input)) == position for i in needed):
            return ""
        if isinstance(region.space, Flat) and region.space.size <= 1024:
            return "barrier"
        if slot.input.type.size == 1 and programs(region) == 1:
            return "barrier"
        return "its old value is read at other places than where the new one is written"

    def copy_late(self, schedule: Schedule, targets: Mapping[Value, Sequence[Place]]) -> None:
        facts = Facts({}, frozenset())  # the new value is copied, even one that others compute for themselves
        for slot in self.late:
            size = int(slot.output.type.size)
            region = Region(Flat(size), [slot.output], [], facts)
            source = next(place for place in targets[slot.output] if not place.buffer.startswith("state/"))
            schedule.units.append(Unit([region], sources={slot.output: source}))
            schedule.targets.append({slot.output: [state_place(slot)]})

    # ---- places -------------------------------------------------------------------------------------------------------

    def source_places(self) -> dict[Value, Place]:
        places = dict(self.boundary.sources)
        places.update((slot.input, state_place(slot)) for slot in self.graph.state)
        return places

    def assign_targets(self, schedule: Schedule, in_place: Sequence[StateSlot]) -> dict[Value, list[Place]]:
        """Where every stored value goes: to variables, to an output buffer, or to a temporary."""
        targets: dict[Value, list[Place]] = {value: [] for region in self.regions for value in region.stores}
        for value, places in self.boundary.results.items():
            targets[value].extend(places)
        for slot in in_place:
            targets[slot.output].append(state_place(slot))
        late = {slot.output for slot in self.late}
        for number, (value, places) in enumerate(targets.items()):
            if not places or (value in late and all(place.buffer.startswith("state/") for place in places)):
                name = value.name or (value.node.op.name if value.node is not None else "copy")
                place = _place(f"value/{self.boundary.scope}{number}/{name}", value)
                schedule.temporaries[value] = place
                places.insert(0, place)
            if value not in schedule.places:
                schedule.places[value] = places[0]
        return targets

    # ---- order --------------------------------------------------------------------------------------------------------

    def group_updates(self, places: Mapping[Value, Place], targets: Mapping[Value, Sequence[Place]]) -> None:
        """Put new values of variables that are computed alike into one launch."""
        groups: dict[Likeness, int] = {}
        for number, region in enumerate(self.regions):
            if not region.is_update or not region.space or number in self.barriers:
                continue
            alike = likeness(region, needed_places(region, places), targets)
            first = groups.setdefault(alike, number)
            if first == number:
                continue
            if nx.has_path(self.before, first, number) or nx.has_path(self.before, number, first):
                note("updates not put together", why="one needs the other's result", refused=True)
                groups[alike] = number
                continue
            members = self.before.nodes[first].get("members", [first])
            nx.contracted_nodes(self.before, first, number, self_loops=False, copy=False)
            self.before.nodes[first].pop("contraction", None)
            self.before.nodes[first]["members"] = [*members, number]
            note(
                f"updates of {first_name(self.regions[first])} and {first_name(region)} in one launch",
                why="they are alike",
            )

    def first_number(self, number: int) -> int:
        return int(number)


def needed_places(region: Region, places: Mapping[Value, Place]) -> dict[Value, Place]:
    """Where the values lie that the region reads."""
    return {value: places[value] for value in region.needs if value in places}


def programs(region: Region) -> int:
    """A bound of the program instances of a small region."""
    space = region.space
    return 1 if not isinstance(space, Flat) and getattr(space, "kept", 2) == 1 else 2


def first_name(region: Region) -> str:
    value = next(iter(region.stores))
    return value.name or (value.node.op.name if value.node is not None else "a variable")
