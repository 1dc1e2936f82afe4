"""Normalization: `moments`, `layer_normalization`, `rms_normalization`, `group_normalization`, `batch_normalization`.

All are composites whose gradients go over the data as few times as they can: what was computed forward (means, reciprocal
deviations) comes back as further results and is used again backward. They take float32 and float64: sums of squares of 16-bit
floats overflow, so `graphkeras.ops` casts those first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..dims import Dim, DimLike, size_of
from ..emitter import Emitter
from ..graph import Node
from ..registry import ops
from ..types import TensorType, normalize_axes, normalize_axis, shape_text
from .base import REQUIRED, Arg, Composite, Sample, same_dtype
from .elementwise import BATCH, LENGTH, check_arity, check_dtype
from .reduce import reduced_shape

WIDE_FLOATS = ("float32", "float64")


def divided(x: Any, count: DimLike) -> Any:
    """`x` divided by a number of elements, which may be symbolic."""
    return x / ops.dimension(dim=count, dtype=x.type.dtype) if isinstance(count, Dim) else x * (1.0 / count)


class Moments(Composite):
    """mean, variance = the mean over `axis` and the mean squared distance from it; the axes stay with size 1"""

    name = "moments"
    attributes: ClassVar[Mapping[str, Any]] = {"axis": None}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        check_arity(self, types, 1)
        return {"axis": normalize_axes(attrs["axis"], types[0].ndim, self.name)}

    def infer(self, *types: TensorType, axis: tuple[int, ...]) -> tuple[TensorType, ...]:
        (x,) = types
        check_dtype(self, x.dtype, WIDE_FLOATS)
        if any(x.shape[k] == 0 for k in axis):
            raise ValueError(f"moments: {x} has no elements along axis {axis}, and a mean of nothing has no value.")
        return (x.with_shape(reduced_shape(x.shape, axis, keepdims=True)),) * 2

    def expand(self, x: Any, *, axis: tuple[int, ...]) -> Any:
        mean = ops.mean(x, axis=axis, keepdims=True)
        return mean, ops.mean(ops.square(x - mean), axis=axis, keepdims=True)

    def vjp(self, grad: Any, out: Any, x: Any, *, axis: tuple[int, ...]) -> Any:
        """The derivative of the variance by the mean is 0, so it costs no pass over the data."""
        count, type_ = size_of(x.type.shape[k] for k in axis), x.type
        of_mean, of_variance = grad
        shift: Any = divided(of_mean, count) if of_mean is not None else None
        if of_variance is None:
            return (ops.broadcast_to(shift, shape=type_.shape) if type_.shape != shift.type.shape else shift,)
        slope = divided(of_variance * 2.0, count)
        kept = [k for k in range(type_.ndim) if k not in axis]
        if len(kept) == 1:  # one pass in place of three
            shift = -(out[0] * slope) if shift is None else shift - out[0] * slope
            vector = (type_.shape[kept[0]],)
            return (ops.affine(x, ops.reshape(slope, shape=vector), ops.reshape(shift, shape=vector), axis=kept[0]),)
        change = (x - out[0]) * slope
        return (change if shift is None else change + shift,)

    def samples(self) -> Iterator[Sample]:
        for axis in ((0,), (2,), (0, 2), None):
            yield Sample((Arg((2, 3, 5)),), {"axis": axis})
        yield Sample((Arg((2, 3, 5), "float64"),), {"axis": (0, 1)})
        yield Sample((Arg((0, 3)),), {"axis": (1,)})
        yield Sample((Arg((BATCH, LENGTH, 3)),), {"axis": (0, 1)})


class RowNormalization(Composite):
    """Base of ops that normalize every row, a row being the elements along `axis` and all axes behind it."""

    attributes: ClassVar[Mapping[str, Any]] = {"axis": -1, "epsilon": REQUIRED}
    #: How many tensors of a row's shape may follow x.
    parameters: ClassVar[int] = 0
    #: Results besides y: one number for every row.
    statistics: ClassVar[int] = 1

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        if not 1 <= len(types) <= 1 + self.parameters:
            raise TypeError(f"{self.name} takes 1 to {1 + self.parameters} operands, got {len(types)}.")
        return {"axis": normalize_axis(attrs["axis"], types[0].ndim, self.name), "epsilon": float(attrs["epsilon"])}

    def infer(self, *types: TensorType, axis: int, epsilon: float) -> tuple[TensorType, ...]:
        x, *parameters = types
        check_dtype(self, same_dtype(self, types), WIDE_FLOATS)
        for parameter in parameters:
            if parameter.shape != x.shape[axis:]:
                raise ValueError(
                    f"{self.name}: scale and offset for {x} and axis {axis} need shape {shape_text(x.shape[axis:])}, "
                    f"got {shape_text(parameter.shape)}."
                )
        if any(size == 0 for size in x.shape[axis:]):
            raise ValueError(f"{self.name}: {x} has no elements in a row from axis {axis} on.")
        row = x.with_shape(reduced_shape(x.shape, tuple(range(axis, x.ndim)), keepdims=True))
        return (x, *(row for _ in range(self.statistics)))

    def flops(self, node: Node) -> DimLike:
        return node.inputs[0].type.size * 8

    def samples(self) -> Iterator[Sample]:
        for count in range(self.parameters + 1):
            yield Sample((Arg((2, 3, 5)), *(Arg((5,)),) * count), {"axis": -1, "epsilon": 1e-3})
        for dtype in WIDE_FLOATS:
            row = Arg((3, 5), dtype)
            yield Sample((Arg((2, 3, 5), dtype), *(row,) * self.parameters), {"axis": 1, "epsilon": 1e-3})
        for shape in ((5,), (0, 5), (BATCH, 5), (BATCH, LENGTH, 5)):
            yield Sample((Arg(shape), *(Arg((5,)),) * self.parameters), {"axis": -1, "epsilon": 1e-5})
        yield Sample((Arg((3, BATCH)),), {"axis": -1, "epsilon": 1e-3})


class LayerNormalization(RowNormalization):
    """y, mean, r = (x - mean) * r [* scale [+ offset]], the mean of each row, r = 1 / sqrt(variance of each row + epsilon)"""

    name, parameters, statistics = "layer_normalization", 2, 2

    def expand(self, x: Any, *parameters: Any, axis: int, epsilon: float) -> Any:
        axes = tuple(range(axis, x.type.ndim))
        mean = ops.mean(x, axis=axes, keepdims=True)
        centred = x - mean
        factor = ops.rsqrt(ops.mean(ops.square(centred), axis=axes, keepdims=True) + epsilon)
        y = centred * factor
        for combine, parameter in zip((ops.multiply, ops.add), parameters, strict=False):
            y = combine(y, parameter)
        return y, mean, factor

    def vjp(self, grad: Any, out: Any, x: Any, *parameters: Any, axis: int, epsilon: float) -> Any:
        """With n = (x - mean) * r and g = grad * scale: r * (g - n * mean(g * n) - mean(g)), where mean and r are at hand."""
        of_y, of_mean, of_factor = grad
        _, mean, factor = out
        axes, count = tuple(range(axis, x.type.ndim)), size_of(x.type.shape[axis:])
        normal = (x - mean) * factor
        of_parameters: list[Any] = [None] * len(parameters)
        parts: list[Any] = []
        if of_y is not None:
            slope, weighted = of_y, of_y * normal
            of_parameters = [weighted, of_y][: len(parameters)]
            if parameters:
                slope, weighted = slope * parameters[0], weighted * parameters[0]
            bend = slope - normal * ops.mean(weighted, axis=axes, keepdims=True)
            parts.append((bend - ops.mean(slope, axis=axes, keepdims=True)) * factor)
        if of_factor is not None:
            parts.append(normal * -divided(of_factor * ops.square(factor), count))
        if of_mean is not None:
            parts.append(divided(of_mean, count))
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        total = total if total.type.shape == x.type.shape else ops.broadcast_to(total, shape=x.type.shape)
        return (total, *of_parameters)

    def stays_whole(self, node: Node, rule: str) -> bool:
        """In float32: onnxruntime's statistics of float64 are float32."""
        return super().stays_whole(node, rule) and node.inputs[0].type.dtype == "float32"

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> tuple[str, ...]:
        x, *parameters = inputs
        axis, row = node.attrs["axis"], node.inputs[0].type.shape[node.attrs["axis"] :]
        if not parameters:
            sizes = [size for size in row if not isinstance(size, Dim)]
            if len(sizes) == len(row):
                parameters = [emit.constant(np.ones(sizes, np.float32))]
            else:
                parameters = [str(emit("Expand", emit.constant(np.ones((), np.float32)), emit.shape(row)))]
        epsilon = node.attrs["epsilon"]
        y, mean, factor = emit("LayerNormalization", x, *parameters, outputs=3, axis=axis, epsilon=epsilon)
        return str(y), str(mean), str(factor)


