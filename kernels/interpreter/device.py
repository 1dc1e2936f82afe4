"""The interpreter `Device`: arena and state memories in NumPy, launches one after the other, the same bits every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..checks import IN_ARENA, buffer_bytes, check_inputs, check_program
from ..device import Memory
from ..program import Argument, Buffer, Launch, Pointer, Program
from .language import interpreting
from .launch import PreparedLaunch, prepare_launch
from .memory import UNWRITTEN, Guard, HostMemory

Array = np.ndarray[Any, Any]


class InterpreterDevice:
    """Runs programs on the CPU, for tests.

    Args:
        capability: that programs for this device are made for; the interpreter itself runs any.
        reverse: run the program instances of each launch in reverse order. A GPU runs them in any order, so a right program
            gives the same bits either way.
    """

    name = "interpreter"

    def __init__(self, capability: int = 90, reverse: bool = False) -> None:
        self.capability = capability
        self._reverse = reverse

    def allocate(self, nbytes: int) -> HostMemory:
        """New memory, zeroed, aligned to 256 bytes."""
        return HostMemory(nbytes)

    def load(self, program: Program, states: Mapping[str, Memory]) -> InterpreterProgram:
        """Make the kernels of `program` ready to run, with its state buffers bound to `states`.

        Raises:
            KernelError: when the source of a kernel does not define it; holds the source.
            ValueError: when the program contradicts itself.
        """
        check_program(program, states)
        return InterpreterProgram(program, states, self._reverse)


class InterpreterProgram:
    """A program with its memory."""

    def __init__(self, program: Program, states: Mapping[str, Memory], reverse: bool = False) -> None:
        self._inputs = [buffer for buffer in program.buffers if buffer.kind == "input"]
        self._outputs = [buffer for buffer in program.buffers if buffer.kind == "output"]
        self._name = program.name
        self._arena = HostMemory(program.arena_bytes, UNWRITTEN)
        self._held: list[HostMemory] = []
        self._buffers = {buffer.name: buffer for buffer in program.buffers}
        self._addresses: dict[str, int] = {}
        self._states = dict(states)  # keeps them alive: launches hold bare addresses
        for buffer in sorted(program.buffers, key=lambda buffer: buffer.kind == "table"):  # tables last: they hold addresses
            self._addresses[buffer.name] = self._place(buffer)
        with interpreting():
            self._launches = [self._prepare(launch, reverse) for launch in program.launches]

    def run(self, inputs: Sequence[Array]) -> None:
        """Copy `inputs` in, in the order of the input buffers, and run every launch.

        Raises:
            KernelError: when a kernel fails, or touches memory that is not its own.
            ValueError: for another number of inputs, dtype or size.
        """
        check_inputs(self._name, self._inputs, inputs)
        self._arena.bytes.fill(UNWRITTEN)
        for buffer, array in zip(self._inputs, inputs, strict=True):
            self._view(buffer)[:] = array.reshape(-1)
        with interpreting(), np.errstate(all="ignore"):
            for launch in self._launches:
                launch.run()

    def outputs(self) -> list[Array]:
        """The output buffers after the last run, as flat arrays."""
        return [self._view(buffer).copy() for buffer in self._outputs]

    def _view(self, buffer: Buffer) -> Array:
        return self._arena.bytes[buffer.offset : buffer.offset + buffer_bytes(buffer)].view(np.dtype(buffer.dtype))

    def _place(self, buffer: Buffer) -> int:
        if buffer.kind in IN_ARENA:
            return self._arena.address + buffer.offset
        if buffer.kind == "state":
            return self._states[buffer.name].address
        memory = HostMemory(buffer_bytes(buffer))
        if buffer.data is not None:
            memory.write(buffer.data)
        else:
            memory.write(np.array([self._addresses[name] for name in buffer.entries], np.uint64))
        self._held.append(memory)
        return memory.address

    def _value(self, argument: Argument) -> float:
        """A scalar as it is, or the address that a pointer stands for."""
        if isinstance(argument, (int, float)):
            return argument
        assert isinstance(argument, Pointer), "launches of a program have plain pointers"
        element_bytes = np.dtype(self._buffers[argument.buffer].dtype).itemsize
        return self._addresses[argument.buffer] + argument.offset * element_bytes

    def _prepare(self, launch: Launch, reverse: bool) -> PreparedLaunch:
        values = [self._value(argument) for argument in launch.arguments]
        reached = {argument.buffer for argument in launch.arguments if isinstance(argument, Pointer)}
        for name in tuple(reached):
            reached.update(self._buffers[name].entries)
        guard = Guard((self._addresses[name], buffer_bytes(self._buffers[name]), name) for name in reached)
        return prepare_launch(launch.kernel, launch.grid, values, guard, reverse)
