"""Common subexpressions."""

from __future__ import annotations

from collections.abc import Sequence

from ..graph import Graph, Node, Value
from ..journal import note
from ..rewrite import rewrite


def eliminate_common_subexpressions(graph: Graph) -> Graph:
    """Compute equal expressions once.

    before: relu(x) + relu(x)        after: a = relu(x); a + a
    """
    seen: dict[object, Node] = {}

    def first_of(node: Node) -> Sequence[Value] | None:
        first = seen.setdefault(node.key, node)
        if first is node:
            return None
        note(f"{node.op.name} is computed already", node, why=f"same operands as in {first.origin.scope or 'the graph'}")
        return first.outputs

    return rewrite(graph, first_of)
