"""The triton target: a program of fused kernels on a device, a CUDA GPU or the interpreter."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from graphkeras.kernels.device import Device, LoadedProgram, Memory
from graphkeras.kernels.devices import get_device
from graphkeras.kernels.errors import CudaError
from graphkeras.kernels.program import Address, Argument, Carried, Kernel, Loop, Program, Row, Step
from graphkeras.kernels.tuning import Clock, TuningTable, tuned

from .. import config
from ..graph import Graph
from ..journal import Entry
from ..triton_lowering.lower import Lowered, lower
from ..triton_lowering.schedule import state_buffer
from ..types import TensorType, numpy_dtype
from .base import Array, StateCell, StateMixin, Stats, bind_feeds, checked_state


def open_device(name: str) -> Device:
    """The configured device; ``auto`` is the GPU.

    Raises:
        RuntimeError: when there is no GPU; says what to do instead.
    """
    cache = config.current().cache
    try:
        return get_device("cuda" if name == "auto" else name, cache=cache)
    except CudaError as error:
        raise RuntimeError(
            f"The triton target needs a CUDA GPU, and none answers ({error}). Use the onnxruntime target here "
            "(GRAPHKERAS_TARGET=onnxruntime), or run the kernels slowly on the CPU with GRAPHKERAS_DEVICE=interpreter."
        ) from error


class TritonCell:
    """A variable in device memory."""

    def __init__(self, type_: TensorType, value: Array, device: Device) -> None:
        array = checked_state("variable", type_, value)
        self.type = type_
        self.memory = device.allocate(array.nbytes)
        self.memory.write(array)

    def read(self) -> Array:
        shape = tuple(int(dim) for dim in self.type.shape)
        return self.memory.read(numpy_dtype(self.type.dtype)).reshape(shape)

    def write(self, value: Array) -> None:
        self.memory.write(checked_state("variable", self.type, value))


class TritonBackend:
    """Programs and variables on one device."""

    def __init__(self, device: Device | None = None) -> None:
        self.device = device or open_device(config.current().device)

    def new_cell(self, type_: TensorType, value: Array) -> StateCell:
        return TritonCell(type_, value, self.device)

    def load(self, graph: Graph, cells: Mapping[str, StateCell]) -> TritonExecutable:
        return TritonExecutable(graph, cells, self.device)


@dataclass(frozen=True)
class Loaded:
    """The program for one choice of sizes."""

    lowered: Lowered
    program: LoadedProgram


class TritonExecutable(StateMixin):
    """Runs a graph as fused kernels. Every new choice of sizes, such as a last partial batch, makes one more program."""

    def __init__(self, graph: Graph, cells: Mapping[str, StateCell], device: Device) -> None:
        self.graph, self.cells, self.device = graph, cells, device
        self._loaded: dict[tuple[tuple[str, int], ...], Loaded] = {}
        state_bytes = sum(int(cell.type.nbytes) for cell in cells.values())
        self.stats = Stats(nodes=len(graph.nodes), state_bytes=state_bytes)
        self._last: Loaded | None = None
        if not graph.symbols:
            self.load({})

    @property
    def source(self) -> str:
        """The programs made so far, with the text of their kernels."""
        if not self._loaded:
            return f"# {self.graph.name}: no program yet; the first run makes one for its sizes.\n{self.graph}"
        return "\n\n".join(program_text(loaded.lowered, dict(sizes)) for sizes, loaded in self._loaded.items())

    @property
    def programs(self) -> list[Program]:
        """The programs made so far."""
        return [loaded.lowered.program for loaded in self._loaded.values()]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What the lowering fused and refused to fuse, for the last program."""
        return self._last.lowered.entries if self._last is not None else ()

    def load(self, bindings: Mapping[str, int]) -> Loaded:
        """The program for these sizes of the graph's symbols; made when they come for the first time."""
        key = tuple(sorted(bindings.items()))
        if key not in self._loaded:
            started = time.perf_counter()
            lowered = self._tuned(lower(self.graph, bindings))
            memories = {state_buffer(slot): self._memory(slot.name) for slot in lowered.graph.state}
            self._loaded[key] = Loaded(lowered, self.device.load(lowered.program, memories))
            self._count(lowered, time.perf_counter() - started)
        self._last = self._loaded[key]
        return self._last

    def launch(self, feeds: Sequence[Array]) -> None:
        loaded = self.load(bind_feeds(self.graph, feeds))
        loaded.program.run(feeds)

    def fetch(self) -> list[Array]:
        if self._last is None:
            raise RuntimeError(f"{self.graph.name} has not run yet; call launch first.")
        flat = self._last.program.outputs()
        lowered = self._last.lowered
        shapes = [tuple(int(dim) for dim in value.type.shape) for value in lowered.graph.outputs]
        return [flat[number].reshape(shape) for number, shape in zip(lowered.output_numbers, shapes, strict=True)]

    def run(self, feeds: Sequence[Array]) -> list[Array]:
        self.launch(feeds)
        return self.fetch()

    def _tuned(self, lowered: Lowered) -> Lowered:
        """On a device with a clock and with `config.autotune`, the tiles that are fastest there."""
        settings = config.current()
        if not settings.autotune or not isinstance(self.device, Clock):
            return lowered
        return replace(lowered, program=tuned(lowered.program, self.device, TuningTable(settings.cache)))

    def _memory(self, name: str) -> Memory:
        cell = self._cell(name)
        if not isinstance(cell, TritonCell):
            raise TypeError(f"The variable {name!r} is in a {type(cell).__name__}; make it by new_cell(..., 'triton').")
        return cell.memory

    def _count(self, lowered: Lowered, seconds: float) -> None:
        program = lowered.program
        self.stats.launches = len(program.launches)
        self.stats.arena_bytes = max(self.stats.arena_bytes, program.arena_bytes)
        self.stats.compile_seconds += seconds
        kernels = {launch.kernel.source for launch in program.launches}
        self.stats.details = {"device": self.device.name, "kernels": len(kernels), "programs": len(self._loaded)}


