"""A program is looked over once, before any device loads it, so that a slip of the lowering gets words instead of a fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ml_dtypes  # noqa: F401  (makes numpy know the name bfloat16)
import numpy as np

from .arguments import ELEMENT_BYTES, SCALARS, is_pointer, scalar
from .device import Memory
from .program import Buffer, Kernel, Launch, Loop, Pointer, Program, Step, loops_of

IN_ARENA = ("input", "output", "temporary")
GRID_LIMITS = (2**31 - 1, 65535, 65535)
TABLE_ENTRY_BYTES = 8


def buffer_bytes(buffer: Buffer) -> int:
    return buffer.size * np.dtype(buffer.dtype).itemsize


def check_program(program: Program, states: Mapping[str, Memory]) -> None:
    """Every buffer has a place, and every launch gets arguments that its kernel's signature allows.

    Raises:
        ValueError: naming the program, and the buffer or the launch that is wrong, and why.
    """
    buffers: dict[str, Buffer] = {}
    for buffer in program.buffers:
        if buffer.name in buffers:
            raise ValueError(f"Program {program.name}: two buffers are called {buffer.name!r}; names must be unique.")
        buffers[buffer.name] = buffer
    for buffer in program.buffers:
        reason = _wrong_buffer(buffer, program.arena_bytes, buffers, states)
        if reason:
            raise ValueError(f"Program {program.name}, {buffer.kind} buffer {buffer.name!r}: {reason}.")
    for loop, around in _loops(program.steps, ()):
        reason = _wrong_loop(loop, around)
        if reason:
            raise ValueError(f"Program {program.name}, loop {loop.name!r}: {reason}.")
    for index, launch in enumerate(program.launches):
        reason = _wrong_kernel(launch.kernel) or _wrong_grid(launch) or _wrong_arguments(launch, buffers)
        if reason:
            raise ValueError(f"Program {program.name}, launch {index} of kernel {launch.kernel.name}: {reason}.")


def check_inputs(program: str, buffers: Sequence[Buffer], arrays: Sequence[np.ndarray[Any, Any]]) -> None:
    """The arrays for a run are as many, as large and of the dtypes as the input buffers.

    Raises:
        ValueError: saying what came and what is needed.
    """
    if len(arrays) != len(buffers):
        raise ValueError(f"Program {program} has {len(buffers)} inputs, but {len(arrays)} arrays came.")
    for buffer, array in zip(buffers, arrays, strict=True):
        if array.size != buffer.size or array.dtype != np.dtype(buffer.dtype):
            raise ValueError(
                f"Input {buffer.name!r} of program {program} must be {buffer.size} numbers of {buffer.dtype}, "
                f"got shape {array.shape} (= {array.size}) of {array.dtype}."
            )


def _wrong_buffer(buffer: Buffer, arena_bytes: int, buffers: Mapping[str, Buffer], states: Mapping[str, Memory]) -> str:
    size = buffer_bytes(buffer)
    if buffer.size < 0:
        return f"its size is {buffer.size}"
    if buffer.kind in IN_ARENA and not 0 <= buffer.offset <= arena_bytes - size:
        return f"its {size} bytes at offset {buffer.offset} are not inside the arena of {arena_bytes} bytes"
    if buffer.kind == "state":
        if buffer.name not in states:
            return f"no state memory of that name was given, only {sorted(states)}"
        if states[buffer.name].nbytes < size:
            return f"needs {size} bytes, but its state memory has {states[buffer.name].nbytes}"
    if buffer.kind == "constant":
        if buffer.data is None:
            return "a constant must have data"
        if buffer.data.size != buffer.size or buffer.data.dtype != np.dtype(buffer.dtype):
            return f"declared as {buffer.size} of {buffer.dtype}, but its data is {buffer.data.size} of {buffer.data.dtype}"
    if buffer.kind == "table":
        wrong = [name for name in buffer.entries if name not in buffers or buffers[name].kind == "table"]
        if wrong:
            return f"its entries {wrong} are no buffers of the program, or tables themselves"
        if buffer.size != len(buffer.entries) or np.dtype(buffer.dtype).itemsize != TABLE_ENTRY_BYTES:
            return f"a table of {len(buffer.entries)} entries must be as many uint64, not {buffer.size} of {buffer.dtype}"
    return ""


def _loops(steps: Sequence[Step], around: tuple[str, ...]) -> Iterator[tuple[Loop, tuple[str, ...]]]:
    """Every loop, with the names of the loops around it."""
    for step in steps:
        if isinstance(step, Loop):
            yield step, around
            yield from _loops(step.steps, (*around, step.name))


def _wrong_loop(loop: Loop, around: tuple[str, ...]) -> str:
    if loop.rounds < 1:
        return f"it must have at least one round, not {loop.rounds}"
    if loop.name in around:
        return "a loop around it has the same name"
    for launch in (step for step in loop.steps if isinstance(step, Launch)):
        addresses = [argument for argument in launch.arguments if not isinstance(argument, (int, float))]
        strange = {name for address in addresses for name in loops_of(address)} - {loop.name, *around}
        if strange:
            return f"a launch of {launch.kernel.name} has arguments of the loops {sorted(strange)}, which are not around it"
    return ""


def _wrong_kernel(kernel: Kernel) -> str:
    for name, type_name in kernel.signature.items():
        if type_name.removeprefix("*") not in ELEMENT_BYTES or (not is_pointer(type_name) and type_name not in SCALARS):
            return f"parameter {name} has the unknown type {type_name!r}; scalars are {', '.join(SCALARS)}"
    if both := sorted(set(kernel.signature) & set(kernel.constants)):
        return f"{both} are both run-time parameters and constants"
    if unknown := sorted(kernel.aligned - set(kernel.signature)):
        return f"the aligned parameters {unknown} are not in its signature"
    if kernel.num_warps not in (1, 2, 4, 8, 16, 32):
        return f"num_warps must be a power of two from 1 to 32, not {kernel.num_warps}"
    return ""


def _wrong_grid(launch: Launch) -> str:
    if len(launch.grid) != 3 or not all(1 <= size <= limit for size, limit in zip(launch.grid, GRID_LIMITS, strict=True)):
        return f"the grid {launch.grid} must have three sizes from 1 to {GRID_LIMITS}"
    return ""


def _wrong_arguments(launch: Launch, buffers: Mapping[str, Buffer]) -> str:
    signature = launch.kernel.signature
    if len(launch.arguments) != len(signature):
        return f"{len(launch.arguments)} arguments for the {len(signature)} parameters {list(signature)}"
    for (name, type_name), argument in zip(signature.items(), launch.arguments, strict=True):
        aligned = name in launch.kernel.aligned
        if isinstance(argument, Pointer):
            reason = _wrong_pointer(type_name, argument, buffers, aligned)
        elif not isinstance(argument, (int, float)):
            reason = f"{argument!r} belongs to a loop, but no loop is around the launch"
        elif is_pointer(type_name):
            reason = f"a pointer {type_name} cannot be {argument!r}"
        else:
            reason = _wrong_scalar(type_name, argument, aligned)
        if reason:
            return f"parameter {name}: {reason}"
    return ""


def _wrong_pointer(type_name: str, pointer: Pointer, buffers: Mapping[str, Buffer], aligned: bool) -> str:
    if pointer.buffer not in buffers:
        return f"the program has no buffer {pointer.buffer!r}"
    buffer = buffers[pointer.buffer]
    if not is_pointer(type_name):
        return f"has the scalar type {type_name}, but gets buffer {buffer.name!r}"
    if ELEMENT_BYTES[type_name.removeprefix("*")] != np.dtype(buffer.dtype).itemsize:
        return f"{type_name} cannot point to buffer {buffer.name!r} of {buffer.dtype}"
    if not 0 <= pointer.offset <= buffer.size:
        return f"points to element {pointer.offset} of buffer {buffer.name!r}, which has {buffer.size}"
    place = (buffer.offset if buffer.kind in IN_ARENA else 0) + pointer.offset * np.dtype(buffer.dtype).itemsize
    if aligned and place % 16:
        return f"is declared aligned, but points to byte {place} of {'the arena' if buffer.kind in IN_ARENA else buffer.name!r}"
    return ""


def _wrong_scalar(type_name: str, value: float, aligned: bool) -> str:
    try:
        scalar(type_name, value)
    except (TypeError, OverflowError) as error:
        return str(error)
    return f"is declared divisible by 16, but is {value}" if aligned and value % 16 else ""
