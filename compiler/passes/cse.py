"""Common subexpressions."""

from __future__ import annotations

from collections.abc import Sequence

from ..graph import Graph, Node, Value
from ..journal import note
from ..rewrite import rewrite


def eliminate_common_subexpressions(graph: Graph) -> Graph:
    """Compute equal expressions once.

    before: relu(x) + relu(x)        after: a = relu(x); a + a
    before: x * y, y * x             after: x * y
    """
    seen: dict[object, Node] = {}

    def first_of(node: Node) -> Sequence[Value] | None:
        first = seen.setdefault(_key(node), node)
        if first is node:
            return None
        where = " and ".join(part for part in (first.origin.scope, first.origin.source) if part) or "an earlier node"
        same = "same operands as" if node.inputs else "equal to that"
        note(f"{node.op.name} is computed already", node, why=f"{same} in {where}")
        return first.outputs

    return rewrite(graph, first_of)


def _key(node: Node) -> object:
    """Equal for nodes that compute the same; operands of a commutative op in one order."""
    name, operands, attrs = node.key
    return name, tuple(sorted(operands)) if node.op.commutative else operands, attrs
