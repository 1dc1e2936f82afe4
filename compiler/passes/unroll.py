"""Control flow for kernels: short loops as chains of nodes, others as they are, conditions as a choice between both results."""

from __future__ import annotations

from collections.abc import Sequence

from ..bodies import inlined, map_bodies
from ..graph import Graph, Node, Value
from ..journal import note
from ..ops.body_rules import as_tuple
from ..registry import ops
from ..rewrite import rewrite
from ..types import TensorType, shape_text

#: A loop of so many nodes in all is spelled out: rounds then share kernels. Every round of a longer one is launches of its own.
MAX_NODES = 48


def unroll(graph: Graph, most: int | None = None) -> Graph:
    """Spell out `cond` and each `scan` of at most `most` nodes; all sizes must be known.

    before: scan(start, xs, body=step, length=2)        after: step(step(start, xs[0]), xs[1])
    before: cond(condition, x, when_true=f, when_false=g)        after: where(condition, f(x), g(x))
    before: while_loop(x, condition=f, body=g, maximum=9)        after: scan of 9 rounds of where(f(x), g(x), x)

    Raises:
        NotImplementedError: for a `while_loop` without a maximum: the number of its rounds depends on numbers.
    """
    most = MAX_NODES if most is None else most
    graph = map_bodies(graph, lambda body: unroll(body, most))

    def spelled(node: Node) -> Sequence[Value] | None:
        match node.op.name:
            case "cond":
                return _choice(node)
            case "while_loop":
                return _bounded(node)
            case "scan" if _is_short(node, most):
                return _rounds(node)
        return None

    return rewrite(graph, spelled)


def _is_short(node: Node, most: int) -> bool:
    length = int(node.attrs["length"])
    return length <= 1 or length * len(node.attrs["body"].nodes) <= most


def _choice(node: Node) -> Sequence[Value]:
    """Both branches are computed: they have no effects."""
    note("cond became a choice between both results", node, why="kernels do not branch")
    condition, operands = node.inputs[0], node.inputs[1:]
    results = [inlined(node.attrs[name], operands) for name in ("when_true", "when_false")]
    return [ops.where(condition, one, other) for one, other in zip(*results, strict=True)]


def _rounds(node: Node) -> Sequence[Value]:
    body, carries, sequences = (node.attrs[key] for key in ("body", "carries", "sequences"))
    length = int(node.attrs["length"])
    note(f"scan became {length} rounds", node, why="it is short")
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


def _bounded(node: Node) -> Sequence[Value]:
    """All rounds that there may be; those after the last one change nothing."""
    condition, body, maximum, count = (node.attrs[key] for key in ("condition", "body", "maximum", "variables"))
    if maximum is None:
        shapes = ", ".join(shape_text(value.type.shape) for value in node.outputs)
        raise NotImplementedError(
            f"while_loop over variables of shapes {shapes}{_place(node)}: the number of its rounds depends on numbers that are "
            "only on the GPU, and programs of kernels have a fixed number of launches. Give it maximum_iterations (all those "
            "rounds are then made, the last ones in vain), use ops.fori_loop or ops.scan with a known number of rounds, or the "
            "target 'onnxruntime' or 'numpy'."
        )
    note(f"while_loop became {maximum} rounds", node, why="programs of kernels have a fixed number of launches")
    goes_on = Value(TensorType((), "bool"), "goes_on")
    inside = [Value(value.type, value.name) for value in body.inputs]
    state = inside[:count]
    still = ops.logical_and(goes_on, inlined(condition, inside)[0])
    after = [ops.where(still, new, old) for new, old in zip(inlined(body, inside), state, strict=True)]
    rounds = Graph.of([goes_on, *inside], [still, *after], name=body.name)
    true = ops.constant(value=True)
    made = ops.scan(true, *node.inputs, body=rounds, carries=1 + count, sequences=0, length=maximum)
    return as_tuple(made)[1:]


def _place(node: Node) -> str:
    layer = f" in layer {node.origin.scope!r}" if node.origin.scope else ""
    return layer + (f" at {node.origin.source}" if node.origin.source else "")
