"""Loops: a `scan` as launches of one round, made again and again with other addresses.

The kernels of a body know nothing of the loop. What they read and write lies at addresses that change from round to round:

* a slice of a sequence, and what a round gives, is a row of the stacked array;
* what is carried moves between two arrays, so that a round never overwrites what it still reads; the first round reads it
  where the operand lies, the last one writes it where the result belongs;
* what is carried and also kept of every round (training needs that) moves from row to row of the array that keeps it.

So a loop costs the kernels of one round, whatever its length, and nothing is copied that need not be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from graphkeras.kernels.program import Address, Carried, Pointer, Row

from ..graph import Graph, Value
from ..types import itemsize
from .draft import Draft, Targets
from .pointwise import draft_pointwise
from .region import Facts, LoopRegion, Region
from .schedule import Boundary
from .spaces import Flat
from .writer import Place, static_shape

#: How an array of so many bytes must begin for loads of 16 bytes.
ALIGNED_BYTES = 16


@dataclass(frozen=True)
class LoopDraft:
    """A loop before its buffers have places.

    Attributes:
        name: unique within the program.
        rounds: how many.
        is_reverse: from the last slice of the sequences to the first.
        steps: of one round.
        own: temporaries of one round.
        addresses: what the names of buffers stand for that are none.
        note: in words, what it computes.
    """

    name: str
    rounds: int
    is_reverse: bool
    steps: tuple[DraftStep, ...]
    own: tuple[Place, ...]
    addresses: Mapping[str, Address]
    note: str


DraftStep = Draft | LoopDraft
#: Lowers a body: its graph, where its inputs and results are, and the addresses that names stand for -> steps, temporaries.
LowerBody = Callable[[Graph, Boundary, Mapping[str, Address]], "tuple[list[DraftStep], list[Place]]"]


def launch_count(steps: Sequence[DraftStep]) -> int:
    """How many launches the steps take in all rounds."""
    return sum(step.rounds * launch_count(step.steps) if isinstance(step, LoopDraft) else 1 for step in steps)


@dataclass(frozen=True)
class Made:
    """The steps of a loop with what comes before and after it, and the arrays that it needs besides operands and results."""

    steps: list[DraftStep]
    spares: list[Place]


def draft_loop(
    region: LoopRegion,
    places: Mapping[Value, Place],
    targets: Targets,
    scope: str,
    around: Mapping[str, Address],
    lower_body: LowerBody,
) -> Made:
    """A loop by itself.

    Args:
        region: the loop.
        places: of its operands.
        targets: of its results; of what it carries the first target is written by the loop, the others are copies.
        scope: a prefix for names that nobody else has.
        around: what names stand for, in the loops around this one.
        lower_body: lowers the body.
    """
    node = region.node
    body: Graph = node.attrs["body"]
    carries, sequences, rounds = (int(node.attrs[key]) for key in ("carries", "sequences", "length"))
    operands = [
        replace(places[source], shape=static_shape(value)) for source, value in zip(region.sources, node.inputs, strict=True)
    ]
    name = f"loop/{scope[:-1]}"
    frame = _Frame(name, dict(around))
    sources, results = dict[Value, Place](), dict[Value, list[Place]]()
    before: list[DraftStep] = []
    after: list[DraftStep] = []
    spares: list[Place] = []
    kept = _kept(body, carries, [targets[value] for value in node.outputs], around)
    for number, (value, operand, result) in enumerate(zip(body.inputs[:carries], operands, node.outputs, strict=False)):
        first, *copies = targets[result]
        rows = targets[node.outputs[kept[number]]][0] if number in kept else None
        spare = None
        if rows is None and rounds > 1:
            spare = replace(operand, buffer=f"value/{scope}carry/{number}", is_aligned=True)
            spares.append(spare)
        sources[value], new = frame.carried(operand, first, spare, rows)
        results.setdefault(body.outputs[number], []).append(new)
        after += [_copy(result, first, copy) for copy in copies if result.type.size != 0]
        if rows is not None and result.type.size != 0:
            before.append(_copy(value, operand, *_first_row(rows, operand.shape, rounds, bool(node.attrs["reverse"]))))
    for value, operand in zip(body.inputs[carries : carries + sequences], operands[carries:], strict=False):
        sources[value] = frame.row(operand)
    sources.update(zip(body.inputs[carries + sequences :], operands[carries + sequences :], strict=True))
    for number in range(carries, len(body.outputs)):
        if number not in kept.values():
            rows_of_round = [frame.row(target) for target in targets[node.outputs[number]]]
            results.setdefault(body.outputs[number], []).extend(rows_of_round)
    kept_outputs = [body.outputs[k] for k in range(len(body.outputs)) if k not in kept.values()]
    written = Graph.of(body.inputs, kept_outputs, name=body.name)
    steps, own = lower_body(written, Boundary(sources, results, scope), frame.addresses)
    note = f"{body.name} over {rounds} rounds" + (f" ({node.origin.scope})" if node.origin.scope else "")
    new_addresses = {key: value for key, value in frame.addresses.items() if key not in around}
    loop = LoopDraft(name, rounds, bool(node.attrs["reverse"]), tuple(steps), tuple(own), new_addresses, note)
    return Made([*before, loop, *after], spares)


def _kept(body: Graph, carries: int, targets: Sequence[Sequence[Place]], around: Mapping[str, Address]) -> dict[int, int]:
    """For what is carried the result that keeps it as every round finds it, where it can live in that result's array."""
    found: dict[int, int] = {}
    for number, value in enumerate(body.inputs[:carries]):
        for result in range(carries, len(body.outputs)):
            is_plain = len(targets[result]) == 1 and targets[result][0].buffer not in around
            if body.outputs[result] is value and is_plain and result not in found.values():
                found[number] = result
                break
    return found


