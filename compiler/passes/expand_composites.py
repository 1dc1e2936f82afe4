"""Spelling out composite ops."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..graph import Graph, Node, Value
from ..journal import note
from ..ops.base import Composite, expanded
from ..rewrite import rewrite


def expand_composites(target: str, templates: frozenset[str] = frozenset()) -> Callable[[Graph], Graph]:
    """The pass that spells out the composite ops for which `target` has nothing better than their parts.

    Args:
        target: ``onnxruntime`` keeps ops that have an `onnx` rule of their own, ``triton`` those with an `element` rule.
        templates: names of further ops that the target has a kernel for.

    before: softplus(x)        after: relu(x) + log1p(exp(-abs(x)))
    """
    rule = {"onnxruntime": "onnx", "triton": "element"}[target]

    def expand_composites(graph: Graph) -> Graph:
        while any(_is_expanded(node, rule, templates) for node in graph.nodes):
            graph = rewrite(graph, spell_out)
        return graph

    def spell_out(node: Node) -> Sequence[Value] | None:
        if not _is_expanded(node, rule, templates):
            return None
        note(f"spelled out {node.op.name}", node, why=f"{target} has no rule of its own for it")
        return expanded(node)

    return expand_composites


def _is_expanded(node: Node, rule: str, templates: frozenset[str]) -> bool:
    op = node.op
    return isinstance(op, Composite) and op.name not in templates and not op.stays_whole(node, rule)