def address_text(address: Address) -> str:
    """Where an argument points to; in a loop ``r`` is the number of the round."""
    match address:
        case Row(of, _, size):
            return f"{address_text(of)}[r * {size}]"
        case Carried(before=before, after=after, spare=spare, kept=kept, is_new=is_new):
            between = address_text(kept) if kept is not None else spare.buffer if spare is not None else ""
            places = " | ".join(dict.fromkeys([address_text(before), between, address_text(after)]))
            return f"{'next' if is_new else 'now'}({places})"
    return address.buffer + (f"[{address.offset}]" if address.offset else "")


def _argument_text(argument: Argument) -> str:
    return str(argument) if isinstance(argument, (int, float)) else address_text(argument)


def program_text(lowered: Lowered, sizes: Mapping[str, int]) -> str:
    """Buffers, steps in order, then every kernel once."""
    program = lowered.program
    bound = f" for {', '.join(f'{name} = {size}' for name, size in sizes.items())}" if sizes else ""
    lines = [f"# program {program.name}{bound}: {len(program.launches)} launches, arena of {program.arena_bytes} bytes"]
    for buffer in program.buffers:
        place = f"arena + {buffer.offset}" if buffer.kind in ("input", "output", "temporary") else "memory of its own"
        lines.append(f"# {buffer.kind:9} {buffer.name}: {buffer.dtype}[{buffer.size}] at {place}")
    kernels: list[Kernel] = []
    lines += _step_lines(program.steps, "# ", kernels)
    sources: dict[str, tuple[int, Kernel]] = {}
    for number, kernel in enumerate(kernels):
        sources.setdefault(kernel.source, (number, kernel))
    for source, (number, kernel) in sources.items():
        constants = ", ".join(f"{name}={value}" for name, value in kernel.constants.items())
        lines += ["", f"# ---- launch {number}: {kernel.name}({constants}), {kernel.num_warps} warps", source.rstrip()]
    return "\n".join(lines) + "\n"


def _step_lines(steps: Sequence[Step], indent: str, kernels: list[Kernel]) -> Iterator[str]:
    """Steps in order, a loop's once; `kernels` collects those of the launches."""
    for step in steps:
        if isinstance(step, Loop):
            direction = "from the last to the first" if step.is_reverse else "one after the other"
            yield f"{indent}loop: {step.rounds} rounds {direction}: {step.note}"
            yield from _step_lines(step.steps, indent + "    ", kernels)
            continue
        number, kernel = len(kernels), step.kernel
        kernels.append(kernel)
        first = next(k for k, known in enumerate(kernels) if known.source == kernel.source)
        again = f", the kernel of launch {first}" if first != number else ""
        yield f"{indent}launch {number}: {kernel.name} on grid {step.grid}{again}: {step.note}"
        arguments = zip(kernel.signature, step.arguments, strict=True)
        yield f"{indent}    {', '.join(f'{name} = {_argument_text(value)}' for name, value in arguments)}"
