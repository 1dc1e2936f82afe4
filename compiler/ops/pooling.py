"""The largest and the mean of every window, and their gradients; windows lie as those of `conv` do.

Where several elements of a window are the largest, the first one gets the gradient, as in Keras. Padding takes part in neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, ClassVar

import numpy as np

from ..dims import DimLike, Shape, is_symbolic
from ..emitter import Emitter
from ..graph import Node
from ..registry import ops
from ..types import FLOATS, TensorType, numpy_dtype, shape_text
from .base import REQUIRED, Arg, Array, Composite, Sample, same_dtype, widened
from .elementwise import BATCH, LENGTH, NUMBERS, any_numbers, check_arity, check_dtype
from .geometry import (
    back_to_channels_first,
    canonical_geometry,
    counts_of,
    spatial_axes,
    to_channels_last,
)
from .onnx_pooling import (
    is_tiled,
    onnx_average_pool,
    onnx_average_pool_gradient,
    onnx_max_pool,
    onnx_max_pool_gradient,
)
from .window_reductions import lowest_number

_ATTRIBUTES: Mapping[str, Any] = {"size": REQUIRED, "strides": None, "padding": "valid", "channels_last": True}


class _Pooling(Composite):
    """What the ops share."""

    attributes: ClassVar[Mapping[str, Any]] = _ATTRIBUTES

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        sizes = attrs.get("sizes") or _sizes(types[0], bool(attrs["channels_last"]))
        ndim, size = len(sizes), attrs["size"]
        size = (size,) * ndim if isinstance(size, (int, np.integer)) else tuple(int(n) for n in size)
        strides = size if attrs["strides"] is None else attrs["strides"]
        made = canonical_geometry(self.name, sizes, size, {**attrs, "strides": strides, "dilation": 1})
        del made["dilation"]
        return {"size": size, **made}

    def _pooled(self, x: TensorType, attrs: Mapping[str, Any]) -> TensorType:
        """The type of the windows' results."""
        if not 3 <= x.ndim <= 5:
            raise ValueError(f"{self.name}: x needs a batch, channels and 1 to 3 spatial axes, got {shape_text(x.shape)}.")
        sizes = _sizes(x, attrs["channels_last"])
        counts = _counts(sizes, attrs)
        if any(not is_symbolic(count) and count < 1 for count in counts):  # type: ignore[operator]
            raise ValueError(
                f"{self.name}: a window of size {attrs['size']} does not fit into the spatial axes {shape_text(sizes)} with "
                f"padding {attrs['padding']}: the result would be empty."
            )
        return x.with_shape(_with_sizes(x.shape, counts, attrs["channels_last"]))


class MaxPool(_Pooling):
    """y = the largest element of every window"""

    name = "max_pool"

    def stays_whole(self, node: Node, rule: str) -> bool:
        return rule == "onnx" and node.output.type.is_float

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, 1)
        check_dtype(self, types[0].dtype, NUMBERS)
        return self._pooled(types[0], attrs)

    def evaluate(self, *arrays: Array, **attrs: Any) -> Array:
        taps = _taps(arrays[0], lowest_number(arrays[0].dtype.name), attrs)
        y = next(taps).copy()
        for tap in taps:
            np.maximum(y, tap, out=y)
        return _restored(y, attrs)

    def vjp(self, grad: Any, out: Any, x: Any, **attrs: Any) -> Any:
        return (ops.max_pool_gradient(x, grad, **attrs),)

    def expand(self, x: Any, **attrs: Any) -> Any:
        return back_to_channels_first(_reduced("window_max", to_channels_last(x, attrs), attrs), attrs)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return onnx_max_pool(emit, node, inputs)

    def flops(self, node: Node) -> DimLike:
        return _flops(node.output.type.size, node)

    def samples(self) -> Iterator[Sample]:
        for x, attrs in _geometries():
            yield Sample((Arg(x),), attrs)
        for dtype in NUMBERS:
            yield Sample((any_numbers((2, 5, 4, 3), dtype),), {"size": 2, "padding": "same"})
        yield Sample((Arg((2, LENGTH, BATCH, 3)),), {"size": (3, 2), "strides": 2, "padding": "same"})


