"""Cross-entropies: functions of (y_true, y_pred) that give one loss for each sample.

Predictions are probabilities unless `from_logits`; see `ops.crossentropy` for how logits are found under them.
"""

from __future__ import annotations

from typing import Any

from graphkeras.compiler.types import shape_text

from .. import config, ops
from ..ops import crossentropy
from ..ops.operands import is_integer


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """-sum(y_true log(y_pred)) along `axis`.

    Args:
        y_true: one-hot or other distributions, in the shape of `y_pred`.
        y_pred: probabilities (divided by their sum) or logits.
        label_smoothing: s mixes (1 - s) y_true with s / classes.
        axis: the axis of the classes.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.cast(y_true, ops.dtype(y_pred))
    if label_smoothing:
        classes = ops.shape(y_true)[axis]
        y_true = ops.add(ops.multiply(y_true, 1.0 - label_smoothing), label_smoothing / classes)
    return crossentropy.categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """-log(y_pred[y_true]).

    Args:
        y_true: class numbers from 0, without the axis of the classes (or with size 1 there).
        y_pred: probabilities (divided by their sum) or logits.
        ignore_class: samples of this class get the loss 0.
        axis: the axis of the classes.
    """
    y_true = class_numbers(y_true, y_pred, axis)
    if ignore_class is None:
        return crossentropy.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)
    valid = ops.not_equal(y_true, ignore_class)
    losses = crossentropy.sparse_categorical_crossentropy(
        ops.where(valid, y_true, 0), y_pred, from_logits=from_logits, axis=axis
    )
    return ops.where(valid, losses, 0.0)


def class_numbers(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Integer labels without an axis of size 1 at the place of the classes."""
    y_true = ops.convert_to_tensor(y_true)
    shape = ops.shape(y_true)
    if len(shape) == len(ops.shape(y_pred)) and shape[axis] == 1:
        y_true = ops.squeeze(y_true, axis=axis)
    return y_true if is_integer(ops.dtype(y_true)) else ops.cast(y_true, "int32")


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """mean(-y_true log(y_pred) - (1 - y_true) log(1 - y_pred)) along `axis`.

    Args:
        y_true: 0, 1 or between, in the shape of `y_pred`.
        y_pred: probabilities or logits.
        label_smoothing: s moves the labels to (1 - s) y_true + s / 2.
        axis: the axis of the mean.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.cast(y_true, ops.dtype(y_pred))
    if label_smoothing:
        y_true = ops.add(ops.multiply(y_true, 1.0 - label_smoothing), 0.5 * label_smoothing)
    return ops.mean(crossentropy.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=axis)


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Binary cross-entropy times (1 - p_t)**gamma, p_t the probability of the right class (Lin et al. 2017)."""
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.cast(y_true, ops.dtype(y_pred))
    if label_smoothing:
        y_true = ops.add(ops.multiply(y_true, 1.0 - label_smoothing), 0.5 * label_smoothing)
    loss = crossentropy.binary_crossentropy(y_true, y_pred, from_logits=from_logits)
    probability = ops.sigmoid(y_pred) if from_logits else y_pred
    wrong = ops.subtract(ops.add(y_true, probability), ops.multiply(ops.multiply(y_true, probability), 2.0))  # 1 - p_t
    loss = ops.multiply(ops.power(wrong, gamma), loss)
    if apply_class_balancing:
        loss = ops.multiply(ops.add(ops.multiply(y_true, 2.0 * alpha - 1.0), 1.0 - alpha), loss)
    return ops.mean(loss, axis=axis)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """sum(-alpha (1 - y_pred)**gamma y_true log(y_pred)) along `axis` (Lin et al. 2017)."""
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.cast(y_true, ops.dtype(y_pred))
    if label_smoothing:
        y_true = ops.add(ops.multiply(y_true, 1.0 - label_smoothing), label_smoothing / ops.shape(y_true)[axis])
    if from_logits:
        y_pred = ops.softmax(y_pred, axis=axis)
    epsilon = config.epsilon()
    probability = ops.clip(ops.divide(y_pred, ops.sum(y_pred, axis=axis, keepdims=True)), epsilon, 1.0 - epsilon)
    loss = ops.negative(ops.multiply(y_true, ops.log(probability)))
    weight = ops.multiply(ops.power(ops.subtract(1.0, probability), gamma), alpha)
    return ops.sum(ops.multiply(weight, loss), axis=axis)


def ctc(y_true: Any, y_pred: Any) -> Any:
    """-log of the probability of the label sequence over all its alignments with the steps (Graves et al. 2006).

    Args:
        y_true: class numbers from 1, shape (batch, labels); 0 fills up shorter sequences, and is the blank.
        y_pred: logits of shape (batch, steps, classes).

    Raises:
        ValueError: for other shapes.
    """
    true_shape, pred_shape = ops.shape(y_true), ops.shape(y_pred)
    if len(true_shape) != 2 or len(pred_shape) != 3:
        raise ValueError(
            f"ctc takes labels of shape (batch, labels) and logits of shape (batch, steps, classes), got "
            f"{shape_text(true_shape)} and {shape_text(pred_shape)}."
        )
    y_true = ops.cast(y_true, "int32")
    lengths = ops.sum(ops.cast(ops.not_equal(y_true, 0), "int32"), axis=-1)
    steps = ops.add(ops.zeros_like(lengths), pred_shape[1])
    return ops.ctc_loss(y_true, y_pred, lengths, steps, mask_index=0)
