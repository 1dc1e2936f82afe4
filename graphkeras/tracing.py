"""`StaticFunction`: a Python function on tensors that is traced once for each signature and then runs as one compiled graph."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphkeras.compiler import driver
from graphkeras.compiler.dims import Dim, Shape
from graphkeras.compiler.driver import Compiled
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import DTYPES, STRING, TensorType

from . import tree
from .call_context import outside_of_calls
from .host import HostProgram, strings
from .open_sizes import OpenSizes
from .tensor import KerasTensor
from .trace import Trace
from .variable import Variable, placements_changed

Array = np.ndarray[Any, Any]


@dataclass
class PreparedFunction:
    """One signature of a `StaticFunction`, traced and compiled.

    Attributes:
        graph: the program as it was traced.
        compiled: what runs, and every stage of its compilation.
        input_structure: the arguments, with a `KerasTensor` for every array.
        output_structure: what the function returned, with a `KerasTensor` for every array.
        variables: the variables it reads or assigns, by the names of their state slots.
        host: what runs before the graph, on strings.
    """

    graph: Graph
    compiled: Compiled
    input_structure: Any
    output_structure: Any
    variables: dict[str, Variable]
    placements: int = 0
    host: HostProgram | None = None

    def launch(self, arrays: Sequence[Array]) -> None:
        """Run on these arrays, one for each array of the arguments; does not wait for the result."""
        self.compiled.executable.launch(self._fed(arrays))

    def fetch(self) -> list[Array]:
        """The results of the last `launch`, one for each tensor that the function returned."""
        return self.compiled.executable.fetch()

    def run(self, arrays: Sequence[Array]) -> Any:
        """Run and return what the function returns, with arrays for tensors."""
        return self.packed(self.compiled.executable.run(self._fed(arrays)))

    def _fed(self, arrays: Sequence[Array]) -> Sequence[Array]:
        """What the graph gets, of what the program gets."""
        return arrays if self.host is None else self.host(arrays)

    def packed(self, results: Sequence[Array]) -> Any:
        """The arrays from `fetch` in the structure that the function returns."""
        left = iter(results)
        return tree.map_structure(lambda leaf: next(left) if isinstance(leaf, KerasTensor) else leaf, self.output_structure)


class StaticFunction:
    """Compiles `function` for the arguments it is called with.

    Arguments are nested lists, tuples and dicts. Arrays in them become placeholders: axis 0 is the symbol ``batch``, so
    that every batch size runs the same program. Another size is fixed at first; when arrays come that differ in it, a
    second program leaves it open and serves all that follow (`open_sizes`). Where the function cannot be traced for open
    sizes, there is a program for each. Anything else (None, numbers, strings) is a constant of the signature. Runs on the
    configured target.

    Args:
        function: gets the arguments with KerasTensors for arrays; may read and assign variables.
        name: the name of the graph.
        target: what runs it; None for the configured target.
    """

    def __init__(self, function: Callable[..., Any], name: str = "", target: str | None = None) -> None:
        self.function = function
        self.name = name or function.__name__
        self.target = target
        self.signatures: dict[Any, PreparedFunction] = {}
        self._by_kind: dict[Any, OpenSizes[PreparedFunction]] = {}

    def __call__(self, *args: Any) -> Any:
        arrays: list[Array] = []
        return self._prepared(args, arrays).run(arrays)

    def prepare(self, *args: Any) -> PreparedFunction:
        """The compiled program for arguments like these."""
        return self._prepared(args, [])

    @property
    def programs(self) -> list[PreparedFunction]:
        """The programs that are in use, each once: a program with open sizes serves many signatures."""
        return list({id(program): program for program in self.signatures.values()}.values())

    def _prepared(self, args: tuple[Any, ...], arrays: list[Array]) -> PreparedFunction:
        target = driver.resolve_target(self.target)
        key = (target, _signature(args, arrays))
        found = self.signatures.get(key)
        if found is None or found.placements != placements_changed():
            found = self.signatures[key] = self._made(args, target)
        return found

    def _made(self, args: tuple[Any, ...], target: str) -> PreparedFunction:
        """A program for arguments whose signature is new: one with open sizes that fits, or a new one."""
        arrays: list[Array] = []
        kind = (target, _signature(args, arrays, only_kind=True))
        sizes = self._by_kind.setdefault(kind, OpenSizes())
        shapes = tuple(array.shape for array in arrays)
        found = sizes.fitting(shapes, placements_changed())
        if found is not None:
            return found
        names = [name for name, leaf in zip(self._names(args), tree.flatten(list(args))) if _is_array(leaf)]
        reason = ""
        for wide in sizes.widened(shapes, names):
            try:
                found = self._compile(args, target, wide)
                sizes.remember_open(shapes, wide, found)
                return found
            except (ValueError, TypeError, NotImplementedError) as error:
                # Code that needs numbers for sizes, or data that does not fit the model: then the next line says so.
                reason = str(error)
        sizes.fixed_because = sizes.fixed_because or reason
        found = self._compile(args, target)
        sizes.remember_fixed(shapes, self.name)
        return found

    def _compile(self, args: tuple[Any, ...], target: str, shapes: Sequence[Shape] | None = None) -> PreparedFunction:
        graph, inputs, outputs, trace = self._traced(args, shapes)
        variables = trace.slots()
        cells = {slot: variable.cell(target) for slot, variable in variables.items()}
        placements = placements_changed()
        compiled = driver.compile_graph(graph, cells, target)
        return PreparedFunction(graph, compiled, inputs, outputs, variables, placements, trace.host_program())

    def trace(self, *args: Any, shapes: Sequence[Shape] | None = None) -> tuple[Graph, Any, Any, dict[str, Variable]]:
        """The graph for arguments like these, the two structures with KerasTensors, and the variables by slot.

        `shapes` are those of the placeholders; by default axis 0 is open and the other sizes are the arrays'.
        """
        graph, inputs, outputs, trace = self._traced(args, shapes)
        return graph, inputs, outputs, trace.slots()

    def _traced(self, args: tuple[Any, ...], shapes: Sequence[Shape] | None) -> tuple[Graph, Any, Any, Trace]:
        names, wide = iter(self._names(args)), iter(shapes or ())
        with outside_of_calls(), Trace() as trace:

            def placeholder(leaf: Any) -> Any:
                name = next(names)
                if not _is_array(leaf):
                    return leaf
                return trace.placeholder(placeholder_type(leaf, name, next(wide, None)), name)

            inputs = tree.map_structure(placeholder, list(args))
            result = self.function(*inputs)
            outputs = tree.map_structure(lambda leaf: _as_output(leaf, trace), result)
        values = [leaf.value for leaf in tree.flatten(outputs) if isinstance(leaf, KerasTensor)]
        graph = trace.graph(values, self.name, _output_names(outputs))
        return graph, inputs, outputs, trace

    def _names(self, args: tuple[Any, ...]) -> list[str]:
        """A name for every leaf of the arguments: the parameter's, with the path inside a structure."""
        parameters = [p.name for p in inspect.signature(self.function).parameters.values() if p.kind is not p.VAR_POSITIONAL]
        parameters += [f"input_{k}" for k in range(len(parameters), len(args))]
        return [
            "_".join(str(part) for part in (parameter, *path))
            for parameter, argument in zip(parameters, args)
            for path, _ in tree.flatten_with_path(argument)
        ]

    def __repr__(self) -> str:
        return f"<StaticFunction {self.name}, {len(self.signatures)} signatures>"


