"""The onnxruntime target: the whole graph is one session run on bound buffers.

A variable has two buffers. A run that updates it reads the current one and writes the other, and then they change
places: nothing is copied, and no buffer is read and written by one run. Every arrangement of current buffers that
occurs gets one IOBinding, made once; a training loop alternates between two of them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnxruntime as ort  # type: ignore[import-untyped]
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors  # type: ignore[import-untyped]

from .. import config
from ..graph import Graph
from ..onnx_lowering.element_types import ELEMENT_TYPES
from ..onnx_lowering.errors import explained
from ..onnx_lowering.lower import OnnxProgram, lower
from ..onnx_lowering.text import model_text
from ..types import TensorType, numpy_dtype
from .base import Array, StateCell, StateMixin, Stats, bind_feeds, checked_state

#: Arrangements of buffers, and batch sizes, that an executable remembers.
MAX_BINDINGS = 16
MAX_SIZES = 32
ALIGNMENT = 64


class Buffer:
    """Memory that onnxruntime reads and writes, seen as a NumPy array."""

    def __init__(self, type_: TensorType) -> None:
        dtype = numpy_dtype(type_.dtype)
        shape = tuple(int(dim) for dim in type_.shape)
        self.array = aligned_empty(shape, dtype)
        self.value = ort_value(self.array)


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


class OnnxruntimeExecutable(StateMixin):
    """Runs a graph as one onnxruntime session."""

    def __init__(self, graph: Graph, cells: Mapping[str, StateCell]) -> None:
        started = time.perf_counter()
        self.graph, self.cells = graph, cells
        self.program: OnnxProgram = lower(graph)
        self._session = new_session(self.model, graph.name)
        self._slots = tuple(_own_cell(slot.name, cells) for slot in graph.state)
        self._updated = tuple(cell for slot, cell in zip(graph.state, self._slots, strict=True) if slot.is_updated)
        self._feed_names = self.program.inputs
        self._low_precision = tuple(value.type.dtype == "bfloat16" for value in graph.inputs)
        self._bindings: dict[tuple[int, ...], ort.IOBinding] = {}
        self._results: dict[object, tuple[Buffer, ...]] = {}
        self._bound: dict[int, tuple[Buffer, ...]] = {}
        self._outputs: tuple[Buffer, ...] = ()
        self.stats = Stats(
            nodes=len(self.program.model.graph.node),
            launches=1,
            state_bytes=sum(int(cell.type.nbytes) for cell in self._slots) + sum(int(c.type.nbytes) for c in self._updated),
            compile_seconds=time.perf_counter() - started,
            details={"threads": thread_count()},
        )

    @property
    def model(self) -> bytes:
        """The content of an .onnx file: variables are its inputs, their new values outputs."""
        return bytes(self.program.model.SerializeToString())

    @property
    def source(self) -> str:
        return model_text(self.program.model)

    def launch(self, feeds: Sequence[Array]) -> None:
        arrangement = tuple([cell.current for cell in self._slots])
        binding = self._bindings.get(arrangement)
        if binding is None:
            binding = self._bind_state(arrangement)
        results = self._results.get(tuple([(feed.shape, feed.dtype) for feed in feeds]))
        if results is None:
            results = self._new_results(feeds)
        if self._bound.get(id(binding)) is not results:
            self._bind_results(binding, results)
        for name, feed, low_precision in zip(self._feed_names, feeds, self._low_precision):
            if low_precision:
                binding.bind_ortvalue_input(name, ort_value(np.ascontiguousarray(feed)))
            else:
                binding.bind_cpu_input(name, feed if feed.flags.c_contiguous else np.ascontiguousarray(feed))
        try:
            self._session.run_with_iobinding(binding)
        except (RuntimeError, ort_errors.Fail, ort_errors.InvalidArgument, ort_errors.RuntimeException) as error:
            raise explained(error, self.program.model) from error
        for cell in self._updated:
            cell.current = 1 - cell.current
        self._outputs = results

    def fetch(self) -> list[Array]:
        return [buffer.array.copy() for buffer in self._outputs]

    def run(self, feeds: Sequence[Array]) -> list[Array]:
        self.launch(feeds)
        return self.fetch()

    def _bind_state(self, arrangement: tuple[int, ...]) -> ort.IOBinding:
        """A binding that reads every variable's current buffer and writes the other one of those that are updated."""
        if len(self._bindings) == MAX_BINDINGS:
            self._bindings.clear()
            self._bound.clear()
        binding = self._bindings[arrangement] = self._session.io_binding()
        for slot, cell in zip(self.graph.state, self._slots, strict=True):
            binding.bind_ortvalue_input(self.program.state_inputs[slot.name], cell.buffer(cell.current).value)
            if slot.is_updated:
                binding.bind_ortvalue_output(self.program.state_outputs[slot.name], cell.buffer(1 - cell.current).value)
        return binding

    def _new_results(self, feeds: Sequence[Array]) -> tuple[Buffer, ...]:
        """Buffers for the outputs of feeds of these shapes, after checking them."""
        sizes = bind_feeds(self.graph, feeds)
        if len(self._results) == MAX_SIZES:
            self._results.clear()
            self._bound.clear()
        results = tuple(Buffer(value.type.bind(sizes)) for value in self.graph.outputs)
        self._results[tuple([(feed.shape, feed.dtype) for feed in feeds])] = results
        return results

    def _bind_results(self, binding: ort.IOBinding, results: tuple[Buffer, ...]) -> None:
        for name, buffer in zip(self.program.outputs, results, strict=True):
            binding.bind_ortvalue_output(name, buffer.value)
        self._bound[id(binding)] = results


