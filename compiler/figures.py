"""What a graph costs, counted on the graph itself: operations, parameters, bytes. Symbolic where the batch is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from .dims import DimLike
from .graph import Graph, Node


@dataclass(frozen=True)
class Figures:
    """Costs of one run of a graph.

    Attributes:
        nodes: how many nodes it has, constants not counted.
        ops: how often each op occurs, most frequent first.
        flops: floating-point operations; a multiplication and an addition count as two.
        parameters: elements of all variables.
        state_bytes: memory of all variables.
        constant_bytes: memory of the constants inside the graph.
        value_bytes: memory that all results of nodes would take if none were fused or reused.
    """

    nodes: int
    ops: tuple[tuple[str, int], ...]
    flops: DimLike
    parameters: DimLike
    state_bytes: DimLike
    constant_bytes: DimLike
    value_bytes: DimLike


def figures(graph: Graph) -> Figures:
    """The costs of `graph`."""
    counts: Counter[str] = Counter()
    flops: DimLike = 0
    constant_bytes: DimLike = 0
    value_bytes: DimLike = 0
    for node in graph.nodes:
        if node.op.name == "constant":
            constant_bytes = constant_bytes + result_bytes(node)
            continue
        counts[node.op.name] += 1
        flops = flops + node.op.flops(node)
        value_bytes = value_bytes + result_bytes(node)
    parameters: DimLike = 0
    state_bytes: DimLike = 0
    for slot in graph.state:
        parameters = parameters + slot.input.type.size
        state_bytes = state_bytes + slot.input.type.nbytes
    ops = tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
    return Figures(sum(counts.values()), ops, flops, parameters, state_bytes, constant_bytes, value_bytes)


def result_bytes(node: Node) -> DimLike:
    """Bytes of all results of a node."""
    total: DimLike = 0
    for value in node.outputs:
        total = total + value.type.nbytes
    return total
