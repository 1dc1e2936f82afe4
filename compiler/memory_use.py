"""How much memory a run takes at most, counted on the graph: which values are alive at once.

This is an upper bound for executors that run the nodes in the graph's order and free a value after its last use. onnxruntime
computes many elementwise operations in place and needs less; triton fuses them, and its memory plan says exactly what it takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .dims import Dim, DimLike
from .graph import Graph, Node, Value

#: Ops whose result is the memory of their first operand.
ALIASES = frozenset({"reshape", "expand_dims", "squeeze"})


@dataclass(frozen=True)
class MemoryUse:
    """Bytes of one run.

    Attributes:
        state: of all variables.
        inputs: of what is fed in.
        peak: of all other values alive at once, at the node where they are most.
        node: that node; None for a graph without nodes.
        largest: the values alive there with their bytes, the largest first.
    """

    state: int
    inputs: int
    peak: int
    node: Node | None
    largest: tuple[tuple[Value, int], ...]


def memory_use(graph: Graph, sizes: Mapping[str, int]) -> MemoryUse:
    """What a run of `graph` takes with these sizes of its symbols.

    Raises:
        ValueError: if a symbol has no size.
    """
    missing = sorted(graph.symbols - set(sizes))
    if missing:
        raise ValueError(f"{graph.name}: the sizes {', '.join(missing)} are open; give a number for each.")

    def size(value: Value) -> int:
        return _number(value.type.nbytes, sizes)

    owners = {value: value for value in (*graph.inputs, *(slot.input for slot in graph.state))}
    held = set(owners)  # not counted: inputs and variables have memory of their own
    for node in graph.nodes:
        for value in node.outputs:
            owners[value] = owners[node.inputs[0]] if node.op.name in ALIASES else value
    last = {owners[value]: number for number, node in enumerate(graph.nodes) for value in node.inputs}
    last.update({owners[value]: len(graph.nodes) for value in (*graph.outputs, *(slot.output for slot in graph.state))})
    alive: dict[Value, int] = {}
    peak, where, largest = 0, None, dict[Value, int]()
    for number, node in enumerate(graph.nodes):
        alive.update({value: size(value) for value in node.outputs if owners[value] is value and value not in held})
        now = sum(alive.values()) + _inside(node, sizes)
        if now > peak or where is None:
            peak, where, largest = now, node, dict(alive)
        alive = {value: count for value, count in alive.items() if last.get(value, -1) > number}
    return MemoryUse(
        state=sum(size(slot.input) for slot in graph.state),
        inputs=sum(size(value) for value in graph.inputs),
        peak=peak,
        node=where,
        largest=tuple(sorted(largest.items(), key=lambda item: -item[1])),
    )


def _inside(node: Node, sizes: Mapping[str, int]) -> int:
    """What the bodies of a loop or a branch take at most."""
    bodies = [attribute for attribute in node.attrs.values() if isinstance(attribute, Graph)]
    return max((memory_use(body, sizes).peak for body in bodies), default=0)


def _number(amount: DimLike, sizes: Mapping[str, int]) -> int:
    bound = amount.bind(sizes) if isinstance(amount, Dim) else amount
    assert isinstance(bound, int)
    return bound
