"""How convolutions are written in ONNX, whose convolutions have channels before the spatial axes.

The sum for a kernel's gradient goes over batch and places. As a convolution with batch and channels swapped it would be slow on
onnxruntime; its tap after tap is a product of matrices (measured: 1.5 to 4 times faster).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from ..dims import DimLike, Shape, is_symbolic, size_of
from ..emitter import Emitter
from ..graph import Node
from .geometry import Pairs, counts_of, dilated, spatial_axes
from .onnx_kernels import kernel_dtype

#: So few channels make too thin matrices: then the windows of all taps are one matrix.
FEW_CHANNELS = 4
#: So few places make too short sums: then batch and places are summed over at once.
FEW_PLACES = 256


def is_pointwise(node: Node) -> bool:
    """Whether this is a convolution (or gradient of one) with channels last that is a product of matrices: of one tap."""
    if not node.op.name.startswith("conv"):
        return False
    attrs = node.attrs
    kernel = node.output.type if node.op.name == "conv_kernel_gradient" else node.inputs[1].type
    one = (*kernel.shape[:-2], *attrs["strides"], attrs["groups"], *(1 + n for pair in attrs["padding"] for n in pair))
    return bool(attrs["channels_last"]) and all(n == 1 for n in one)


def onnx_conv(emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
    """Conv; what is put around an operand of unknown size is put there by Pad."""
    x, kernel = _operands(emit, node, inputs)
    if is_pointwise(node):
        return _result(emit, node, str(emit("MatMul", x, reshaped(emit, kernel, node.inputs[1].type.shape[-2:]))))
    attrs, size = node.attrs, node.inputs[1].type.shape[:-2]
    ndim, pairs = len(size), attrs["padding"]
    x = channels_first(emit, x, attrs)
    if _is_symbolic(pairs):
        x, pairs = _padded(emit, x, 2, pairs), ((0, 0),) * ndim
    made = emit("Conv", x, _kernel(emit, kernel, ndim), pads=_pads(pairs), **_attributes(attrs, size))
    return _result(emit, node, channels_back(emit, str(made), attrs, ndim))


def onnx_conv_input_gradient(emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
    """ConvTranspose. Where sizes are not known, it makes some elements more, which are cut off."""
    grad, kernel = _operands(emit, node, inputs)
    if is_pointwise(node):
        turned = emit("Transpose", reshaped(emit, kernel, node.inputs[1].type.shape[-2:]), perm=[1, 0])
        return _result(emit, node, str(emit("MatMul", grad, turned)))
    attrs, size = node.attrs, node.inputs[1].type.shape[:-2]
    ndim, sizes, pairs = len(size), attrs["sizes"], attrs["padding"]
    axes = zip(sizes, counts_of(sizes, size, attrs), size, attrs["strides"], attrs["dilation"], pairs, strict=True)
    rest = [n + sum(pair) - dilated(taps, step) - (count - 1) * stride for n, count, taps, stride, step, pair in axes]
    cut = _is_symbolic((*pairs, tuple(rest)))
    if cut:
        pairs, rest = ((0, 0),) * ndim, [stride - 1 for stride in attrs["strides"]]
    places = {"pads": _pads(pairs), "output_padding": rest, **_attributes(attrs, size)}
    made = str(emit("ConvTranspose", channels_first(emit, grad, attrs), _kernel(emit, kernel, ndim), **places))
    if cut:
        starts = tuple(pair[0] for pair in attrs["padding"])
        stops = tuple(start + n for start, n in zip(starts, sizes, strict=True))
        made = str(emit("Slice", made, emit.shape(starts), emit.shape(stops), emit.constant(np.arange(2, ndim + 2))))
    return _result(emit, node, channels_back(emit, made, attrs, ndim))


def onnx_conv_kernel_gradient(emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
    """For every tap the windows' elements times the gradient."""
    x, grad = _operands(emit, node, inputs)
    attrs, (source, upstream) = node.attrs, (value.type.shape for value in node.inputs)
    groups, filters = attrs["groups"], node.output.type.shape[-1]
    channels = int(node.output.type.shape[-2]) * groups
    counts = tuple(upstream[axis] for axis in spatial_axes(len(upstream), attrs["channels_last"]))
    few = not any(map(is_symbolic, counts)) and prod(map(int, counts)) <= FEW_PLACES
    if groups == 1 and ((few and channels > FEW_CHANNELS) or is_pointwise(node)):
        rows, width = size_of(upstream[:1]) * size_of(counts), channels
        x = channels_last(emit, x, attrs)
        taps = [x] if is_pointwise(node) else _taps(emit, x, 1, counts, attrs)
        right = reshaped(emit, channels_last(emit, grad, attrs), (rows, filters))
        shares = [emit("MatMul", emit("Transpose", reshaped(emit, t, (rows, width)), perm=[1, 0]), right) for t in taps]
        return _result(emit, node, reshaped(emit, _joined(emit, shares, 0), node.output.type.shape))
    taps = _taps(emit, channels_first(emit, x, attrs), 2, counts, attrs)
    grad = channels_first(emit, grad, attrs)
    sizes = (source[0], size_of(counts), channels, filters, groups)
    if groups == channels:
        made = _depthwise(emit, taps, grad, *sizes)
    elif groups == 1 and channels <= FEW_CHANNELS:
        made = _all_taps_at_once(emit, taps, grad, *sizes)
    else:
        made = _tap_by_tap(emit, taps, grad, *sizes)
    return _result(emit, node, reshaped(emit, made, node.output.type.shape))


