"""Control flow for targets that have none: loops as long chains of nodes, conditions as a choice between both results."""

from __future__ import annotations

from collections.abc import Sequence

from ..bodies import inlined
from ..graph import Graph, Node, Value
from ..journal import note
from ..registry import ops
from ..rewrite import rewrite
from ..types import shape_text

#: Nodes that a loop may become. More would take minutes to compile.
MAX_NODES = 20_000


def unroll(graph: Graph) -> Graph:
    """Spell out `scan` and `cond`; all sizes must be known.

    before: scan(start, xs, body=step, length=2)        after: step(step(start, xs[0]), xs[1])
    before: cond(condition, x, when_true=f, when_false=g)        after: where(condition, f(x), g(x))

    Raises:
        NotImplementedError: for a `while_loop`, whose number of rounds depends on numbers, or a loop that is too long.
    """
    while any(node.op.name in _SPELLINGS for node in graph.nodes):
        graph = rewrite(graph, lambda node: _SPELLINGS[node.op.name](node) if node.op.name in _SPELLINGS else None)
    return graph


def _choice(node: Node) -> Sequence[Value]:
    """Both branches are computed: they have no effects."""
    note("cond became a choice between both results", node, why="kernels do not branch")
    condition, operands = node.inputs[0], node.inputs[1:]
    results = [inlined(node.attrs[name], operands) for name in ("when_true", "when_false")]
    return [ops.where(condition, one, other) for one, other in zip(*results, strict=True)]


def _rounds(node: Node) -> Sequence[Value]:
    body, carries, sequences = (node.attrs[key] for key in ("body", "carries", "sequences"))
    length = int(node.attrs["length"])
    if length * len(body.nodes) > MAX_NODES:
        raise NotImplementedError(
            f"scan of {length} rounds of {len(body.nodes)} operations each{_place(node)}: a kernel program holds a loop as "
            f"separate operations, at most {MAX_NODES}. Shorten the sequence, or use the target 'onnxruntime' or 'numpy'."
        )
    note(f"scan became {length} rounds", node, why="kernels are launched one after the other")
    state, rest = list(node.inputs[:carries]), node.inputs[carries + sequences :]
    scanned = node.inputs[carries : carries + sequences]
    stacked: list[list[Value]] = [[] for _ in body.outputs[carries:]]
    for k in reversed(range(length)) if node.attrs["reverse"] else range(length):
        results = inlined(body, [*state, *(_slice(sequence, k) for sequence in scanned), *rest])
        state = results[:carries]
        for stack, result in zip(stacked, results[carries:], strict=True):
            stack.append(ops.expand_dims(result, axis=(0,)))
    if node.attrs["reverse"]:
        stacked = [stack[::-1] for stack in stacked]
    types = [value.type for value in node.outputs[carries:]]
    return state + [
        ops.concatenate(*stack, axis=0) if stack else ops.broadcast_to(_zero(type_.dtype), shape=type_.shape)
        for stack, type_ in zip(stacked, types, strict=True)
    ]


def _slice(sequence: Value, k: int) -> Value:
    """sequence[k]"""
    shape = sequence.type.shape
    starts, stops = (k, *(0 for _ in shape[1:])), (k + 1, *shape[1:])
    return ops.squeeze(ops.slice(sequence, starts=starts, stops=stops), axis=(0,))  # type: ignore[no-any-return]


def _zero(dtype: str) -> Value:
    return ops.cast(ops.constant(value=False), dtype=dtype)  # type: ignore[no-any-return]


def _refuse(node: Node) -> Sequence[Value]:
    shapes = ", ".join(shape_text(value.type.shape) for value in node.outputs)
    raise NotImplementedError(
        f"while_loop over variables of shapes {shapes}{_place(node)}: the number of its rounds depends on numbers that are "
        "only on the GPU, and programs of kernels have a fixed number of launches. Use ops.fori_loop or ops.scan with a known "
        "number of rounds, or the target 'onnxruntime' or 'numpy'."
    )


def _place(node: Node) -> str:
    layer = f" in layer {node.origin.scope!r}" if node.origin.scope else ""
    return layer + (f" at {node.origin.source}" if node.origin.source else "")


_SPELLINGS = {"cond": _choice, "scan": _rounds, "while_loop": _refuse}
