"""Cross-entropies of logits: composites with their own gradients, which are exact where softmax and log would lose digits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..emitter import Emitter
from ..graph import Node
from ..registry import ops
from ..types import FLOATS, INTEGERS, TensorType, shape_text
from .base import Arg, Composite, Sample, same_dtype
from .elementwise import BATCH, broadcast_for, check_arity, check_dtype
from .onnx_kernels import native


class SoftmaxCrossEntropy(Composite):
    """y = -sum over the last axis of targets * log(softmax(logits))"""

    name = "softmax_cross_entropy"

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, 2)
        logits, targets = types
        check_dtype(self, same_dtype(self, types), FLOATS)
        if logits.shape != targets.shape or logits.ndim == 0:
            raise ValueError(
                "softmax_cross_entropy: logits and targets need the same shape with classes on the last axis, "
                f"got {shape_text(logits.shape)} and {shape_text(targets.shape)}."
            )
        return logits.with_shape(logits.shape[:-1])

    def expand(self, logits: Any, targets: Any) -> Any:
        return -ops.sum(targets * ops.log_softmax(logits, axis=-1), axis=-1)

    def vjp(self, grad: Any, out: Any, logits: Any, targets: Any) -> Any:
        """softmax - targets, where targets sum to 1; softmax is scaled by the sum, for those that do not."""
        column = ops.expand_dims(grad, axis=-1)
        expected = ops.softmax(logits, axis=-1) * ops.sum(targets, axis=-1, keepdims=True)
        return column * (expected - targets), -(column * ops.log_softmax(logits, axis=-1))

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        dtype, axis = node.output.type.dtype, len(node.output.type.shape)
        weighted = native(emit, "Mul", dtype, inputs[1], native(emit, "LogSoftmax", dtype, inputs[0], axis=axis))
        axes = emit.constant(np.asarray([axis], np.int64))
        return native(emit, "Neg", dtype, native(emit, "ReduceSum", dtype, weighted, extra=(axes,), keepdims=0))

    def samples(self) -> Iterator[Sample]:
        for dtype in FLOATS:
            yield Sample((Arg((2, 5), dtype), Arg((2, 5), dtype, 0.0, 1.0)))
        for shape in ((5,), (2, 3, 5), (0, 3), (BATCH, 3)):
            yield Sample((Arg(shape), Arg(shape, low=0.0, high=1.0)))


class SparseSoftmaxCrossEntropy(Composite):
    """y[...] = -log(softmax(logits[..., :]))[labels[...]]; 0 <= label < the size of the last axis of logits"""

    name = "sparse_softmax_cross_entropy"

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, 2)
        logits, labels = types
        check_dtype(self, logits.dtype, FLOATS)
        if labels.dtype not in INTEGERS:
            raise TypeError(f"sparse_softmax_cross_entropy: labels must be integers, got {labels.dtype}. Cast them to int32.")
        if logits.ndim == 0 or logits.shape[:-1] != labels.shape:
            raise ValueError(
                "sparse_softmax_cross_entropy: labels need the shape of logits without its last axis, "
                f"got logits {shape_text(logits.shape)} and labels {shape_text(labels.shape)}."
            )
        return logits.with_shape(labels.shape)

    def expand(self, logits: Any, labels: Any) -> Any:
        chosen = ops.one_hot(labels, depth=logits.type.shape[-1], dtype=logits.type.dtype)
        return -ops.sum(chosen * ops.log_softmax(logits, axis=-1), axis=-1)

    def vjp(self, grad: Any, out: Any, logits: Any, labels: Any) -> Any:
        chosen = ops.one_hot(labels, depth=logits.type.shape[-1], dtype=logits.type.dtype)
        return ops.expand_dims(grad, axis=-1) * (ops.softmax(logits, axis=-1) - chosen), None

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        dtype, axis = node.output.type.dtype, len(node.output.type.shape)
        scores = native(emit, "LogSoftmax", dtype, inputs[0], axis=axis)
        labels = inputs[1] if node.inputs[1].type.dtype in ("int32", "int64") else emit.cast(inputs[1], "int64")
        axes = emit.constant(np.asarray([axis], np.int64))
        chosen = emit("GatherElements", scores, str(emit("Unsqueeze", labels, axes)), axis=axis)
        return native(emit, "Neg", dtype, str(emit("Squeeze", chosen, axes)))

    def samples(self) -> Iterator[Sample]:
        for dtype in FLOATS:
            yield Sample((Arg((2, 5), dtype), Arg((2,), "int32", 0, 5)))
        for dtype in INTEGERS:
            yield Sample((Arg((2, 5)), Arg((2,), dtype, 0, 5)))
        for shape in ((5,), (2, 3, 5), (0, 5), (BATCH, 5)):
            yield Sample((Arg(shape), Arg(shape[:-1], "int32", 0, 5)))


class SigmoidCrossEntropy(Composite):
    """y = -targets * log(sigmoid(logits)) - (1 - targets) * log(1 - sigmoid(logits)), elementwise"""

    name = "sigmoid_cross_entropy"

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, 2)
        dtype = same_dtype(self, types)
        check_dtype(self, dtype, FLOATS)
        return TensorType(broadcast_for(self, *types), dtype)

    def expand(self, logits: Any, targets: Any) -> Any:
        """softplus(logits) - logits * targets, spelled out, because onnxruntime's Softplus takes more than twice as long."""
        return ops.relu(logits) - logits * targets + ops.log1p(ops.exp(-ops.abs(logits)))

    def vjp(self, grad: Any, out: Any, logits: Any, targets: Any) -> Any:
        return grad * (ops.sigmoid(logits) - targets), -(grad * logits)

    def samples(self) -> Iterator[Sample]:
        for dtype in FLOATS:
            yield Sample((Arg((2, 5), dtype), Arg((2, 5), dtype, 0.0, 1.0)))
        for logits, targets in (((), ()), ((0, 3), (0, 3)), ((BATCH, 3), (BATCH, 3)), ((2, 3, 5), (3, 1))):
            yield Sample((Arg(logits, low=-30.0, high=30.0), Arg(targets, low=0.0, high=1.0)))
