"""The onnxruntime target: the whole graph is one session run on bound buffers.

A variable has two buffers. A run that updates it reads the current one and writes the other, and then they change
places: nothing is copied, and no buffer is read and written by one run. Every arrangement of current buffers that
occurs gets one IOBinding, made once; a training loop alternates between two of them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..dims import Dim, DimLike
from ..figures import figures
from ..graph import Graph
from ..journal import recording
from ..onnx_lowering.lower import OnnxProgram, lower
from ..onnx_lowering.text import model_text
from ..onnx_lowering.tiles import tile_updates
from ..types import TensorType
from .base import Array, StateCell, StateMixin, Stats, bind_feeds, checked_state
from .onnxruntime_session import Binding, Buffer, Session, thread_count

#: Batch sizes that an executable remembers.
MAX_PLANS = 32
#: Runs of fewer floating-point operations go on one thread: sharing them out costs more than it saves.
SMALL_RUN = 10_000_000


class OnnxruntimeCell:
    """A variable: two buffers, of which one is current. The second one is made when a program first updates it."""

    def __init__(self, type_: TensorType, value: Array) -> None:
        self.type = type_
        self.current = 0
        self._buffers = [Buffer(type_)]
        self.write(value)

    def read(self) -> Array:
        return self._buffers[self.current].array.copy()

    def write(self, value: Array) -> None:
        np.copyto(self._buffers[self.current].array, checked_state("variable", self.type, value))

    def buffer(self, number: int) -> Buffer:
        if number == len(self._buffers):
            self._buffers.append(Buffer(self.type))
        return self._buffers[number]


class OnnxruntimeBackend:
    """Cells and sessions of onnxruntime on the CPU."""

    def new_cell(self, type_: TensorType, value: Array) -> StateCell:
        return OnnxruntimeCell(type_, value)

    def load(self, graph: Graph, cells: Mapping[str, StateCell]) -> OnnxruntimeExecutable:
        return OnnxruntimeExecutable(graph, cells)


@dataclass(frozen=True)
class Plan:
    """How feeds of certain shapes are run: by which session, and where the outputs go."""

    session: Session
    results: tuple[Buffer, ...]


class OnnxruntimeExecutable(StateMixin):
    """Runs a graph as one onnxruntime session; as two, if some batches are worth several threads and some are not."""

    def __init__(self, graph: Graph, cells: Mapping[str, StateCell]) -> None:
        started = time.perf_counter()
        self.graph, self.cells = graph, cells
        with recording() as entries:
            tiled, self._tiles = tile_updates(graph)
        self.entries = tuple(entries)
        self._bound_slots = tiled.state
        self.program: OnnxProgram = lower(tiled)
        self._slots = tuple(_own_cell(slot.name, cells) for slot in graph.state)
        self._updated = tuple(cell for slot, cell in zip(graph.state, self._slots, strict=True) if slot.is_updated)
        self._flops: DimLike = figures(graph).flops
        self._sessions: dict[int, Session] = {}
        self._plans: dict[object, Plan] = {}
        self._outputs: tuple[Buffer, ...] = ()
        self._session(self._threads(dict.fromkeys(graph.symbols, 32)))  # now, so that its errors come early
        self.stats = Stats(
            nodes=len(self.program.model.graph.node),
            launches=1,
            state_bytes=sum(int(cell.type.nbytes) for cell in self._slots) + sum(int(c.type.nbytes) for c in self._updated),
            compile_seconds=time.perf_counter() - started,
            details={"threads": max(self._sessions)},
        )

    @property
    def model(self) -> bytes:
        """The content of an .onnx file: variables are its inputs, their new values outputs."""
        return bytes(self.program.model.SerializeToString())

    @property
    def source(self) -> str:
        return model_text(self.program.model)

    def launch(self, feeds: Sequence[Array]) -> None:
        plan = self._plans.get(tuple([(feed.shape, feed.dtype) for feed in feeds])) or self._new_plan(feeds)
        arrangement = tuple([cell.current for cell in self._slots])
        binding = plan.session.bindings.get(arrangement) or self._bind(plan.session, arrangement)
        plan.session.run(binding, feeds, plan.results)
        for cell in self._updated:
            cell.current = 1 - cell.current
        self._outputs = plan.results

    def fetch(self) -> list[Array]:
        return [buffer.array.copy() for buffer in self._outputs]

    def run(self, feeds: Sequence[Array]) -> list[Array]:
        self.launch(feeds)
        return self.fetch()

    def _new_plan(self, feeds: Sequence[Array]) -> Plan:
        """Buffers for the outputs of feeds of these shapes, after checking them."""
        sizes = bind_feeds(self.graph, feeds)
        if len(self._plans) >= MAX_PLANS:
            self._plans.clear()
        results = tuple(Buffer(value.type.bind(sizes)) for value in self.graph.outputs)
        plan = Plan(self._session(self._threads(sizes)), results)
        self._plans[tuple([(feed.shape, feed.dtype) for feed in feeds])] = plan
        return plan

    def _threads(self, sizes: Mapping[str, int]) -> int:
        """How many threads a run with these sizes is worth."""
        flops = self._flops.bind(sizes) if isinstance(self._flops, Dim) else self._flops
        return 1 if isinstance(flops, int) and flops < SMALL_RUN else thread_count()

    def _session(self, threads: int) -> Session:
        if threads not in self._sessions:
            self._sessions[threads] = Session(self.program, threads)
        return self._sessions[threads]

    def _bind(self, session: Session, arrangement: tuple[int, ...]) -> Binding:
        """A binding that reads every variable's current buffer and writes the other one of those that are updated."""
        inputs, outputs = [], []
        for slot in self._bound_slots:
            tile = self._tiles.get(slot.name)
            cell = _own_cell(tile.slot if tile else slot.name, self.cells)
            rows = slice(tile.start, tile.stop) if tile else slice(None)
            inputs.append((self.program.state_inputs[slot.name], cell.buffer(cell.current).rows(rows)))
            if slot.is_updated:
                outputs.append((self.program.state_outputs[slot.name], cell.buffer(1 - cell.current).rows(rows)))
        return session.bind(arrangement, inputs, outputs)


def _own_cell(name: str, cells: Mapping[str, StateCell]) -> OnnxruntimeCell:
    cell = cells[name]
    if not isinstance(cell, OnnxruntimeCell):
        raise TypeError(
            f"The variable {name!r} is in the memory of another target ({type(cell).__name__}); "
            "make its cell with driver.new_cell(..., target='onnxruntime')."
        )
    return cell
