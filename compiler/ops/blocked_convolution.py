"""Convolution on images whose channels are in blocks, and the way into that layout and back.

onnxruntime's library convolves fastest where `block` channels (8 or 16 numbers: one vector register) are neighbours. An image
(batch, channels, height, width) in this layout keeps its type; in memory its axes are batch, channels / block, height, width
and the channels of one block. Kernels here are operators of onnxruntime's own domain, which no file may hold, so these ops are
spelled out wherever a pass finds them; only `passes.channel_blocks`, the last one before a graph is run, makes them to stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..dims import DimLike, Shape, is_symbolic, size_of
from ..emitter import Emitter
from ..graph import Node
from ..registry import ops
from ..types import TensorType, shape_text
from .base import REQUIRED, Arg, Composite, Sample, same_dtype
from .elementwise import BATCH, LENGTH, check_arity, check_dtype
from .geometry import Pairs, counts_of, dilated
from .onnx_convolution import reshaped

DOMAIN = "com.microsoft.nchwc"


class _Blocked(Composite):
    """What the ops share."""

    attributes: ClassVar[Mapping[str, Any]] = {"block": REQUIRED}

    def stays_whole(self, node: Node, rule: str) -> bool:
        """Not where a pass could spell it out: files have standard operators only."""
        return False

    def _check_image(self, x: TensorType, block: int, axis: int = 1) -> None:
        check_dtype(self, x.dtype, ("float32", "float64"))
        if x.ndim != 4 or is_symbolic(x.shape[axis]) or int(x.shape[axis]) % block:
            raise ValueError(
                f"{self.name}: an image needs four axes and a multiple of {block} channels, got {shape_text(x.shape)}."
            )


class ToBlocks(_Blocked):
    """x (batch, height, width, channels), or with channels first, in blocks of channels"""

    name = "to_blocks"
    attributes: ClassVar[Mapping[str, Any]] = {"block": REQUIRED, "channels_last": False}

    def infer(self, *types: TensorType, block: int, channels_last: bool) -> TensorType:
        check_arity(self, types, 1)
        self._check_image(types[0], block, -1 if channels_last else 1)
        shape = types[0].shape
        return types[0].with_shape((shape[0], shape[-1], *shape[1:-1]) if channels_last else shape)

    def expand(self, x: Any, *, block: int, channels_last: bool) -> Any:
        x = ops.transpose(x, axes=(0, 3, 1, 2)) if channels_last else x
        batch, channels, *sizes = x.type.shape
        parts = ops.reshape(x, shape=(batch, channels // block, block, *sizes))
        return ops.reshape(ops.transpose(parts, axes=(0, 1, 3, 4, 2)), shape=x.type.shape)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return str(emit("ReorderInput", inputs[0], domain=DOMAIN, channels_last=int(node.attrs["channels_last"])))

    def samples(self) -> Iterator[Sample]:
        yield Sample((Arg((2, 6, 5, 3)),), {"block": 2})
        yield Sample((Arg((BATCH, 5, LENGTH, 8)),), {"block": 4, "channels_last": True})


class FromBlocks(_Blocked):
    """The way back from `to_blocks`"""

    name = "from_blocks"
    attributes: ClassVar[Mapping[str, Any]] = {"block": REQUIRED, "channels_last": False}

    def infer(self, *types: TensorType, block: int, channels_last: bool) -> TensorType:
        check_arity(self, types, 1)
        self._check_image(types[0], block)
        shape = types[0].shape
        return types[0].with_shape((shape[0], *shape[2:], shape[1]) if channels_last else shape)

    def expand(self, x: Any, *, block: int, channels_last: bool) -> Any:
        batch, channels, *sizes = x.type.shape
        parts = ops.reshape(x, shape=(batch, channels // block, *sizes, block))
        y = ops.reshape(ops.transpose(parts, axes=(0, 1, 4, 2, 3)), shape=x.type.shape)
        return ops.transpose(y, axes=(0, 2, 3, 1)) if channels_last else y

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        places = {"channels": int(node.inputs[0].type.shape[1]), "channels_last": int(node.attrs["channels_last"])}
        return str(emit("ReorderOutput", inputs[0], domain=DOMAIN, **places))

    def samples(self) -> Iterator[Sample]:
        yield Sample((Arg((2, 6, 5, 3)),), {"block": 2})
        yield Sample((Arg((BATCH, 8, 5, LENGTH)),), {"block": 4, "channels_last": True})


_PLACES: Mapping[str, Any] = {"block": REQUIRED, "strides": REQUIRED, "padding": REQUIRED, "dilation": REQUIRED}


class BlockedConv(_Blocked):
    """y = conv(x, kernel) [+ bias]; x and y are in blocks of channels

    x may have fewer channels than a block; then it is not in blocks. Each channel is for itself if `depthwise`.
    """

    name = "blocked_conv"
    attributes: ClassVar[Mapping[str, Any]] = {**_PLACES, "depthwise": False}

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types[:2], 2)
        x, kernel, *bias = types
        check_arity(self, bias[1:], 0)
        same_dtype(self, types)
        if not self._is_thin(x, attrs):
            self._check_image(x, attrs["block"])
        y = x.with_shape((x.shape[0], kernel.shape[3], *_counts(x, kernel.shape[:2], attrs)))
        self._check_image(y, attrs["block"])
        if kernel.shape[2] != (1 if attrs["depthwise"] else x.shape[1]) or any(b.shape != y.shape[1:2] for b in bias):
            raise ValueError(f"{self.name}: {', '.join(map(str, types))} do not fit together.")
        return y

    def expand(self, x: Any, kernel: Any, *bias: Any, **attrs: Any) -> Any:
        block = attrs["block"]
        plain = x if self._is_thin(x.type, attrs) else ops.from_blocks(x, block=block)
        groups = x.type.shape[1] if attrs["depthwise"] else 1
        places = {key: attrs[key] for key in ("strides", "padding", "dilation")}
        y = ops.conv(plain, kernel, groups=groups, channels_last=False, **places)
        for vector in bias:
            y = y + ops.reshape(vector, shape=(*vector.type.shape, 1, 1))
        return ops.to_blocks(y, block=block)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        (x, kernel, *bias), attrs, block = inputs, node.attrs, node.attrs["block"]
        image, (height, width, channels, filters) = node.inputs[0].type, node.inputs[1].type.shape
        blocks = (int(filters) // block, block)
        parts: Shape
        if attrs["depthwise"]:
            parts, order = (height, width, *blocks), [2, 0, 1, 3]
        elif self._is_thin(image, attrs):
            parts, order = (height, width, channels, *blocks), [3, 2, 0, 1, 4]
        else:
            parts, order = (height, width, int(channels) // block, block, *blocks), [4, 2, 0, 1, 3, 5]
        turned = emit("Transpose", reshaped(emit, kernel, parts), perm=order)
        weights = reshaped(emit, turned, (filters, channels, height, width))
        places: dict[str, Any] = {"kernel_shape": [int(height), int(width)], "pads": _pads(attrs["padding"])}
        places |= {"strides": list(attrs["strides"]), "dilations": list(attrs["dilation"])}
        groups = int(image.shape[1]) if attrs["depthwise"] else 1
        return str(emit("Conv", x, weights, *bias, domain=DOMAIN, group=groups, **places))

    def flops(self, node: Node) -> DimLike:
        return node.output.type.size * size_of(node.inputs[1].type.shape[:-1]) * 2

    def samples(self) -> Iterator[Sample]:
        for x, kernel, depthwise in (((2, 6, 5, 7), (3, 2, 6, 4), False), ((BATCH, 4, 6, 5), (2, 3, 1, 4), True)):
            places = {"padding": ((1, 0), (1, 2)), "block": 2, "depthwise": depthwise}
            yield Sample((Arg(x), Arg(kernel)), {**places, "strides": (2, 1), "dilation": (1, 1)})
            bias = (Arg(x), Arg(kernel), Arg((4,)))
            yield Sample(bias, {**places, "strides": (1, 1), "dilation": (2, 1)})
        thin = {"padding": ((0, 0), (0, 0)), "block": 4, "strides": (1, 1), "dilation": (1, 1)}
        yield Sample((Arg((2, 3, LENGTH, 5)), Arg((2, 3, 3, 8))), thin)

    @staticmethod
    def _is_thin(x: TensorType, attrs: Mapping[str, Any]) -> bool:
        """Whether the image has too few channels for a block."""
        return not attrs["depthwise"] and not is_symbolic(x.shape[1]) and int(x.shape[1]) < attrs["block"]


class BlockedDepthwiseKernelGradient(_Blocked):
    """The gradient of a depthwise `blocked_conv` by its kernel (*size, 1, channels), given x and that of the result

    All images one below the other are convolved with all gradients one below the other, as with one tall kernel.
    """

    name = "blocked_depthwise_kernel_gradient"
    attributes: ClassVar[Mapping[str, Any]] = {**_PLACES, "size": REQUIRED}

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, 2)
        x, grad = types
        same_dtype(self, types)
        for image in types:
            self._check_image(image, attrs["block"])
        expected = (*x.shape[:2], *_counts(x, attrs["size"], attrs))
        if grad.shape != expected or not tall_kernel_fits(x.shape[2:], attrs["size"], attrs):
            raise ValueError(
                f"{self.name}: the gradient {grad} does not fit; that of {x} has the shape {shape_text(expected)}."
            )
        return x.with_shape((*attrs["size"], 1, x.shape[1]))

    def expand(self, x: Any, grad: Any, **attrs: Any) -> Any:
        x, grad = (ops.from_blocks(image, block=attrs["block"]) for image in (x, grad))
        places = {key: attrs[key] for key in ("size", "strides", "padding", "dilation")}
        groups = x.type.shape[1]
        return ops.conv_kernel_gradient(x, grad, groups=groups, channels_last=False, **places)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        """A stride of the windows is a step between the taps of the tall kernel, and the other way round."""
        attrs, block, size = node.attrs, node.attrs["block"], node.attrs["size"]
        x_shape, grad_shape = (tuple(map(_known, value.type.shape[1:])) for value in node.inputs)
        (channels, height, width), (_, rows, columns) = x_shape, grad_shape
        (stride, _), ((top, _), (left, _)), (step, _) = attrs["strides"], attrs["padding"], attrs["dilation"]
        period = _period(height, rows, size[0], attrs)
        blocks = channels // block

        def column(name: str, above: int, count: int, below: int, length: int) -> str:
            """(batch, channels, count, length) in blocks, as (blocks, batch * period, length * block)."""
            parts = emit("Reshape", name, emit.constant(np.asarray([-1, blocks, count, length * block])))
            pads = emit.constant(np.asarray([0, 0, above, 0, 0, 0, below, 0]))
            return str(emit("Transpose", emit("Pad", parts, pads), perm=[1, 0, 2, 3]))

        x = column(inputs[0], top, height, period - top - height, width)
        grad = column(inputs[1], 0, rows, period // stride - rows, columns)
        image = emit("Reshape", x, emit.constant(np.asarray([1, channels, -1, width])))
        tall = emit("Reshape", grad, emit.constant(np.asarray([channels, 1, -1, columns])))
        pads = [0, left, 1 - stride + (size[0] - 1) * step, _right(width, columns, size[1], attrs)]
        made = emit(
            "Conv", image, tall, domain=DOMAIN, group=channels, pads=pads, strides=list(attrs["dilation"]),
            dilations=list(attrs["strides"]),
        )  # fmt: skip
        turned = emit("Transpose", reshaped(emit, made, (blocks, *size, block)), perm=[1, 2, 0, 3])
        return reshaped(emit, turned, node.output.type.shape)

    def flops(self, node: Node) -> DimLike:
        return node.inputs[1].type.size * size_of(node.attrs["size"]) * 2

    def samples(self) -> Iterator[Sample]:
        places = {"block": 2, "dilation": (1, 1)}
        same = {**places, "padding": ((1, 1), (1, 1)), "strides": (1, 1), "size": (3, 3)}
        yield Sample((Arg((2, 4, 6, 5)), Arg((2, 4, 6, 5))), same)
        strided = {**places, "padding": ((0, 1), (1, 1)), "strides": (2, 2), "size": (3, 4)}
        yield Sample((Arg((BATCH, 4, 6, 8)), Arg((BATCH, 4, 3, 4))), strided)


def tall_kernel_fits(sizes: Shape, size: Sequence[int], attrs: Mapping[str, Any]) -> bool:
    """Whether the kernel's gradient is the convolution with a tall kernel: sizes are known, and no window stops too early."""
    if any(map(is_symbolic, sizes)):
        return False
    counts = counts_of(sizes, size, attrs)
    stride, step = attrs["strides"][0], attrs["dilation"][0]
    return stride - 1 <= (size[0] - 1) * step and _right(_known(sizes[1]), _known(counts[1]), size[1], attrs) >= 0


def _period(height: int, rows: int, taps: int, attrs: Mapping[str, Any]) -> int:
    """The rows from one image to the next, so that no window reaches over."""
    stride, top, step = (int(n) for n in (attrs["strides"][0], attrs["padding"][0][0], attrs["dilation"][0]))
    needed = max(top + height, (rows - 1) * stride + dilated(taps, step))
    return -(-needed // stride) * stride


def _right(width: int, columns: int, taps: int, attrs: Mapping[str, Any]) -> int:
    """The padding behind each row that makes as many windows as the kernel has taps."""
    stride, left, step = (int(n) for n in (attrs["strides"][1], attrs["padding"][1][0], attrs["dilation"][1]))
    return (columns - 1) * stride + 1 + (taps - 1) * step - width - left


def _counts(x: TensorType, size: Sequence[Any], attrs: Mapping[str, Any]) -> Shape:
    return counts_of(x.shape[2:], size, attrs)


def _known(n: DimLike) -> int:
    assert isinstance(n, int)
    return n


def _pads(pairs: Pairs) -> list[DimLike]:
    return [pair[0] for pair in pairs] + [pair[1] for pair in pairs]
