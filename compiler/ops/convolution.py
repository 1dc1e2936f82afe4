"""Convolution (cross-correlation, as everywhere in this field) in one to three spatial dimensions, and its two gradients.

`conv(x, kernel)`, `conv_input_gradient(grad, kernel)` and `conv_kernel_gradient(x, grad)` are the three ways to sum over
x * kernel * grad: the gradients of each are the other two, and a transposed convolution is a `conv_input_gradient`.

x has its channels last or right behind the batch; a kernel has the shape (*size, channels / groups, filters).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from math import prod
from typing import Any, ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..dims import DimLike, Shape, is_symbolic, size_of
from ..emitter import Emitter
from ..graph import Node
from ..registry import ops
from ..types import FLOATS, TensorType, shape_text
from .base import REQUIRED, Arg, Array, Composite, Op, Sample, same_dtype, widened
from .convolution_phases import input_gradient_by_phases
from .elementwise import BATCH, LENGTH, NUMBERS, any_numbers, check_arity, check_dtype
from .geometry import (
    back_to_channels_first,
    canonical_geometry,
    counts_of,
    dilated,
    spatial_axes,
    to_channels_last,
)
from .onnx_convolution import onnx_conv, onnx_conv_input_gradient, onnx_conv_kernel_gradient

_ATTRIBUTES: Mapping[str, Any] = {"strides": 1, "padding": "valid", "dilation": 1, "groups": 1, "channels_last": True}


class _Convolution(Composite):
    """What the three ops share."""

    def stays_whole(self, node: Node, rule: str) -> bool:
        """ONNX has convolutions of float32, in which 16 bits are computed too."""
        return rule == "onnx" and node.output.type.dtype in ("float32", "float16", "bfloat16")

    def _check(self, x: TensorType, kernel: TensorType, attrs: Mapping[str, Any]) -> None:
        """x and kernel fit together."""
        dtype, groups = same_dtype(self, (x, kernel)), attrs["groups"]
        check_dtype(self, dtype, NUMBERS)
        if kernel.ndim != x.ndim or not 3 <= x.ndim <= 5:
            raise ValueError(
                f"{self.name}: x of shape {shape_text(x.shape)} and a kernel of shape {shape_text(kernel.shape)} do not fit: "
                "both need a batch or filters, channels, and the same 1 to 3 spatial axes."
            )
        channels = x.shape[-1 if attrs["channels_last"] else 1]
        if channels != kernel.shape[-2] * groups or kernel.shape[-1] % groups != 0:
            raise ValueError(
                f"{self.name}: x has {channels} channels, the kernel {shape_text(kernel.shape)} takes {kernel.shape[-2]} in "
                f"each of {groups} groups and has {kernel.shape[-1]} filters; channels must be groups times that, and filters "
                "a multiple of groups."
            )

    def _result_sizes(self, x: TensorType, size: Shape, attrs: Mapping[str, Any]) -> Shape:
        """The spatial sizes of a convolution's result."""
        axes = spatial_axes(x.ndim, attrs["channels_last"])
        sizes = tuple(x.shape[axis] for axis in axes)
        counts = counts_of(sizes, size, attrs)
        if any(not is_symbolic(count) and count < 1 for count in counts):  # type: ignore[operator]
            raise ValueError(
                f"{self.name}: a kernel of size {size} with dilation {attrs['dilation']} does not fit into the spatial axes "
                f"{shape_text(sizes)} with padding {attrs['padding']}: the result would be empty."
            )
        return counts