class MaxPoolGradient(_Pooling):
    """The gradient of `max_pool` by x, given that of its result: the first largest element of each window gets it"""

    name = "max_pool_gradient"

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, 2)
        x, grad = types
        same_dtype(self, types)
        check_dtype(self, x.dtype, FLOATS)
        if grad.shape != self._pooled(x, attrs).shape:
            raise ValueError(f"{self.name}: the gradient is {grad}; that of the result is {self._pooled(x, attrs)}.")
        return x

    def evaluate(self, *arrays: Array, **attrs: Any) -> Array:
        """Every tap in turn: where it is the window's largest, it gets what no tap before has got."""
        x = widened(arrays[0])
        rest = _last(widened(arrays[1]), attrs).copy()
        out = _last(MaxPool().evaluate(x, **attrs), attrs)
        total = _padded(np.zeros_like(_last(x, attrs)), 0, attrs)
        for place, tap in zip(_places(x, attrs), _taps(x, lowest_number(x.dtype.name), attrs), strict=True):
            wins = (tap == out) | (np.isnan(tap) & np.isnan(out))
            total[place] += np.where(wins, rest, 0)
            rest[wins] = 0
        return _restored(_unpadded(total, attrs), attrs).astype(arrays[0].dtype, copy=False)

    def expand(self, x: Any, grad: Any, **attrs: Any) -> Any:
        x, grad = to_channels_last(x, attrs), to_channels_last(grad, attrs)
        first, size = ops.expand_dims(_reduced("window_argmax", x, attrs), axis=-1), attrs["size"]
        places = (*grad.type.shape, prod(size))
        wins = ops.equal(first, ops.iota(size=prod(size), dtype="int32"))
        zero = ops.cast(ops.constant(value=np.zeros((), np.float32)), dtype=grad.type.dtype)
        shares = ops.where(wins, ops.broadcast_to(ops.expand_dims(grad, axis=-1), shape=places), zero)
        shares = ops.reshape(shares, shape=(*grad.type.shape, *size))
        return back_to_channels_first(_folded(shares, x.type.shape[1:-1], attrs), attrs)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return onnx_max_pool_gradient(emit, node, inputs)

    def flops(self, node: Node) -> DimLike:
        return _flops(node.inputs[1].type.size, node)

    def samples(self) -> Iterator[Sample]:
        for x, attrs in _geometries():
            yield Sample((Arg(x), Arg(_pooled_shape(x, attrs))), attrs)
        for dtype in FLOATS:
            yield Sample((Arg((2, 5, 4, 3), dtype), Arg((2, 3, 2, 3), dtype)), {"size": 2, "padding": "same"})
            yield Sample((Arg((2, 5, 4), dtype), Arg((2, 2, 4), dtype)), {"size": 2})
        ties = Arg((2, 5, 4, 3), low=0, high=0)
        yield Sample((ties, Arg((2, 3, 2, 3))), {"size": 3, "strides": 2, "padding": "same"}, differentiable=(1,))
        yield Sample((ties, Arg((2, 2, 2, 3))), {"size": 2}, differentiable=(1,))


class AveragePool(_Pooling):
    """y = the mean of the elements of every window, without padding"""

    name = "average_pool"

    def stays_whole(self, node: Node, rule: str) -> bool:
        return rule == "onnx" and node.output.type.dtype != "float64"

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, 1)
        check_dtype(self, types[0].dtype, FLOATS)
        return self._pooled(types[0], attrs)

    def evaluate(self, *arrays: Array, **attrs: Any) -> Array:
        x = widened(arrays[0])
        total = sum(tap.astype(np.float64) for tap in _taps(x, 0, attrs))
        counts = sum(tap.astype(np.float64) for tap in _taps(_ones_like(x, attrs), 0, attrs))
        return _restored(np.asarray(total / counts), attrs).astype(arrays[0].dtype)

    def vjp(self, grad: Any, out: Any, x: Any, **attrs: Any) -> Any:
        return (ops.average_pool_gradient(grad, sizes=_sizes(x.type, attrs["channels_last"]), **attrs),)

    def expand(self, x: Any, **attrs: Any) -> Any:
        x = to_channels_last(x, attrs)
        y = _divided_by_count(_reduced("window_sum", x, attrs), x.type.shape[1:-1], attrs)
        return back_to_channels_first(y, attrs)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return onnx_average_pool(emit, node, inputs)

    def flops(self, node: Node) -> DimLike:
        return _flops(node.output.type.size, node)

    def samples(self) -> Iterator[Sample]:
        for x, attrs in _geometries():
            yield Sample((Arg(x),), attrs)
        for dtype in FLOATS:
            yield Sample((Arg((2, 5, 4, 3), dtype),), {"size": 2, "padding": "same"})
        yield Sample((Arg((2, LENGTH, BATCH, 3)),), {"size": (3, 2), "strides": 2})


