"""Pooling and recurrent layers in the forms that onnxruntime computes fastest; for graphs that are run, because files keep the
operators that say what is meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..graph import Graph, Node, Value
from ..journal import note
from ..ops.base import expanded
from ..registry import ops
from ..rewrite import rewrite
from ..types import numpy_dtype

#: Activations of a `simple_rnn` that are one operator in a loop, too.
LOOPED = ("tanh", "sigmoid", "relu", "linear")


def pooling_forms(graph: Graph) -> Graph:
    """Gradients of pooling in tiles as copies of rows of channels; simple_rnn as a loop.

    before: transpose(average_pool_gradient(grad, size=(2, 2)), axes=(0, 2, 3, 1))
    after:  reshape(broadcast_to(reshape(transpose(grad / 4, axes=(0, 2, 3, 1)), (n, h, 1, w, 1, c)), (n, h, 2, w, 2, c)))

    The small tensor is transposed, not the large one. onnxruntime's RNN is slower than the loop that it stands for.
    """
    uses = Counter([*graph.results, *(value for node in graph.nodes for value in node.inputs)])

    def offer(node: Node) -> Sequence[Value] | None:
        if node.op.name == "simple_rnn" and node.attrs["activation"] in LOOPED:
            note("simple_rnn as a loop", node, why="faster than the operator RNN")
            return expanded(node)
        made = _copied(node, uses)
        if made is not None:
            note("average_pool_gradient as copies of rows", node, why="the small tensor is transposed, not the large one")
        return made

    return rewrite(graph, offer)


def _copied(node: Node, uses: Counter[Value]) -> Sequence[Value] | None:
    """The transposed gradient of an average of windows that touch but do not overlap, if nothing else reads it."""
    if node.op.name != "transpose":
        return None
    pooled = node.inputs[0].node
    if pooled is None or pooled.op.name != "average_pool_gradient" or uses[pooled.output] > 1:
        return None
    grad, attrs = pooled.inputs[0], pooled.attrs
    spatial = grad.type.ndim - 2
    last = (0, *range(2, 2 + spatial), 1)
    tiles = tuple(small * taps for small, taps in zip(grad.type.shape[2:], attrs["size"]))
    if attrs["channels_last"] or node.attrs["axes"] != last or attrs["strides"] != attrs["size"] or attrs["sizes"] != tiles:
        return None
    share = np.asarray(1 / np.prod(attrs["size"]), numpy_dtype(grad.type.dtype))
    rows = ops.transpose(ops.multiply(grad, ops.constant(value=share)), axes=last)
    batch, *sizes, channels = rows.type.shape
    apart = [part for size in sizes for part in (size, 1)]
    copies = [part for size, taps in zip(sizes, attrs["size"]) for part in (size, taps)]
    spread = ops.broadcast_to(ops.reshape(rows, shape=(batch, *apart, channels)), shape=(batch, *copies, channels))
    return [ops.reshape(spread, shape=node.output.type.shape)]
