"""Writing rows by number into a tensor: `scatter_update`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..dims import DimLike
from ..emitter import Emitter
from ..graph import Node
from ..registry import ops
from ..types import DTYPES, FLOATS, INTEGERS, TensorType, numpy_dtype, shape_text
from .base import Arg, Array, Composite, Sample, same_dtype, widened
from .elements import check_range, onnx_scatter_rows, places_along
from .elementwise import BATCH, NUMBERS, any_numbers, check_arity, check_dtype
from .onnx_kernels import kernel_dtype

REDUCTIONS = ("set", "max", "min", "multiply")


class ScatterUpdate(Composite):
    """y = x, whose row indices[j] becomes updates[j], or its maximum, minimum or product with that row, for all j

    `updates` has the axes of `indices` first; 0 <= index < the size of x's first axis. Where an index occurs several times,
    "set" takes the last row, the others take all. To add rows: x + scatter_add(indices, updates).
    """

    name = "scatter_update"
    attributes: ClassVar[Mapping[str, Any]] = {"reduction": "set"}

    def infer(self, *types: TensorType, reduction: str) -> TensorType:
        check_arity(self, types, 3)
        x, indices, updates = types
        if reduction not in REDUCTIONS:
            raise ValueError(f"scatter_update: reduction must be one of {', '.join(REDUCTIONS)}, got {reduction!r}.")
        check_dtype(self, same_dtype(self, (x, updates)), DTYPES if reduction == "set" else NUMBERS)
        check_dtype(self, indices.dtype, INTEGERS)
        if x.ndim == 0 or updates.shape != (*indices.shape, *x.shape[1:]):
            raise ValueError(
                f"scatter_update: updates must have the shape {shape_text(indices.shape)} of indices, followed by that of a "
                f"row of {x}; got {shape_text(updates.shape)}."
            )
        return x

    def expand(self, x: Any, indices: Any, updates: Any, *, reduction: str) -> Any:
        size, row_shape, count = x.type.shape[0], x.type.shape[1:], indices.type.size
        if count == 0:
            return x
        given = ops.reshape(indices, shape=(1, count))
        rows = ops.reshape(updates, shape=(count, *row_shape))
        hit = ops.equal(given, places_along(size, 0, 2, indices.type.dtype))
        if reduction == "set":
            last = ops.max(ops.where(hit, places_along(count, 1, 2), ops.constant(value=np.int32(-1))), axis=1)
            written = ops.reshape(ops.greater_equal(last, 0), shape=(size, *(1 for _ in row_shape)))
            return ops.where(written, ops.take(rows, ops.maximum(last, 0), axis=0), x)
        chosen = ops.reshape(hit, shape=(size, count, *(1 for _ in row_shape)))
        identity = ops.constant(value=np.asarray(_identity(reduction, x.type.dtype), numpy_dtype(x.type.dtype)))
        several = ops.where(chosen, ops.expand_dims(rows, axis=0), identity)
        if reduction == "multiply":
            return x * ops.prod(several, axis=1)
        return getattr(ops, f"{reduction}imum")(x, getattr(ops, reduction)(several, axis=1))

    def evaluate(self, x: Array, indices: Array, updates: Array, *, reduction: str) -> Array:
        check_range(self, indices, x.shape[0])
        places = indices.astype(np.int64)
        result = widened(x).copy()
        if reduction == "set":
            result[places.reshape(-1)] = widened(updates).reshape(-1, *x.shape[1:])
        else:
            function = {"max": np.maximum, "min": np.minimum, "multiply": np.multiply}[reduction]
            with np.errstate(all="ignore"):
                function.at(result, places, widened(updates))
        return result.astype(x.dtype)

    def vjp(self, grad: Any, out: Any, x: Any, indices: Any, updates: Any, *, reduction: str) -> Any:
        if reduction == "set":
            return self._vjp_of_set(grad, x, indices)
        if reduction == "multiply":
            return self._vjp_of_product(grad, out, x, indices, updates)
        dtype = x.type.dtype
        first = ops.cast(ops.equal(x, out), dtype=dtype)
        equal = ops.cast(ops.equal(updates, ops.take(out, indices, axis=0)), dtype=dtype)
        share = grad / (first + ops.scatter_add(indices, equal, size=x.type.shape[0]))
        return first * share, None, equal * ops.take(share, indices, axis=0)

    def _vjp_of_set(self, grad: Any, x: Any, indices: Any) -> Any:
        """To the row that stayed: of several with one index the last."""
        size, count = x.type.shape[0], indices.type.size
        number = ops.reshape(ops.iota(size=count, dtype="int32"), shape=indices.type.shape)
        nobody = ops.broadcast_to(ops.constant(value=np.int32(-1)), shape=(size,))
        last = ops.scatter_update(nobody, indices, number)
        kept = ops.cast(ops.less(last, 0), dtype=grad.type.dtype)
        stayed = ops.cast(ops.equal(ops.take(last, indices, axis=0), number), dtype=grad.type.dtype)
        row = (1,) * (x.type.ndim - 1)
        to_updates = ops.take(grad, indices, axis=0) * ops.reshape(stayed, shape=(*indices.type.shape, *row))
        return grad * ops.reshape(kept, shape=(size, *row)), None, to_updates

    def _vjp_of_product(self, grad: Any, out: Any, x: Any, indices: Any, updates: Any) -> Any:
        """The product of all others, right also where elements are 0; second derivatives need updates != 0."""
        ones = ops.broadcast_to(ops.constant(value=np.ones((), numpy_dtype(x.type.dtype))), shape=x.type.shape)
        factors = ops.scatter_update(ones, indices, updates, reduction="multiply")
        zero = ops.cast(ops.equal(updates, 0), dtype=x.type.dtype)
        nonzero = updates + zero
        product = ops.scatter_update(x, indices, nonzero, reduction="multiply")
        zeros = ops.scatter_add(indices, zero, size=x.type.shape[0])
        others = ops.equal(ops.take(zeros, indices, axis=0) - zero, 0)
        to_updates = ops.take(grad * product, indices, axis=0) / nonzero * ops.cast(others, dtype=x.type.dtype)
        return grad * factors, None, to_updates

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        (x, indices, updates), dtype, reduction = inputs, node.output.type.dtype, node.attrs["reduction"]
        via = kernel_dtype("ScatterND" if reduction == "set" else "ScatterAdd", dtype)
        if via != dtype:
            x, updates = emit.cast(x, via), emit.cast(updates, via)
        wide = indices if node.inputs[1].type.dtype == "int64" else emit.cast(indices, "int64")
        how = {"set": "none", "multiply": "mul"}.get(reduction, reduction)
        written = onnx_scatter_rows(emit, x, wide, updates, how, (node.inputs[1].type, node.inputs[2].type))
        return written if via == dtype else emit.cast(written, dtype)

    def flops(self, node: Node) -> DimLike:
        return node.inputs[2].type.size if node.attrs["reduction"] == "multiply" and node.output.type.is_float else 0

    def samples(self) -> Iterator[Sample]:
        for reduction in REDUCTIONS:
            for dtype in DTYPES if reduction == "set" else NUMBERS:
                operands = (any_numbers((5, 3), dtype), Arg((4,), "int32", 0, 5), any_numbers((4, 3), dtype))
                yield Sample(operands, {"reduction": reduction})
            for shape, indices in (((5,), (4,)), ((5, 3), (2, 4)), ((5, 3), ()), ((5, 3), (0,)), ((5, 3), (BATCH,))):
                zero = (0.0,)  # the second derivative of a product needs x != 0
                operands = (Arg(shape, avoid=zero), Arg(indices, "int64", 0, 5), Arg((*indices, *shape[1:]), avoid=zero))
                yield Sample(operands, {"reduction": reduction})
        yield Sample((Arg((BATCH, 3)), Arg((6,), "int64", 0, 4), Arg((6, 3))), {"reduction": "max"})


def _identity(reduction: str, dtype: str) -> float:
    if reduction == "multiply":
        return 1
    if dtype in FLOATS:
        return -np.inf if reduction == "max" else np.inf
    limits = np.iinfo(dtype)
    return limits.min if reduction == "max" else limits.max
