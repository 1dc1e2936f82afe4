"""How pooling and its gradients are written in ONNX, whose pooling has channels before the spatial axes.

Gradients of windows side by side go through Resize, which is the fast way to repeat on onnxruntime. MaxUnpool is no gradient:
where windows share an element it keeps one of the shares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from ..dims import Shape, is_symbolic
from ..emitter import Emitter
from ..graph import Node
from ..types import numpy_dtype
from .geometry import counts_of
from .onnx_convolution import channels_back, channels_first, reshaped
from .onnx_kernels import kernel_dtype


def onnx_max_pool(emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
    """MaxPool."""
    return _pool(emit, "MaxPool", node, inputs[0])


def onnx_average_pool(emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
    """AveragePool, which does not count padding unless told to."""
    return _pool(emit, "AveragePool", node, inputs[0])


def _pool(emit: Emitter, operator: str, node: Node, x: str) -> str:
    attrs, dtype = node.attrs, node.output.type.dtype
    via = kernel_dtype(operator, dtype)
    x = channels_first(emit, x if via == dtype else emit.cast(x, via), attrs)
    y = channels_back(emit, str(emit(operator, x, **_attributes(attrs))), attrs, len(attrs["size"]))
    return y if via == dtype else emit.cast(y, dtype)


def onnx_max_pool_gradient(emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
    attrs, dtype = node.attrs, node.output.type.dtype
    via = kernel_dtype("MaxPool", dtype)
    x, grad = (channels_first(emit, name if via == dtype else emit.cast(name, via), attrs) for name in inputs)
    if is_tiled(attrs) and _is_known(node) and via == "float32":  # onnxruntime has no Resize of float64
        sizes = [int(n) for n in _spatial(node)]
        covered = [n - n % taps for n, taps in zip(sizes, attrs["size"], strict=True)]
        y = _tiled_max_gradient(emit, _cut(emit, x, sizes, covered), grad, covered, attrs, via)
        y = _filled_up(emit, y, covered, sizes)
    else:
        y = _scattered(emit, x, grad, node, via)
    y = channels_back(emit, y, attrs, len(attrs["size"]))
    return y if via == dtype else emit.cast(y, dtype)


def _tiled_max_gradient(emit: Emitter, x: str, grad: str, sizes: Sequence[int], attrs: Mapping[str, Any], dtype: str) -> str:
    """An element that equals its window's largest gets a rank, the first tap the highest; the highest in a window wins."""
    size = attrs["size"]
    ranks = np.arange(prod(size), 0, -1).reshape(size).astype(numpy_dtype(dtype))
    tiled = np.tile(ranks, [n // taps for n, taps in zip(sizes, size, strict=True)])
    largest = _repeated(emit, str(emit("MaxPool", x, **_attributes(attrs))), size)
    rank = str(emit("Mul", emit.cast(str(emit("Equal", x, largest)), dtype), emit.constant(tiled[None, None])))
    highest = _repeated(emit, str(emit("MaxPool", rank, **_attributes(attrs))), size)
    wins = emit.cast(str(emit("Equal", rank, highest)), dtype)
    return str(emit("Mul", _repeated(emit, grad, size), wins))


def _scattered(emit: Emitter, x: str, grad: str, node: Node, dtype: str) -> str:
    """The gradient added up at the places that MaxPool tells."""
    shape = node.output.type.shape
    first = (shape[0], shape[-1], *shape[1:-1]) if node.attrs["channels_last"] else shape
    _, places = emit("MaxPool", x, outputs=2, **_attributes(node.attrs))
    flat = emit.constant(np.asarray([-1], np.int64))
    zeros = emit("ConstantOfShape", emit.shape((node.output.type.size,)), value=np.zeros(1, numpy_dtype(dtype)))
    rows = (emit("Reshape", places, flat), emit("Reshape", grad, flat))
    summed = str(emit("ScatterElements", zeros, *rows, axis=0, reduction="add"))
    return reshaped(emit, summed, first)


def onnx_average_pool_gradient(emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
    attrs, sizes, dtype = node.attrs, _spatial(node), node.output.type.dtype
    via = kernel_dtype("AveragePool", dtype)
    grad = channels_first(emit, inputs[0] if via == dtype else emit.cast(inputs[0], via), attrs)
    size, ndim = attrs["size"], len(sizes)
    if any(amount != 0 for pair in attrs["padding"] for amount in pair):
        share = str(emit("Div", grad, _element_counts(emit, sizes, attrs)))
    else:
        share = str(emit("Mul", grad, emit.constant(np.asarray(1 / prod(size), np.float32))))
    if is_tiled(attrs) and _is_known(node):
        covered = [int(n) - int(n) % taps for n, taps in zip(sizes, size, strict=True)]
        y = _filled_up(emit, _repeated(emit, share, size), covered, [int(n) for n in sizes])
    else:
        channels = int(node.output.type.shape[-1 if attrs["channels_last"] else 1])
        y = _spread(emit, share, channels, sizes, attrs)
    y = channels_back(emit, y, attrs, ndim)
    return y if via == dtype else emit.cast(y, dtype)


def _spread(emit: Emitter, share: str, channels: int, sizes: Shape, attrs: Mapping[str, Any]) -> str:
    """Every window's share at every element of it: a transposed convolution with ones, cut to size."""
    size, strides = attrs["size"], attrs["strides"]
    starts = tuple(low for low, _ in attrs["padding"])
    stops = tuple(start + n for start, n in zip(starts, sizes, strict=True))
    counts = counts_of(sizes, size, {**attrs, "dilation": (1,) * len(sizes)})
    rows = zip(stops, counts, size, strides, strict=True)
    missing = [stop - ((count - 1) * stride + taps) for stop, count, taps, stride in rows]
    more = [strides[k] - 1 if is_symbolic(n) else max(n, 0) for k, n in enumerate(missing)]
    ones = emit.constant(np.ones((channels, 1, *size), np.float32))
    places: dict[str, Any] = {"kernel_shape": list(size), "strides": list(strides), "output_padding": more}
    y = str(emit("ConvTranspose", share, ones, group=channels, **places))
    if not any(starts) and all(not is_symbolic(n) and n >= 0 for n in missing):
        return y
    return str(emit("Slice", y, emit.shape(starts), emit.shape(stops), emit.constant(np.arange(2, len(size) + 2))))


def _element_counts(emit: Emitter, sizes: Shape, attrs: Mapping[str, Any]) -> str:
    """How many elements every window has that are no padding: (1, 1, *counts)."""
    size, taps = (1, 1, *sizes), emit.constant(np.asarray(prod(attrs["size"]), np.float32))
    ones = emit("ConstantOfShape", emit.shape(size), value=np.ones(1, np.float32))
    parts = emit("AveragePool", ones, count_include_pad=1, **_attributes(attrs))
    return str(emit("Mul", parts, taps))


def is_tiled(attrs: Mapping[str, Any]) -> bool:
    """True if windows lie side by side: every element is in one of them, or behind all."""
    return bool(attrs["size"] == attrs["strides"]) and all(amount == 0 for pair in attrs["padding"] for amount in pair)


def _is_known(node: Node) -> bool:
    """True if the spatial sizes are known, and there are elements."""
    return not any(map(is_symbolic, _spatial(node))) and 0 not in node.output.type.shape


def _spatial(node: Node) -> Shape:
    shape = node.output.type.shape
    return shape[1:-1] if node.attrs["channels_last"] else shape[2:]


def _attributes(attrs: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"kernel_shape": list(attrs["size"]), "strides": list(attrs["strides"])}
    pairs = attrs["padding"]
    if any(is_symbolic(amount) for pair in pairs for amount in pair):
        return {**made, "auto_pad": "SAME_UPPER"}
    return {**made, "pads": [low for low, _ in pairs] + [high for _, high in pairs]}


def _repeated(emit: Emitter, x: str, times: Sequence[int]) -> str:
    """Every element so many times along the spatial axes."""
    scales = emit.constant(np.asarray([1, 1, *times], np.float32))
    places: dict[str, Any] = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return str(emit("Resize", x, "", scales, mode="nearest", **places))


def _cut(emit: Emitter, x: str, sizes: Sequence[int], kept: Sequence[int]) -> str:
    """The first `kept` elements of the spatial axes."""
    if tuple(sizes) == tuple(kept):
        return x
    axes = np.arange(2, len(sizes) + 2)
    return str(emit("Slice", x, *(emit.constant(np.asarray(n, np.int64)) for n in ([0] * len(sizes), kept, axes))))


def _filled_up(emit: Emitter, x: str, sizes: Sequence[int], wanted: Sequence[int]) -> str:
    """Zeros behind the spatial axes."""
    if tuple(sizes) == tuple(wanted):
        return x
    after = [n - have for n, have in zip(wanted, sizes, strict=True)]
    return str(emit("Pad", x, emit.constant(np.asarray([0] * (len(after) + 2) + [0, 0, *after], np.int64))))
