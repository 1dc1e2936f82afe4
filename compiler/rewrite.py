"""Rewriting: one driver for every pass that replaces values, and rules written as pairs of expressions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .graph import Graph, Node, Value, topological
from .journal import note
from .patterns import Pattern
from .provenance import derived_from
from .registry import OPS

#: How deep replacements may be replaced in their turn. Sound rules need few steps.
MAX_DEPTH = 60


@dataclass(frozen=True)
class Skip:
    """Returned by a rule's replacement that refuses; the reason goes into the journal."""

    reason: str


Replacement = Value | Skip | None


class Rule(Protocol):
    """A local rewrite of one value.

    Attributes:
        title: the equation it applies, such as ``x * 1 -> x``.
        rounds: True if the result may differ in its last bits; the rules of floats that are False are exact, but for the
            sign of a zero, which no target keeps faithfully.
    """

    @property
    def title(self) -> str: ...
    @property
    def rounds(self) -> bool: ...

    def roots(self) -> Iterable[str]:
        """The names of the ops that it looks at."""
        ...

    def apply(self, node: Node) -> Replacement:
        """The replacement of the node's one result; None where the rule does not match."""
        ...


@dataclass(frozen=True)
class PatternRule:
    """A rule written as two expressions, before and after."""

    title: str
    before: Pattern
    after: Callable[..., Replacement]
    rounds: bool = False

    def roots(self) -> Iterable[str]:
        assert self.before.op is not None, f"the rule {self.title!r} matches every value"
        return (self.before.op.name,)

    def apply(self, node: Node) -> Replacement:
        """Tries every way to match; refuses only if all of them are refused."""
        if not self.before.may_match(node):
            return None
        refused: Skip | None = None
        for found in self.before.matches(node.output, {}):
            result = self.after(**found)
            if isinstance(result, Value):
                return result
            refused = refused or result
        return refused


@dataclass(frozen=True)
class NodeRule:
    """A rule for many ops at once, written as a function of the node."""

    title: str
    names: Callable[[], Iterable[str]]
    after: Callable[[Node], Replacement]
    rounds: bool = False

    def roots(self) -> Iterable[str]:
        return self.names()

    def apply(self, node: Node) -> Replacement:
        return self.after(node)


def rule(
    rules: list[Rule], title: str, before: Callable[..., Any], rounds: bool = False
) -> Callable[[Callable[..., Replacement]], Callable[..., Replacement]]:
    """Declare a rewrite rule. `before` and the decorated function are both written as calls of ops on the same names.

    @rule(RULES, "x * 1 -> x", before=lambda x: x * 1)
    def multiply_by_one(x): return x

    The function may return `Skip(reason)` to refuse, or None to say that it does not match after all.
    """

    def register(after: Callable[..., Replacement]) -> Callable[..., Replacement]:
        holes = [Pattern(name=name) for name in inspect.signature(before).parameters]
        rules.append(PatternRule(title, before(*holes), after, rounds))
        return after

    return register


def node_rule(
    rules: list[Rule], title: str, names: Sequence[str] | Callable[[], Iterable[str]], rounds: bool = False
) -> Callable[[Callable[[Node], Replacement]], Callable[[Node], Replacement]]:
    """Declare a rule for the ops of these `names` (or a function that lists them, once all ops are registered)."""

    def register(after: Callable[[Node], Replacement]) -> Callable[[Node], Replacement]:
        rules.append(NodeRule(title, names if callable(names) else lambda: names, after, rounds))
        return after

    return register


class _TooDeep(Exception):
    """A replacement was replaced again and again."""


class _Sweep:
    """One way through a graph, from sources to results."""

    def __init__(self, replace_node: Callable[[Node], Sequence[Value] | None]) -> None:
        self.replace_node = replace_node
        self.new: dict[Value, Value] = {}  # what stands for a value that has been replaced
        self.nodes: list[Node] = []  # the new graph
        self.done: set[int] = set()  # ids of nodes that have been offered
        self.alive: list[Node] = []  # keeps them, so that no id is used twice
        self.depth = 0

    def place(self, node: Node) -> None:
        """Put `node`, on its new operands, or what replaces it into the new graph."""
        fresh = node
        if any(value in self.new for value in node.inputs):
            fresh = node.with_operands([self.new.get(value, value) for value in node.inputs])
        self.done.add(id(fresh))
        self.alive.append(fresh)
        with derived_from(node.origin):
            replacement = self.replace_node(fresh)
        if replacement is None:
            self.nodes.append(fresh)
        outputs = fresh.outputs if replacement is None else self.settle(replacement)
        for old, out in zip(node.outputs, outputs, strict=True):
            if old is not out:
                self.new[old] = out
                out.name = out.name or (old.name if out.node is not None else "")

    def settle(self, values: Sequence[Value]) -> Sequence[Value]:
        """Place the nodes that a replacement brings: they are offered in their turn. Returns what stands for `values`."""
        if self.depth == MAX_DEPTH:
            raise _TooDeep
        self.depth += 1
        for node in tuple(topological(values, self.done)):
            self.alive.append(node)
            self.place(node)
        self.depth -= 1
        return [self.new.get(value, value) for value in values]


def rewrite(graph: Graph, replace_node: Callable[[Node], Sequence[Value] | None]) -> Graph:
    """Rebuild `graph` from sources to results, offering every node to `replace_node` when its operands are final.

    `replace_node` returns a value for each of the node's outputs, or None to keep the node. New nodes in what it returns
    are offered to it again. Nodes that lose their last user stay in the graph: `eliminate_dead_code` removes them.
    """
    sweep = _Sweep(replace_node)
    for node in graph.nodes:
        sweep.place(node)
    return graph.rebuild(sweep.new, sweep.nodes)


def apply_rules(graph: Graph, rules: Iterable[Rule]) -> Graph:
    """Apply `rules` until none fires.

    One sweep is enough: rules look at a node and at what it is computed from, and all of that is final when they see it.

    Raises:
        RuntimeError: when rules undo each other for ever; names those that fired last.
    """
    by_op = group_by_op(rules)
    fired: list[str] = []

    def offer(node: Node) -> Sequence[Value] | None:
        if len(node.outputs) != 1:
            return None
        refused: list[tuple[str, str]] = []
        for candidate in by_op.get(node.op.name, ()):
            result = apply_rule(candidate, node)
            if isinstance(result, Value):
                note(candidate.title, node)
                fired.append(candidate.title)
                return [result]
            if result is not None:
                refused.append((candidate.title, result.reason))
        for title, reason in refused:
            note(title, node, why=reason, refused=True)
        return None

    try:
        return rewrite(graph, offer)
    except _TooDeep:
        names = ", ".join(sorted(set(fired[-MAX_DEPTH // 2 :])))
        raise RuntimeError(f"Rewrite rules undo each other for ever: {names}.") from None


def apply_rule(candidate: Rule, node: Node) -> Replacement:
    """What `candidate` makes of the node; a replacement of another type is refused."""
    result = candidate.apply(node)
    if isinstance(result, Value) and result.type != node.output.type:
        return Skip(f"the type would change from {node.output.type} to {result.type}")
    return result


def group_by_op(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    """Rules by the names of the ops that they look at."""
    by_op: dict[str, list[Rule]] = {}
    for candidate in rules:
        for name in candidate.roots():
            assert name in OPS, f"the rule {candidate.title!r} names an unknown op {name!r}"
            by_op.setdefault(name, []).append(candidate)
    return by_op