class RmsNormalization(RowNormalization):
    """y, r = x * r [* scale], r = 1 / sqrt(mean of the squares of each row + epsilon) (Zhang and Sennrich, arXiv:1910.07467)"""

    name, parameters, statistics = "rms_normalization", 1, 1

    def expand(self, x: Any, *parameters: Any, axis: int, epsilon: float) -> Any:
        axes = tuple(range(axis, x.type.ndim))
        factor = ops.rsqrt(ops.mean(ops.square(x), axis=axes, keepdims=True) + epsilon)
        y = x * factor
        return (y * parameters[0] if parameters else y), factor

    def stays_whole(self, node: Node, rule: str) -> bool:
        """Not where a pass could spell it out, because opset 18 lacks it; `passes.normalization_forms` makes it to run."""
        return False

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> tuple[str, ...]:
        """onnxruntime's own operator, for graphs that are run here."""
        x, scale = inputs
        attributes = {"axis": node.attrs["axis"], "epsilon": node.attrs["epsilon"]}
        y, factor = emit("SimplifiedLayerNormalization", x, scale, outputs=2, **attributes)
        return str(y), str(factor)

    def vjp(self, grad: Any, out: Any, x: Any, *parameters: Any, axis: int, epsilon: float) -> Any:
        """With n = x * r and g = grad * scale: r * (g - n * mean(g * n)), where r is at hand."""
        axes = tuple(range(axis, x.type.ndim))
        of_y, of_factor = grad
        normal = x * out[1]
        slope, by_normal = None, None
        of_parameters: list[Any] = [None] * len(parameters)
        if of_y is not None:
            weighted, slope = of_y * normal, of_y
            if parameters:
                of_parameters = [weighted]
                slope, weighted = of_y * parameters[0], weighted * parameters[0]
            by_normal = ops.mean(weighted, axis=axes, keepdims=True)
        if of_factor is not None:
            share = divided(of_factor * out[1], size_of(x.type.shape[axis:]))
            by_normal = by_normal + share if by_normal is not None else share
        change = normal * by_normal
        return ((slope - change if slope is not None else -change) * out[1], *of_parameters)


