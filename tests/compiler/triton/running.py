"""Graphs run by the triton target on the interpreter, next to the NumPy reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.executables.triton import TritonBackend, TritonExecutable
from graphkeras.compiler.graph import Graph, StateSlot, Value
from graphkeras.compiler.pipeline import optimize
from graphkeras.compiler.types import type_of
from graphkeras.kernels.interpreter.device import InterpreterDevice

Array = np.ndarray[Any, Any]


def traced(build: Callable[..., Any], arrays: Sequence[Array], states: Mapping[str, Array] | None = None) -> Graph:
    """The graph of ``build(*inputs, **states)``: outputs, or (outputs, new states by name)."""
    inputs = [Value(type_of(array), f"x{number}") for number, array in enumerate(arrays)]
    variables = {name: Value(type_of(array), name) for name, array in (states or {}).items()}
    made = build(*inputs, **variables)
    outputs, updates = made if states is not None else (made, {})
    outputs = outputs if isinstance(outputs, (tuple, list)) else (outputs,)
    slots = [StateSlot(name, value, updates.get(name, value)) for name, value in variables.items()]
    return Graph.of(inputs, outputs, slots)


def run_both(
    graph: Graph, arrays: Sequence[Array], states: Mapping[str, Array] | None = None, reverse: bool = False
) -> tuple[list[Array], list[Array], TritonExecutable]:
    """Results and new states of triton and of the reference, and the executable."""
    states = states or {}
    with np.errstate(all="ignore"):
        outputs, new_states = evaluate_graph(graph, arrays, [states[slot.name] for slot in graph.state])
    backend = TritonBackend(InterpreterDevice(reverse=reverse))
    cells = {slot.name: backend.new_cell(slot.input.type, states[slot.name]) for slot in graph.state}
    executable = backend.load(optimize(graph, "triton")[-1].graph, cells)
    results = executable.run(arrays)
    return [*results, *(cells[slot.name].read() for slot in graph.state)], [*outputs, *new_states], executable


TOLERANCE = {"float64": 1e-12, "float32": 1e-5, "float16": 4e-3, "bfloat16": 3e-2}


def assert_close(actual: Sequence[Array], expected: Sequence[Array], text: str = "") -> None:
    """Equal up to the rounding of the dtype, relative to the largest element."""
    assert len(actual) == len(expected)
    for a, b in zip(actual, expected, strict=True):
        assert a.dtype == b.dtype, text
        assert a.shape == b.shape, text
        if b.dtype.kind in "biu":
            np.testing.assert_array_equal(a, b, err_msg=text)
            continue
        a, b = a.astype(np.float64), b.astype(np.float64)
        tolerance = TOLERANCE[expected[0].dtype.name if expected[0].dtype.kind not in "biu" else "float32"]
        scale = max(1.0, float(np.abs(b[np.isfinite(b)]).max(initial=0.0)))
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * scale, err_msg=text)


def check(build: Callable[..., Any], *arrays: Array, launches: int | None = None) -> TritonExecutable:
    """Both give the same; returns the executable."""
    actual, expected, executable = run_both(traced(build, arrays), arrays)
    assert_close(actual, expected, executable.source)
    if launches is not None:
        assert executable.stats.launches == launches, executable.source
    return executable
