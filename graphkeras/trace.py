"""`Trace`: what a Python function does to tensors and variables, as a graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any

import numpy as np

from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.graph import Graph, StateSlot, Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import STRING, TensorType

from . import stateless, tree
from .host import HostCall, HostProgram
from .tensor import KerasTensor

if TYPE_CHECKING:
    from .variable import Variable

_TRACE: ContextVar[Trace | None] = ContextVar("graphkeras_trace", default=None)


class Trace:
    """Inside ``with Trace() as trace:`` variables are symbols: reads give their current value, assignments are recorded.

    Attributes:
        placeholders: what the graph will be fed with, in order.
        arguments: what runs will be given: the placeholders that are no results of host calls, and strings.
        host_calls: functions that run before the graph, in order, by function and inputs.
        losses: (layer, scalar) for everything that layers added with `add_loss`.
    """

    def __init__(self) -> None:
        self.placeholders: list[KerasTensor] = []
        self.losses: list[tuple[Any, Any]] = []
        self.arguments: list[Value] = []
        self.host_calls: dict[Any, HostCall] = {}
        self._values: dict[Variable, Value] = {}
        self._tokens: list[Token[Trace | None]] = []

    def __enter__(self) -> Trace:
        self._tokens.append(_TRACE.set(self))
        return self

    def __exit__(self, *error: object) -> None:
        _TRACE.reset(self._tokens.pop())

    def placeholder(self, type_: TensorType, name: str) -> KerasTensor:
        """An input of the program."""
        tensor = self._fed(type_, name)
        self.arguments.append(tensor.value)
        return tensor

    def _fed(self, type_: TensorType, name: str) -> KerasTensor:
        """A tensor that runs give to the graph, unless it is one of strings, which stays outside."""
        tensor = KerasTensor.of(Value(type_, name))
        if type_.dtype != STRING:
            self.placeholders.append(tensor)
        return tensor

    def host_call(self, function: Callable[..., Any], inputs: Sequence[Value], type_: TensorType, layer: Any) -> KerasTensor:
        """The result of a function that runs on the host, before the graph (see `graphkeras.host`)."""
        key = (function, tuple(inputs))
        if key not in self.host_calls:
            self.host_calls[key] = HostCall(function, tuple(inputs), self._fed(type_, layer.name).value, layer)
        return KerasTensor.of(self.host_calls[key].output)

    def host_program(self) -> HostProgram | None:
        """What runs before the graph, if there is anything.

        Raises:
            ValueError: if it works on something else than the data.
        """
        if not self.host_calls:
            return None
        return HostProgram.of(self.arguments, self.host_calls.values(), [tensor.value for tensor in self.placeholders])

    def read(self, variable: Variable) -> Value:
        """The variable's value at this point of the program; that of the innermost `StatelessScope`, if it has one there."""
        scope = stateless.current_scope()
        held = None if scope is None else scope.get_current_value(variable)
        if held is None:
            return self._values.setdefault(variable, variable.symbol)
        return held.value if isinstance(held, KerasTensor) else ops.constant(value=held)

    def assign(self, variable: Variable, value: Value) -> None:
        """From here on the variable has this value; the last one is kept after a run, or by a `StatelessScope`."""
        scope = stateless.current_scope()
        if scope is None:
            self._values[variable] = value
        else:
            scope.add_update((variable, KerasTensor.of(value)))

    def snapshot(self) -> dict[Variable, Value]:
        """The values of all variables used so far, at this point of the program."""
        return dict(self._values)

    @property
    def variables(self) -> tuple[Variable, ...]:
        """All variables read or assigned so far, in the order of their first use."""
        return tuple(self._values)

    def slots(self) -> dict[str, Variable]:
        """The variables by the names of their state slots: their paths, made unique by a number."""
        named: dict[str, Variable] = {}
        for variable in self._values:
            name, number = variable.path, 1
            while name in named:
                name, number = f"{variable.path}_{number}", number + 1
            named[name] = variable
        return named

    def graph(self, outputs: Sequence[Value], name: str = "graph", output_names: Sequence[str] = ()) -> Graph:
        """The program that was traced: placeholders in, `outputs` out, variables as state."""
        slots = [StateSlot(slot, variable.symbol, self._values[variable]) for slot, variable in self.slots().items()]
        return Graph.of([tensor.value for tensor in self.placeholders], outputs, slots, name, output_names)


def current_trace() -> Trace | None:
    """The trace that is being recorded, or None when things run at once."""
    return _TRACE.get()


def on_arrays(function: Callable[[list[KerasTensor]], Any], arrays: Sequence[Any]) -> Any:
    """What `function` of symbolic tensors gives for arrays, computed at once; variables are read and assigned as it says."""
    given = [np.asarray(array) for array in arrays]
    with Trace() as trace:
        tensors = [trace.placeholder(TensorType(array.shape, array.dtype.name), "x") for array in given]
        results = function(tensors)
    leaves = [leaf for leaf in tree.flatten(results) if isinstance(leaf, KerasTensor)]
    graph, variables = trace.graph([leaf.value for leaf in leaves]), trace.variables
    found, state = evaluate_graph(graph, given, [variable.numpy() for variable in variables])
    for slot, variable, value in zip(graph.state, variables, state, strict=True):
        if slot.output is not slot.input:
            variable.assign(value)
    computed = iter(found)
    return tree.map_structure(lambda leaf: next(computed) if isinstance(leaf, KerasTensor) else leaf, results)


@contextmanager
def eager() -> Iterator[None]:
    """Inside, nothing is traced: initial numbers are computed at once, also while a program is being traced."""
    token = _TRACE.set(None)
    try:
        yield
    finally:
        _TRACE.reset(token)
