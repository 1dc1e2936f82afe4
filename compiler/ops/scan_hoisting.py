"""Products in a loop that do not depend on what is carried: one large product before the loop instead of one in every round.

before: scan(h, xs): h = tanh(x @ w + h @ u)        after: ys = xs @ w; scan(h, ys): h = tanh(y + h @ u)
"""

from __future__ import annotations

from collections.abc import Sequence

from ..batching import Batch
from ..bodies import closed
from ..dims import DimLike
from ..graph import Graph, Value, topological

#: Ops worth computing for all rounds at once, although their results then take memory for all rounds.
PRODUCTS = frozenset({"matmul", "conv"})


def hoisted(
    operands: Sequence[Value], body: Graph, carries: int, sequences: int, length: DimLike
) -> tuple[list[Value], Graph, int]:
    """The loop with such products as further sequences: its operands, body and number of sequences."""
    first_constant = carries + sequences
    batch = Batch(length)
    for k, (value, operand) in enumerate(zip(body.inputs, operands, strict=True)):
        if k >= carries:
            batch.new[value] = operand, k < first_constant
    ahead = [node for node in body.nodes if all(value in batch.new for value in node.inputs) and batch.place(node)]
    made = {value for node in ahead for value in node.outputs if batch.new[value][1]}
    inside = [node for node in body.nodes if node not in set(ahead)]
    read = dict.fromkeys([*(value for node in inside for value in node.inputs), *body.outputs])
    found = [value for value in read if value in made and any(node.op.name in PRODUCTS for node in topological([value]))]
    if not found:
        return list(operands), body, sequences
    cut = closed(body.inputs, body.outputs, found, body.name)
    slices = cut.inputs[len(body.inputs) :]
    inputs = [*body.inputs[:first_constant], *slices, *body.inputs[first_constant:]]
    shorter = Graph.of(inputs, cut.outputs, name=body.name)
    before = [batch.new[value][0] for value in found]
    return [*operands[:first_constant], *before, *operands[first_constant:]], shorter, sequences + len(found)
