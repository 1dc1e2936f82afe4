"""The graph: values, nodes and the state they carry from run to run.

A graph is never changed. A pass builds a new one, sharing the nodes it keeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .dims import Dim, DimLike, symbols_of
from .operators import Operators
from .printer import graph_text
from .provenance import Origin
from .types import TensorType

if TYPE_CHECKING:
    from .ops.base import Op


_MADE: ContextVar[list[Node] | None] = ContextVar("graphkeras_made", default=None)


@contextmanager
def nodes_made() -> Iterator[list[Node]]:
    """Collects every node that is made inside the block: what a Python function called there has computed."""
    outer, made = _MADE.get(), list[Node]()
    token = _MADE.set(made)
    try:
        yield made
    finally:
        _MADE.reset(token)
        if outer is not None:
            outer.extend(made)


@dataclass(eq=False, slots=True)
class Value(Operators):
    """One tensor in a graph. ``node is None`` for an input, a variable or a pattern's variable.

    Attributes:
        type: shape and dtype.
        name: a hint for printing; names are made unique there.
        node: the node that computes it.
        index: which of the node's outputs it is.
    """

    type: TensorType
    name: str = ""
    node: Node | None = None
    index: int = 0

    def __repr__(self) -> str:
        made_by = f" = {self.node.op.name}(...)" if self.node else ""
        return f"<Value {self.name or '_'}: {self.type}{made_by}>"


class Node:
    """One application of an op. Makes its own output values.

    Attributes:
        op: the operation.
        inputs: operands.
        attrs: canonical attributes: everything but operands that the result depends on. Not to be changed.
        outputs: the results.
        origin: layer path, the user's line, and for a gradient node the op that it differentiates.
    """

    __slots__ = ("attrs", "inputs", "op", "origin", "outputs")

    def __init__(
        self, op: Op, inputs: Sequence[Value], attrs: Mapping[str, Any], types: Sequence[TensorType], origin: Origin
    ) -> None:
        self.op = op
        self.inputs = tuple(inputs)
        self.attrs = dict(attrs)
        self.origin = origin
        self.outputs = tuple(Value(type_, "", self, index) for index, type_ in enumerate(types))
        if (made := _MADE.get()) is not None:
            made.append(self)

    @property
    def output(self) -> Value:
        if len(self.outputs) != 1:
            raise ValueError(f"{self.op.name} has {len(self.outputs)} outputs; say which one.")
        return self.outputs[0]

    def with_operands(self, inputs: Sequence[Value], attrs: Mapping[str, Any] | None = None) -> Node:
        """The same node on other operands (and with other attributes); its result types are inferred anew."""
        if attrs is None and all(new.type == old.type for new, old in zip(inputs, self.inputs, strict=True)):
            attrs, types = self.attrs, tuple(value.type for value in self.outputs)
        else:
            attrs = self.attrs if attrs is None else attrs
            types = self.op.infer_types([value.type for value in inputs], attrs)
        node = Node(self.op, inputs, attrs, types, self.origin)
        for old, new in zip(self.outputs, node.outputs, strict=True):
            new.name = old.name
        return node

    @property
    def bodies(self) -> dict[str, Graph]:
        """The attributes that are graphs, such as the body of a loop."""
        return {key: value for key, value in self.attrs.items() if isinstance(value, Graph)}

    @property
    def key(self) -> tuple[Any, ...]:
        """Nodes with equal keys compute equal values."""
        return self.op.name, tuple(map(id, self.inputs)), freeze(self.attrs)

    def __repr__(self) -> str:
        return f"<Node {self.op.name} -> {', '.join(str(value.type) for value in self.outputs)}>"


@dataclass(frozen=True)
class StateSlot:
    """A variable of the graph: read at `input` at the start of a run, replaced by `output` at its end.

    ``input is output`` for a variable that is only read.
    """

    name: str
    input: Value
    output: Value

    @property
    def is_updated(self) -> bool:
        return self.input is not self.output


@dataclass(frozen=True)
class Graph:
    """A program: inputs and state in, outputs and new state out. `Graph.of` orders the nodes.

    Attributes:
        inputs: fed at every run.
        outputs: returned at every run.
        nodes: every node after its operands; also those that no result needs, until `eliminate_dead_code` drops them.
        state: kept by the executable between runs.
        name: what it computes, such as ``digits`` or ``train_step``.
        output_names: one for each output.
    """

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    nodes: tuple[Node, ...]
    state: tuple[StateSlot, ...] = ()
    name: str = "graph"
    output_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.output_names:
            object.__setattr__(self, "output_names", tuple(f"output_{k}" for k in range(len(self.outputs))))
        if len(self.output_names) != len(self.outputs):
            raise ValueError(f"Graph {self.name}: {len(self.outputs)} outputs but {len(self.output_names)} output names.")

    @classmethod
    def of(
        cls,
        inputs: Iterable[Value],
        outputs: Iterable[Value],
        state: Iterable[StateSlot] = (),
        name: str = "graph",
        output_names: Iterable[str] = (),
    ) -> Graph:
        """The graph of all nodes that the results need, in a deterministic order."""
        outputs, state = tuple(outputs), tuple(state)
        nodes = tuple(topological([*outputs, *(slot.output for slot in state)]))
        return cls(tuple(inputs), outputs, nodes, state, name, tuple(output_names))

    @property
    def sources(self) -> tuple[Value, ...]:
        """Everything that a run starts from: inputs, then variables."""
        return (*self.inputs, *(slot.input for slot in self.state))

    @property
    def results(self) -> tuple[Value, ...]:
        """Everything that a run ends with: outputs, then new states."""
        return (*self.outputs, *(slot.output for slot in self.state))

    @cached_property
    def users(self) -> dict[Value, tuple[Node, ...]]:
        """For each value, the nodes that read it."""
        users: dict[Value, list[Node]] = {}
        for node in self.nodes:
            for value in dict.fromkeys(node.inputs):
                users.setdefault(value, []).append(node)
        return {value: tuple(nodes) for value, nodes in users.items()}

    @property
    def symbols(self) -> frozenset[str]:
        return frozenset[str]().union(*(symbols_of(value.type.shape) for value in self.sources))

    @cached_property
    def structure(self) -> tuple[Any, ...]:
        """Equal for graphs that compute the same in the same way: names and origins do not count."""
        number = {value: k for k, value in enumerate(self.sources)}
        steps = []
        for node in self.nodes:
            steps.append((node.op.name, tuple(number[value] for value in node.inputs), freeze(node.attrs)))
            number.update((value, len(number) + k) for k, value in enumerate(node.outputs))
        return tuple(value.type for value in self.sources), tuple(steps), tuple(number[value] for value in self.results)

    def rebuild(self, new: Mapping[Value, Value], nodes: Iterable[Node]) -> Graph:
        """This graph with other nodes and with every source and result replaced as `new` says; others stay."""
        return replace(
            self,
            inputs=tuple(new.get(value, value) for value in self.inputs),
            outputs=tuple(new.get(value, value) for value in self.outputs),
            nodes=tuple(nodes),
            state=tuple(
                StateSlot(slot.name, new.get(slot.input, slot.input), new.get(slot.output, slot.output)) for slot in self.state
            ),
        )

    def bind(self, bindings: Mapping[str, DimLike]) -> Graph:
        """The graph with symbols replaced by sizes, in types, attributes and bodies; every value is new."""
        new: dict[Value, Value] = {source: Value(source.type.bind(bindings), source.name) for source in self.sources}
        nodes = []
        for node in self.nodes:
            bound = node.with_operands([new[value] for value in node.inputs], bind_attrs(node.attrs, bindings))
            new.update(zip(node.outputs, bound.outputs, strict=True))
            nodes.append(bound)
        return self.rebuild(new, nodes)

    def __str__(self) -> str:
        return graph_text(self)


def topological(results: Iterable[Value], done: set[int] | None = None) -> Iterator[Node]:
    """The nodes that `results` need, operands first, in a deterministic order.

    Does not look behind nodes whose ids are in `done`, and adds the nodes that it yields to it.
    """
    done = set() if done is None else done
    for result in results:
        stack: list[tuple[Node, int]] = [(result.node, 0)] if result.node is not None else []
        while stack:
            node, position = stack.pop()
            if id(node) in done:
                continue
            while position < len(node.inputs):
                operand = node.inputs[position].node
                position += 1
                if operand is not None and id(operand) not in done:
                    stack.append((node, position))
                    stack.append((operand, 0))
                    break
            else:
                done.add(id(node))
                yield node


def bind_attrs(attrs: Mapping[str, Any], bindings: Mapping[str, DimLike]) -> dict[str, Any]:
    """Attributes with symbolic dimensions replaced by sizes."""
    return {key: _bind(value, bindings) for key, value in attrs.items()}


def _bind(value: Any, bindings: Mapping[str, DimLike]) -> Any:
    if isinstance(value, Dim):
        return value.bind(bindings)
    if isinstance(value, tuple):
        return tuple(_bind(item, bindings) for item in value)
    if isinstance(value, Graph):
        return value.bind(bindings) if bindings else value
    return value


def has_symbol(value: Any) -> bool:
    """Whether an attribute is, or holds, a size that is known only at run time."""
    if isinstance(value, Graph):
        return any(not made.type.is_static for made in value.sources) or any(
            has_symbol(attr) for node in value.nodes for attr in node.attrs.values()
        )
    return isinstance(value, Dim) or (isinstance(value, tuple) and any(map(has_symbol, value)))


def freeze(value: Any) -> Any:
    """A hashable equal of an attribute value. Floats are told apart by their bits, so -0.0 is not 0.0."""
    if isinstance(value, np.ndarray):
        return value.dtype.name, value.shape, value.tobytes()
    if isinstance(value, Mapping):
        return tuple((key, freeze(item)) for key, item in sorted(value.items()))
    if isinstance(value, (tuple, list)):
        return tuple(freeze(item) for item in value)
    if isinstance(value, float):
        return "float", value.hex()
    if isinstance(value, bool):
        return "bool", value
    if isinstance(value, Graph):
        return "graph", value.structure
    return value
