"""Reductions: `sum`, `prod`, `mean`, `max`, `min`, `any`, `all`, `argmax`, `argmin`.

`axis` is a sorted tuple of the axes that go away (None in a call: all); `keepdims` leaves them with size 1.
They have no element rule: the Triton lowering schedules them by name.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..dims import Dim, DimLike, Shape, size_of
from ..emitter import Emitter
from ..graph import Node
from ..registry import ops
from ..types import FLOATS, TensorType, normalize_axes, normalize_axis
from .base import REQUIRED, Arg, Array, Op, Sample, widened
from .elementwise import BATCH, LENGTH, NUMBERS, any_numbers, check_arity, check_dtype
from .onnx_kernels import native


class Reduction(Op):
    """Base of reductions over `axis`."""

    attributes: ClassVar[Mapping[str, Any]] = {"axis": None, "keepdims": False}
    dtypes: ClassVar[tuple[str, ...]] = NUMBERS
    #: ONNX's operator; its axes are an operand.
    onnx_name: ClassVar[str] = ""
    #: False if the reduction of no elements has no value.
    has_identity: ClassVar[bool] = True

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        """`axis` None means all axes."""
        check_arity(self, types, 1)
        axis = normalize_axes(attrs["axis"], types[0].ndim, self.name)
        return {"axis": axis, "keepdims": bool(attrs["keepdims"])}

    def infer(self, *types: TensorType, axis: tuple[int, ...], keepdims: bool) -> TensorType:
        check_arity(self, types, 1)
        (x,) = types
        check_dtype(self, x.dtype, self.dtypes)
        if not self.has_identity and any(x.shape[k] == 0 for k in axis):
            raise ValueError(f"{self.name}: {x} has no elements along axis {axis}, and {self.name} of nothing has no value.")
        return x.with_shape(reduced_shape(x.shape, axis, keepdims))

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        axis, keepdims = node.attrs["axis"], int(node.attrs["keepdims"])
        if not axis:  # an empty list of axes would mean all of them
            return str(emit("Identity", *inputs))
        axes = emit.constant(np.asarray(axis, np.int64))
        return self.onnx_reduce(emit, node.inputs[0].type.dtype, inputs[0], axes, keepdims)

    def onnx_reduce(self, emit: Emitter, dtype: str, x: str, axes: str, keepdims: int) -> str:
        return native(emit, self.onnx_name, dtype, x, extra=(axes,), keepdims=keepdims)

    def flops(self, node: Node) -> DimLike:
        return node.inputs[0].type.size if node.inputs[0].type.is_float else 0

    def samples(self) -> Iterator[Sample]:
        for axis in ((0,), (1,), (2,), (0, 2), (0, 1, 2), ()):
            for keepdims in (False, True):
                yield Sample((any_numbers((2, 3, 5), self.dtypes[-2]),), {"axis": axis, "keepdims": keepdims})
        for dtype in self.dtypes:
            yield Sample((any_numbers((2, 3, 5), dtype),), {"axis": (1,), "keepdims": False})
        first = self.dtypes[-2]
        yield Sample((any_numbers((), first),), {"axis": (), "keepdims": False})
        yield Sample((any_numbers((0, 3), first),), {"axis": (1,), "keepdims": False})
        if self.has_identity:
            yield Sample((any_numbers((0, 3), first),), {"axis": (0,), "keepdims": False})
        yield Sample((any_numbers((BATCH, 3), first),), {"axis": (0,), "keepdims": True})
        yield Sample((any_numbers((BATCH, 3), first),), {"axis": None})
        yield Sample((any_numbers((BATCH, LENGTH), first),), {"axis": -1})


def reduced_shape(shape: Shape, axis: Sequence[int], keepdims: bool) -> Shape:
    """The shape that is left when the axes `axis` are reduced."""
    if keepdims:
        return tuple(1 if k in axis else dim for k, dim in enumerate(shape))
    return tuple(dim for k, dim in enumerate(shape) if k not in axis)


def restored(reduced: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    """A reduction's result or its gradient, with the reduced axes back as axes of size 1."""
    return reduced if keepdims or not axis else ops.expand_dims(reduced, axis=axis)


