"""How a graph is compiled: every stage with the same names for the same values, and the program at the end."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import count

from graphkeras.compiler.dims import DimLike
from graphkeras.compiler.graph import Graph, Node, Value
from graphkeras.compiler.journal import Entry, recording
from graphkeras.compiler.onnx_lowering.lower import lower as lower_to_onnx
from graphkeras.compiler.onnx_lowering.text import model_text
from graphkeras.compiler.onnx_lowering.tiles import tile_updates
from graphkeras.compiler.pipeline import Stage, optimize
from graphkeras.compiler.printer import graph_text, unique_names

from .errors import DumpError

PROGRAM = "program"
DEFAULT_BATCH = 32


@dataclass(frozen=True)
class Story:
    """The stages of one compilation.

    Attributes:
        target: what it was compiled for.
        stages: the graph as traced and after every pass.
    """

    target: str
    stages: tuple[Stage, ...]

    @property
    def names(self) -> list[str]:
        """The stages that can be asked for."""
        return [*(stage.name for stage in self.stages), PROGRAM]

    def stage(self, name: str) -> Stage:
        """The stage of that name.

        Raises:
            DumpError: if there is none; lists the stages.
        """
        for stage in self.stages:
            if stage.name == name:
                return stage
        near = get_close_matches(name, self.names, 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise DumpError(f"There is no stage {name!r}; for the target {self.target} there are {', '.join(self.names)}.{hint}")

    def program(self, sizes: Mapping[str, int]) -> tuple[str, tuple[Entry, ...]]:
        """What runs, as text, and what the lowering did. Triton's programs are made for these `sizes` of the symbols."""
        graph = self.stages[-1].graph
        if self.target == "onnxruntime":
            with recording() as entries:
                tiled, _ = tile_updates(graph)
            return model_text(lower_to_onnx(tiled, describe=True).model), tuple(entries)
        if self.target == "triton":
            bindings = {name: sizes.get(name, DEFAULT_BATCH) for name in graph.symbols}
            lower = importlib.import_module("graphkeras.compiler.triton_lowering.lower").lower
            lowered = lower(graph, bindings)
            text = importlib.import_module("graphkeras.compiler.executables.triton").program_text(lowered, bindings)
            return str(text), tuple(lowered.entries)
        return graph_text(graph, elide=True), ()


def tell(graph: Graph, target: str, sizes: Mapping[str, DimLike]) -> Story:
    """Compile `graph` with `sizes` in place of its symbols."""
    passes = count()

    def name_new_values(stage: Stage) -> None:
        _name_values(stage.graph, f"p{next(passes)}_" if stage.name != "traced" else "v")

    next(passes)
    return Story(target, tuple(optimize(_prepared(graph, sizes), target, name_new_values, to_run=True)))


def _prepared(graph: Graph, sizes: Mapping[str, DimLike]) -> Graph:
    """A copy that may be renamed, with sizes bound and files named from the current folder; passes keep its values' names."""
    return _shortened(graph.bind(sizes))


def _shortened(graph: Graph) -> Graph:
    """Files named from the current folder, in bodies, too."""
    short: dict[Value, Value] = {}
    nodes = []
    for node in graph.nodes:
        origin = replace(node.origin, source=_short(node.origin.source))
        attrs = {**node.attrs, **{key: _shortened(body) for key, body in node.bodies.items()}}
        fresh = Node(node.op, [short.get(v, v) for v in node.inputs], attrs, [v.type for v in node.outputs], origin)
        for old, new in zip(node.outputs, fresh.outputs):
            new.name = old.name
            short[old] = new
        nodes.append(fresh)
    return graph.rebuild(short, nodes)


def _name_values(graph: Graph, prefix: str) -> None:
    """Give every value a name of its own: passes hand it on to what replaces the value."""
    number = 0
    for value, name in unique_names(graph).items():
        if not value.name:
            name, number = f"{prefix}{number}", number + 1
        value.name = name


def _short(source: str) -> str:
    here = f"{os.getcwd()}{os.sep}"
    return source.removeprefix(here)