def _depthwise(
    emit: Emitter, taps: Sequence[str], grad: str, batch: DimLike, places: DimLike, channels: int, filters: DimLike, groups: int
) -> str:
    """Sums of products for each channel."""
    axes = emit.constant(np.asarray([0, 3], np.int64))
    right = reshaped(emit, grad, (batch, channels, filters // channels, places))
    left = [reshaped(emit, tap, (batch, channels, 1, places)) for tap in taps]
    return _joined(emit, [emit("ReduceSum", emit("Mul", tap, right), axes, keepdims=0) for tap in left], 0)


def _all_taps_at_once(
    emit: Emitter, taps: Sequence[str], grad: str, batch: DimLike, places: DimLike, channels: int, filters: DimLike, groups: int
) -> str:
    """The windows as one matrix for each element of the batch."""
    columns = reshaped(emit, _joined(emit, taps, 1), (batch, len(taps) * channels, places))
    right = emit("Transpose", reshaped(emit, grad, (batch, filters, places)), perm=[0, 2, 1])
    return str(emit("ReduceSum", emit("MatMul", columns, right), emit.constant(np.asarray([0])), keepdims=0))


def _tap_by_tap(
    emit: Emitter, taps: Sequence[str], grad: str, batch: DimLike, places: DimLike, channels: int, filters: DimLike, groups: int
) -> str:
    """For each tap a product for every element of the batch and group."""
    each = channels // groups
    right = emit("Transpose", reshaped(emit, grad, (batch, groups, filters // groups, places)), perm=[0, 1, 3, 2])
    shares = []
    for tap in taps:
        product = emit("MatMul", reshaped(emit, tap, (batch, groups, each, places)), right)
        share = str(emit("ReduceSum", product, emit.constant(np.asarray([0])), keepdims=0))  # group, channel, filter
        shares.append(share if groups == 1 else str(emit("Transpose", share, perm=[1, 0, 2])))
    return _joined(emit, shares, 0)


def _taps(emit: Emitter, x: str, first: int, counts: Shape, attrs: Mapping[str, Any]) -> list[str]:
    """For every tap the elements that the windows have there; the spatial axes begin at `first`."""
    size = attrs["size"]
    x = _padded(emit, x, first, attrs["padding"])
    axes = emit.constant(np.arange(first, first + len(size)))
    steps = emit.constant(np.asarray(attrs["strides"], np.int64))
    taps = []
    for tap in np.ndindex(*size):
        starts = tuple(t * step for t, step in zip(tap, attrs["dilation"], strict=True))
        ends = zip(starts, counts, attrs["strides"], strict=True)
        stops = tuple(start + (count - 1) * stride + 1 for start, count, stride in ends)
        taps.append(str(emit("Slice", x, emit.shape(starts), emit.shape(stops), axes, steps)))
    return taps


def _padded(emit: Emitter, x: str, first: int, pairs: Pairs) -> str:
    """Zeros around the spatial axes, which begin at `first`."""
    if all(amount == 0 for pair in pairs for amount in pair):
        return x
    outer, inner = (0,) * first, (0,) * (2 - first)
    before, after = ((*outer, *(pair[k] for pair in pairs), *inner) for k in (0, 1))
    return str(emit("Pad", x, emit.shape((*before, *after))))


def channels_first(emit: Emitter, x: str, attrs: Mapping[str, Any]) -> str:
    """x with its channels right behind the batch."""
    if not attrs["channels_last"]:
        return x
    ndim = len(attrs["strides"])
    return str(emit("Transpose", x, perm=[0, ndim + 1, *range(1, ndim + 1)]))


def channels_last(emit: Emitter, x: str, attrs: Mapping[str, Any]) -> str:
    """x with its channels as the last axis."""
    return x if attrs["channels_last"] else str(emit("Transpose", x, perm=[0, *range(2, len(attrs["strides"]) + 2), 1]))


def channels_back(emit: Emitter, y: str, attrs: Mapping[str, Any], ndim: int) -> str:
    """A result with channels first, as the node wants it."""
    return str(emit("Transpose", y, perm=[0, *range(2, ndim + 2), 1])) if attrs["channels_last"] else y


def _attributes(attrs: Mapping[str, Any], size: Shape) -> dict[str, Any]:
    strides, dilations = list(attrs["strides"]), list(attrs["dilation"])
    return {"kernel_shape": list(size), "strides": strides, "dilations": dilations, "group": attrs["groups"]}


def _pads(pairs: Pairs) -> list[DimLike]:
    return [pair[0] for pair in pairs] + [pair[1] for pair in pairs]


def _is_symbolic(pairs: Sequence[Sequence[DimLike]]) -> bool:
    return any(is_symbolic(amount) for pair in pairs for amount in pair)


def _kernel(emit: Emitter, kernel: str, ndim: int) -> str:
    """(*size, channels, filters) -> (filters, channels, *size)"""
    return str(emit("Transpose", kernel, perm=[ndim + 1, ndim, *range(ndim)]))


def _operands(emit: Emitter, node: Node, inputs: Sequence[str]) -> tuple[str, str]:
    """Both operands in a dtype that onnxruntime convolves."""
    dtype = node.output.type.dtype
    via = kernel_dtype("Conv", dtype)
    x, y = inputs
    return (x, y) if via == dtype else (emit.cast(x, via), emit.cast(y, via))


def _result(emit: Emitter, node: Node, name: str) -> str:
    dtype = node.output.type.dtype
    return name if kernel_dtype("Conv", dtype) == dtype else emit.cast(name, dtype)


def reshaped(emit: Emitter, x: Any, shape: Shape) -> str:
    """x in another shape; one symbolic size is what is left, so that it need not be computed."""
    symbolic = [axis for axis, dim in enumerate(shape) if is_symbolic(dim)]
    if not symbolic or len(symbolic) > 1 or 0 in shape:
        return str(emit("Reshape", x, emit.shape(shape), allowzero=1))
    sizes = [-1 if axis in symbolic else int(dim) for axis, dim in enumerate(shape)]
    return str(emit("Reshape", x, emit.constant(np.asarray(sizes, np.int64))))


def _joined(emit: Emitter, parts: Sequence[Any], axis: int) -> str:
    return str(parts[0]) if len(parts) == 1 else str(emit("Concat", *parts, axis=axis))
