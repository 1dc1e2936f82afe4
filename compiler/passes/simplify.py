"""Algebraic simplification."""

from __future__ import annotations

from ..graph import Graph
from ..rewrite import Rule, apply_rules
from .rules import arithmetic, functions, logic, pieces, reductions, views

#: Every rule, in the order in which they are tried.
RULES: tuple[Rule, ...] = (*arithmetic.RULES, *functions.RULES, *logic.RULES, *views.RULES, *pieces.RULES, *reductions.RULES)


def simplify(graph: Graph) -> Graph:
    """Apply the rules of `compiler.passes.rules` until none fires.

    before: relu(x * 1.0 + 0.0)        after: relu(x)
    """
    return apply_rules(graph, RULES)
