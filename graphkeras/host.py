"""Functions that run on the host, in NumPy, before the graph: what layers do to strings.

A graph computes with numbers, so a model that is fed with strings has two parts. While a step is traced, a host function that
is called on strings gives a *new input of the graph*, and the trace remembers the call. At every step the remembered calls run
first, on the data; the graph then runs on their results.

    texts ──TextVectorization, in NumPy──▶ int64[batch,tokens] ──the one static graph──▶ predictions

So the same layers work on arrays, in functional models, and inside `call` and `train_step` of the user's classes.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.graph import Graph, Value, topological
from graphkeras.compiler.types import STRING

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class HostCall:
    """A function of arrays that runs before the graph.

    Attributes:
        function: gives one array.
        inputs: inputs of the program, or results of other host calls.
        output: an input of the graph.
        layer: the layer whose function it is, for messages and export.
    """

    function: Callable[..., Array]
    inputs: tuple[Value, ...]
    output: Value
    layer: Any


@dataclass(frozen=True, eq=False)
class HostProgram:
    """What runs before a graph.

    Attributes:
        arguments: what the program is given.
        calls: in the order in which they run.
        feeds: the inputs of the graph.
    """

    arguments: tuple[Value, ...]
    calls: tuple[HostCall, ...]
    feeds: tuple[Value, ...]

    @classmethod
    def of(cls, arguments: Sequence[Value], calls: Iterable[HostCall], feeds: Sequence[Value]) -> HostProgram:
        """The program of some calls. Numbers that they take and the graph computes from the data are computed before, too.

        Raises:
            ValueError: for numbers that do not follow from the data alone.
        """
        known, steps = dict.fromkeys(arguments), list[HostCall]()
        for call in calls:
            for value in call.inputs:
                if value not in known:
                    steps.append(_computation(value, known, call.layer))
                    known[value] = None
            steps.append(call)
            known[call.output] = None
        return cls(tuple(arguments), tuple(steps), tuple(feeds))

    def __call__(self, arrays: Sequence[Array]) -> list[Array]:
        """The arrays for the graph."""
        known = dict(zip(self.arguments, arrays, strict=True))
        for call in self.calls:
            known[call.output] = call.function(*(known[value] for value in call.inputs))
        return [known[value] for value in self.feeds]


def _computation(value: Value, known: Container[Value], layer: Any) -> HostCall:
    """What gives a value of the graph, node by node, from known ones."""
    nodes = topological([value])
    leaves = list(dict.fromkeys(leaf for node in nodes for leaf in node.inputs if leaf.node is None or leaf in known))
    if value.node is None or not all(leaf in known for leaf in leaves):
        raise ValueError(
            f"The layer {layer.name!r} works before the model's graph runs, so that it takes the model's data and what follows "
            "from it alone. It got numbers that depend on weights, or on a loop."
        )
    graph = Graph.of(leaves, [value])
    return HostCall(lambda *arrays: evaluate_graph(graph, arrays)[0][0], tuple(leaves), value, layer)


def strings(array: Any) -> Any:
    """Strings as an array of objects, whatever their lengths, so that all batches look alike; None for other things.

    NumPy's arrays of strings and of bytes, and arrays of objects that are all strings, as data frames have them, are strings.
    """
    array = np.asarray(array)
    if array.dtype.kind in "UST":
        return array.astype(object)
    if array.dtype.kind == "O" and array.size and all(isinstance(item, (str, bytes)) for item in array.flat):
        return array
    return None


def are_strings(x: Any) -> bool:
    """Whether a tensor or an array is one of strings."""
    return str(getattr(x, "dtype", "")) in (STRING, "object")


def with_last_axis(x: Array) -> Array:
    """Strings with one more axis, of size 1."""
    return np.asarray(x[..., None])


def without_last_axis(x: Array) -> Array:
    """Strings without their last axis, which has size 1."""
    return np.asarray(x[..., 0])