def _copy(value: Value, source: Place, target: Place, address: Pointer | None = None) -> Draft:
    """The kernel that copies a whole array; `address` is that of the target, if it is no whole buffer."""
    region = Region(Flat(int(value.type.size)), [value], [], Facts({}, frozenset()))
    made = draft_pointwise(region, {value: source}, {value: [target]})
    return made if address is None else replace(made, addresses={target.buffer: address})


def _first_row(rows: Place, shape: tuple[int, ...], rounds: int, is_reverse: bool) -> tuple[Place, Pointer]:
    """The row of the round that comes first."""
    start = (rounds - 1) * prod(shape) if is_reverse else 0
    place = replace(rows, buffer=f"{rows.buffer}/first", shape=shape)
    return replace(place, is_aligned=has_aligned_rows(place)), Pointer(rows.buffer, start)


@dataclass
class _Frame:
    """The addresses of one loop, as they get names."""

    loop: str
    addresses: dict[str, Address]

    def address(self, place: Place) -> Address:
        return self.addresses.get(place.buffer, Pointer(place.buffer))

    def named(self, address: Address, like: Place, is_aligned: bool) -> Place:
        """A place at `address` with the shape and dtype of `like`."""
        name = f"{self.loop}/{len(self.addresses)}"
        self.addresses[name] = address
        return replace(like, buffer=name, is_aligned=is_aligned)

    def row(self, stacked: Place) -> Place:
        """What a round sees of a stacked array."""
        row = replace(stacked, shape=stacked.shape[1:])
        return self.named(
            Row(self.address(stacked), self.loop, prod(row.shape)), row, stacked.is_aligned and has_aligned_rows(row)
        )

    def carried(self, operand: Place, result: Place, spare: Place | None, rows: Place | None) -> tuple[Place, Place]:
        """What a round finds, and what it leaves."""
        kept = Row(self.address(rows), self.loop, prod(operand.shape)) if rows is not None else None
        is_aligned = operand.is_aligned and result.is_aligned and (rows is None or has_aligned_rows(operand))
        carried = Carried(
            self.loop, self.address(operand), self.address(result), Pointer(spare.buffer) if spare is not None else None, kept
        )
        found = self.named(carried, operand, is_aligned)
        return found, self.named(replace(carried, is_new=True), operand, is_aligned)


def has_aligned_rows(row: Place) -> bool:
    """Whether all rows of an array of such rows begin as loads of 16 bytes need it."""
    return prod(row.shape) * itemsize(row.dtype) % ALIGNED_BYTES == 0
