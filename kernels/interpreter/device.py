"""The interpreter `Device`: arena and state memories in NumPy, launches one after the other, the same bits every time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import triton.language as tl
from triton.runtime.interpreter import TensorHandle, _get_np_dtype

from ..arguments import is_pointer, scalar
from ..checks import IN_ARENA, buffer_bytes, check_program
from ..device import Memory
from ..errors import KernelError
from ..program import Argument, Buffer, Launch, Pointer, Program
from ..source import failing_line, jit_function
from .language import builder, interpreted, interpreting
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
        """
        if len(inputs) != len(self._inputs):
            raise ValueError(f"Program {self._name} has {len(self._inputs)} inputs, but {len(inputs)} arrays came.")
        self._arena.bytes.fill(UNWRITTEN)
        for buffer, array in zip(self._inputs, inputs, strict=True):
            self._view(buffer)[:] = _input(buffer, array)
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

    def _prepare(self, launch: Launch, reverse: bool) -> _PreparedLaunch:
        signature = launch.kernel.signature.items()
        arguments = {
            name: self._argument(type_name, argument)
            for (name, type_name), argument in zip(signature, launch.arguments, strict=True)
        }
        reached = {argument.buffer for argument in launch.arguments if isinstance(argument, Pointer)}
        for name in tuple(reached):
            reached.update(self._buffers[name].entries)
        guard = Guard((self._addresses[name], buffer_bytes(self._buffers[name]), name) for name in reached)
        function = interpreted(jit_function(launch.kernel))
        return _PreparedLaunch(launch, function, {**arguments, **launch.kernel.constants}, guard, reverse)

    def _argument(self, type_name: str, argument: Argument) -> Any:
        """The tensor that the kernel gets."""
        dtype = tl.str_to_ty(type_name, None)
        if isinstance(argument, Pointer):
            data = np.array([self._addresses[argument.buffer]], np.uint64)
        else:
            assert not is_pointer(type_name)
            data = scalar(type_name, argument).astype(_get_np_dtype(dtype))
        return tl.tensor(TensorHandle(data, dtype), dtype)


@dataclass(frozen=True)
class _PreparedLaunch:
    """A launch whose function and arguments are ready."""

    launch: Launch
    function: Callable[..., None]
    arguments: Mapping[str, Any]
    guard: Guard
    reverse: bool

    def run(self) -> None:
        builder.guard = self.guard
        builder.set_grid_dim(*self.launch.grid)
        instances = list(product(*map(range, self.launch.grid)))
        for instance in reversed(instances) if self.reverse else instances:
            builder.set_grid_idx(*instance)
            try:
                self.function(**self.arguments)
            except Exception as error:
                kernel = self.launch.kernel
                raise KernelError(
                    f"Kernel {kernel.name} failed in program instance {instance} of grid {self.launch.grid}: "
                    f"{type(error).__name__}: {error}",
                    kernel.name,
                    kernel.source,
                    failing_line(error, kernel.source),
                ) from error


def _input(buffer: Buffer, array: Array) -> Array:
    """`array` as flat numbers of the buffer's dtype.

    Raises:
        ValueError: for another dtype or number of elements.
    """
    if array.dtype != np.dtype(buffer.dtype) or array.size != buffer.size:
        raise ValueError(
            f"Input {buffer.name!r} must be {buffer.size} numbers of {buffer.dtype}, "
            f"got shape {array.shape} (= {array.size}) of {array.dtype}."
        )
    return array.reshape(-1)
