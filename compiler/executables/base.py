"""The protocol of executables and of the memory that holds a model's variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from ..dims import match_shape
from ..graph import Graph
from ..types import TensorType, numpy_dtype, shape_text

Array = np.ndarray[Any, Any]


class StateCell(Protocol):
    """The memory of one variable on one target. Executables that share a variable share its cell."""

    type: TensorType

    def read(self) -> Array:
        """A copy of the current value."""
        ...

    def write(self, value: Array) -> None:
        """Replace the value; the next run sees it."""
        ...


@dataclass
class Stats:
    """What an executable costs.

    Attributes:
        nodes: nodes of the program that runs.
        launches: kernel launches (or library calls) of one run.
        state_bytes: memory of the variables.
        arena_bytes: memory of intermediate values, where the target plans it.
        compile_seconds: time from graph to executable.
        details: target-specific figures.
    """

    nodes: int = 0
    launches: int = 0
    state_bytes: int = 0
    arena_bytes: int = 0
    compile_seconds: float = 0.0
    details: dict[str, Any] = field(default_factory=dict)


class Executable(Protocol):
    """A compiled graph. Its variables stay in its state cells from run to run.

    Attributes:
        graph: the graph that runs, after all passes.
        source: what runs, as readable text.
        stats: what it costs.
    """

    graph: Graph
    stats: Stats

    @property
    def source(self) -> str: ...

    def run(self, feeds: Sequence[Array]) -> list[Array]:
        """Run once on `feeds`, one array for each graph input, in order; updates the state and returns the outputs."""
        ...

    def launch(self, feeds: Sequence[Array]) -> None:
        """Like `run`, but leaves the outputs where they are; on a GPU it does not wait."""
        ...

    def fetch(self) -> list[Array]:
        """The outputs of the last `launch`, after waiting for it."""
        ...

    def read_state(self, name: str) -> Array:
        """The current value of a variable.

        Raises:
            KeyError: for an unknown name; lists the known ones.
        """
        ...

    def write_state(self, name: str, value: Array) -> None:
        """Replace a variable's value.

        Raises:
            KeyError: for an unknown name.
            ValueError: for another shape.
        """
        ...


class StateMixin:
    """`read_state` and `write_state` over a table of cells."""

    cells: Mapping[str, StateCell]

    def _cell(self, name: str) -> StateCell:
        if name not in self.cells:
            raise KeyError(f"There is no variable {name!r}; there are {', '.join(sorted(self.cells)) or 'none'}.")
        return self.cells[name]

    def read_state(self, name: str) -> Array:
        return self._cell(name).read()

    def write_state(self, name: str, value: Array) -> None:
        self._cell(name).write(checked_state(name, self._cell(name).type, value))


def checked_state(name: str, type_: TensorType, value: Any) -> Array:
    """`value` as an array of the variable's dtype.

    Raises:
        ValueError: if it has another shape.
    """
    array = np.asarray(value)
    if array.shape != type_.shape:
        raise ValueError(f"The variable {name!r} has shape {shape_text(type_.shape)}, got {shape_text(array.shape)}.")
    return np.asarray(array, dtype=numpy_dtype(type_.dtype), order="C")


def bind_feeds(graph: Graph, feeds: Sequence[Array]) -> dict[str, int]:
    """The sizes of the graph's symbols for these feeds.

    Raises:
        ValueError: for a wrong number of feeds, or a shape that does not fit.
        TypeError: for a wrong dtype.
    """
    if len(feeds) != len(graph.inputs):
        names = ", ".join(value.name for value in graph.inputs)
        raise ValueError(f"{graph.name} takes {len(graph.inputs)} inputs ({names}), got {len(feeds)}.")
    bindings: dict[str, int] = {}
    for value, feed in zip(graph.inputs, feeds, strict=True):
        if feed.dtype.name != value.type.dtype:
            raise TypeError(f"Input {value.name!r} of {graph.name} is {value.type}, got dtype {feed.dtype.name}.")
        if not match_shape(value.type.shape, feed.shape, bindings):
            known = f" with {', '.join(f'{k} = {v}' for k, v in bindings.items())}" if bindings else ""
            raise ValueError(
                f"Input {value.name!r} of {graph.name} has shape {shape_text(value.type.shape)}{known}, "
                f"got {shape_text(feed.shape)}."
            )
    return bindings
