"""Cross-entropies of tensors: what the losses of the same names are made of.

Predictions are probabilities unless `from_logits`. Where the graph shows that they come from a softmax or a sigmoid, the loss
is computed from the logits under it: the numbers are the same, without the clipping to [epsilon, 1 - epsilon], the gradient
is softmax - target, and it does not vanish where a probability does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkeras.compiler.graph import Value
from graphkeras.compiler.registry import ops as graph_ops
from graphkeras.compiler.types import normalize_axis, numpy_dtype, shape_text

from .. import config
from ..operation import operation
from .operands import as_float, dtype_of, ndim_of, shape_of, tensor


@operation
def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-sum(target log(output)) along `axis`.

    Raises:
        ValueError: if the shapes differ.
    """
    output = as_float(output)
    target = tensor(target, dtype_of(output))
    if shape_of(target) != shape_of(output):
        raise ValueError(
            f"categorical_crossentropy: targets of shape {shape_text(shape_of(target))} and predictions of shape "
            f"{shape_text(shape_of(output))} must have the same shape. For integer labels use sparse_categorical_crossentropy, "
            "or keras.utils.to_categorical(labels)."
        )
    logits = output if from_logits else logits_under(output, "softmax", axis)
    if logits is not None:
        return graph_ops.softmax_cross_entropy(_classes_last(logits, axis), _classes_last(target, axis))
    products = graph_ops.multiply(target, graph_ops.log(_distribution(output, axis)))
    return graph_ops.negative(graph_ops.sum(products, axis=(normalize_axis(axis, ndim_of(output)),)))


@operation
def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-log(output[target]) with class numbers as targets.

    Raises:
        ValueError: if the shape of the targets is not that of the predictions without `axis`.
    """
    output, target = as_float(output), tensor(target)
    place = normalize_axis(axis, ndim_of(output))
    expected = shape_of(output)[:place] + shape_of(output)[place + 1 :]
    if shape_of(target) != expected:
        raise ValueError(
            f"sparse_categorical_crossentropy: predictions of shape {shape_text(shape_of(output))} need integer labels "
            f"of shape {shape_text(expected)}, got {shape_text(shape_of(target))}. "
            "For one-hot labels use categorical_crossentropy."
        )
    logits = output if from_logits else logits_under(output, "softmax", axis)
    if logits is None:
        # The probabilities are divided by their sum here, so that the softmax of their logarithms gives them back.
        logits = graph_ops.log(_distribution(output, axis))
    return graph_ops.sparse_softmax_cross_entropy(_classes_last(logits, axis), target)


@operation
def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """-target log(output) - (1 - target) log(1 - output), element by element.

    Raises:
        ValueError: if the shapes differ.
    """
    output = as_float(output)
    target = tensor(target, dtype_of(output))
    if shape_of(target) != shape_of(output):
        raise ValueError(
            f"binary_crossentropy: targets of shape {shape_text(shape_of(target))} and predictions of shape "
            f"{shape_text(shape_of(output))} must have the same shape."
        )
    logits = output if from_logits else logits_under(output, "sigmoid")
    if logits is not None:
        return graph_ops.sigmoid_cross_entropy(logits, target)
    epsilon = config.epsilon()
    output = graph_ops.clip(output, low=epsilon, high=_below_one(epsilon, dtype_of(output)))
    right = graph_ops.multiply(target, graph_ops.log(output))
    wrong = graph_ops.multiply(graph_ops.subtract(1.0, target), graph_ops.log(graph_ops.subtract(1.0, output)))
    return graph_ops.negative(graph_ops.add(right, wrong))


def logits_under(output: Any, activation: str, axis: int | None = None) -> Any:
    """What the softmax or sigmoid was applied to that made `output`, or None if something else made it."""
    if not isinstance(output, Value) or output.node is None or output.node.op.name != activation:
        return None
    if axis is not None and output.node.attrs["axis"] != normalize_axis(axis, output.type.ndim):
        return None
    return output.node.inputs[0]


def _distribution(output: Any, axis: int) -> Any:
    """Positive numbers divided by their sum and clipped to [epsilon, 1 - epsilon]."""
    total = graph_ops.sum(output, axis=(normalize_axis(axis, ndim_of(output)),), keepdims=True)
    epsilon = config.epsilon()
    return graph_ops.clip(graph_ops.divide(output, total), low=epsilon, high=_below_one(epsilon, dtype_of(output)))


def _below_one(epsilon: float, dtype: str) -> float:
    """1 - epsilon, as that dtype rounds it."""
    return float(np.asarray(1.0 - epsilon, numpy_dtype(dtype)))


def _classes_last(x: Any, axis: int) -> Any:
    place, ndim = normalize_axis(axis, ndim_of(x)), ndim_of(x)
    if place == ndim - 1:
        return x
    return graph_ops.transpose(x, axes=(*(k for k in range(ndim) if k != place), place))
