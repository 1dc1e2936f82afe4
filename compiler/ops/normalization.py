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
        count = size_of(x.type.shape[k] for k in axis)
        of_mean, of_variance = grad
        parts = []
        if of_variance is not None:
            parts.append((x - out[0]) * divided(of_variance * 2.0, count))
        if of_mean is not None:
            parts.append(divided(of_mean, count))
        total = parts[0] if len(parts) == 1 else parts[0] + parts[1]
        return (ops.broadcast_to(total, shape=x.type.shape) if total.type.shape != x.type.shape else total,)

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
        """With n = (x - mean) * r and g = grad * scale: r * (g - mean(g) - n * mean(g * n)), where mean and r are at hand."""
        axes = tuple(range(axis, x.type.ndim))
        count = size_of(x.type.shape[axis:])
        of_y, of_mean, of_factor = grad
        _, mean, factor = out
        normal = (x - mean) * factor
        by_mean, by_normal, slope = None, None, None
        of_parameters: list[Any] = []
        if of_y is not None:
            weighted = of_y * normal
            slope = of_y
            of_parameters = [weighted, of_y][: len(parameters)]
            if parameters:
                slope, weighted = of_y * parameters[0], weighted * parameters[0]
            by_mean = ops.mean(slope, axis=axes, keepdims=True)
            by_normal = ops.mean(weighted, axis=axes, keepdims=True)
        if of_mean is not None:
            share = divided(of_mean, count) / factor
            by_mean = by_mean - share if by_mean is not None else -share
        if of_factor is not None:
            share = divided(of_factor * factor, count)
            by_normal = by_normal + share if by_normal is not None else share
        total = slope
        if by_normal is not None:
            change = normal * by_normal
            total = total - change if total is not None else -change
        if by_mean is not None:
            total = total - by_mean if total is not None else -by_mean
        total = total * factor
        if total.type.shape != x.type.shape:
            total = ops.broadcast_to(total, shape=x.type.shape)
        return (total, *of_parameters, *(None for _ in range(len(parameters) - len(of_parameters))))

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
        grouped = ops.reshape(x, shape=(*shape[:axis], groups, size // groups, *shape[axis + 1 :]))
        if axis == 1:  # the elements of a group are neighbours
            y = ops.layer_normalization(grouped, axis=2, epsilon=epsilon)[0]
            y = ops.reshape(y, shape=shape)
            return y * along(scale, axis, x.type.ndim) + along(offset, axis, x.type.ndim)
        axes = tuple(k for k in range(1, grouped.type.ndim) if k != axis)
        mean, variance = ops.moments(grouped, axis=axes)
        parts = tuple(1 if k < axis or k > axis + 1 else grouped.type.shape[k] for k in range(grouped.type.ndim))
        factor = ops.rsqrt(variance + epsilon) * ops.reshape(scale, shape=parts)
        y = grouped * factor + (ops.reshape(offset, shape=parts) - mean * factor)
        return ops.reshape(y, shape=shape)

    def samples(self) -> Iterator[Sample]:
        for dtype in WIDE_FLOATS:
            vector = Arg((6,), dtype)
            yield Sample((Arg((2, 3, 5, 6), dtype), vector, vector), {"groups": 3, "epsilon": 1e-3})
            yield Sample((Arg((2, 6, 5, 3), dtype), vector, vector), {"axis": 1, "groups": 2, "epsilon": 1e-3})
        yield Sample((Arg((2, 3, 6)), Arg((6,)), Arg((6,))), {"groups": 6, "epsilon": 1e-3})
        yield Sample((Arg((2, 6, 3)), Arg((6,)), Arg((6,))), {"axis": -2, "groups": 1, "epsilon": 1e-3})
        yield Sample((Arg((BATCH, LENGTH, 6)), Arg((6,)), Arg((6,))), {"groups": 2, "epsilon": 1e-3})


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
        """Two passes over x; the rest is on vectors."""
        factor = ops.rsqrt(variance + epsilon) * scale
        return x * along(factor, axis, x.type.ndim) + along(offset - mean * factor, axis, x.type.ndim)

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


def _check_vectors(op: Composite, x: TensorType, axis: int, vectors: Sequence[TensorType]) -> None:
    for vector in vectors:
        if vector.shape != (x.shape[axis],):
            raise ValueError(
                f"{op.name}: for {x} and axis {axis}, each vector needs shape {shape_text((x.shape[axis],))}, "
                f"got {shape_text(vector.shape)}."
            )
