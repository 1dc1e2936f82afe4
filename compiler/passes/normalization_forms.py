"""Normalization in the forms that onnxruntime computes fastest; for graphs that are run, because files have standard operators
only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from ..dims import is_symbolic
from ..graph import Graph, Node, Value
from ..journal import note
from ..patterns import constant_of
from ..registry import ops
from ..rewrite import rewrite

#: Shorter rows are not worth a product of matrices.
LONG_ROW = 64


def normalization_forms(graph: Graph) -> Graph:
    """Means of weighted rows as products, and RMS normalization whole where no gradient reads its parts.

    before: mean(x * vector, axis=-1)                               after: matmul(x, vector / n)
    before: x * rsqrt(mean(square(x), axis=-1) + 1e-6) * vector     after: rms_normalization(x, vector, epsilon=1e-6)
    """
    uses = Counter([*graph.outputs, *(value for node in graph.nodes for value in node.inputs)])
    found = [parts for node in graph.nodes if (parts := _rms_parts(node)) is not None]
    whole = all(uses[part] == 1 for parts in found for part in parts.inner)
    if found and not whole:
        note("RMS normalization stays in parts", why="a gradient reads them", refused=True)
    if not found and not any(_weighted_mean(node) is not None for node in graph.nodes):
        return graph

    def offer(node: Node) -> Sequence[Value] | None:
        parts = _rms_parts(node) if whole else None
        if parts is not None:
            note("RMS normalization as one operator", node)
            return [ops.rms_normalization(parts.x, parts.scale, axis=-1, epsilon=parts.epsilon)[0]]
        mean = _weighted_mean(node)
        if mean is None:
            return None
        note("mean of weighted rows as a product with a vector", node, why="one pass over the rows in place of two")
        return [mean]

    return rewrite(graph, offer)


class _RmsParts(NamedTuple):
    x: Value
    scale: Value
    epsilon: float
    inner: tuple[Value, Value]


def _rms_parts(node: Node) -> _RmsParts | None:
    """The operands of an RMS normalization of the last axis that ends in this node."""
    if node.op.name != "multiply" or node.output.type.dtype != "float32" or node.output.type.ndim < 2:
        return None
    for normal, scale in (node.inputs, tuple(reversed(node.inputs))):
        product = _made_by(normal, "multiply")
        if product is None or scale.type.shape != node.output.type.shape[-1:]:
            continue
        for x, factor in (product.inputs, tuple(reversed(product.inputs))):
            root = _made_by(factor, "rsqrt")
            total = None if root is None else _made_by(root.inputs[0], "add")
            epsilon = None if total is None else constant_of(total.inputs[1])
            mean = None if total is None else _made_by(total.inputs[0], "mean")
            square = None if mean is None else _made_by(mean.inputs[0], "square")
            if mean is None or square is None or epsilon is None or epsilon.size != 1 or square.inputs[0] is not x:
                continue
            if mean.attrs["axis"] == (x.type.ndim - 1,) and mean.attrs["keepdims"]:
                return _RmsParts(x, scale, float(epsilon.reshape(())), (normal, factor))
    return None


def _weighted_mean(node: Node) -> Value | None:
    """mean(x * vector, axis=-1) as a product, in one pass over x in place of two."""
    product = _made_by(node.inputs[0], "multiply") if node.op.name == "mean" and node.output.type.dtype == "float32" else None
    if product is None or node.attrs["axis"] != (product.output.type.ndim - 1,):
        return None
    type_ = product.output.type
    length = type_.shape[-1]
    if type_.ndim < 2 or is_symbolic(length) or int(length) < LONG_ROW:
        return None
    for x, vector in (product.inputs, tuple(reversed(product.inputs))):
        if vector.type.shape == (length,) and x.type == type_:
            weights = ops.reshape(ops.multiply(vector, 1 / int(length)), shape=(length, 1))
            made: Value = ops.matmul(x, weights)
            return made if node.attrs["keepdims"] else ops.reshape(made, shape=node.output.type.shape)
    return None


def _made_by(value: Value, name: str) -> Node | None:
    return value.node if value.node is not None and value.node.op.name == name else None
