"""Results that nobody reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..graph import Graph, Node, Value
from ..journal import note


def drop_unused_results(graph: Graph) -> Graph:
    """Let nodes with several results compute only those that are read, where the op can do with less.

    before: total, steps, saved = scan(...); return total        after: total, steps = scan(...); return total

    Loops offer all that a gradient may want to read; without a gradient it is dropped here. Dead nodes go as well.
    """
    if not any(len(node.outputs) > 1 for node in graph.nodes):
        return graph
    needed = set(graph.results)
    shorter: dict[Node, Sequence[Value | None]] = {}
    kept: list[Node] = []
    for node in reversed(graph.nodes):
        used = [value in needed for value in node.outputs]
        if not any(used):
            continue
        kept.append(node)
        made = node.op.trimmed(node, used) if len(used) > 1 else None
        if made is not None:
            shorter[node] = made
            note(f"{node.op.name} without unused results", node, why=f"{len(_node(made).outputs)} of {len(used)} are left")
        needed.update(node.inputs if made is None else _node(made).inputs)
    if not shorter:
        return replace(graph, nodes=tuple(reversed(kept)))
    new: dict[Value, Value] = {}
    nodes = []
    for node in reversed(kept):
        results: Sequence[Value | None] = shorter.get(node, node.outputs)
        fresh = _node(results)
        if any(value in new for value in fresh.inputs):
            fresh = fresh.with_operands([new.get(value, value) for value in fresh.inputs])
        nodes.append(fresh)
        for old, made_value in zip(node.outputs, results, strict=True):
            if made_value is not None and fresh.outputs[made_value.index] is not old:
                new[old] = fresh.outputs[made_value.index]
                new[old].name = new[old].name or old.name
    return graph.rebuild(new, nodes)


def _node(values: Sequence[Value | None]) -> Node:
    node = next(value.node for value in values if value is not None)
    assert node is not None
    return node
