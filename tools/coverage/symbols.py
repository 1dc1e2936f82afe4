"""A sample call on symbols: every array operand is an input of a graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import graphkeras
from graphkeras import KerasTensor, tree
from graphkeras.compiler.graph import Graph
from graphkeras.compiler.types import type_of
from graphkeras.trace import Trace

from .calls.call import Array, Call


def arrays_of(call: Call) -> list[Array]:
    """The arrays among the arguments that become inputs of the graph, in order."""
    found: list[Array] = []
    with_arrays(call, lambda array: found.append(array) or array)  # type: ignore[func-returns-value]
    return found


def with_arrays(call: Call, change: Callable[[Array], Any]) -> Call:
    """The call with change(array) in place of each of these arrays, in order."""

    def replaced(argument: Any, place: int | str) -> Any:
        if place in call.known:
            return argument
        return tree.map_structure(lambda leaf: change(leaf) if isinstance(leaf, np.ndarray) else leaf, argument)

    args = tuple(replaced(argument, place) for place, argument in enumerate(call.args))
    kwargs = {key: replaced(call.kwargs[key], key) for key in call.kwargs}
    return call._replace(args=args, kwargs=kwargs)


def called_on_symbols(call: Call, trace: Trace, inputs: list[KerasTensor]) -> Any:
    """The result of the call on placeholders, which are added to `inputs`."""

    def placeholder(array: Array) -> KerasTensor:
        inputs.append(trace.placeholder(type_of(array), f"x{len(inputs)}"))
        return inputs[-1]

    return with_arrays(call, placeholder).make(graphkeras)


def traced(call: Call) -> Graph:
    """The graph of the call."""
    with Trace() as trace:
        result = called_on_symbols(call, trace, [])
        return trace.graph([leaf.value for leaf in tree.flatten(result) if isinstance(leaf, KerasTensor)])