class Conv(_Convolution):
    """y[n, o, f] = sum over taps t and channels c of x[n, o * stride + t * dilation - before, c] * kernel[t, c, f]"""

    name = "conv"
    attributes: ClassVar[Mapping[str, Any]] = _ATTRIBUTES

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        check_arity(self, types, 2)
        x, kernel = types
        sizes = tuple(x.shape[axis] for axis in spatial_axes(x.ndim, bool(attrs["channels_last"])))
        return canonical_geometry(self.name, sizes, kernel.shape[:-2], attrs)

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, 2)
        x, kernel = types
        self._check(x, kernel, attrs)
        counts = self._result_sizes(x, kernel.shape[:-2], attrs)
        return x.with_shape(_shape(x.shape[0], counts, kernel.shape[-1], attrs["channels_last"]))

    def evaluate(self, *arrays: Array, **attrs: Any) -> Array:
        x, kernel = map(widened, arrays)
        dtype, size = arrays[0].dtype, kernel.shape[:-2]
        columns, counts = _columns(x, size, attrs)
        y = _from_groups(np.matmul(columns, _kernel_matrices(kernel, attrs["groups"])))
        y = y.reshape(x.shape[0], *counts, kernel.shape[-1])
        return _restored(y, attrs).astype(dtype, copy=False)

    def vjp(self, grad: Any, out: Any, x: Any, kernel: Any, **attrs: Any) -> Any:
        sizes = tuple(x.type.shape[axis] for axis in spatial_axes(x.type.ndim, attrs["channels_last"]))
        return (
            ops.conv_input_gradient(grad, kernel, sizes=sizes, **attrs),
            ops.conv_kernel_gradient(x, grad, size=kernel.type.shape[:-2], **attrs),
        )

    def expand(self, x: Any, kernel: Any, **attrs: Any) -> Any:
        """A product of windows and kernel; a sum for every element where each channel is for itself."""
        x, size, groups = to_channels_last(x, attrs), kernel.type.shape[:-2], attrs["groups"]
        places = {
            "counts": counts_of(x.type.shape[1:-1], size, attrs),
            "size": size,
            "strides": attrs["strides"],
            "steps": attrs["dilation"],
            "starts": tuple(-before for before, _ in attrs["padding"]),
        }
        if groups > 1 and kernel.type.shape[-2] == 1:
            weights = ops.reshape(kernel, shape=(*size, kernel.type.shape[-1]))
            return back_to_channels_first(ops.window_dot(x, weights, first=1, **places), attrs)
        windows = ops.windows(x, first=1, **places)
        return back_to_channels_first(_windows_times_kernel(windows, kernel, groups), attrs)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return onnx_conv(emit, node, inputs)

    def flops(self, node: Node) -> DimLike:
        return node.output.type.size * size_of(node.inputs[1].type.shape[:-1]) * 2

    def samples(self) -> Iterator[Sample]:
        for x, kernel, attrs in _geometries():
            yield Sample((Arg(x), Arg(kernel)), attrs)
        for dtype in NUMBERS:
            yield Sample((any_numbers((2, 5, 4, 3), dtype), any_numbers((3, 2, 3, 4), dtype)), {"padding": "same"})
        yield Sample((Arg((2, BATCH, LENGTH, 3)), Arg((3, 2, 3, 4))), {"padding": "same", "strides": (2, 1)})
        yield Sample((Arg((2, 3, LENGTH)), Arg((3, 3, 4))), {"strides": 2, "channels_last": False})


