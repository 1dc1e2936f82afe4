"""A sample call on symbols: every array operand is an input of a graph."""

from __future__ import annotations

from typing import Any

import numpy as np

import graphkeras
from graphkeras import KerasTensor, tree
from graphkeras.compiler.graph import Graph
from graphkeras.compiler.types import type_of
from graphkeras.trace import Trace

from .calls import Call
from .calls.call import Array


def arrays_of(call: Call) -> list[Array]:
    """The arrays among the arguments that become inputs of the graph."""
    return [leaf for leaf in tree.flatten(_with_places(call)) if isinstance(leaf, np.ndarray)]


def traced(call: Call) -> Graph:
    """The graph of the call."""
    graph, _ = traced_with_inputs(call)
    return graph


def traced_with_inputs(call: Call) -> tuple[Graph, list[KerasTensor]]:
    """The graph of the call, and its inputs as tensors."""
    inputs: list[KerasTensor] = []
    with Trace() as trace:
        result = called_on_symbols(call, trace, inputs)
        outputs = [leaf for leaf in tree.flatten(result) if isinstance(leaf, KerasTensor)]
        graph = trace.graph([output.value for output in outputs])
    return graph, inputs


def called_on_symbols(call: Call, trace: Trace, inputs: list[KerasTensor]) -> Any:
    """The result of the call on placeholders, which are added to `inputs`."""

    def symbol(leaf: Any) -> Any:
        if not isinstance(leaf, np.ndarray):
            return leaf
        inputs.append(trace.placeholder(type_of(leaf), "x"))
        return inputs[-1]

    open_args, open_kwargs = tree.map_structure(symbol, _with_places(call))
    args, kwargs = call.arguments(graphkeras)
    args = tuple(args[k] if k in call.known else open_args[k] for k in range(len(args)))
    kwargs = {key: kwargs[key] if key in call.known else open_kwargs[key] for key in kwargs}
    return call.function(graphkeras)(*args, **kwargs)


def _with_places(call: Call) -> tuple[Any, Any]:
    """The arguments without those that must be known."""
    args, kwargs = call.arguments(graphkeras)
    return (
        tuple(None if k in call.known else arg for k, arg in enumerate(args)),
        {key: None if key in call.known else value for key, value in kwargs.items()},
    )
