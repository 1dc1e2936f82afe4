"""Graphs that several ONNX tests use, and memory for their variables."""

from __future__ import annotations

from typing import Any

import numpy as np

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.driver import new_cell
from graphkeras.compiler.executables.base import StateCell
from graphkeras.compiler.graph import Graph, StateSlot, Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType, numpy_dtype
from tests.compiler.training_steps import mlp_step

Array = np.ndarray[Any, Any]
BATCH = Dim.symbol("batch")


def value(name: str, *shape: int | Dim, dtype: str = "float32") -> Value:
    return Value(TensorType(shape, dtype), name)


def initial_state(graph: Graph, seed: int = 0) -> dict[str, Array]:
    """Small random weights; zeros for what is not a matrix; a learning rate of 0.01."""
    rng = np.random.default_rng(seed)
    state = {}
    for slot in graph.state:
        shape, dtype = tuple(int(dim) for dim in slot.input.type.shape), numpy_dtype(slot.input.type.dtype)
        is_kernel = slot.name.startswith("kernel") and "_m" not in slot.name and "_v" not in slot.name
        state[slot.name] = (rng.normal(0, 0.3, shape) if is_kernel else np.zeros(shape)).astype(dtype)
    if "optimizer/rate" in state:
        state["optimizer/rate"] = np.array(0.01, np.float32)
    return state


def cells_of(state: dict[str, Array], target: str = "onnxruntime") -> dict[str, StateCell]:
    return {name: new_cell(TensorType(array.shape, array.dtype.name), array, target) for name, array in state.items()}


def training_step() -> Graph:
    return mlp_step((6, 5, 3))


def batch_of(size: int, seed: int = 1) -> list[Array]:
    """Feeds of `training_step`."""
    rng = np.random.default_rng(seed)
    targets = np.eye(3, dtype=np.float32)[rng.integers(0, 3, size)]
    return [rng.normal(size=(size, 6)).astype(np.float32), targets, np.ones(size, np.float32)]


def counter() -> Graph:
    """total += sum(x); returns the old total and x doubled."""
    x, total = value("x", BATCH, 2), value("total")
    updated = total + ops.sum(x)
    return Graph.of([x], [ops.identity(total), x * 2], [StateSlot("total", total, updated)], "count", ["before", "doubled"])
