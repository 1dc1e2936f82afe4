"""Scalars in a shape that onnxruntime computes with fast."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from ..graph import Graph, Node, Value
from ..journal import note
from ..ops.elementwise import Elementwise
from ..registry import ops
from ..rewrite import rewrite

#: A scalar that is no constant needs a reshape of its own: only for results that surely have so many elements.
LARGE = 256


def align_scalars(graph: Graph) -> Graph:
    """Give scalar operands of elementwise ops the rank of a result that has an axis of size 1.

    onnxruntime 1.31.1 multiplies float32[400000,1] with float32[] in 12 ms, with float32[1,1] in 0.04 ms: it looks for the
    axes that it can run through at once from the last one, and the missing axes of a scalar end the search there. Other axes
    than the last count, too: onnxruntime moves transposes about, so that any axis may become the last one.

    before: x[batch,28,28,1] * 2.0        after: x[batch,28,28,1] * [[[[2.0]]]]
    """

    def offer(node: Node) -> Sequence[Value] | None:
        if not isinstance(node.op, Elementwise) or len(node.inputs) < 2:
            return None
        shape = node.output.type.shape
        if len(shape) < 2 or all(dim != 1 for dim in shape):
            return None
        large = prod(dim for dim in shape if isinstance(dim, int)) >= LARGE
        aligned = [_aligned(value, len(shape), large) for value in node.inputs]
        if aligned == list(node.inputs):
            return None
        note("gave a scalar the rank of the result", node)
        return node.with_operands(aligned).outputs

    return rewrite(graph, offer)


def _aligned(value: Value, rank: int, large: bool) -> Value:
    if value.type.ndim == rank or any(dim != 1 for dim in value.type.shape):
        return value
    ones = (1,) * rank
    if value.node is not None and value.node.op.name == "constant":
        constant: Value = ops.constant(value=np.reshape(value.node.attrs["value"], ones))
        return constant
    reshaped: Value = ops.reshape(value, shape=ones) if large else value
    return reshaped
