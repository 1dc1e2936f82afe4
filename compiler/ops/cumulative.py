"""Sums and products of all elements up to each one: `cumsum`, `cumprod`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..dims import DimLike, is_symbolic
from ..emitter import Emitter
from ..graph import Node
from ..registry import ops
from ..types import TensorType, normalize_axis, numpy_dtype
from .base import REQUIRED, Arg, Array, Composite, Sample, widened
from .elements import places_along
from .elementwise import BATCH, NUMBERS, any_numbers, check_arity, check_dtype
from .onnx_kernels import kernel_dtype, native

#: Up to this length every result is reduced from all elements before it; a longer axis is cut into parts first.
SHORT = 64


class Cumulative(Composite):
    """Base of running reductions along `axis`, from behind if `reverse`."""

    attributes: ClassVar[Mapping[str, Any]] = {"axis": REQUIRED, "reverse": False}
    #: The reduction that is run, and the number that changes nothing.
    reduction: ClassVar[str] = ""
    identity: ClassVar[int] = 0

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        check_arity(self, types, 1)
        return {"axis": normalize_axis(attrs["axis"], types[0].ndim, self.name), "reverse": bool(attrs["reverse"])}

    def infer(self, *types: TensorType, axis: int, reverse: bool) -> TensorType:
        check_arity(self, types, 1)
        check_dtype(self, types[0].dtype, NUMBERS)
        return types[0]

    def expand(self, x: Any, *, axis: int, reverse: bool) -> Any:
        """Of a long axis: within parts, and of all parts before."""
        shape = x.type.shape
        size = shape[axis]
        if is_symbolic(size) or size <= SHORT:
            return self._masked(x, axis, reverse, strict=False)
        length = math.isqrt(size - 1) + 1
        parts = -(-size // length)
        missing = tuple(parts * length - size if k == axis else 0 for k in range(len(shape)))
        none = (0,) * len(shape)
        padded = ops.pad(x, before=none, after=missing, value=self.identity)
        cut = ops.reshape(padded, shape=(*shape[:axis], parts, length, *shape[axis + 1 :]))
        within = self._masked(cut, axis + 1, reverse, strict=False)
        totals = getattr(ops, self.reduction)(cut, axis=axis + 1, keepdims=True)
        joined = self._joined(within, self._masked(totals, axis, reverse, strict=True))
        whole = ops.reshape(joined, shape=padded.type.shape)
        return ops.slice(whole, starts=none, stops=shape)

    def stays_whole(self, node: Node, rule: str) -> bool:
        """Triton has a template that scans rows."""
        return rule == "element" or super().stays_whole(node, rule)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        """The last axis made the first: then many rows are added at once, which makes up for the transpositions."""
        (x,), type_, axis, reverse = inputs, node.output.type, node.attrs["axis"], node.attrs["reverse"]
        if axis == 0 or axis < type_.ndim - 1:
            return self.onnx_along(emit, type_, axis, reverse, x)
        first = str(emit("Transpose", x, perm=[axis, *range(axis)]))
        turned = type_.with_shape((type_.shape[axis], *type_.shape[:axis]))
        return str(emit("Transpose", self.onnx_along(emit, turned, 0, reverse, first), perm=[*range(1, axis + 1), 0]))

    def onnx_along(self, emit: Emitter, type_: TensorType, axis: int, reverse: bool, x: str) -> str:
        """The same for x of `type_`."""
        raise NotImplementedError(self._missing("onnx_along"))

    def _masked(self, x: Any, axis: int, reverse: bool, strict: bool) -> Any:
        """For each place the reduction of the elements up to it, or before it."""
        size, wide = x.type.shape[axis], x.type.ndim + 1
        here, there = places_along(size, axis, wide), places_along(size, axis + 1, wide)
        low, high = (here, there) if reverse else (there, here)
        counts = (ops.less if strict else ops.less_equal)(low, high)
        nothing = ops.constant(value=np.asarray(self.identity, numpy_dtype(x.type.dtype)))
        return getattr(ops, self.reduction)(ops.where(counts, ops.expand_dims(x, axis=axis), nothing), axis=axis + 1)

    def _joined(self, a: Any, b: Any) -> Any:
        raise NotImplementedError(self._missing("_joined"))

    def flops(self, node: Node) -> DimLike:
        return node.output.type.size if node.output.type.is_float else 0

    def samples(self) -> Iterator[Sample]:
        zero = (0.0,)  # the second derivative of a product needs x != 0
        for dtype in NUMBERS:
            yield Sample((any_numbers((2, 5), dtype),), {"axis": 1})
        for shape, axis in (
            ((7,), 0),
            ((2, 3, 5), 1),
            ((2, 3, 5), -1),
            ((0, 3), 0),
            ((2, 0), 0),
            ((BATCH, 3), 1),
            ((BATCH, 3), 0),
        ):
            for reverse in (False, True):
                yield Sample((Arg(shape, avoid=zero),), {"axis": axis, "reverse": reverse})
        for reverse in (False, True):
            yield Sample((Arg((2, SHORT + 3), low=0.9, high=1.1),), {"axis": 1, "reverse": reverse})


class CumSum(Cumulative):
    """y[i] = x[0] + ... + x[i] along `axis`; from the end if `reverse`"""

    name, reduction, identity = "cumsum", "sum", 0

    def evaluate(self, x: Array, *, axis: int, reverse: bool) -> Array:
        """Floats are added up in float64."""
        return _running(np.cumsum, x, axis, reverse)

    def vjp(self, grad: Any, out: Any, x: Any, *, axis: int, reverse: bool) -> Any:
        return (ops.cumsum(grad, axis=axis, reverse=not reverse),)

    def onnx_along(self, emit: Emitter, type_: TensorType, axis: int, reverse: bool, x: str) -> str:
        place = emit.constant(np.asarray(axis, np.int64))
        return native(emit, "CumSum", type_.dtype, x, extra=(place,), reverse=int(reverse))

    def _joined(self, a: Any, b: Any) -> Any:
        return ops.add(a, b)


class CumProd(Cumulative):
    """y[i] = x[0] * ... * x[i] along `axis`; from the end if `reverse`"""

    name, reduction, identity = "cumprod", "prod", 1

    def evaluate(self, x: Array, *, axis: int, reverse: bool) -> Array:
        """Floats are multiplied in float64."""
        return _running(np.cumprod, x, axis, reverse)

    def vjp(self, grad: Any, out: Any, x: Any, *, axis: int, reverse: bool) -> Any:
        """dy[i]/dx[k] = y[i] / x[k], but for the first 0: there the product of all others, which stays 0 from the next 0 on.
        Second derivatives need x != 0."""

        def summed(products: Any) -> Any:
            return ops.cumsum(grad * products, axis=axis, reverse=not reverse)

        zero = ops.cast(ops.equal(x, 0), dtype=x.type.dtype)
        first = zero * ops.cast(ops.equal(ops.cumsum(zero, axis=axis, reverse=reverse), 1), dtype=x.type.dtype)
        others = summed(ops.cumprod(x + first, axis=axis, reverse=reverse))
        return (summed(out) / (x + zero) * (1 - first) + others * first,)

    def onnx_along(self, emit: Emitter, type_: TensorType, axis: int, reverse: bool, x: str) -> str:
        """By doubling: after each step y[i] is the product of twice as many elements. ONNX has no CumProd."""
        dtype, size = type_.dtype, type_.shape[axis]
        via = kernel_dtype("Mul", dtype)
        y = x if via == dtype else emit.cast(x, via)
        if is_symbolic(size):
            y = self._onnx_masked(emit, type_.with_dtype(via), axis, reverse, y)
        else:
            distance = 1
            while distance < int(size):
                y = str(emit("Mul", y, self._onnx_shifted(emit, type_.with_dtype(via), axis, reverse, y, distance)))
                distance *= 2
        return emit.cast(y, dtype) if via != dtype else str(emit("Identity", y)) if y == x else y

    def _onnx_shifted(self, emit: Emitter, type_: TensorType, axis: int, reverse: bool, y: str, distance: int) -> str:
        """The elements `distance` places before; 1 where there are none."""
        shape = type_.shape
        axes = emit.constant(np.asarray([axis], np.int64))
        bounds = (distance, int(shape[axis])) if reverse else (0, -distance)
        start, stop = (emit.constant(np.asarray([place], np.int64)) for place in bounds)
        kept = str(emit("Slice", y, start, stop, axes))
        gap = emit.shape(tuple(distance if k == axis else dim for k, dim in enumerate(shape)))
        ones = str(emit("ConstantOfShape", gap, value=np.ones(1, numpy_dtype(type_.dtype))))
        return str(emit("Concat", *((kept, ones) if reverse else (ones, kept)), axis=axis))

    def _onnx_masked(self, emit: Emitter, type_: TensorType, axis: int, reverse: bool, x: str) -> str:
        """For an axis of unknown size: 1 in place of the elements behind, and the product of all."""
        ndim, dtype = type_.ndim, type_.dtype
        zero, one = (emit.constant(np.int64(number)) for number in (0, 1))
        ramp = str(emit("Range", zero, emit.dimension(type_.shape[axis]), one))
        here, there = (
            str(emit("Reshape", ramp, emit.constant(np.asarray([-1 if k == place else 1 for k in range(ndim + 1)], np.int64))))
            for place in (axis, axis + 1)
        )
        counts = emit("GreaterOrEqual", *((there, here) if reverse else (here, there)))
        row = str(emit("Unsqueeze", x, emit.constant(np.asarray([axis], np.int64))))
        chosen = kernel_dtype("Where", dtype)
        ones = emit.constant(np.ones((), numpy_dtype(chosen)))
        filled = str(emit("Where", counts, row if chosen == dtype else emit.cast(row, chosen), ones))
        axes = emit.constant(np.asarray([axis + 1], np.int64))
        product = native(emit, "ReduceProd", chosen, filled, extra=(axes,), keepdims=0)
        return product if chosen == dtype else emit.cast(product, dtype)

    def _joined(self, a: Any, b: Any) -> Any:
        return ops.multiply(a, b)


def _running(function: Any, x: Array, axis: int, reverse: bool) -> Array:
    wide = x.dtype if x.dtype.kind in "iu" else np.dtype(np.float64)
    x_forward = np.flip(x, axis) if reverse else x
    with np.errstate(all="ignore"):
        result = np.asarray(function(widened(x_forward), axis=axis, dtype=wide))
    return (np.flip(result, axis) if reverse else result).astype(x.dtype)
