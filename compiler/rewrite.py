"""Rewriting: one driver for every pass that replaces values, and rules written as pairs of expressions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .graph import Graph, Node, Value, topological
from .journal import note
from .patterns import Pattern
from .provenance import derived_from

MAX_ROUNDS = 50


@dataclass(frozen=True)
class Skip:
    """Returned by a rule's replacement that refuses; the reason goes into the journal."""

    reason: str


@dataclass(frozen=True)
class Rule:
    """``title`` is the equation it applies, such as ``x * 1 -> x``."""

    title: str
    before: Pattern
    after: Callable[..., Value | Skip]

    def apply(self, value: Value) -> Value | Skip | None:
        """The replacement of `value`; None where the rule does not match."""
        found: dict[str, Any] = {}
        if not self.before.match(value, found):
            return None
        result = self.after(**found)
        if isinstance(result, Value) and result.type != value.type:
            return Skip(f"the type would change from {value.type} to {result.type}")
        return result


def rule(rules: list[Rule], title: str, before: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a rewrite rule. `before` and the decorated function are both written as calls of ops on the same names.

    @rule(RULES, "x * 1 -> x", before=lambda x: x * 1)
    def multiply_by_one(x): return x
    """

    def register(after: Callable[..., Any]) -> Callable[..., Any]:
        holes = [Pattern(name=name) for name in inspect.signature(before).parameters]
        rules.append(Rule(title, before(*holes), after))
        return after

    return register


def rewrite(graph: Graph, replace_node: Callable[[Node], Sequence[Value] | None]) -> Graph:
    """Rebuild `graph` from sources to results, offering every rebuilt node to `replace_node`.

    `replace_node` returns a value for each of the node's outputs, or None to keep the node.
    Nodes that lose their last user stay in the graph: `eliminate_dead_code` removes them.
    """
    new: dict[Value, Value] = {}
    nodes: list[Node] = []
    placed: set[int] = set()
    for node in graph.nodes:
        operands = [new.get(value, value) for value in node.inputs]
        fresh = node if all(a is b for a, b in zip(operands, node.inputs)) else node.with_operands(operands)
        with derived_from(node.origin):
            replacement = replace_node(fresh)
        outputs = fresh.outputs if replacement is None else tuple(replacement)
        nodes.extend(topological(outputs, placed))
        for old, out in zip(node.outputs, outputs, strict=True):
            if old is not out:
                new[old] = out
                out.name = out.name or (old.name if out.node is not None else "")
    return graph.rebuild(new, nodes)


def apply_rules(graph: Graph, rules: Iterable[Rule]) -> Graph:
    """Apply `rules` until none fires.

    Raises:
        RuntimeError: when rules still fire after many rounds; names them.
    """
    by_op: Mapping[str, list[Rule]] = _group(rules)
    fired: list[str] = []

    def offer(node: Node) -> Sequence[Value] | None:
        if len(node.outputs) != 1:
            return None
        for candidate in by_op.get(node.op.name, ()):
            result = candidate.apply(node.output)
            if isinstance(result, Skip):
                note(candidate.title, node, why=result.reason, refused=True)
            elif result is not None:
                note(candidate.title, node)
                fired.append(candidate.title)
                return [result]
        return None

    for _ in range(MAX_ROUNDS):
        fired.clear()
        graph = rewrite(graph, offer)
        if not fired:
            return graph
    raise RuntimeError(f"Rewrite rules still fire after {MAX_ROUNDS} rounds: {', '.join(sorted(set(fired)))}.")


def _group(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    by_op: dict[str, list[Rule]] = {}
    for candidate in rules:
        assert candidate.before.op is not None, f"the rule {candidate.title!r} matches every value"
        by_op.setdefault(candidate.before.op.name, []).append(candidate)
    return by_op
