"""The numpy target: every node by its op's reference. Slow, and what all other targets are compared with."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np

from ..graph import Graph, Value, bind_attrs
from ..types import TensorType, numpy_dtype
from .base import Array, StateCell, StateMixin, Stats, bind_feeds, checked_state


class NumpyCell:
    """A variable in NumPy memory."""

    def __init__(self, type_: TensorType, value: Array) -> None:
        self.type = type_
        self.array = checked_state("variable", type_, value).copy()

    def read(self) -> Array:
        return self.array.copy()

    def write(self, value: Array) -> None:
        self.array = checked_state("variable", self.type, value).copy()


def evaluate_graph(graph: Graph, feeds: Sequence[Array], state: Sequence[Array] = ()) -> tuple[list[Array], list[Array]]:
    """Outputs and new state of `graph`, by the ops' references.

    Raises:
        ValueError, TypeError: for feeds that do not fit the inputs.
    """
    bindings = bind_feeds(graph, feeds)
    values: dict[Value, Array] = dict(zip(graph.sources, [*feeds, *state], strict=True))
    for node in graph.nodes:
        results = node.op.evaluate(*(values[value] for value in node.inputs), **bind_attrs(node.attrs, bindings))
        for value, result in zip(node.outputs, results if isinstance(results, tuple) else (results,), strict=True):
            values[value] = np.asarray(result)
    return [values[value] for value in graph.outputs], [values[slot.output] for slot in graph.state]


class NumpyExecutable(StateMixin):
    """Runs a graph node by node."""

    def __init__(self, graph: Graph, cells: Mapping[str, StateCell]) -> None:
        started = time.perf_counter()
        self.graph, self.cells = graph, cells
        self._outputs: list[Array] = []
        state_bytes = sum(cell.type.size * numpy_dtype(cell.type.dtype).itemsize for cell in cells.values())
        self.stats = Stats(len(graph.nodes), len(graph.nodes), int(state_bytes), 0, time.perf_counter() - started)

    @property
    def source(self) -> str:
        return str(self.graph)

    def launch(self, feeds: Sequence[Array]) -> None:
        self._outputs, state = evaluate_graph(self.graph, feeds, [self.cells[slot.name].read() for slot in self.graph.state])
        for slot, value in zip(self.graph.state, state, strict=True):
            if slot.is_updated:
                self.cells[slot.name].write(value)

    def fetch(self) -> list[Array]:
        return self._outputs

    def run(self, feeds: Sequence[Array]) -> list[Array]:
        self.launch(feeds)
        return self.fetch()
