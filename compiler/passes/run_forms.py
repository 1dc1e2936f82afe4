"""What onnxruntime computes faster in another form; for graphs that are run.

Exported files keep the operators that say what is meant, and standard ones only.
"""

# mypy: disable-error-code="no-any-return"
# (ops are looked up by name, so what they return has no static type)

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..dims import DimLike, Shape, is_symbolic, size_of
from ..graph import Graph, Node, Value
from ..journal import note
from ..ops.activation import GELU_SLOPE
from ..registry import ops
from ..rewrite import PatternRule, Replacement, apply_rules, rewrite, rule

#: Rows of at least so many numbers, and so many numbers together where that is known, are summed as a product.
LONG_ROW, MANY = 64, 1 << 13

_GELU: list[PatternRule] = []


def run_forms(graph: Graph) -> Graph:
    """The same program in onnxruntime's favourite forms."""
    return rewrite(_with_whole_gelu(graph), _offer_sum)


# ---- sums of rows --------------------------------------------------------------------------------------------------------


def _offer_sum(node: Node) -> Sequence[Value] | None:
    """A sum along the last axes as a product with ones: products of matrices use wider instructions than ReduceSum.

    before: sum(x, axis=-1)        after: reshape(matmul(ones(1, n), transpose(x)))
    """
    if node.op.name not in ("sum", "mean") or node.output.type.dtype != "float32":
        return None
    (x,), axis = node.inputs, node.attrs["axis"]
    first = x.type.ndim - len(axis)
    if not axis or axis != tuple(range(first, x.type.ndim)):
        return None
    rows, length = size_of(x.type.shape[:first]), size_of(x.type.shape[first:])
    if is_symbolic(length):
        return None
    weight = 1 / int(length) if node.op.name == "mean" and length != 0 else 1.0
    total = _sum_of_all(x, weight) if first == 0 else _sum_of_rows(x, rows, int(length), weight)
    if total is None:
        return None
    note(f"{node.op.name} of rows as a product with ones", node, why="products use wider instructions than sums")
    return [_shaped(total, node.output.type.shape)]


def _sum_of_rows(x: Value, rows: DimLike, length: int, weight: float) -> Value | None:
    """float32[1, rows]"""
    if length < LONG_ROW or (not is_symbolic(rows) and int(rows) * length < MANY):
        return None
    return ops.matmul(_row(length, weight), ops.transpose(_shaped(x, (rows, length)), axes=(1, 0)))


def _sum_of_all(x: Value, weight: float) -> Value | None:
    """float32[], of all rows added up, of which the numbers are added up then."""
    if x.type.ndim < 2:
        return None
    rows, length = (int(size_of(shape)) for shape in (x.type.shape[:-1], x.type.shape[-1:]))
    if rows < LONG_ROW or length < LONG_ROW or rows * length < MANY:
        return None
    return ops.sum(_shaped(ops.matmul(_row(rows, weight), _shaped(x, (rows, length))), (length,)), axis=0)


def _shaped(x: Value, shape: Shape) -> Value:
    return x if x.type.shape == shape else ops.reshape(x, shape=shape)


def _row(count: int, weight: float) -> Value:
    """The weight of a mean is in the row: a product that is scaled afterwards takes three times as long."""
    return ops.constant(value=np.full((1, count), weight, np.float32))


# ---- gelu ----------------------------------------------------------------------------------------------------------------


def _with_whole_gelu(graph: Graph) -> Graph:
    """The parts of the tanh formula as one operator again, unless gradients read them, too.

    before: x * sigmoid(x * (square(x) * a + b))        after: gelu(x, approximate=True)
    """
    uses = Counter([*graph.outputs, *(value for node in graph.nodes for value in node.inputs)])
    for node in graph.nodes:
        if isinstance(_GELU[0].apply(node), Value) and any(
            value.node is not None and value.node.op.name == "sigmoid" and uses[value] > 1 for value in node.inputs
        ):
            note(_GELU[0].title, node, why="a gradient reads its parts", refused=True)
            return graph
    return apply_rules(graph, _GELU)


@rule(
    _GELU,  # type: ignore[arg-type]
    "x * sigmoid(x * (square(x) * a + b)) -> gelu(x)",
    before=lambda x: x * ops.sigmoid(x * (ops.square(x) * (0.044715 * GELU_SLOPE) + GELU_SLOPE)),
    rounds=True,
)
def _whole_gelu(x: Value) -> Replacement:
    """The operator takes no scalars."""
    return ops.gelu(x, approximate=True) if x.type.dtype == "float32" and x.type.ndim > 0 else None
