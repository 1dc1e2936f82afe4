"""From a traced graph to something that runs. Read this first."""

from __future__ import annotations

import importlib
import importlib.util
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from graphkeras.kernels.cuda.probe import gpu_available

from . import config, dump_folder
from .executables.base import Array, Executable, StateCell
from .executables.reference import NumpyCell, NumpyExecutable
from .graph import Graph
from .pipeline import Stage, optimize
from .types import TensorType


class Backend(Protocol):
    """What a target brings: the memory of variables, and programs."""

    def new_cell(self, type_: TensorType, value: Array) -> StateCell: ...

    def load(self, graph: Graph, cells: Mapping[str, StateCell]) -> Executable: ...


class NumpyBackend:
    """The reference."""

    def new_cell(self, type_: TensorType, value: Array) -> StateCell:
        return NumpyCell(type_, value)

    def load(self, graph: Graph, cells: Mapping[str, StateCell]) -> Executable:
        return NumpyExecutable(graph, cells)


@dataclass(frozen=True)
class Compiled:
    """An executable and the story of how it came to be.

    Attributes:
        executable: what runs.
        stages: the graph as traced and after every pass, with what each pass did.
        target: what it runs on.
        seconds: the time of all of this.
    """

    executable: Executable
    stages: tuple[Stage, ...]
    target: str
    seconds: float


def compile_graph(graph: Graph, cells: Mapping[str, StateCell], target: str | None = None) -> Compiled:
    """Trace result in, something runnable out.

    Args:
        graph: as traced.
        cells: the memory of each of the graph's variables, by the name of its slot; made by `new_cell` for the same target.
        target: ``numpy``, ``onnxruntime`` or ``triton``; None for the configured one.
    """
    started = time.perf_counter()
    target = resolve_target(target)
    stages = optimize(graph, target, to_run=True)
    executable = backend(target).load(stages[-1].graph, cells)
    if folder := config.current().dump:
        dump_folder.write(stages, executable, folder)
    return Compiled(executable, tuple(stages), target, time.perf_counter() - started)


def new_cell(type_: TensorType, value: Any, target: str | None = None) -> StateCell:
    """Memory for a variable on the target, holding `value`."""
    return backend(resolve_target(target)).new_cell(type_, value)


def export_onnx(graph: Graph, state: Mapping[str, Array], **options: Any) -> bytes:
    """The content of an .onnx file; see `compiler.onnx_lowering.export.export_model` for the options and errors."""
    module = importlib.import_module(".onnx_lowering.export", __package__)
    return bytes(module.export_model(graph, state, **options))


def onnx_with_host_part(content: bytes, arguments: Any, feeds: Any, nodes: Any) -> bytes:
    """An .onnx file with nodes on strings in front of its graph; see `compiler.onnx_lowering.host_part`.

    `nodes` are (operator, attributes, inputs, output).
    """
    module = importlib.import_module(".onnx_lowering.host_part", __package__)
    made = [module.HostNode(op, inputs, output, attributes) for op, attributes, inputs, output in nodes]
    return bytes(module.with_host_part(content, arguments, feeds, made))


def resolve_target(target: str | None = None) -> str:
    """The target meant: ``auto`` is triton where a CUDA GPU answers, else onnxruntime."""
    target = target or config.current().target
    return _best_target() if target == "auto" else target


@cache
def _best_target() -> str:
    """Asked once per process, because the GPU is looked for."""
    if not gpu_available():
        return "onnxruntime"
    if importlib.util.find_spec("triton") is not None:
        return "triton"
    warnings.warn(
        "There is a GPU, but triton is not installed, so models run on the CPU. Install it with pip install 'graphkeras[gpu]', "
        "or set GRAPHKERAS_TARGET=onnxruntime to say that the CPU is meant.",
        stacklevel=3,
    )
    return "onnxruntime"


def _import_backend(module: str, name: str) -> Callable[[], Backend]:
    """A backend whose module is imported when its target is first chosen, because it imports onnxruntime or triton."""

    def load() -> Backend:
        return getattr(importlib.import_module(f".executables.{module}", __package__), name)()  # type: ignore[no-any-return]

    return load


_LOADERS: dict[str, Callable[[], Backend]] = {
    "numpy": NumpyBackend,
    "onnxruntime": _import_backend("onnxruntime", "OnnxruntimeBackend"),
    "triton": _import_backend("triton", "TritonBackend"),
}
_BACKENDS: dict[str, Backend] = {}


def backend(target: str) -> Backend:
    """The one backend of a target; made when it is first asked for, so that only targets in use are imported."""
    if target not in _BACKENDS:
        _BACKENDS[target] = _LOADERS[target]()
    return _BACKENDS[target]
