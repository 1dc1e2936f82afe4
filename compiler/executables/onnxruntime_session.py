"""onnxruntime sessions and the buffers that are bound to them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort  # type: ignore[import-untyped]
from onnx import TensorProto, helper
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors  # type: ignore[import-untyped]

from .. import config
from ..onnx_lowering.element_types import ELEMENT_TYPES
from ..onnx_lowering.errors import explained
from ..onnx_lowering.lower import IR_VERSIONS, OPSET, OnnxProgram
from ..ops.blocked_convolution import DOMAIN as BLOCKS_DOMAIN
from ..types import TensorType, numpy_dtype
from .base import Array

#: Arrangements of state buffers that a session remembers.
MAX_BINDINGS = 16
ALIGNMENT = 64
#: How long a thread looks for work before it sleeps: from one operation to the next, as waking up costs more than most of them
#: take. Spinning for longer, as onnxruntime does by default, makes steps two times slower where cores are shared.
SPIN_MICROSECONDS = 50


class Buffer:
    """Memory that onnxruntime reads and writes, seen as a NumPy array."""

    def __init__(self, type_: TensorType, array: Array | None = None) -> None:
        self.type = type_
        self.array = aligned_empty(tuple(int(dim) for dim in type_.shape), numpy_dtype(type_.dtype)) if array is None else array
        self.value = ort_value(self.array)

    def rows(self, rows: slice) -> Buffer:
        """A part of this memory; all of it for slice(None)."""
        return self if rows == slice(None) else Buffer(self.type, self.array[rows])


class Binding:
    """One IOBinding: for one arrangement of state buffers."""

    def __init__(
        self, session: ort.InferenceSession, inputs: Sequence[tuple[str, Buffer]], outputs: Sequence[tuple[str, Buffer]]
    ) -> None:
        self.io = session.io_binding()
        self.results: tuple[Buffer, ...] | None = None
        self._held = (*inputs, *outputs)  # onnxruntime does not own the memory
        for name, buffer in inputs:
            self.io.bind_ortvalue_input(name, buffer.value)
        for name, buffer in outputs:
            self.io.bind_ortvalue_output(name, buffer.value)


class Session:
    """A program loaded into onnxruntime with a number of threads.

    Raises:
        NotImplementedError: when onnxruntime cannot run the program; says what it said.
    """

    def __init__(self, program: OnnxProgram, threads: int) -> None:
        self._program = program
        self.bindings: dict[tuple[int, ...], Binding] = {}
        self._low_precision = tuple(
            value.type.tensor_type.elem_type == ELEMENT_TYPES["bfloat16"] for value in program.model.graph.input
        )
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 4  # errors come as exceptions
        options.add_session_config_entry("session.intra_op.allow_spinning", "1")
        options.add_session_config_entry("session.intra_op.spin_duration_us", str(SPIN_MICROSECONDS))
        content = program.model.SerializeToString()
        try:
            self._session = ort.InferenceSession(
                content, options, providers=["CPUExecutionProvider"], disabled_optimizers=_crashing(program.model)
            )
        except (ort_errors.NotImplemented, ort_errors.Fail) as error:
            raise NotImplementedError(
                f"onnxruntime {ort.__version__} cannot run {program.model.graph.name}: {error} The name in the message begins "
                "with the layer. Change that layer, or run the model on the target 'numpy' or 'triton'."
            ) from error

    def bind(
        self, arrangement: tuple[int, ...], inputs: Sequence[tuple[str, Buffer]], outputs: Sequence[tuple[str, Buffer]]
    ) -> Binding:
        """Remember a binding for an arrangement of state buffers."""
        if len(self.bindings) >= MAX_BINDINGS:
            self.bindings.clear()
        binding = self.bindings[arrangement] = Binding(self._session, inputs, outputs)
        return binding

    def run(self, binding: Binding, feeds: Sequence[Array], results: tuple[Buffer, ...]) -> None:
        """Run on `feeds`; outputs go into `results`."""
        io = binding.io
        if binding.results is not results:
            for name, buffer in zip(self._program.outputs, results, strict=True):
                io.bind_ortvalue_output(name, buffer.value)
            binding.results = results
        for name, feed, low_precision in zip(self._program.inputs, feeds, self._low_precision):
            array = feed if feed.flags.c_contiguous else np.ascontiguousarray(feed)
            if low_precision:
                io.bind_ortvalue_input(name, ort_value(array))
            else:
                io.bind_cpu_input(name, array)
        try:
            self._session.run_with_iobinding(io)
        except (RuntimeError, ort_errors.Fail, ort_errors.InvalidArgument, ort_errors.RuntimeException) as error:
            raise explained(error, self._program.model) from error


@cache
def channel_block() -> int:
    """How many channels onnxruntime's library for this processor keeps side by side in its own layout of images; 0 if it has
    none. A layout is what the library says of it: its operators are not part of ONNX."""
    order = helper.make_node("ReorderInput", ["x"], ["y"], domain=BLOCKS_DOMAIN)
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in "xy"]
    graph = helper.make_graph([order], "block", info[:1], info[1:])
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(BLOCKS_DOMAIN, 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSIONS[OPSET])
    options = ort.SessionOptions()
    options.log_severity_level = 4
    try:
        session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        (blocked,) = session.run(None, {"x": np.zeros((1, 4, 1, 1), np.float32)})
    except (ort_errors.Fail, ort_errors.InvalidGraph, ort_errors.NotImplemented):  # a processor without such kernels
        return 0
    return int(blocked.shape[1])


def _crashing(model: onnx.ModelProto) -> list[str] | None:
    """Optimizers of onnxruntime that must not see the model: NCHWc layouts (1.31.1) end the process for bfloat16 in a body."""
    bodies = [attribute.g for node in model.graph.node for attribute in node.attribute if attribute.HasField("g")]
    low = any(cast.i == ELEMENT_TYPES["bfloat16"] for body in bodies for node in body.node for cast in node.attribute)
    return ["NchwcTransformer"] if low else None


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
