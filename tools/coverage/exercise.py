"""Make a sample call in every way it can be made, and say what happens.

* eager: the call on arrays.
* symbolic: the call on symbols makes a graph whose results have the types that the eager call found.
* numpy, onnxruntime, triton: the graph runs there (triton on its interpreter) and gives the numbers of the eager call.
* gradient: the symbolic gradient of all float operands runs on onnxruntime, and equals a difference quotient in float64.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import graphkeras
from graphkeras import KerasTensor, tree
from graphkeras.compiler import driver
from graphkeras.compiler.graph import Graph
from graphkeras.compiler.types import TensorType, type_of
from graphkeras.trace import Trace

from .calls.call import Array, Call
from .symbols import arrays_of, called_on_symbols, traced, with_arrays

TARGETS = ("numpy", "onnxruntime", "triton")
WAYS = ("eager", "symbolic", *TARGETS, "gradient")

#: Differences from the eager result, relative to the largest number of the result and at least to 1.
TOLERANCE = {"float64": 1e-9, "float32": 2e-5, "float16": 1e-2, "bfloat16": 6e-2}

#: Their gradient is not the derivative of what they compute; that is what they are for.
GRADIENT_BY_DEFINITION = {"stop_gradient", "custom_gradient"}


def exercise(call: Call, ways: Sequence[str] = WAYS) -> dict[str, str]:
    """For each way that makes sense for the call: "" if it works, else what is wrong in one line."""
    told: dict[str, str] = {}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        eager = _attempt(lambda: [np.asarray(leaf) for leaf in tree.flatten(call.make(graphkeras))])
        told["eager"] = eager if isinstance(eager, str) else ""
        if isinstance(eager, str) or call.eager or not arrays_of(call):
            return told
        graph = _attempt(lambda: traced(call))
        if isinstance(graph, str):
            return told | {way: graph for way in ways if way not in ("eager", "gradient")}
        told["symbolic"] = type_difference([value.type for value in graph.outputs], [type_of(array) for array in eager])
        for target in TARGETS:
            if target in ways:
                told[target] = _on_target(call, graph, eager, target)
        if "gradient" in ways and (gradient := _attempt(lambda: check_gradient(call))) is not None:
            told["gradient"] = gradient
    return told


def _attempt(make: Callable[[], Any]) -> Any:
    """What `make` returns, or the error in one line."""
    try:
        return make()
    except Exception as error:  # everything that can go wrong is what this tool reports
        return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"


def type_difference(types: Sequence[TensorType], expected: Sequence[TensorType]) -> str:
    """How the types of results differ; "" if they are equal."""
    if tuple(types) == tuple(expected):
        return ""
    return f"has type {', '.join(map(str, types))}, eager {', '.join(map(str, expected))}"


def _on_target(call: Call, graph: Graph, expected: Sequence[Array], target: str) -> str:
    found = _attempt(lambda: driver.compile_graph(graph, {}, target).executable.run(arrays_of(call)))
    return found if isinstance(found, str) else array_difference(found, expected)


def array_difference(found: Sequence[Array], expected: Sequence[Array]) -> str:
    """How far results are apart, if they are."""
    for number, (one, other) in enumerate(zip(found, expected, strict=True)):
        if type_of(one) != type_of(other):
            return f"result {number} is {type_of(one)}, eager {type_of(other)}"
        tolerance = TOLERANCE.get(other.dtype.name, 0.0)
        a, b = one.astype(np.float64), other.astype(np.float64)
        finite = np.isfinite(b)
        scale = max(1.0, float(np.abs(b[finite]).max(initial=0.0)))
        wrong = ~((np.abs(a - b) <= tolerance * scale) | (a == b) | (np.isnan(a) & np.isnan(b)))
        if wrong.any():
            place = tuple(int(k) for k in np.argwhere(wrong)[0])
            return f"result {number} at {list(place)} is {one[place]}, eager {other[place]}"
    return ""


def check_gradient(call: Call) -> str | None:
    """ "" if the gradient is right, what is wrong, or None if nothing can be differentiated."""
    in_double = with_arrays(call, lambda array: array.astype(np.float64) if array.dtype.kind == "f" else array)
    graph = gradient_graph(in_double)
    if graph is None:
        return None
    arrays = arrays_of(in_double)
    rng = np.random.default_rng(0)
    directions = [np.asarray(rng.uniform(-1, 1, a.shape)) if a.dtype.kind == "f" else None for a in arrays]
    found = driver.compile_graph(graph, {}, "onnxruntime").executable.run(arrays)
    slope = sum(float(np.sum(one * d)) for one, d in zip(found, [d for d in directions if d is not None], strict=True))
    (low, high), wider = (_one_sided_slopes(in_double, directions, step) for step in (1e-5, 2e-5))
    settled = np.allclose((low, high), wider, rtol=1e-3, atol=1e-3)  # not at a jump, nor where an operand is infinite
    margin = 1e-3 + 1e-3 * max(abs(low), abs(high))
    if call.name not in GRADIENT_BY_DEFINITION and settled and not low - margin <= slope <= high + margin:
        return f"slope {slope:.6g}, by differences {low:.6g}" + (f" to {high:.6g}" if high - low > margin else "")
    return ""


def _one_sided_slopes(call: Call, directions: Sequence[Array | None], step: float) -> tuple[float, float]:
    """The least and the greatest slope of the sum of all float results along `directions`: they differ at a kink."""
    behind, here, ahead = (_float_results(call, directions, size) for size in (-step, 0.0, step))
    left = [(middle - one) / step for one, middle in zip(behind, here, strict=True)]
    right = [(one - middle) / step for one, middle in zip(ahead, here, strict=True)]
    pairs = list(zip(left, right, strict=True))
    return sum(float(np.minimum(a, b).sum()) for a, b in pairs), sum(float(np.maximum(a, b).sum()) for a, b in pairs)


def _float_results(call: Call, directions: Sequence[Array | None], size: float) -> list[Array]:
    moved = iter([a if d is None else a + size * d for a, d in zip(arrays_of(call), directions, strict=True)])
    results = tree.flatten(with_arrays(call, lambda array: next(moved)).make(graphkeras))
    return [leaf for leaf in map(np.asarray, results) if leaf.dtype.kind == "f"]


def gradient_graph(call: Call) -> Graph | None:
    """From the inputs of the call to the gradients of all float inputs; zeros where the result does not depend on one."""
    inputs: list[KerasTensor] = []
    with Trace() as trace:
        result = called_on_symbols(call, trace, inputs)
        outputs = [leaf for leaf in tree.flatten(result) if isinstance(leaf, KerasTensor) and leaf.dtype.startswith("float")]
        wanted = [tensor for tensor in inputs if tensor.dtype.startswith("float")]
        if not outputs or not wanted:
            return None
        found = graphkeras.gradients(outputs, wanted)
        if all(gradient is None for gradient in found) and call.name not in GRADIENT_BY_DEFINITION:
            return None
        zeros = [graphkeras.ops.zeros_like(tensor) for tensor in wanted]
        return trace.graph([(zero if one is None else one).value for one, zero in zip(found, zeros, strict=True)])
