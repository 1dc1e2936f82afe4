"""Bodies: graphs that are attributes of nodes, such as the step of a loop or the branches of a condition.

A body is closed: all that it reads are its inputs, and it has no variables. The symbols of its types are those of the graph
around it. This file makes bodies, runs them, and puts them in the place of their nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from .executables.base import Array
from .graph import Graph, Node, Value, topological


def everywhere(run: Callable[[Graph], Graph], graph: Graph) -> Graph:
    """The pass `run` on the graph, and then on the bodies of its nodes, at any depth."""
    return map_bodies(run(graph), lambda body: everywhere(run, body))


def map_bodies(graph: Graph, change: Callable[[Graph], Graph]) -> Graph:
    """The graph with `change(body)` in place of every body."""
    if not any(node.bodies for node in graph.nodes):
        return graph
    new: dict[Value, Value] = {}
    nodes = []
    for node in graph.nodes:
        changed = {key: change(body) for key, body in node.bodies.items()}
        same = all(_same(changed[key], body) for key, body in node.bodies.items())
        operands = [new.get(value, value) for value in node.inputs]
        fresh = node
        if not same:
            fresh = node.with_operands(operands, {**node.attrs, **changed})
        elif operands != list(node.inputs):
            fresh = node.with_operands(operands)
        new.update((old, made) for old, made in zip(node.outputs, fresh.outputs, strict=True) if old is not made)
        nodes.append(fresh)
    return graph.rebuild(new, nodes)


def _same(one: Graph, other: Graph) -> bool:
    """Whether they are made of the same nodes."""
    return one.nodes == other.nodes and one.outputs == other.outputs


def run_body(body: Graph, arrays: Sequence[Array]) -> list[Array]:
    """The results of a body, by the ops' references. Sizes in it are plain numbers."""
    values: dict[Value, Array] = dict(zip(body.inputs, arrays, strict=True))
    for node in body.nodes:
        results = node.op.evaluate(*(values[value] for value in node.inputs), **node.attrs)
        for value, result in zip(node.outputs, results if isinstance(results, tuple) else (results,), strict=True):
            values[value] = np.asarray(result)
    return [values[value] for value in body.outputs]


def inlined(body: Graph, operands: Sequence[Value]) -> list[Value]:
    """The body's results as nodes on `operands`."""
    new: dict[Value, Value] = dict(zip(body.inputs, operands, strict=True))
    for node in body.nodes:
        if any(value in new for value in node.inputs):
            copy = node.with_operands([new.get(value, value) for value in node.inputs])
            new.update(zip(node.outputs, copy.outputs, strict=True))
    return [new.get(value, value) for value in body.outputs]


def captured(inputs: Sequence[Value], outputs: Sequence[Value], inside: Iterable[Node] | None = None) -> list[Value]:
    """What a body from `inputs` to `outputs` reads from outside.

    Args:
        inputs: the body's own inputs.
        outputs: what it computes.
        inside: the nodes that belong to the body. None for all that depend on its inputs: what does not depend on them is
            computed once, outside.
    """
    order = list(topological(outputs))
    members: set[int] = {id(node) for node in inside} if inside is not None else set()
    own = set(inputs)
    for node in order:
        if not node.inputs:
            members.add(id(node))  # constants and the like are copied
        elif inside is None and any(
            value in own or (value.node is not None and value.node.inputs and id(value.node) in members)
            for value in node.inputs
        ):
            members.add(id(node))
    is_outer = {value: not _is_member(value, own, members) for node in order for value in node.inputs}
    reads: dict[Value, None] = {}
    done = {id(node) for node in order if id(node) not in members}
    for node in topological(outputs, done):
        reads.update((value, None) for value in node.inputs if is_outer[value])
    reads.update((value, None) for value in outputs if not _is_member(value, own, members))
    return list(reads)


def _is_member(value: Value, own: set[Value], members: set[int]) -> bool:
    return value in own if value.node is None else id(value.node) in members


def closed(inputs: Sequence[Value], outputs: Sequence[Value], outer: Sequence[Value], name: str) -> Graph:
    """The body from `inputs` to `outputs`, with a further input for each of the `outer` values that it reads."""
    new = {value: Value(value.type, value.name) for value in outer}
    for node in topological(outputs, {id(value.node) for value in outer}):
        if any(value in new for value in node.inputs):
            copy = node.with_operands([new.get(value, value) for value in node.inputs])
            new.update(zip(node.outputs, copy.outputs, strict=True))
    return Graph.of([*inputs, *(new[value] for value in outer)], [new.get(value, value) for value in outputs], name=name)
