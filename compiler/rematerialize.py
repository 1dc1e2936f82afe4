"""`rematerialized`: results that are computed a second time where their gradients need what led to them."""

from __future__ import annotations

from collections.abc import Sequence

from .autodiff import gradients
from .bodies import captured, closed, inlined
from .graph import Graph, Node, Value
from .ops.body_rules import as_tuple, zeros
from .registry import ops


def rematerialized(results: Sequence[Value], made: Sequence[Node]) -> list[Value]:
    """The same results. Their gradients keep what the nodes `made` read from outside, and compute the nodes again.

    Source: Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016 (arXiv 1604.06174).

    Args:
        results: what was computed.
        made: the nodes that computed it.
    """
    inside = {id(node) for node in made}
    wanted = [value for value in results if value.type.is_float and value.node is not None and id(value.node) in inside]
    outer = captured((), wanted, made)
    arguments = [value for value in outer if value.type.is_float]
    if not wanted or not arguments:
        return list(results)
    seeds = [Value(value.type, "upstream") for value in wanted]
    kept = {value: Value(value.type, value.name) for value in outer}
    forward = closed((), wanted, outer, "forward")
    again = inlined(forward, [ops.recompute(value, seeds[0]) for value in kept.values()])
    found = gradients(again, [kept[value] for value in arguments], seeds)
    slopes = [zeros(value.type) if slope is None else slope for value, slope in zip(arguments, found, strict=True)]
    gradient = Graph.of([*seeds, *kept.values()], slopes, name="rematerialized")
    whole = ops.with_gradient(*wanted, *arguments, *outer, gradient=gradient, results=len(wanted), arguments=len(arguments))
    new = dict(zip(wanted, as_tuple(whole), strict=True))
    return [new.get(value, value) for value in results]
