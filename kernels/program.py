"""What a device runs: buffers, and launches of kernels on them. Plain data; kernels/ knows nothing of graphs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np

Kind = Literal["input", "output", "state", "constant", "temporary", "table"]
Scalar: TypeAlias = int | float


@dataclass(frozen=True)
class Kernel:
    """One Triton kernel, to be compiled.

    Attributes:
        name: of the ``@triton.jit`` function in `source`.
        source: a Python module as text: imports triton and defines the function.
        signature: type of every run-time parameter by name, in the function's order: ``*fp32``, ``*i64``, ``fp32``
        constants: values of its ``tl.constexpr`` parameters, by name.
        num_warps: warps of a program instance.
        num_stages: stages of software pipelining in loops.
        aligned: parameters that are divisible by 16 (pointers: in bytes), which lets loads be vectorized.
        fast_math: True where multiply-add contraction is allowed.
    """

    name: str
    source: str
    signature: Mapping[str, str]
    constants: Mapping[str, Any] = field(default_factory=dict)
    num_warps: int = 4
    num_stages: int = 1
    aligned: frozenset[str] = frozenset()
    fast_math: bool = True


@dataclass(frozen=True)
class Buffer:
    """A typed piece of device memory.

    Attributes:
        name: unique within the program.
        dtype: name of the elements' dtype; bool is one byte.
        size: number of elements.
        kind: inputs are written before every run and outputs read after it; states live as long as the model, in memory of
            their own that other programs share; constants are written once; temporaries live in the arena at `offset`
            (inputs and outputs do too); a table holds the addresses of `entries`, and is written once.
        offset: bytes from the start of the arena; for inputs, outputs and temporaries.
        data: the numbers of a constant.
        entries: names of the buffers whose addresses a table holds, one uint64 each.
    """

    name: str
    dtype: str
    size: int
    kind: Kind = "temporary"
    offset: int = 0
    data: np.ndarray[Any, Any] | None = None
    entries: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pointer:
    """An argument: the address of a buffer's element number `offset`."""

    buffer: str
    offset: int = 0


@dataclass(frozen=True)
class Row:
    """An argument inside of a loop: the address of a row of `of`, whose number is the round's; a row has `size` elements."""

    of: Address
    loop: str
    size: int


@dataclass(frozen=True)
class Carried:
    """An argument inside of a loop: the address of what one round leaves for the next.

    Attributes:
        loop: which loop.
        before: where it is before the first round.
        after: where it is after the last round.
        spare: rounds in between leave it in `after` and in `spare` by turns, so that a round never writes what it reads.
        kept: rows in which the loop keeps it as it is at the start of every round. If there are some, it is in them in
            between, and `spare` is needless.
        is_new: whether this is what the round leaves, and not what it finds.
    """

    loop: str
    before: Address
    after: Address
    spare: Pointer | None = None
    kept: Row | None = None
    is_new: bool = False


Address: TypeAlias = "Pointer | Row | Carried"
Argument: TypeAlias = "Address | int | float"


@dataclass(frozen=True)
class Launch:
    """One launch.

    Attributes:
        kernel: what runs.
        grid: how many program instances.
        arguments: in the order of the kernel's signature.
        note: in words, what it computes, for the dump tool.
        alternatives: launches that compute the same in other tiles; a clock may choose one of them, see `tuning.py`.
    """

    kernel: Kernel
    grid: tuple[int, int, int]
    arguments: tuple[Argument, ...]
    note: str = ""
    alternatives: tuple[Launch, ...] = ()


@dataclass(frozen=True)
class Loop:
    """Steps that are made `rounds` times, one round after the other. Kernels know nothing of it: only addresses change.

    Attributes:
        name: unique within the program; arguments refer to it.
        rounds: how many; at least one.
        steps: of one round.
        is_reverse: rounds are numbered from the last to 0.
        note: in words, what it computes.
    """

    name: str
    rounds: int
    steps: tuple[Step, ...]
    is_reverse: bool = False
    note: str = ""


Step: TypeAlias = "Launch | Loop"


@dataclass(frozen=True)
class Program:
    """One run: all steps in order, in one arena of `arena_bytes`."""

    name: str
    buffers: tuple[Buffer, ...]
    steps: tuple[Step, ...]
    arena_bytes: int

    @cached_property
    def launches(self) -> tuple[Launch, ...]:
        """All launches of a run in order: loops are spelled out, and every address is a plain `Pointer`."""
        return tuple(_launches(self.steps, {}))

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        """The kernels of all launches, each once."""
        return tuple({id(launch.kernel): launch.kernel for launch in self.launches}.values())


@dataclass(frozen=True)
class Turn:
    """Where a loop is: `done` rounds of `total` are over."""

    done: int
    total: int
    is_reverse: bool = False

    @property
    def number(self) -> int:
        """The number of the round that comes."""
        return self.total - 1 - self.done if self.is_reverse else self.done


def _launches(steps: Sequence[Step], turns: Mapping[str, Turn]) -> Iterator[Launch]:
    for step in steps:
        if isinstance(step, Loop):
            for done in range(step.rounds):
                yield from _launches(step.steps, {**turns, step.name: Turn(done, step.rounds, step.is_reverse)})
        elif turns:
            places = (value if isinstance(value, (int, float)) else address_in(value, turns) for value in step.arguments)
            yield replace(step, arguments=tuple(places))
        else:
            yield step


def address_in(address: Address, turns: Mapping[str, Turn]) -> Pointer:
    """The address in one round of the loops around it, whose names `turns` has.

    Raises:
        KeyError: for an address that belongs to a loop that is not around it.
    """
    if isinstance(address, Row):
        first = address_in(address.of, turns)
        return Pointer(first.buffer, first.offset + turns[address.loop].number * address.size)
    if isinstance(address, Carried):
        turn = turns[address.loop]
        turn = replace(turn, done=turn.done + address.is_new)
        if turn.done == 0:
            return address_in(address.before, turns)
        if address.kept is not None and turn.done < turn.total:
            return address_in(address.kept, {**turns, address.loop: turn})
        if address.spare is not None and (turn.total - turn.done) % 2:
            return address.spare
        return address_in(address.after, turns)
    return address


def buffers_of(address: Address) -> set[str]:
    """The names of all buffers that an address may point into."""
    if isinstance(address, Row):
        return buffers_of(address.of)
    if isinstance(address, Carried):
        parts = (part for part in (address.before, address.after, address.spare, address.kept) if part is not None)
        return {name for part in parts for name in buffers_of(part)}
    return {address.buffer}


def loops_of(address: Address) -> set[str]:
    """The names of the loops in which an address changes."""
    if isinstance(address, Row):
        return {address.loop, *loops_of(address.of)}
    if isinstance(address, Carried):
        parts = (part for part in (address.before, address.after, address.kept) if part is not None)
        return {address.loop, *(name for part in parts for name in loops_of(part))}
    return set()
