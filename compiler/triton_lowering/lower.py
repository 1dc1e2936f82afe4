"""Graph -> Program: the whole way from nodes to kernels in memory. Read this first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphkeras.kernels.program import Address, Program

from ..dims import DimLike
from ..graph import Graph
from ..journal import Entry, recording
from .assemble import assemble
from .column_sums import draft_column_sums
from .draft import Draft
from .fusion import form_regions
from .loop import DraftStep, LoopDraft, draft_loop, launch_count
from .pointwise import draft_pointwise
from .prepare import prepare
from .product import draft_product
from .reduction import draft_reduction
from .region import LoopRegion
from .schedule import Boundary, Schedule, Unit, make_schedule, needed_places, state_place
from .spaces import Flat, Rows, Template
from .table import draft_table
from .templates import draft_template
from .writer import Place

#: A program is recorded as a graph of all its launches; so many take a GPU's driver about a second and 100 MB.
MAX_LAUNCHES = 100_000


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
        NotImplementedError: for an op that no kernel can be written for; names the op and where to add it. For loops of too
            many rounds.
    """
    with recording() as entries:
        bound = prepare(graph, bindings)
        boundary = Boundary.of(bound)
        steps, temporaries = lower_steps(bound, boundary, {})
    _check_length(graph, steps)
    places = [*boundary.sources.values(), *(place for group in boundary.results.values() for place in group)]
    places += [state_place(slot) for slot in bound.state] + temporaries
    program = assemble(graph.name, steps, {place.buffer: place for place in places})
    outputs = list(dict.fromkeys(bound.outputs))
    return Lowered(program, bound, tuple(outputs.index(value) for value in bound.outputs), tuple(entries))


def _check_length(graph: Graph, steps: Sequence[DraftStep]) -> None:
    if (count := launch_count(steps)) <= MAX_LAUNCHES:
        return
    loops = sorted((step for step in steps if isinstance(step, LoopDraft)), key=lambda loop: -launch_count([loop]))
    longest = f", {launch_count(loops[:1])} of them for the loop {loops[0].note}" if loops else ""
    raise NotImplementedError(
        f"{graph.name} would take {count} launches{longest}; a program for a GPU has at most {MAX_LAUNCHES}. Shorten the "
        "sequence, or use the target 'onnxruntime' or 'numpy'."
    )


def lower_steps(graph: Graph, boundary: Boundary, addresses: Mapping[str, Address]) -> tuple[list[DraftStep], list[Place]]:
    """The steps of a whole graph, or of a loop's body; and the arrays of their own that they need.

    `addresses`: what names of buffers stand for, in the loops around.
    """
    schedule = make_schedule(graph, form_regions(graph), boundary)
    steps, temporaries = [], list(schedule.temporaries.values())
    for number, unit in enumerate(schedule.units):
        if not _has_work(unit):
            continue
        (region, *_) = unit.regions
        if isinstance(region, LoopRegion):
            places = needed_places(region, schedule.places)
            scope = f"{boundary.scope}{number}."
            made = draft_loop(region, places, schedule.targets[number], scope, addresses, lower_steps)
            steps += made.steps
            temporaries += made.spares
        else:
            steps.append(draft(unit, schedule, number))
    return steps, temporaries


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
        case Rows() if region.column_sums:
            return draft_column_sums(region, places[0], targets)
        case Rows():
            return draft_reduction(region, places[0], targets, unit.barrier)
        case Template():
            return draft_template(region, places[0], targets)
    return draft_product(region, places[0], targets, unit.barrier)


def _has_work(unit: Unit) -> bool:
    """False for regions whose results have no elements."""
    return any(value.type.size != 0 for region in unit.regions for value in region.stores)
