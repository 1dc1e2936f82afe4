"""`softmax`, `log_softmax` and `logsumexp`: composites that stay whole on ONNX."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import ml_dtypes

from ..dims import DimLike
from ..emitter import Emitter
from ..graph import Node
from ..registry import ops
from ..types import FLOATS, TensorType, normalize_axes, normalize_axis, numpy_dtype
from .base import Arg, Composite, Sample
from .elementwise import BATCH, check_arity, check_dtype
from .onnx_kernels import native
from .reduce import reduced_shape, restored


def finite_range(dtype: str) -> tuple[float, float]:
    """The lowest and the highest finite number of a float dtype."""
    limits = ml_dtypes.finfo(numpy_dtype(dtype))  # type: ignore[no-untyped-call]
    return float(limits.min), float(limits.max)


def peak(x: Any, axis: tuple[int, ...]) -> Any:
    """The largest of `x` over `axis` with axes kept, made finite, through which no gradient flows.

    Subtracting it before `exp` changes no result and prevents overflow. Finite, so that rows of -inf do not become NaN.
    """
    low, high = finite_range(x.type.dtype)
    largest = ops.clip(ops.max(x, axis=axis, keepdims=True), low=low, high=high)
    return ops.stop_gradient(largest)


class LogSumExp(Composite):
    """y = log(sum of e ** x over `axis`), without overflow

    Spelled out on ONNX, too: onnxruntime's ReduceLogSumExp takes 20 times as long.
    """

    name = "logsumexp"
    attributes: ClassVar[Mapping[str, Any]] = {"axis": None, "keepdims": False}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        check_arity(self, types, 1)
        axis = normalize_axes(attrs["axis"], types[0].ndim, self.name)
        return {"axis": axis, "keepdims": bool(attrs["keepdims"])}

    def infer(self, *types: TensorType, axis: tuple[int, ...], keepdims: bool) -> TensorType:
        check_arity(self, types, 1)
        (x,) = types
        check_dtype(self, x.dtype, FLOATS)
        if any(x.shape[k] == 0 for k in axis):
            raise ValueError(f"logsumexp: {x} has no elements along axis {axis}.")
        return x.with_shape(reduced_shape(x.shape, axis, keepdims))

    def expand(self, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        if not axis:
            return ops.identity(x)
        largest = peak(x, axis)
        total = ops.log(ops.sum(ops.exp(x - largest), axis=axis, keepdims=True)) + largest
        return total if keepdims else ops.squeeze(total, axis=axis)

    def vjp(self, grad: Any, out: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        """The softmax, of the powers that `expand` has computed already."""
        if not axis:
            return (grad,)
        powers = ops.exp(x - peak(x, axis))
        return (restored(grad, axis, keepdims) / ops.sum(powers, axis=axis, keepdims=True) * powers,)

    def flops(self, node: Node) -> DimLike:
        return node.inputs[0].type.size * 11

    def samples(self) -> Iterator[Sample]:
        for axis in ((0,), (1,), (2,), (0, 2), (0, 1, 2), ()):
            for keepdims in (False, True):
                yield Sample((Arg((2, 3, 5)),), {"axis": axis, "keepdims": keepdims})
        for dtype in FLOATS:
            yield Sample((Arg((2, 3), dtype),), {"axis": -1})
        yield Sample((Arg((2, 3), low=990.0, high=1000.0),), {"axis": -1})
        for shape in ((0, 3), (BATCH, 3)):
            yield Sample((Arg(shape),), {"axis": 1})
        yield Sample((Arg((BATCH, 3)),), {"axis": None})


class AxisComposite(Composite):
    """Base of composites that map every line of a float tensor along one axis to a line of the same length."""

    attributes: ClassVar[Mapping[str, Any]] = {"axis": -1}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        check_arity(self, types, 1)
        return {"axis": normalize_axis(attrs["axis"], types[0].ndim, self.name)}

    def infer(self, *types: TensorType, axis: int) -> TensorType:
        check_arity(self, types, 1)
        check_dtype(self, types[0].dtype, FLOATS)
        return types[0]

    def flops(self, node: Node) -> DimLike:
        return node.inputs[0].type.size * 12

    def samples(self) -> Iterator[Sample]:
        for axis in (0, 1, -1):
            yield Sample((Arg((2, 3, 5)),), {"axis": axis})
        for dtype in FLOATS:
            yield Sample((Arg((2, 3), dtype),), {"axis": -1})
        yield Sample((Arg((2, 3), low=990.0, high=1000.0),), {"axis": -1})
        for shape in ((4,), (0, 3), (BATCH, 3)):
            yield Sample((Arg(shape),), {"axis": -1})


class Softmax(AxisComposite):
    """y = e ** x / sum of e ** x along `axis`"""

    name = "softmax"

    def expand(self, x: Any, *, axis: int) -> Any:
        weights = ops.exp(x - peak(x, (axis,)))
        return weights / ops.sum(weights, axis=(axis,), keepdims=True)

    def vjp(self, grad: Any, out: Any, x: Any, *, axis: int) -> Any:
        return (out * (grad - ops.sum(grad * out, axis=(axis,), keepdims=True)),)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return native(emit, "Softmax", node.output.type.dtype, *inputs, axis=node.attrs["axis"])


class LogSoftmax(AxisComposite):
    """y = x - log(sum of e ** x along `axis`)"""

    name = "log_softmax"

    def expand(self, x: Any, *, axis: int) -> Any:
        shifted = x - peak(x, (axis,))
        return shifted - ops.log(ops.sum(ops.exp(shifted), axis=(axis,), keepdims=True))

    def vjp(self, grad: Any, out: Any, x: Any, *, axis: int) -> Any:
        return (grad - ops.exp(out) * ops.sum(grad, axis=(axis,), keepdims=True),)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return native(emit, "LogSoftmax", node.output.type.dtype, *inputs, axis=node.attrs["axis"])
