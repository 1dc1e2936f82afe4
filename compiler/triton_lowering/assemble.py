"""Drafts -> a program: one plan for all arrays, and addresses in the place of names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import prod

from graphkeras.kernels.program import Address, Buffer, Kernel, Kind, Launch, Loop, Pointer, Program, Step, buffers_of

from ..types import itemsize
from .draft import Draft
from .loop import DraftStep, LoopDraft
from .memory import Lifetime, plan_arena
from .writer import Place


def assemble(name: str, steps: Sequence[DraftStep], places: Mapping[str, Place]) -> Program:
    """The program of `steps`.

    Args:
        name: of the program.
        steps: in order.
        places: the buffers that are not temporaries of a loop's round, by name.
    """
    steps = _with_shared_kernels(steps, {})
    lives = _Lives(places)
    lives.visit(steps, {}, ())
    offsets, arena_bytes = plan_arena(lives.lifetimes())
    buffers = [_buffer(place, offsets) for place in lives.places.values()]
    for each in all_drafts(steps):
        buffers += [
            Buffer(key, array.dtype.name, array.size, "constant", data=array.ravel()) for key, array in each.constants.items()
        ]
        buffers += [Buffer(key, "uint64", len(names), "table", entries=names) for key, names in each.tables.items()]
    unique = tuple({buffer.name: buffer for buffer in buffers}.values())
    return Program(name, _in_order(unique), tuple(_step(each, {}) for each in steps), arena_bytes)


def all_drafts(steps: Sequence[DraftStep]) -> Iterator[Draft]:
    """The launches of all steps, each of a loop once."""
    for step in steps:
        if isinstance(step, LoopDraft):
            yield from all_drafts(step.steps)
        else:
            yield step


def _with_shared_kernels(steps: Sequence[DraftStep], first: dict[object, Kernel]) -> list[DraftStep]:
    """Launches whose kernels differ in their comments only get one kernel: the first one's."""
    shared: list[DraftStep] = []
    for step in steps:
        if isinstance(step, LoopDraft):
            shared.append(replace(step, steps=tuple(_with_shared_kernels(step.steps, first))))
            continue
        kernel = step.kernel
        code = "\n".join(line for line in kernel.source.splitlines() if not line.startswith("#"))
        figures = (kernel.num_warps, kernel.num_stages, kernel.aligned)
        key = (code, tuple(kernel.signature.items()), tuple(kernel.constants.items()), figures)
        shared.append(replace(step, kernel=first.setdefault(key, kernel)))
    return shared


class _Lives:
    """During which launches every array must keep its contents.

    A launch in a loop counts once, as one place in the order. A temporary of one round lives as in straight code, within the
    loop; whatever else a loop touches lives for the whole loop.
    """

    def __init__(self, places: Mapping[str, Place]) -> None:
        self.places = dict(places)
        self.home: dict[str, int] = dict.fromkeys(places, 0)  # how many loops are around what owns it
        self.used: dict[str, list[int]] = {name: [] for name in places}
        self.count = 0

    def visit(self, steps: Sequence[DraftStep], addresses: Mapping[str, Address], around: tuple[list[str], ...]) -> None:
        """Count launches; `around` collects for each loop around them what it touches of outside."""
        for step in steps:
            if isinstance(step, LoopDraft):
                self._visit_loop(step, {**addresses, **step.addresses}, around)
                continue
            known = {**addresses, **step.addresses}
            for place in step.scratch:
                self._own(place, len(around))
            names = [*step.buffers, *(name for table in step.tables.values() for name in table)]
            for name in sorted({real for each in names for real in buffers_of(known.get(each, Pointer(each)))}):
                if name in self.used:
                    self.used[name].append(self.count)
                    for touched in around[self.home[name] :]:
                        touched.append(name)
            self.count += 1

    def _visit_loop(self, loop: LoopDraft, addresses: Mapping[str, Address], around: tuple[list[str], ...]) -> None:
        for place in loop.own:
            self._own(place, len(around) + 1)
        start, touched = self.count, list[str]()
        self.visit(loop.steps, addresses, (*around, touched))
        for name in touched:
            self.used[name] += [start, self.count - 1]

    def _own(self, place: Place, loops: int) -> None:
        self.places[place.buffer], self.used[place.buffer], self.home[place.buffer] = place, [], loops

    def lifetimes(self) -> list[Lifetime]:
        """Inputs live from the start, outputs to the end, temporaries from their first to their last use."""
        lifetimes = []
        for name, place in self.places.items():
            kind = _kind(name)
            if kind == "state":
                continue
            first = -1 if kind == "input" else min(self.used[name], default=0)
            last = self.count if kind == "output" else max(self.used[name], default=first)
            lifetimes.append(Lifetime(name, prod(place.shape) * itemsize(place.dtype), first, last))
        return lifetimes


def _step(step: DraftStep, addresses: Mapping[str, Address]) -> Step:
    if isinstance(step, LoopDraft):
        known = {**addresses, **step.addresses}
        return Loop(step.name, step.rounds, tuple(_step(each, known) for each in step.steps), step.is_reverse, step.note)
    known = {**addresses, **step.addresses}
    alternatives = () if addresses else tuple(_launch(each, known) for each in step.alternatives)
    return replace(_launch(step, known), alternatives=alternatives)


def _launch(step: Draft, known: Mapping[str, Address]) -> Launch:
    return Launch(step.kernel, step.grid, tuple(known.get(name, Pointer(name)) for name in step.buffers), step.note)


def _buffer(place: Place, offsets: Mapping[str, int]) -> Buffer:
    return Buffer(place.buffer, place.dtype, prod(place.shape), _kind(place.buffer), offsets.get(place.buffer, 0))


_KINDS: Mapping[str, Kind] = {"input": "input", "output": "output", "state": "state", "value": "temporary"}


def _kind(name: str) -> Kind:
    return _KINDS[name.partition("/")[0]]


def _in_order(buffers: tuple[Buffer, ...]) -> tuple[Buffer, ...]:
    """Inputs and outputs in the order of the graph's."""
    order = {"input": 0, "output": 1}

    def key(buffer: Buffer) -> tuple[int, int]:
        rank = order.get(buffer.kind, 2)
        return rank, int(buffer.name.split("/")[1]) if rank < 2 else 0

    return tuple(sorted(buffers, key=key))
