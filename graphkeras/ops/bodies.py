"""The user's functions inside control flow: what they compute becomes a body, a closed graph.

A function may read tensors and variables from around it; they become operands of the operation. It must not assign variables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from graphkeras.compiler.bodies import captured, closed
from graphkeras.compiler.graph import Graph, Node, Value, nodes_made
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType, type_of

from .. import tree
from ..call_context import current_call
from ..own_operands import foreign_sources
from ..tensor import KerasTensor
from ..trace import Trace, current_trace
from ..variable import Variable
from .operands import cast, dtype_of, tensor


class BodyTrace(Trace):
    """Inside, variables have their values as of now, and cannot be assigned.

    Args:
        operation: the name that errors give, such as ``ops.scan``.
    """

    def __init__(self, operation: str) -> None:
        super().__init__()
        self.operation = operation
        self.outer = current_trace()

    def read(self, variable: Variable) -> Value:
        found = super().read(variable)
        if self.outer is None or found is not variable.symbol:  # a StatelessScope says another value
            return found
        return self.outer.read(variable)

    def assign(self, variable: Variable, value: Value) -> NoReturn:
        raise ValueError(
            f"{self.operation}: the function assigns the variable {variable.path!r}; inside a loop or a branch variables can "
            "only be read. Carry the new value along as a tensor and assign it after the operation; draw random numbers before "
            "it and pass them in."
        )

    def check_losses(self) -> None:
        """Raise ValueError if a layer inside has added a loss."""
        if self.losses:
            raise ValueError(
                f"{self.operation}: a layer inside the function adds a loss (add_loss or a regularizer of its activity); "
                "return the loss from the function and add it after the operation."
            )


class Traced:
    """What one function computed.

    Attributes:
        inputs: stand-ins for the tensors that it was called with.
        structure: what it returned, with a number for every tensor and None for None.
        values: the tensors that it returned.
        numbers: for each of `values`, whether it was a Python number, whose dtype is weak.
        nodes: the nodes that it made.
    """

    def __init__(
        self, function: Callable[..., Any], types: Sequence[TensorType], arguments: Callable[..., Any], what: str
    ) -> None:
        self._what = what
        self._name = getattr(function, "__name__", type(function).__name__)
        self.inputs = [Value(type_, f"x{k}") for k, type_ in enumerate(types)]
        self.values: list[Value] = []
        self.numbers: list[bool] = []
        trace = BodyTrace(what)
        with trace, nodes_made() as made:
            args = arguments([KerasTensor.of(value) for value in self.inputs])
            self.result = function(*args)
            self.structure = tree.map_structure(self._collect, self.result)
        trace.check_losses()
        self.nodes: list[Node] = made
        self._variables = {variable.symbol for variable in trace.variables}

    def _collect(self, leaf: Any) -> int | None:
        if leaf is None:
            return None
        self.numbers.append(isinstance(leaf, (bool, int, float)))
        self.values.append(as_value(leaf))
        return len(self.values) - 1

    def packed(self, values: Sequence[Any]) -> Any:
        """What the function returned, with `values` for its tensors."""
        return tree.map_structure(lambda number: None if number is None else values[number], self.structure)

    def reads(self, everything: bool = False) -> list[Value]:
        """What it reads from outside. `everything` that it computed belongs to its body, also what depends on none of its
        inputs; by default that is computed once, outside.

        Raises:
            ValueError: in a functional model, for a symbolic tensor: when the model runs on other tensors, the function would
                still read this one.
        """
        found = captured(self.inputs, self.values, self.nodes if everything else None)
        if current_trace() is None and current_call() is None:
            for value in foreign_sources(found):
                if value not in self._variables and value not in self.inputs:
                    raise ValueError(
                        f"{self._what}: the function {self._name!r} reads the symbolic tensor {value.name or value!r} of a "
                        "functional model from outside, so that the model could not be run on other inputs. Pass the tensor "
                        "as an argument of the operation, or put the operation into a layer's call or a Lambda layer."
                    )
        return found

    def body(self, outer: Sequence[Value]) -> Graph:
        """Its body, with inputs for its own arguments and then for the `outer` values."""
        return closed(self.inputs, self.values, outer, self._name)


def trace_rounds(
    function: Callable[..., Any], state: Sequence[Any], types: Sequence[TensorType], arguments: Callable[..., Any], what: str
) -> tuple[list[Any], Traced]:
    """Trace a function whose first results take the place of `state` in the next round.

    Args:
        state: the tensors and Python numbers of the first round. A number gets the dtype that the function gives it.
        types: the types of what else the function is called with.
        arguments: from stand-ins for state and rest to the arguments of a call.

    Returns:
        The state as tensors, and what the function computes.

    Raises:
        ValueError: if a round gives back another type than it got.
    """
    start = [tensor(leaf) for leaf in state]
    for _ in range(2):
        traced = Traced(function, [*map(type_of_leaf, start), *types], arguments, what)
        widened = False
        for k, leaf in enumerate(start[: len(traced.values)]):
            dtype = traced.values[k].type.dtype
            if traced.numbers[k]:
                traced.values[k] = cast(traced.values[k], dtype_of(leaf))
            elif isinstance(state[k], (bool, int, float)) and dtype != dtype_of(leaf):
                start[k], widened = tensor(leaf, dtype), True
        if not widened:
            break
    for k, (leaf, value) in enumerate(zip(start, traced.values)):
        if type_of_leaf(leaf) != value.type:
            raise ValueError(
                f"{what}: every round must give back the shapes and dtypes that it got: tensor {k} of the state is "
                f"{type_of_leaf(leaf)}, and the function gives {value.type}. Cast or reshape it inside the function, or before."
            )
    return start, traced


def leaves_of(structure: Any) -> list[Any]:
    """The leaves, without None."""
    return [leaf for leaf in tree.flatten(structure) if leaf is not None]


def packed(structure: Any, values: Sequence[Any]) -> Any:
    """`values` in the place of the leaves that are not None."""
    left = iter(values)
    return tree.map_structure(lambda leaf: None if leaf is None else next(left), structure)


def check_function(function: Any, what: str) -> None:
    """Raise TypeError if it cannot be called."""
    if not callable(function):
        raise TypeError(f"{what} must be a function, got {type(function).__name__}: {function!r}.")


def as_value(leaf: Any) -> Value:
    """A tensor, variable, array or number as a graph value."""
    if isinstance(leaf, KerasTensor):
        return leaf.value
    trace = current_trace()
    if isinstance(leaf, Variable):
        return leaf.symbol if trace is None else trace.read(leaf)
    if isinstance(leaf, Value):
        return leaf
    return ops.constant(value=np.asarray(tensor(leaf)))  # type: ignore[no-any-return]


def type_of_leaf(leaf: Any) -> TensorType:
    """The type of a value or array."""
    return leaf.type if isinstance(leaf, Value) else type_of(leaf)


def is_concrete(structure: Any) -> bool:
    """Whether everything in it is numbers, and nothing is being traced: then Python's own control flow does."""
    return current_trace() is None and not any(isinstance(leaf, (Value, KerasTensor)) for leaf in tree.flatten(structure))


def shown_to_user(structure: Any) -> Any:
    """Values as KerasTensors, for a function of the user."""
    return tree.map_structure(lambda leaf: KerasTensor.of(leaf) if isinstance(leaf, Value) else leaf, structure)


def as_tensors(structure: Any) -> Any:
    """Numbers as arrays; None and symbols as they are."""
    return tree.map_structure(lambda leaf: leaf if leaf is None or isinstance(leaf, KerasTensor) else tensor(leaf), structure)
