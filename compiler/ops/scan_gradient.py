"""The gradient of `scan`: a scan in the other direction over what the first one has kept of every round.

The loop that goes forward offers what is dear to compute as further results (`saving_scan`); the gradient reads those that it
needs, and the pass `drop_unused_results` removes the others. So nothing dear is computed twice. The gradient of a weight that
every round multiplies with is one large product after the loop, not a sum of small ones inside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..autodiff import gradients
from ..bodies import captured, closed
from ..dims import Dim, DimLike
from ..graph import Graph, Node, Value, topological
from ..registry import ops
from .body_rules import as_tuple, as_value, filled_in, zeros
from .scan_hoisting import hoisted

#: Results of ops that make more floating-point operations than this for each element are kept, others are computed again.
DEAR = 2
#: What symbols are taken to be where costs are compared.
TYPICAL_SIZE = 64


def saving_scan(
    *operands: Any, body: Graph, carries: int, sequences: int, length: DimLike, reverse: bool = False
) -> tuple[Value, ...]:
    """A scan that offers its gradient what it needs, with its products before it where they can be. Returns the results that
    `body` has."""
    count = len(body.outputs)
    values, body, sequences = hoisted([as_value(operand) for operand in operands], body, carries, sequences, length)
    attrs = {"carries": carries, "sequences": sequences, "length": length, "reverse": reverse}
    return as_tuple(ops.scan(*values, body=offering(body, carries), **attrs))[:count]


def offering(body: Graph, carries: int) -> Graph:
    """The body of a loop with further results for its gradient."""
    return Graph.of(body.inputs, [*body.outputs, *_worth_keeping(body, carries)], name=body.name)


def _worth_keeping(body: Graph, carries: int) -> list[Value]:
    """What is carried into a round, and what is dear to compute."""
    values = [*body.inputs[:carries], *(value for node in body.nodes if _is_dear(node) for value in node.outputs)]
    there = set(body.outputs[carries:])
    return [value for value in values if value not in there]


def _is_dear(node: Node) -> bool:
    size: DimLike = 0
    for value in node.outputs:
        size = size + value.type.size
    return _typical(node.op.flops(node)) > DEAR * _typical(size)


def _typical(size: DimLike) -> int:
    return int(size.bind(dict.fromkeys(size.symbols, TYPICAL_SIZE))) if isinstance(size, Dim) else size


def scan_gradient(
    grad: Sequence[Value | None],
    out: Sequence[Value],
    operands: Sequence[Value],
    *,
    body: Graph,
    carries: int,
    sequences: int,
    length: DimLike,
    reverse: bool,
) -> tuple[Value | None, ...]:
    """The gradients of the operands, given those of the results.

    A backward round gets the gradients of what a forward round carries on and gives, and computes those of what it got.
    """
    seeds = _seeds(grad, body, carries)
    if not seeds:
        return (None,) * len(operands)
    slopes = gradients([body.outputs[k] for k in seeds], body.inputs, list(seeds.values()))
    first_constant = carries + sequences
    stacked = dict(zip(body.inputs[carries:first_constant], operands[carries:first_constant]))
    stacked.update(zip(body.outputs[carries:], out[carries:], strict=True))

    # What a round computes, and where it goes.
    carried = [k for k in seeds if k < carries]
    sliced = [k for k in range(carries, first_constant) if slopes[k] is not None]
    products = {k: factors for k in range(first_constant, len(operands)) if (factors := _factors(slopes[k]))}
    added = {
        k: Value(body.inputs[k].type, "sum")
        for k in range(first_constant, len(operands))
        if slopes[k] is not None and k not in products
    }
    carried_on = [filled_in(slopes[k], body.inputs[k].type) for k in carried]
    carried_on += [ops.add(total, slopes[k]) for k, total in added.items()]
    wanted = [value for k in sliced if (value := slopes[k]) is not None]
    wanted += [value for factors in products.values() for pair in factors for value in pair if value not in stacked]
    given = list(dict.fromkeys(wanted))

    # What it reads of the forward round.
    missing = [value for value in body.inputs[:carries] if value not in stacked]
    read = _read([*carried_on, *given], stacked)
    if any(value in read for value in missing):  # the loop was made without offering it: it runs again
        again = Graph.of(body.inputs, [*body.outputs, *missing], name=body.name)
        attrs = {"carries": carries, "sequences": sequences, "length": length, "reverse": reverse}
        stacked.update(zip(again.outputs[carries:], as_tuple(ops.scan(*operands, body=again, **attrs))[carries:], strict=True))
        read = _read([*carried_on, *given], stacked)
    saved = [value for value in stacked if value in read]
    given_seeds = [k for k in seeds if k >= carries]
    inputs = [*(seeds[k] for k in carried), *added.values(), *(seeds[k] for k in given_seeds), *saved]
    constants = dict(zip(body.inputs[first_constant:], operands[first_constant:]))
    backward, outer = _cut(inputs, [*carried_on, *given], set(saved), constants, f"gradient_of_{body.name}")

    start = [filled_in(grad[k], body.inputs[k].type) for k in carried] + [zeros(total.type) for total in added.values()]
    scanned = [*(grad[k] for k in given_seeds), *(stacked[value] for value in saved)]
    made = saving_scan(
        *start,
        *scanned,
        *outer,
        body=backward,
        carries=len(start),
        sequences=len(scanned),
        length=length,
        reverse=not reverse,
    )
    found: dict[int, Value] = dict(zip([*carried, *added], made))
    there = {**stacked, **dict(zip(given, made[len(start) :], strict=True))}
    found.update((k, there[value]) for k in sliced if (value := slopes[k]) is not None)
    for k, factors in products.items():
        terms = [_product(there[rows], there[columns]) for rows, columns in factors]
        found[k] = sum(terms[1:], terms[0])
    return tuple(found.get(k) for k in range(len(operands)))


def _seeds(grad: Sequence[Value | None], body: Graph, carries: int) -> dict[int, Value]:
    """A stand-in for the gradient of each result through which a gradient can flow, by the number of the result."""
    reached = [k for k, value in enumerate(body.outputs) if value.type.is_float and grad[k] is not None]
    if not reached:
        return {}
    through = [k for k, value in enumerate(body.outputs[:carries]) if value.type.is_float]
    return {k: Value(body.outputs[k].type, "gradient") for k in sorted({*reached, *through})}


def _factors(slope: Value | None) -> list[tuple[Value, Value]]:
    """(rows, columns) of every term of a gradient that is a sum of transpose(rows) @ columns; [] if it is something else."""
    if slope is None or slope.node is None:
        return []
    node = slope.node
    if node.op.name == "add" and all(value.type == slope.type for value in node.inputs):
        one, other = _factors(node.inputs[0]), _factors(node.inputs[1])
        return one + other if one and other else []
    if node.op.name != "matmul" or any(value.type.ndim != 2 for value in node.inputs):
        return []
    left, columns = node.inputs
    transposes = left.node is not None and left.node.op.name == "transpose"
    rows = left.node.inputs[0] if transposes and left.node is not None else ops.transpose(left, axes=(1, 0))
    return [(rows, columns)]


def _product(rows: Value, columns: Value) -> Value:
    """The sum over all rounds of transpose(rows[k]) @ columns[k]"""
    one, other = (ops.reshape(x, shape=(x.type.shape[0] * x.type.shape[1], x.type.shape[2])) for x in (rows, columns))
    return ops.matmul(ops.transpose(one, axes=(1, 0)), other)  # type: ignore[no-any-return]


def _behind(stacked: Mapping[Value, Value] | set[Value]) -> set[int]:
    """The nodes that need not be computed again, because all that they give is there."""
    return {id(v.node) for v in stacked if v.node is not None and all(one in stacked for one in v.node.outputs)}


def _read(results: Sequence[Value], stacked: Mapping[Value, Value]) -> set[Value]:
    """All values that the computation of `results` reads, where what is `stacked` is there already."""
    nodes = topological(results, _behind(stacked))
    return {*results, *(value for node in nodes for value in node.inputs)}


def _cut(
    inputs: Sequence[Value], results: Sequence[Value], saved: set[Value], constants: Mapping[Value, Value], name: str
) -> tuple[Graph, list[Value]]:
    """The body from `inputs` to `results`; of a node whose result is `saved` only that is read. `constants` are the same in
    every round: what depends on nothing else is computed outside.

    Returns:
        The body, and what it reads from outside: its further operands.
    """
    new = {value: Value(value.type, value.name) for value in saved if value.node is not None}
    inputs = [new.get(value, value) for value in inputs]
    new.update(constants)
    for node in topological(results, _behind(saved)):
        if any(value in new for value in node.inputs):
            copy = node.with_operands([new.get(value, value) for value in node.inputs])
            new.update((old, made) for old, made in zip(node.outputs, copy.outputs, strict=True) if old not in saved)
    results = [new.get(value, value) for value in results]
    outer = captured(inputs, results)
    return closed(inputs, results, outer, name), outer