class AveragePoolGradient(_Pooling):
    """The gradient of `average_pool` by its operand, whose spatial axes have `sizes`: every element of a window gets a part"""

    name = "average_pool_gradient"
    attributes: ClassVar[Mapping[str, Any]] = {**_ATTRIBUTES, "sizes": REQUIRED}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        return {**super().canonical(types, attrs), "sizes": tuple(attrs["sizes"])}

    def stays_whole(self, node: Node, rule: str) -> bool:
        return rule == "onnx" and node.output.type.dtype != "float64"

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, 1)
        (grad,) = types
        check_dtype(self, grad.dtype, FLOATS)
        x = grad.with_shape(_with_sizes(grad.shape, attrs["sizes"], attrs["channels_last"]))
        if self._pooled(x, attrs) != grad:
            raise ValueError(f"{self.name}: the gradient is {grad}; that of the result is {self._pooled(x, attrs)}.")
        return x

    def evaluate(self, *arrays: Array, **attrs: Any) -> Array:
        grad = _last(widened(arrays[0]), attrs).astype(np.float64)
        x = np.zeros((grad.shape[0], *attrs["sizes"], grad.shape[-1]))
        plain = {**attrs, "channels_last": True}
        share = grad / sum(_taps(_ones_like(x, plain), 0, plain))
        total = _padded(x, 0, attrs)
        for place in _places(x, plain):
            total[place] += share
        return _restored(_unpadded(total, attrs), attrs).astype(arrays[0].dtype)

    def vjp(self, grad: Any, out: Any, given: Any, **attrs: Any) -> Any:
        return (ops.average_pool(grad, **{key: attrs[key] for key in _ATTRIBUTES}),)

    def expand(self, grad: Any, **attrs: Any) -> Any:
        share = _divided_by_count(to_channels_last(grad, attrs), attrs["sizes"], attrs)
        shape = share.type.shape
        apart = ops.reshape(share, shape=(*shape, *(1 for _ in attrs["size"])))
        shares = ops.broadcast_to(apart, shape=(*shape, *attrs["size"]))
        return back_to_channels_first(_folded(shares, attrs["sizes"], attrs), attrs)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return onnx_average_pool_gradient(emit, node, inputs)

    def flops(self, node: Node) -> DimLike:
        return _flops(node.inputs[0].type.size, node)

    def samples(self) -> Iterator[Sample]:
        for x, attrs in _geometries():
            sizes = tuple(x[axis] for axis in spatial_axes(len(x), attrs.get("channels_last", True)))
            yield Sample((Arg(_pooled_shape(x, attrs)),), {**attrs, "sizes": sizes})
        for dtype in FLOATS:
            yield Sample((Arg((2, 3, 2, 3), dtype),), {"size": 2, "padding": "same", "sizes": (5, 4)})


# ---- shapes --------------------------------------------------------------------------------------------------------------


def _sizes(x: TensorType, channels_last: bool) -> Shape:
    return tuple(x.shape[axis] for axis in spatial_axes(x.ndim, channels_last))


def _flops(windows: DimLike, node: Node) -> DimLike:
    taps: int = prod(node.attrs["size"])
    return windows * taps if node.output.type.is_float else 0


def _with_sizes(shape: Shape, sizes: Shape, channels_last: bool) -> Shape:
    return (shape[0], *sizes, shape[-1]) if channels_last else (*shape[:2], *sizes)


def _counts(sizes: Shape, attrs: Mapping[str, Any]) -> Shape:
    return counts_of(sizes, attrs["size"], {**attrs, "dilation": (1,) * len(sizes)})


def _geometries() -> Iterator[tuple[Shape, dict[str, Any]]]:
    yield (2, 6, 4, 3), {"size": 2}
    yield (BATCH, 7, 5, 3), {"size": (2, 3)}
    yield (BATCH, 3, 7, 5), {"size": (2, 3), "channels_last": False}
    yield (2, 7, 8, 3), {"size": 3, "strides": 2, "padding": "same"}
    yield (2, 3, 7, 8), {"size": (3, 2), "strides": (1, 2), "padding": "same", "channels_last": False}
    yield (2, 7, 3), {"size": 3, "strides": 1}
    yield (2, 9, 3), {"size": 2, "strides": 3, "padding": ((1, 0),)}
    yield (2, 4, 3, 5, 2), {"size": (2, 1, 3), "strides": (2, 1, 1), "padding": "same"}
    yield (2, 6, 11, 2), {"size": (5, 6), "strides": (1, 5)}
    yield (0, 6, 3), {"size": 2}


