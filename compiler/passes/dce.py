"""Dead code."""

from __future__ import annotations

from dataclasses import replace

from ..graph import Graph, topological
from ..journal import note


def eliminate_dead_code(graph: Graph) -> Graph:
    """Remove nodes and variables that no result needs.

    before: a = exp(x); b = relu(x); return b        after: b = relu(x); return b
    """
    updated = [slot for slot in graph.state if slot.is_updated]
    alive = {id(node) for node in topological([*graph.outputs, *(slot.output for slot in updated)])}
    nodes = tuple(node for node in graph.nodes if id(node) in alive)
    for node in graph.nodes:
        if id(node) not in alive:
            note(f"removed {node.op.name}", node, why="no result needs it")
    read = {value for node in nodes for value in node.inputs} | set(graph.outputs) | {slot.output for slot in updated}
    state = tuple(slot for slot in graph.state if slot.is_updated or slot.input in read)
    for slot in graph.state:
        if slot not in state:
            note(f"removed the variable {slot.name}", why="it is neither read nor updated")
    return replace(graph, nodes=nodes, state=state)