def placeholder_type(array: Any, name: str, shape: Shape | None = None) -> TensorType:
    """The type of a program's input for an array like this one. By default only axis 0 is open, the symbol ``batch``.

    Raises:
        TypeError: for a dtype that graphs do not have, such as strings or objects.
    """
    is_text = array.dtype.name not in DTYPES and strings(array) is not None
    if array.dtype.name not in DTYPES and not is_text:
        raise TypeError(f"Input {name!r} has dtype {array.dtype}; a tensor is made of numbers: {', '.join(DTYPES)}.")
    if shape is None:
        shape = (Dim.symbol("batch"), *array.shape[1:]) if array.ndim else ()
    return TensorType(shape, STRING if is_text else array.dtype.name)


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, (np.ndarray, np.generic))


def _signature(structure: Any, arrays: list[Array], only_kind: bool = False) -> Any:
    """A hashable description of the arguments; collects their arrays, in the order of `tree.flatten`.

    `only_kind` leaves out the sizes that may be open.
    """
    if isinstance(structure, np.ndarray):
        arrays.append(structure)
        sizes = structure.shape[1:]
        return structure.dtype, tuple([min(size, 2) for size in sizes]) if only_kind else sizes, structure.ndim
    if isinstance(structure, dict):
        return "dict", tuple((key, _signature(structure[key], arrays, only_kind)) for key in tree.sorted_keys(structure))
    if isinstance(structure, (list, tuple)):
        return type(structure).__name__, tuple(_signature(item, arrays, only_kind) for item in structure)
    if isinstance(structure, np.generic):
        arrays.append(np.asarray(structure))
        return structure.dtype, (), 0
    return type(structure).__name__, structure


def _as_output(leaf: Any, trace: Trace) -> Any:
    """A tensor that the function returned, as a KerasTensor; other things stay."""
    if isinstance(leaf, KerasTensor) and leaf.dtype == STRING:
        raise TypeError(f"A program computes numbers, so that it cannot return strings: {leaf!r}.")
    if isinstance(leaf, Variable):
        return KerasTensor.of(trace.read(leaf))
    if isinstance(leaf, Value):
        return KerasTensor.of(leaf)
    if isinstance(leaf, (np.ndarray, np.generic)):
        return KerasTensor.of(ops.constant(value=np.asarray(leaf)))
    return leaf


def _output_names(outputs: Any) -> list[str]:
    found = [path for path, leaf in tree.flatten_with_path(outputs) if isinstance(leaf, KerasTensor)]
    return ["_".join(map(str, path)) if path and isinstance(path[-1], str) else f"output_{k}" for k, path in enumerate(found)]