def _pooled_shape(x: Shape, attrs: Mapping[str, Any]) -> Shape:
    type_ = TensorType(x, "float32")
    op = MaxPool()
    return op.infer(type_, **op.canonical([type_], {**_ATTRIBUTES, **attrs})).shape


# ---- in NumPy, channels last ---------------------------------------------------------------------------------------------


def _last(x: Array, attrs: Mapping[str, Any]) -> Array:
    return x if attrs["channels_last"] else np.moveaxis(x, 1, -1)


def _restored(y: Array, attrs: Mapping[str, Any]) -> Array:
    return y if attrs["channels_last"] else np.ascontiguousarray(np.moveaxis(y, -1, 1))


def _ones_like(x: Array, attrs: Mapping[str, Any]) -> Array:
    """One for every spatial place, to be counted."""
    sizes = _last(x, attrs).shape[1:-1]
    return np.ones((1, *sizes, 1)) if attrs["channels_last"] else np.ones((1, 1, *sizes))


def _padded(x: Array, value: float, attrs: Mapping[str, Any]) -> Array:
    return np.pad(x, ((0, 0), *attrs["padding"], (0, 0)), constant_values=value)


def _unpadded(x: Array, attrs: Mapping[str, Any]) -> Array:
    pairs = zip(attrs["padding"], x.shape[1:-1], strict=True)
    return x[(slice(None), *(slice(low, n - high) for (low, high), n in pairs))]


def _places(x: Array, attrs: Mapping[str, Any]) -> Iterator[tuple[slice, ...]]:
    """For every tap, where the windows have it in the padded array."""
    counts = _counts(_last(x, attrs).shape[1:-1], attrs)
    for tap in np.ndindex(attrs["size"]):
        ends = zip(tap, counts, attrs["strides"], strict=True)
        yield (slice(None), *(slice(t, t + (int(count) - 1) * stride + 1, stride) for t, count, stride in ends))


def _taps(x: Array, value: float, attrs: Mapping[str, Any]) -> Iterator[Array]:
    """For every tap the elements that the windows have there."""
    padded = _padded(_last(x, attrs), value, attrs)
    return (padded[place] for place in _places(x, attrs))


# ---- in other ops, channels last -----------------------------------------------------------------------------------------


def _reduced(name: str, x: Any, attrs: Mapping[str, Any]) -> Any:
    """`window_max`, `window_sum` or `window_argmax` of x."""
    counts = _counts(x.type.shape[1:-1], attrs)
    starts = tuple(-low for low, _ in attrs["padding"])
    places = {"counts": counts, "size": attrs["size"], "strides": attrs["strides"], "starts": starts}
    return getattr(ops, name)(x, first=1, **places)


def _divided_by_count(y: Any, sizes: Shape, attrs: Mapping[str, Any]) -> Any:
    """Sums divided by how many elements are in their windows."""
    if all(amount == 0 for pair in attrs["padding"] for amount in pair):
        return ops.multiply(y, 1.0 / prod(attrs["size"]))
    dtype = numpy_dtype(y.type.dtype)
    if any(map(is_symbolic, sizes)):
        ones = ops.broadcast_to(ops.constant(value=np.ones((), dtype)), shape=(1, *sizes, 1))
        return ops.divide(y, _reduced("window_sum", ones, attrs))
    counts: Any = sum(_taps(np.ones((1, *sizes, 1)), 0, {**attrs, "channels_last": True}))
    return ops.multiply(y, ops.constant(value=(1 / counts).astype(dtype)))


def _folded(shares: Any, sizes: Shape, attrs: Mapping[str, Any]) -> Any:
    """What every element gets from all windows: (batch, *counts, channels, *size) -> (batch, *sizes, channels)."""
    ndim, shape = len(sizes), shares.type.shape
    if not is_tiled(attrs):
        starts = tuple(-low for low, _ in attrs["padding"])
        return ops.fold(shares, first=1, sizes=sizes, size=attrs["size"], strides=attrs["strides"], starts=starts)
    pairs = [axis for k in range(ndim) for axis in (1 + k, ndim + 2 + k)]
    turned = ops.transpose(shares, axes=(0, *pairs, ndim + 1))
    covered = tuple(count * taps for count, taps in zip(shape[1 : ndim + 1], attrs["size"], strict=True))
    joined = ops.reshape(turned, shape=(shape[0], *covered, shape[ndim + 1]))
    after = tuple(n - done for n, done in zip(sizes, covered, strict=True))
    return ops.pad(joined, before=(0,) * (ndim + 2), after=(0, *after, 0), value=0)