class ConvInputGradient(_Convolution):
    """The gradient of `conv` by x, whose spatial axes have `sizes`: y[n, i, c] = sum of grad[n, o, f] * kernel[t, c, f]

    over all o and t with o * stride + t * dilation - before = i. The transposed convolution of `grad`.
    """

    name = "conv_input_gradient"
    attributes: ClassVar[Mapping[str, Any]] = {**_ATTRIBUTES, "sizes": REQUIRED}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        check_arity(self, types, 2)
        sizes = tuple(attrs["sizes"])
        return {**canonical_geometry(self.name, sizes, types[1].shape[:-2], attrs), "sizes": sizes}

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, 2)
        grad, kernel = types
        channels = kernel.shape[-2] * attrs["groups"]
        x = grad.with_shape(_shape(grad.shape[0], attrs["sizes"], channels, attrs["channels_last"]))
        self._check(x, kernel, attrs)
        counts = self._result_sizes(x, kernel.shape[:-2], attrs)
        _check_gradient(self, grad, _shape(grad.shape[0], counts, kernel.shape[-1], attrs["channels_last"]))
        return x

    def evaluate(self, *arrays: Array, **attrs: Any) -> Array:
        """Every tap's share is added where it belongs."""
        grad, kernel = _last(widened(arrays[0]), attrs), widened(arrays[1])
        dtype, size, groups = arrays[0].dtype, kernel.shape[:-2], attrs["groups"]
        counts, sizes = grad.shape[1:-1], attrs["sizes"]
        rows = _group_rows(grad.reshape(-1, grad.shape[-1]), groups)
        shares = np.matmul(rows, _kernel_matrices(kernel, groups).transpose(0, 2, 1))  # group, row, tap * channel
        shares = shares.reshape(groups, grad.shape[0], *counts, prod(size), kernel.shape[-2])
        pairs = attrs["padding"]
        padded = [low + n + high for (low, high), n in zip(pairs, sizes, strict=True)]
        total = np.zeros((groups, grad.shape[0], *padded, kernel.shape[-2]), grad.dtype)
        for number, tap in enumerate(np.ndindex(*size)):
            total[(slice(None), slice(None), *_tap_slices(tap, counts, attrs))] += shares[..., number, :]
        inner = tuple(slice(low, low + n) for (low, _), n in zip(pairs, sizes, strict=True))
        total = np.moveaxis(total[(slice(None), slice(None), *inner)], 0, -2)
        y = total.reshape(grad.shape[0], *sizes, groups * kernel.shape[-2])
        return _restored(y, attrs).astype(dtype, copy=False)

    def vjp(self, grad: Any, out: Any, given: Any, kernel: Any, **attrs: Any) -> Any:
        plain = {key: attrs[key] for key in _ATTRIBUTES}
        return (
            ops.conv(grad, kernel, **plain),
            ops.conv_kernel_gradient(grad, given, size=kernel.type.shape[:-2], **plain),
        )

    def expand(self, grad: Any, kernel: Any, **attrs: Any) -> Any:
        """A convolution of the gradient with a kernel that is read backwards, for each phase of strides apart.

        Where each channel is for itself, or sizes are not known, in one, of a gradient whose elements are `stride` apart.
        """
        grad, size, groups = to_channels_last(grad, attrs), kernel.type.shape[:-2], attrs["groups"]
        places = {
            "counts": attrs["sizes"],
            "size": size,
            "steps": tuple(-step for step in attrs["dilation"]),
            "starts": tuple(before for before, _ in attrs["padding"]),
            "spread": attrs["strides"],
        }
        ndim, channels, filters = len(size), kernel.type.shape[-2], kernel.type.shape[-1]
        if groups > 1 and channels == 1:  # filter f belongs to channel f // multiplier
            weights, multiplier = ops.reshape(kernel, shape=(*size, filters)), filters // groups
            pairs = [(_every(grad, part, multiplier), _every(weights, part, multiplier)) for part in range(multiplier)]
            shares = [ops.window_dot(*pair, first=1, **places) for pair in pairs]
            return back_to_channels_first(reduce(ops.add, shares), attrs)
        parted = ops.reshape(kernel, shape=(*size, channels, groups, filters // groups))
        swapped = ops.transpose(parted, axes=(*range(ndim), ndim + 2, ndim + 1, ndim))
        kernel = ops.reshape(swapped, shape=(*size, filters // groups, groups * channels))
        if max(attrs["strides"]) > 1 and not any(map(is_symbolic, attrs["sizes"])):
            return back_to_channels_first(input_gradient_by_phases(grad, kernel, attrs, _windows_times_kernel), attrs)
        windows = ops.windows(grad, first=1, **places)
        return back_to_channels_first(_windows_times_kernel(windows, kernel, groups), attrs)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return onnx_conv_input_gradient(emit, node, inputs)

    def flops(self, node: Node) -> DimLike:
        return node.inputs[0].type.size * size_of(node.inputs[1].type.shape[:-1]) * 2

    def samples(self) -> Iterator[Sample]:
        for x, kernel, attrs in _geometries():
            grad, sizes = _gradient_of(x, kernel, attrs)
            yield Sample((Arg(grad), Arg(kernel)), {**attrs, "sizes": sizes})
        for dtype in FLOATS:
            yield Sample((Arg((2, 2, 4, 4), dtype), Arg((3, 2, 3, 4), dtype)), {"sizes": (6, 5), "strides": (3, 1)})
        yield Sample((Arg((BATCH, LENGTH, 4)), Arg((3, 3, 4))), {"strides": 2, "sizes": (LENGTH * 2 + 1,)})


class ConvKernelGradient(_Convolution):
    """The gradient of `conv` by its kernel, of `size`: y[t, c, f] = sum of x[n, o * stride + t * dilation - before, c] *
    grad[n, o, f] over all n and o"""

    name = "conv_kernel_gradient"
    attributes: ClassVar[Mapping[str, Any]] = {**_ATTRIBUTES, "size": REQUIRED}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        check_arity(self, types, 2)
        (x, _), size = types, tuple(int(n) for n in attrs["size"])
        sizes = tuple(x.shape[axis] for axis in spatial_axes(x.ndim, bool(attrs["channels_last"])))
        return {**canonical_geometry(self.name, sizes, size, attrs), "size": size}

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, 2)
        x, grad = types
        last = attrs["channels_last"]
        channels, filters = (type_.shape[-1 if last else 1] for type_ in types)
        if is_symbolic(channels) or channels % attrs["groups"] != 0:
            raise ValueError(f"{self.name}: x has {channels} channels, which is no multiple of groups={attrs['groups']}.")
        kernel = x.with_shape((*attrs["size"], channels // attrs["groups"], filters))
        self._check(x, kernel, attrs)
        counts = self._result_sizes(x, attrs["size"], attrs)
        same_dtype(self, types)
        _check_gradient(self, grad, _shape(x.shape[0], counts, filters, last))
        return kernel

    def evaluate(self, *arrays: Array, **attrs: Any) -> Array:
        dtype, size, groups = arrays[0].dtype, attrs["size"], attrs["groups"]
        columns, _ = _columns(widened(arrays[0]), size, attrs)
        grad = _last(widened(arrays[1]), attrs)
        rows = _group_rows(grad.reshape(-1, grad.shape[-1]), groups)
        y = np.matmul(columns.transpose(0, 2, 1), rows)  # group, tap * channel, filter of the group
        y = np.moveaxis(y, 0, 1).reshape(*size, arrays[0].shape[-1 if attrs["channels_last"] else 1] // groups, grad.shape[-1])
        return np.asarray(y, dtype)

    def vjp(self, grad: Any, out: Any, x: Any, given: Any, **attrs: Any) -> Any:
        plain = {key: attrs[key] for key in _ATTRIBUTES}
        sizes = tuple(x.type.shape[axis] for axis in spatial_axes(x.type.ndim, attrs["channels_last"]))
        return ops.conv_input_gradient(given, grad, sizes=sizes, **plain), ops.conv(x, grad, **plain)

    def expand(self, x: Any, grad: Any, **attrs: Any) -> Any:
        """A product of windows and gradient, over all places."""
        x, grad = to_channels_last(x, attrs), to_channels_last(grad, attrs)
        size, groups = attrs["size"], attrs["groups"]
        starts = tuple(-before for before, _ in attrs["padding"])
        windows = ops.windows(
            x,
            first=1,
            counts=grad.type.shape[1:-1],
            size=size,
            strides=attrs["strides"],
            steps=attrs["dilation"],
            starts=starts,
        )
        ndim, rows = len(size), size_of(grad.type.shape[:-1])
        channels, filters = x.type.shape[-1] // groups, grad.type.shape[-1]
        if groups > 1 and channels == 1:  # no channel is mixed with another
            taps = ops.transpose(windows, axes=(*range(ndim + 2, 2 * ndim + 2), *range(ndim + 2)))
            if filters > groups:
                taps = ops.expand_dims(taps, axis=(2 * ndim + 2,))
                grad = ops.reshape(grad, shape=(*grad.type.shape[:-1], groups, filters // groups))
            total = ops.sum(ops.multiply(taps, grad), axis=tuple(range(ndim, 2 * ndim + 1)), keepdims=False)
            return ops.reshape(total, shape=(*size, 1, filters))
        parted = ops.reshape(windows, shape=(*grad.type.shape[:-1], groups, channels, *size))
        taps = range(ndim + 3, 2 * ndim + 3)
        if groups == 1:
            columns = ops.transpose(parted, axes=(*taps, ndim + 2, ndim + 1, *range(ndim + 1)))
            left = ops.reshape(columns, shape=(prod(size) * channels, rows))
            product = ops.matmul(left, ops.reshape(grad, shape=(rows, filters)))
            return ops.reshape(product, shape=(*size, channels, filters))
        columns = ops.transpose(parted, axes=(ndim + 1, *taps, ndim + 2, *range(ndim + 1)))
        left = ops.reshape(columns, shape=(groups, prod(size) * channels, rows))
        right = ops.transpose(ops.reshape(grad, shape=(rows, groups, filters // groups)), axes=(1, 0, 2))
        product = ops.transpose(ops.matmul(left, right), axes=(1, 0, 2))
        return ops.reshape(product, shape=(*size, channels, filters))

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return onnx_conv_kernel_gradient(emit, node, inputs)

    def flops(self, node: Node) -> DimLike:
        return node.inputs[1].type.size * size_of(node.output.type.shape[:-1]) * 2

    def samples(self) -> Iterator[Sample]:
        for x, kernel, attrs in _geometries():
            grad, _ = _gradient_of(x, kernel, attrs)
            yield Sample((Arg(x), Arg(grad)), {**attrs, "size": kernel[:-2]})
        for dtype in FLOATS:
            yield Sample((Arg((2, 6, 5, 3), dtype), Arg((2, 2, 4, 4), dtype)), {"size": (3, 2), "strides": (3, 1)})
        yield Sample((Arg((2, 20, 20, 5)), Arg((2, 20, 20, 6))), {"size": (3, 3), "padding": "same"})


# ---- shapes --------------------------------------------------------------------------------------------------------------


def _shape(batch: DimLike, sizes: Shape, channels: DimLike, channels_last: bool) -> Shape:
    return (batch, *sizes, channels) if channels_last else (batch, channels, *sizes)


def _check_gradient(op: Op, grad: TensorType, expected: Shape) -> None:
    if grad.shape != expected:
        raise ValueError(
            f"{op.name}: the gradient has shape {shape_text(grad.shape)}; that of the convolution's result is "
            f"{shape_text(expected)}."
        )


def _geometries() -> Iterator[tuple[Shape, Shape, dict[str, Any]]]:
    """Shapes of x and kernel, and attributes, that between them show every feature."""
    yield (2, 7, 3), (3, 3, 4), {}
    yield (BATCH, 6, 5, 3), (3, 2, 3, 4), {"padding": "same"}
    yield (BATCH, 3, 6, 5), (3, 2, 3, 4), {"padding": "same", "channels_last": False}
    yield (2, 7, 8, 3), (2, 3, 3, 4), {"strides": (2, 3)}
    yield (2, 6, 8, 3), (1, 3, 3, 4), {"strides": (2, 3), "padding": "same"}
    yield (2, 7, 8, 3), (2, 3, 3, 4), {"dilation": (3, 2), "padding": ((1, 2), (0, 3))}
    yield (2, 5, 6, 4), (3, 3, 2, 6), {"groups": 2, "padding": "same"}
    yield (2, 4, 5, 6), (3, 3, 1, 8), {"groups": 4, "strides": 2, "padding": "same", "channels_last": False}
    yield (2, 5, 5, 3), (1, 1, 3, 4), {}
    yield (2, 5, 3), (2, 1, 3), {"groups": 3, "padding": ((1, 0),)}
    yield (1, 4, 3, 5, 2), (2, 2, 3, 2, 3), {"padding": "same", "strides": (2, 1, 2)}
    yield (0, 5, 3), (2, 3, 4), {}


def _gradient_of(x: Shape, kernel: Shape, attrs: Mapping[str, Any]) -> tuple[Shape, Shape]:
    """The shape of the result of a sample's convolution, and the spatial sizes of its x."""
    last = attrs.get("channels_last", True)
    sizes = tuple(x[axis] for axis in spatial_axes(len(x), last))
    complete = canonical_geometry("conv", sizes, kernel[:-2], {**_ATTRIBUTES, **attrs})
    return _shape(x[0], counts_of(sizes, kernel[:-2], complete), kernel[-1], last), sizes


# ---- in NumPy ------------------------------------------------------------------------------------------------------------


def _last(x: Array, attrs: Mapping[str, Any]) -> Array:
    return x if attrs["channels_last"] else np.moveaxis(x, 1, -1)


def _restored(y: Array, attrs: Mapping[str, Any]) -> Array:
    return y if attrs["channels_last"] else np.ascontiguousarray(np.moveaxis(y, -1, 1))


def _columns(x: Array, size: Sequence[int], attrs: Mapping[str, Any]) -> tuple[Array, tuple[int, ...]]:
    """All windows of x as rows, for each group: (group, place, tap * channel); and how many there are along each axis."""
    x, ndim, groups = _last(x, attrs), len(size), attrs["groups"]
    pairs = attrs["padding"]
    padded = np.pad(x, ((0, 0), *pairs, (0, 0)))
    reach = tuple(dilated(n, step) for n, step in zip(size, attrs["dilation"], strict=True))
    views = sliding_window_view(padded, reach, axis=tuple(range(1, ndim + 1)))
    every = tuple(slice(None, None, stride) for stride in attrs["strides"])
    taps = tuple(slice(None, None, step) for step in attrs["dilation"])
    views = views[(slice(None), *every, slice(None), *taps)]  # batch, places, channel, taps
    counts, channels = views.shape[1 : ndim + 1], x.shape[-1]
    parted = views.reshape(*views.shape[: ndim + 1], groups, channels // groups, *size)
    order = (ndim + 1, *range(ndim + 1), *range(ndim + 3, 2 * ndim + 3), ndim + 2)
    return parted.transpose(order).reshape(groups, x.shape[0] * prod(counts), prod(size) * (channels // groups)), counts


def _kernel_matrices(kernel: Array, groups: int) -> Array:
    """(group, tap * channel, filter of the group)"""
    rows = prod(kernel.shape[:-1])
    return kernel.reshape(rows, groups, kernel.shape[-1] // groups).transpose(1, 0, 2)


def _group_rows(rows: Array, groups: int) -> Array:
    """(row, channel) as (group, row, channel of the group)"""
    return rows.reshape(rows.shape[0], groups, rows.shape[1] // groups).transpose(1, 0, 2)


def _from_groups(rows: Array) -> Array:
    """(group, row, channel of the group) as (row, channel)"""
    groups, count, width = rows.shape
    return rows.transpose(1, 0, 2).reshape(count, groups * width)


def _tap_slices(tap: Sequence[int], counts: Sequence[int], attrs: Mapping[str, Any]) -> tuple[slice, ...]:
    """Where the windows have this tap in the padded axes."""
    starts = (t * step for t, step in zip(tap, attrs["dilation"], strict=True))
    return tuple(
        slice(start, start + (count - 1) * stride + 1, stride)
        for start, count, stride in zip(starts, counts, attrs["strides"], strict=True)
    )


# ---- in other ops --------------------------------------------------------------------------------------------------------


def _every(x: Any, first: int, step: int) -> Any:
    """Every `step`-th channel, from `first` on."""
    if step == 1:
        return x
    rest = (0,) * (x.type.ndim - 1)
    return ops.slice(x, starts=(*rest, first), stops=x.type.shape, steps=(*(1 for _ in rest), step))


def _windows_times_kernel(windows: Any, kernel: Any, groups: int) -> Any:
    """(batch, *counts, channels, *size) times (*size, channels / groups, filters), as a product of matrices."""
    shape, size, filters = windows.type.shape, kernel.type.shape[:-2], kernel.type.shape[-1]
    ndim = len(size)
    places, channels = shape[: ndim + 1], kernel.type.shape[-2]
    rows, depth = size_of(places), prod(size) * channels
    taps = range(ndim + 2, 2 * ndim + 2)
    if groups == 1:
        left = ops.reshape(ops.transpose(windows, axes=(*range(ndim + 1), *taps, ndim + 1)), shape=(rows, depth))
        return ops.reshape(ops.matmul(left, ops.reshape(kernel, shape=(depth, filters))), shape=(*places, filters))
    parted = ops.reshape(windows, shape=(*places, groups, channels, *size))
    taps = range(ndim + 3, 2 * ndim + 3)
    left = ops.transpose(parted, axes=(ndim + 1, *range(ndim + 1), *taps, ndim + 2))
    left = ops.reshape(left, shape=(groups, rows, depth))
    right = ops.transpose(ops.reshape(kernel, shape=(depth, groups, filters // groups)), axes=(1, 0, 2))
    product = ops.transpose(ops.matmul(left, right), axes=(1, 0, 2))
    return ops.reshape(product, shape=(*places, filters))