class Sum(Reduction):
    """y = the sum over `axis`"""

    name, onnx_name = "sum", "ReduceSum"

    def evaluate(self, x: Array, *, axis: tuple[int, ...], keepdims: bool) -> Array:
        """Floats are added up in float64."""
        wide = x.dtype if x.dtype.kind in "iu" else np.dtype(np.float64)
        with np.errstate(all="ignore"):
            return np.asarray(np.sum(widened(x), axis=axis, keepdims=keepdims, dtype=wide)).astype(x.dtype)

    def vjp(self, grad: Any, out: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        return (ops.broadcast_to(restored(grad, axis, keepdims), shape=x.type.shape),)


class Mean(Reduction):
    """y = the mean over `axis`, for floats"""

    name, onnx_name, dtypes = "mean", "ReduceMean", FLOATS
    has_identity = False

    def evaluate(self, x: Array, *, axis: tuple[int, ...], keepdims: bool) -> Array:
        """Computed in float64."""
        with np.errstate(all="ignore"):
            total = np.sum(widened(x), axis=axis, keepdims=keepdims, dtype=np.float64)
            return np.asarray(total / math.prod(x.shape[k] for k in axis)).astype(x.dtype)

    def vjp(self, grad: Any, out: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        count = size_of(x.type.shape[k] for k in axis)
        if isinstance(count, Dim):
            share = grad / ops.dimension(dim=count, dtype=x.type.dtype)
        else:
            share = grad * (1.0 / count)
        return (ops.broadcast_to(restored(share, axis, keepdims), shape=x.type.shape),)


class Prod(Reduction):
    """y = the product over `axis`"""

    name, onnx_name = "prod", "ReduceProd"

    def evaluate(self, x: Array, *, axis: tuple[int, ...], keepdims: bool) -> Array:
        wide = x.dtype if x.dtype.kind in "iu" else np.dtype(np.float64)
        with np.errstate(all="ignore"):
            return np.asarray(np.prod(widened(x), axis=axis, keepdims=keepdims, dtype=wide)).astype(x.dtype)

    def vjp(self, grad: Any, out: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        """The product of all other elements, right also where elements are 0; second derivatives need x != 0."""
        zeros = ops.cast(ops.equal(x, 0), dtype=x.type.dtype)
        nonzero = x + zeros
        others_are_zero = ops.sum(zeros, axis=axis, keepdims=True) - zeros
        survives = ops.cast(ops.equal(others_are_zero, 0), dtype=x.type.dtype)
        product = ops.prod(nonzero, axis=axis, keepdims=True) / nonzero
        return (restored(grad, axis, keepdims) * (product * survives),)


class Max(Reduction):
    """y = the largest over `axis`; NaN if one is NaN (onnxruntime may overlook it). Ties share the gradient equally."""

    name, onnx_name, has_identity = "max", "ReduceMax", False

    def evaluate(self, x: Array, *, axis: tuple[int, ...], keepdims: bool) -> Array:
        return np.asarray(np.max(x, axis=axis, keepdims=keepdims)).astype(x.dtype, copy=False)

    def vjp(self, grad: Any, out: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        return (_share_of_winners(grad, out, x, axis, keepdims),)

    def onnx_reduce(self, emit: Emitter, dtype: str, x: str, axes: str, keepdims: int) -> str:
        return _onnx_extreme(emit, self.onnx_name, dtype, x, axes, keepdims)


class Min(Reduction):
    """y = the smallest over `axis`; NaN if one is NaN (onnxruntime may overlook it). Ties share the gradient equally."""

    name, onnx_name, has_identity = "min", "ReduceMin", False

    def evaluate(self, x: Array, *, axis: tuple[int, ...], keepdims: bool) -> Array:
        return np.asarray(np.min(x, axis=axis, keepdims=keepdims)).astype(x.dtype, copy=False)

    def vjp(self, grad: Any, out: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        return (_share_of_winners(grad, out, x, axis, keepdims),)

    def onnx_reduce(self, emit: Emitter, dtype: str, x: str, axes: str, keepdims: int) -> str:
        return _onnx_extreme(emit, self.onnx_name, dtype, x, axes, keepdims)


def _share_of_winners(grad: Any, out: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    wins = ops.cast(ops.equal(x, restored(out, axis, keepdims)), dtype=x.type.dtype)
    return wins * (restored(grad, axis, keepdims) / ops.sum(wins, axis=axis, keepdims=True))


def _onnx_extreme(emit: Emitter, operator: str, dtype: str, x: str, axes: str, keepdims: int) -> str:
    if dtype != "uint64":
        return native(emit, operator, dtype, x, extra=(axes,), keepdims=keepdims)
    return _as_uint64(emit, str(emit(operator, _as_ordered_int64(emit, x), axes, keepdims=keepdims)))


def _as_ordered_int64(emit: Emitter, x: str) -> str:
    """uint64 as int64 in the same order: the highest bit is flipped, because no uint64 kernel compares."""
    return str(emit("BitwiseXor", emit.cast(x, "int64"), emit.constant(np.int64(-(2**63)))))


def _as_uint64(emit: Emitter, x: str) -> str:
    return emit.cast(str(emit("BitwiseXor", x, emit.constant(np.int64(-(2**63))))), "uint64")


class BoolReduction(Reduction):
    """Base of reductions of bool."""

    dtypes: ClassVar[tuple[str, ...]] = ("bool",)
    differentiable = False

    def samples(self) -> Iterator[Sample]:
        for axis in ((0,), (2,), (0, 2), (0, 1, 2), ()):
            for keepdims in (False, True):
                yield Sample((Arg((2, 3, 5), "bool"),), {"axis": axis, "keepdims": keepdims})
        for shape in ((), (0, 3), (BATCH, 3)):
            yield Sample((Arg(shape, "bool"),), {"axis": None})


class AnyTrue(BoolReduction):
    """y = whether one over `axis` is true"""

    name = "any"

    def evaluate(self, x: Array, *, axis: tuple[int, ...], keepdims: bool) -> Array:
        return np.asarray(np.any(x, axis=axis, keepdims=keepdims))

    def onnx_reduce(self, emit: Emitter, dtype: str, x: str, axes: str, keepdims: int) -> str:
        return emit.cast(str(emit("ReduceSum", emit.cast(x, "int32"), axes, keepdims=keepdims)), "bool")


class AllTrue(BoolReduction):
    """y = whether all over `axis` are true"""

    name = "all"

    def evaluate(self, x: Array, *, axis: tuple[int, ...], keepdims: bool) -> Array:
        return np.asarray(np.all(x, axis=axis, keepdims=keepdims))

    def onnx_reduce(self, emit: Emitter, dtype: str, x: str, axes: str, keepdims: int) -> str:
        some_false = emit("ReduceSum", emit.cast(str(emit("Not", x)), "int32"), axes, keepdims=keepdims)
        return str(emit("Not", emit.cast(str(some_false), "bool")))


class ArgReduction(Op):
    """Base of `argmax` and `argmin`: positions along one axis."""

    attributes: ClassVar[Mapping[str, Any]] = {"axis": REQUIRED, "keepdims": False}
    differentiable = False
    onnx_name: ClassVar[str] = ""

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        check_arity(self, types, 1)
        axis = normalize_axis(attrs["axis"], types[0].ndim, self.name)
        return {"axis": axis, "keepdims": bool(attrs["keepdims"])}

    def infer(self, *types: TensorType, axis: int, keepdims: bool) -> TensorType:
        check_arity(self, types, 1)
        (x,) = types
        check_dtype(self, x.dtype, NUMBERS)
        if x.shape[axis] == 0:
            raise ValueError(f"{self.name}: {x} has no elements along axis {axis}, so there is no position to return.")
        return TensorType(reduced_shape(x.shape, (axis,), keepdims), "int32")

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        (x,), dtype = inputs, node.inputs[0].type.dtype
        if dtype == "uint64":
            x, dtype = _as_ordered_int64(emit, x), "int64"
        attrs = {"axis": node.attrs["axis"], "keepdims": int(node.attrs["keepdims"])}
        return emit.cast(native(emit, self.onnx_name, dtype, x, result="int64", **attrs), "int32")

    def flops(self, node: Node) -> DimLike:
        return node.inputs[0].type.size if node.inputs[0].type.is_float else 0

    def samples(self) -> Iterator[Sample]:
        for axis in (0, 1, 2, -1):
            for keepdims in (False, True):
                yield Sample((Arg((2, 3, 5)),), {"axis": axis, "keepdims": keepdims})
        for dtype in NUMBERS:
            yield Sample((any_numbers((2, 3, 5), dtype),), {"axis": 2})
        for shape in ((0, 3), (BATCH, 3)):
            yield Sample((Arg(shape),), {"axis": 1})


class ArgMax(ArgReduction):
    """y = the position of the largest along `axis`, as int32; of several, the first"""

    name, onnx_name = "argmax", "ArgMax"

    def evaluate(self, x: Array, *, axis: int, keepdims: bool) -> Array:
        return np.asarray(np.argmax(widened(x), axis=axis, keepdims=keepdims)).astype(np.int32)


class ArgMin(ArgReduction):
    """y = the position of the smallest along `axis`, as int32; of several, the first"""

    name, onnx_name = "argmin", "ArgMin"

    def evaluate(self, x: Array, *, axis: int, keepdims: bool) -> Array:
        return np.asarray(np.argmin(widened(x), axis=axis, keepdims=keepdims)).astype(np.int32)