def new_session(model: bytes, name: str) -> ort.InferenceSession:
    """A session on the CPU.

    Raises:
        NotImplementedError: when onnxruntime cannot run the model; says what it said.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = thread_count()
    options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 4  # errors come as exceptions
    # Spinning threads are 25 % faster on idle cores and two times slower on shared ones (docs/benchmarks.md).
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except (ort_errors.NotImplemented, ort_errors.Fail) as error:
        raise NotImplementedError(
            f"onnxruntime {ort.__version__} cannot run {name}: {error} The name in the message begins with the layer. "
            "Change that layer, or run the model on the target 'numpy' or 'triton'."
        ) from error


def thread_count() -> int:
    """GRAPHKERAS_THREADS, or as many as the process may use physical cores."""
    return config.current().threads or _physical_cores()


def _physical_cores() -> int:
    """Cores without hyper-threads, among those that this process may run on."""
    if not hasattr(os, "sched_getaffinity"):
        return os.cpu_count() or 1
    allowed = os.sched_getaffinity(0)
    siblings = set()
    for cpu in allowed:
        path = f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list"
        try:
            with open(path) as file:
                siblings.add(file.read().strip())
        except OSError:
            return len(allowed)
    return len(siblings)


def aligned_empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """An array that begins at a multiple of 64 bytes, as vector instructions like it."""
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    raw = np.empty(size + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + size].view(dtype).reshape(shape)


def ort_value(array: Array) -> ort.OrtValue:
    """An OrtValue on the memory of `array`; NumPy's buffer protocol does not know bfloat16, so that goes as its bits."""
    if array.dtype.name == "bfloat16":
        return ort.OrtValue.ortvalue_from_numpy_with_onnx_type(array.view(np.uint16), ELEMENT_TYPES["bfloat16"])
    return ort.OrtValue.ortvalue_from_numpy(array)


def _own_cell(name: str, cells: Mapping[str, StateCell]) -> OnnxruntimeCell:
    cell = cells[name]
    if not isinstance(cell, OnnxruntimeCell):
        raise TypeError(
            f"The variable {name!r} is in the memory of another target ({type(cell).__name__}); "
            "make its cell with driver.new_cell(..., target='onnxruntime')."
        )
    return cell
