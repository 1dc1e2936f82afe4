"""Convolutions in the layout that onnxruntime's library computes fastest; for graphs that are run, because exported files have
standard operators only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from ..dims import is_symbolic
from ..graph import Graph, Node, Value
from ..journal import note
from ..ops.blocked_convolution import tall_kernel_fits
from ..ops.geometry import dilated
from ..registry import ops
from ..rewrite import rewrite
from ..types import TensorType
from .rules.views import elementwise

#: taps * channels * filters / (channels + filters) from which a convolution gains more than the layout costs (measured).
WORTH = 64
#: How many elementwise steps are computed in both layouts rather than turning their result.
MOST_STEPS = 3
CONVOLUTIONS = ("conv", "conv_input_gradient", "conv_kernel_gradient")


def channel_blocks(graph: Graph) -> Graph:
    """Convolutions of float32 images on channels in blocks of 8 or 16, whichever this processor's library takes.

    before: conv(relu(conv(x, v)), w)
    after:  from_blocks(blocked_conv(relu(blocked_conv(to_blocks(x), v)), w))
    """
    if not any(node.op.name in CONVOLUTIONS for node in graph.nodes):
        return graph
    session = import_module("..executables.onnxruntime_session", __package__)  # now, as its target is in use then
    return in_blocks(graph, int(session.channel_block()))


def in_blocks(graph: Graph, block: int) -> Graph:
    """The same for a given size of blocks; 0 if the library has no such layout."""
    if block == 0:
        note("convolutions stay as they are", why="onnxruntime has no layout in blocks for this processor", refused=True)
        return graph
    return rewrite(graph, _Blocks(graph, block).offer)


class _Blocks:
    """The pass on one graph, with one size of blocks."""

    def __init__(self, graph: Graph, block: int) -> None:
        self.block = block
        uses = Counter([*graph.outputs, *(value for node in graph.nodes for value in node.inputs)])
        #: Kernels of convolutions whose results are wanted more than once, and so without a bias, too.
        self.shared = {node.inputs[1] for node in graph.nodes if node.op.name == "conv" and uses[node.output] > 1}

    def offer(self, node: Node) -> Sequence[Value] | None:
        name = node.op.name
        made: Value | None = None
        if name == "conv":
            made = self._conv(node.inputs[0], node.inputs[1], node.attrs)
        elif name == "conv_input_gradient":
            made = self._input_gradient(node)
        elif name == "conv_kernel_gradient":
            made = self._kernel_gradient(node)
        elif name == "transpose":
            made = self._turned(node)
        elif name == "add":
            made = self._with_bias(*node.inputs) or self._with_bias(*reversed(node.inputs))
        if name in CONVOLUTIONS:
            done = f"{name} on channels in blocks of {self.block}"
            note(done, node, "" if made is not None else "it gains nothing, or its sizes do not fit", refused=made is None)
        return None if made is None else [made]

    # ---- the three ways to sum ----------------------------------------------------------------------------------------

    def _conv(self, x: Value, kernel: Value, attrs: Mapping[str, Any]) -> Value | None:
        if any(map(is_symbolic, kernel.type.shape)) or not self._is_worth(x, kernel.type, attrs):
            return None
        depthwise = attrs["groups"] > 1
        places = {key: attrs[key] for key in ("strides", "padding", "dilation")}
        thin = not depthwise and int(kernel.type.shape[2]) < self.block
        y = ops.blocked_conv(x if thin else self._blocked(x), kernel, block=self.block, depthwise=depthwise, **places)
        return self._plain(y)

    def _is_worth(self, x: Value, kernel: TensorType, attrs: Mapping[str, Any]) -> bool:
        if x.type.ndim != 4 or x.type.dtype != "float32" or attrs["channels_last"] or 0 in x.type.shape:
            return False
        if is_symbolic(x.type.shape[1]) or any(map(is_symbolic, sum(attrs["padding"], ()))):
            return False
        height, width, channels, filters = map(int, kernel.shape)
        if filters % self.block:
            return False
        if attrs["groups"] > 1:
            return channels == 1 and filters == attrs["groups"]
        if channels < self.block:
            return height * width > 1
        if channels % self.block:
            return False
        if height * width == 1:  # a product of matrices in any layout
            return self._computed_in_blocks(x, MOST_STEPS) is not None
        return height * width * channels * filters >= WORTH * (channels + filters)

    def _input_gradient(self, node: Node) -> Value | None:
        """A convolution with the kernel read backwards, its channels and filters swapped."""
        (grad, kernel), attrs = node.inputs, node.attrs
        if kernel.type.ndim != 4 or any(stride != 1 for stride in attrs["strides"]):
            return None
        if any(map(is_symbolic, (*kernel.type.shape, *sum(attrs["padding"], ())))):
            return None
        depthwise = attrs["groups"] > 1
        height, width, channels, filters = map(int, kernel.type.shape)
        reaches = [dilated(taps, step) - 1 for taps, step in zip((height, width), attrs["dilation"], strict=True)]
        padding = tuple((reach - low, reach - high) for reach, (low, high) in zip(reaches, attrs["padding"], strict=True))
        if any(amount < 0 for pair in padding for amount in pair):
            return None
        swapped = kernel.type if depthwise else kernel.type.with_shape((height, width, filters, channels))
        places = {**attrs, "padding": padding}
        thin = not depthwise and filters < self.block
        if thin or not self._is_worth(grad, swapped, places):
            return None
        rows = ops.reshape(kernel, shape=(height * width, channels, filters))
        backwards = ops.take(rows, _backwards(height * width), axis=0)
        backwards = backwards if depthwise else ops.transpose(backwards, axes=(0, 2, 1))
        return self._conv(grad, ops.reshape(backwards, shape=swapped.shape), places)

    def _kernel_gradient(self, node: Node) -> Value | None:
        (x, grad), attrs = node.inputs, node.attrs
        if attrs["groups"] == 1 or x.type.ndim != 4 or not self._is_worth(x, node.output.type, attrs):
            return None
        if not tall_kernel_fits(x.type.shape[2:], attrs["size"], attrs):
            return None
        places = {key: attrs[key] for key in ("strides", "padding", "dilation", "size")}
        made: Value = ops.blocked_depthwise_kernel_gradient(self._blocked(x), self._blocked(grad), block=self.block, **places)
        return made

    # ---- layouts ------------------------------------------------------------------------------------------------------

    def _plain(self, x: Value, channels_last: bool = False) -> Value:
        made: Value = ops.from_blocks(x, block=self.block, channels_last=channels_last)
        return made

    def _blocked(self, x: Value, steps: int = MOST_STEPS) -> Value:
        """x in blocks; what a few elementwise steps make of something that is in blocks is computed there again."""
        found = self._computed_in_blocks(x, steps)
        if found is not None:
            return found
        last = _is_transposed(x, (0, 3, 1, 2))
        source = x.node.inputs[0] if last and x.node is not None else x
        made: Value = ops.to_blocks(source, block=self.block, channels_last=last)
        return made

    def _computed_in_blocks(self, x: Value, steps: int) -> Value | None:
        node = x.node
        if node is None:
            return None
        if node.op.name == "from_blocks" and not node.attrs["channels_last"]:
            return node.inputs[0]
        if steps == 0 or node.op.name not in _elementwise_names() or len(node.outputs) != 1:
            return None
        operands = []
        for value in node.inputs:
            number = all(n == 1 for n in value.type.shape)
            inner = value if number else self._computed_in_blocks(value, steps - 1)
            if inner is None or (not number and value.type.shape != x.type.shape):
                return None
            operands.append(inner)
        made: Value = node.op(*operands, **node.attrs)
        return made if made.type == x.type else None

    def _turned(self, node: Node) -> Value | None:
        """transpose(relu(from_blocks(x))) -> from_blocks(relu(x)) with channels last."""
        inner = self._computed_in_blocks(node.inputs[0], MOST_STEPS) if node.attrs["axes"] == (0, 2, 3, 1) else None
        return None if inner is None else self._plain(inner, channels_last=True)

    def _with_bias(self, x: Value, bias: Value) -> Value | None:
        """from_blocks(blocked_conv(x, w)) + bias -> from_blocks(blocked_conv(x, w, bias))"""
        outer = x.node
        inner = outer.inputs[0].node if outer is not None and outer.op.name == "from_blocks" else None
        if outer is None or inner is None or inner.op.name != "blocked_conv" or len(inner.inputs) == 3:
            return None
        if inner.inputs[1] in self.shared:
            return None
        filters = inner.output.type.shape[1]
        last = outer.attrs["channels_last"]
        if bias.type.size != filters or bias.type.shape[-1 if last else -3 :] != ((filters,) if last else (filters, 1, 1)):
            return None
        y = inner.op(*inner.inputs, ops.reshape(bias, shape=(filters,)), **inner.attrs)
        return self._plain(y, last)


@cache
def _elementwise_names() -> frozenset[str]:
    return frozenset(elementwise())


@cache
def _backwards(taps: int) -> Any:
    return np.arange(taps - 1, -1, -1, dtype=np.int32)


def _is_transposed(x: Value, axes: tuple[int, ...]) -> bool:
    return x.node is not None and x.node.op.name == "transpose" and x.node.attrs["axes"] == axes
