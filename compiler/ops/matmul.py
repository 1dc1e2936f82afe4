"""`matmul`: the product of matrices, also of stacks of them.

It has no element rule: the Triton lowering schedules it by name. Transposed operands are `transpose` nodes that targets fold
into the product.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..dims import DimLike, size_of
from ..emitter import Emitter
from ..graph import Node
from ..registry import ops
from ..types import TensorType, broadcast, numpy_dtype, shape_text
from .base import Arg, Array, Op, Sample, same_dtype, widened
from .elementwise import BATCH, LENGTH, NUMBERS, any_numbers, check_arity, check_dtype
from .onnx_kernels import native


class MatMul(Op):
    """y[..., m, n] = sum over k of a[..., m, k] * b[..., k, n]; leading axes are broadcast"""

    name = "matmul"

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, 2)
        a, b = types
        check_dtype(self, same_dtype(self, types), NUMBERS)
        if a.ndim < 2 or b.ndim < 2:
            raise ValueError(f"matmul: both operands need at least 2 axes, got {a} and {b}. Add one with expand_dims.")
        if a.shape[-1] != b.shape[-2]:
            raise ValueError(
                f"matmul: {shape_text(a.shape)} @ {shape_text(b.shape)}: the last axis of the first operand has size "
                f"{a.shape[-1]}, the second to last of the second has {b.shape[-2]}; they must be equal."
            )
        try:
            batch = broadcast(a.shape[:-2], b.shape[:-2])
        except ValueError:
            raise ValueError(
                f"matmul: {shape_text(a.shape)} @ {shape_text(b.shape)}: the axes before the last two cannot be broadcast."
            ) from None
        return a.with_shape((*batch, a.shape[-2], b.shape[-1]))

    def evaluate(self, a: Array, b: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(np.matmul(widened(a), widened(b))).astype(numpy_dtype(a.dtype.name), copy=False)

    def vjp(self, grad: Any, out: Any, a: Any, b: Any) -> Any:
        if b.type.ndim == 2 and a.type.ndim > 2:  # one product of tall matrices instead of a stack of products to be summed
            grad_b = ops.matmul(transposed(_flat_rows(a)), _flat_rows(grad))
        else:
            grad_b = ops.matmul(transposed(a), grad)
        return ops.matmul(grad, transposed(b)), grad_b

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        out = node.output.type
        if out.size == 0:  # onnxruntime does not broadcast a matrix to a stack of none
            return str(emit("ConstantOfShape", emit.shape(out.shape), value=np.zeros(1, numpy_dtype(out.dtype))))
        return native(emit, "MatMul", out.dtype, *inputs)

    def flops(self, node: Node) -> DimLike:
        return node.output.type.size * node.inputs[0].type.shape[-1] * 2

    def samples(self) -> Iterator[Sample]:
        for dtype in NUMBERS:
            yield Sample((any_numbers((2, 3), dtype), any_numbers((3, 5), dtype)))
        for a, b in (
            ((7, 2, 3), (7, 3, 5)),
            ((7, 2, 3), (3, 5)),
            ((2, 3), (7, 3, 5)),
            ((7, 1, 2, 3), (4, 3, 5)),
            ((1, 3), (3, 1)),
            ((0, 3), (3, 5)),
            ((2, 0), (0, 5)),
            ((BATCH, 3), (3, 5)),
            ((BATCH, 2, 3), (3, 5)),
            ((BATCH, 2, 3), (BATCH, 3, 5)),
            ((BATCH, LENGTH, 3), (3, 5)),
            ((BATCH, LENGTH, 3), (BATCH, 3, LENGTH)),
        ):
            yield Sample((Arg(a), Arg(b)))


def transposed(x: Any) -> Any:
    """`x` with its last two axes swapped."""
    ndim = x.type.ndim
    return ops.transpose(x, axes=(*range(ndim - 2), ndim - 1, ndim - 2))


def _flat_rows(x: Any) -> Any:
    """All rows of a stack of matrices as one matrix."""
    return ops.reshape(x, shape=(size_of(x.type.shape[:-1]), x.type.shape[-1]))