class GroupNormalization(Composite):
    """y = x normalized in each sample over all axes but `axis`, and over `groups` equal parts of `axis`; * scale + offset

    scale and offset are vectors along `axis` (Wu and He, arXiv:1803.08494).
    """

    name = "group_normalization"
    attributes: ClassVar[Mapping[str, Any]] = {"axis": -1, "groups": REQUIRED, "epsilon": REQUIRED}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        check_arity(self, types, 3)
        axis = normalize_axis(attrs["axis"], types[0].ndim, self.name)
        return {"axis": axis, "groups": int(attrs["groups"]), "epsilon": float(attrs["epsilon"])}

    def infer(self, *types: TensorType, axis: int, groups: int, epsilon: float) -> TensorType:
        check_dtype(self, same_dtype(self, types), WIDE_FLOATS)
        x, *parameters = types
        size = x.shape[axis]
        if axis == 0 or isinstance(size, Dim) or groups < 1 or size % groups or size == 0:
            raise ValueError(
                f"group_normalization: the size of axis {axis} of {x} must be known and a multiple of groups, got {groups} "
                "groups; and axis 0 counts samples."
            )
        _check_vectors(self, x, axis, parameters)
        return x

    def expand(self, x: Any, scale: Any, offset: Any, *, axis: int, groups: int, epsilon: float) -> Any:
        shape, size = x.type.shape, x.type.shape[axis]
        if axis == 1:  # the elements of a group are neighbours
            grouped = ops.reshape(x, shape=(shape[0], groups, size // groups, *shape[2:]))
            y = ops.layer_normalization(grouped, axis=2, epsilon=epsilon)[0]
            y = ops.reshape(y, shape=shape)
            return y * along(scale, axis, x.type.ndim) + along(offset, axis, x.type.ndim)
        difference = x - _group_means(x, axis, groups)
        factor = ops.rsqrt(_group_means(ops.square(difference), axis, groups) + epsilon) * along(scale, axis, x.type.ndim)
        return difference * factor + along(offset, axis, x.type.ndim)

    def samples(self) -> Iterator[Sample]:
        for dtype in WIDE_FLOATS:
            vector = Arg((6,), dtype)
            yield Sample((Arg((2, 3, 5, 6), dtype), vector, vector), {"groups": 3, "epsilon": 1e-3})
            yield Sample((Arg((2, 6, 5, 3), dtype), vector, vector), {"axis": 1, "groups": 2, "epsilon": 1e-3})
        yield Sample((Arg((2, 3, 6)), Arg((6,)), Arg((6,))), {"groups": 6, "epsilon": 1e-3})
        yield Sample((Arg((2, 6, 3)), Arg((6,)), Arg((6,))), {"axis": -2, "groups": 1, "epsilon": 1e-3})
        yield Sample((Arg((BATCH, LENGTH, 6)), Arg((6,)), Arg((6,))), {"groups": 2, "epsilon": 1e-3})


def _group_means(x: Any, axis: int, groups: int) -> Any:
    """The mean of each group in each sample, once for each channel of it: axes other than 0 and `axis` have the size 1.

    First the mean of each channel: that leaves the large tensor as it is, with all channels side by side.
    """
    channels = ops.mean(x, axis=tuple(k for k in range(1, x.type.ndim) if k != axis), keepdims=True)
    shape, size = channels.type.shape, channels.type.shape[axis]
    parts = (*shape[:axis], groups, size // groups, *shape[axis + 1 :])
    means = ops.mean(ops.reshape(channels, shape=parts), axis=(axis + 1,), keepdims=True)
    return ops.reshape(ops.broadcast_to(means, shape=parts), shape=shape)


class Affine(Composite):
    """y = x * scale + shift; these are vectors along `axis` of x"""

    name = "affine"
    attributes: ClassVar[Mapping[str, Any]] = {"axis": -1}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        check_arity(self, types, 3)
        return {"axis": normalize_axis(attrs["axis"], types[0].ndim, self.name)}

    def infer(self, *types: TensorType, axis: int) -> TensorType:
        check_dtype(self, same_dtype(self, types), WIDE_FLOATS)
        _check_vectors(self, types[0], axis, types[1:])
        return types[0]

    def expand(self, x: Any, scale: Any, shift: Any, *, axis: int) -> Any:
        return x * along(scale, axis, x.type.ndim) + along(shift, axis, x.type.ndim)

    def vjp(self, grad: Any, out: Any, x: Any, scale: Any, shift: Any, *, axis: int) -> Any:
        others = tuple(k for k in range(x.type.ndim) if k != axis)
        of_scale, of_shift = (ops.sum(part, axis=others) for part in (grad * x, grad))
        return grad * along(scale, axis, x.type.ndim), of_scale, of_shift

    def stays_whole(self, node: Node, rule: str) -> bool:
        """If the axis has a known size and is where ONNX can have it; in float32, for which there are kernels."""
        return super().stays_whole(node, rule) and _channel_view(node.inputs[0].type, node.attrs["axis"]) is not None

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        """As a BatchNormalization: one pass over x."""
        (x, scale, shift), type_, axis = inputs, node.inputs[0].type, node.attrs["axis"]
        size, view = int(type_.shape[axis]), _channel_view(type_, axis)
        zeros, ones = emit.constant(np.zeros(size, np.float32)), emit.constant(np.ones(size, np.float32))
        x = emit("Reshape", x, emit.constant(np.array(view))) if view else x
        y = emit("BatchNormalization", x, scale, shift, zeros, ones, epsilon=0.0)
        return str(emit("Reshape", y, emit.shape(type_.shape)) if view else y)

    def samples(self) -> Iterator[Sample]:
        for dtype in WIDE_FLOATS:
            for axis, size in ((-1, 5), (1, 3), (0, 2)):
                yield Sample((Arg((2, 3, 5), dtype), Arg((size,), dtype), Arg((size,), dtype)), {"axis": axis})
        for shape in ((3, 5), (5,), (0, 5), (BATCH, LENGTH, 5)):
            yield Sample((Arg(shape), Arg((5,)), Arg((5,))))
        yield Sample((Arg((BATCH, LENGTH, 3)), Arg((LENGTH,)), Arg((LENGTH,))), {"axis": 1})


class BatchNormalization(Composite):
    """y = (x - mean) / sqrt(variance + epsilon) * scale + offset; the others are vectors along `axis` of x"""

    name = "batch_normalization"
    attributes: ClassVar[Mapping[str, Any]] = {"axis": -1, "epsilon": REQUIRED}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        check_arity(self, types, 5)
        return {"axis": normalize_axis(attrs["axis"], types[0].ndim, self.name), "epsilon": float(attrs["epsilon"])}

    def infer(self, *types: TensorType, axis: int, epsilon: float) -> TensorType:
        check_dtype(self, same_dtype(self, types), WIDE_FLOATS)
        _check_vectors(self, types[0], axis, types[1:])
        return types[0]

    def expand(self, x: Any, mean: Any, variance: Any, scale: Any, offset: Any, *, axis: int, epsilon: float) -> Any:
        factor = ops.rsqrt(variance + epsilon) * scale
        return ops.affine(x, factor, offset - mean * factor, axis=axis)

    def stays_whole(self, node: Node, rule: str) -> bool:
        """If the channels are where ONNX wants them, in float32: its epsilon is one."""
        x = node.inputs[0].type
        return super().stays_whole(node, rule) and node.attrs["axis"] == 1 and x.ndim > 2 and x.dtype == "float32"

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        x, mean, variance, scale, offset = inputs
        return str(emit("BatchNormalization", x, scale, offset, mean, variance, epsilon=node.attrs["epsilon"]))

    def samples(self) -> Iterator[Sample]:
        for dtype in WIDE_FLOATS:
            yield self._sample((2, 3, 5), 2, dtype)
            yield self._sample((2, 3, 5, 7), 1, dtype)
        for shape, axis in (((3, 5), 1), ((3, 5), 0), ((5,), 0), ((0, 5), 1), ((BATCH, LENGTH, 3), 2), ((BATCH, 3, LENGTH), 1)):
            yield self._sample(shape, axis, "float32")

    def _sample(self, shape: tuple[Any, ...], axis: int, dtype: str) -> Sample:
        vector, variance = Arg((shape[axis],), dtype), Arg((shape[axis],), dtype, 0.5, 2.0)
        return Sample((Arg(shape, dtype), vector, variance, vector, vector), {"axis": axis, "epsilon": 1e-3})


def along(vector: Any, axis: int, ndim: int) -> Any:
    """A vector as a tensor that broadcasts along `axis` of one with `ndim` axes."""
    shape = (*vector.type.shape, *(1,) * (ndim - 1 - axis))
    return ops.reshape(vector, shape=shape) if len(shape) > 1 else vector


def _channel_view(x: TensorType, axis: int) -> tuple[int, ...] | None:
    """The shape in which `axis` is ONNX's axis of channels, 1: () for x as it is, None if there is none."""
    if x.dtype != "float32" or isinstance(x.shape[axis], Dim):
        return None
    if axis == 1:
        return ()
    return (-1, int(x.shape[axis])) if axis == x.ndim - 1 else None


def _check_vectors(op: Composite, x: TensorType, axis: int, vectors: Sequence[TensorType]) -> None:
    for vector in vectors:
        if vector.shape != (x.shape[axis],):
            raise ValueError(
                f"{op.name}: for {x} and axis {axis}, each vector needs shape {shape_text((x.shape[axis],))}, "
                f"got {shape_text(vector.shape)}."
            )
