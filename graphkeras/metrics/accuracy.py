"""How often predictions are right."""

from __future__ import annotations

from typing import Any

from .. import config, ops
from ..arguments import passed
from ..losses.loss import same_rank
from ..ops.operands import is_integer
from .reduction import NamedMeanMetric


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where y_pred equals y_true, else 0."""
    y_true, y_pred = same_rank(*_common(y_true, y_pred))
    return ops.cast(ops.equal(y_true, y_pred), config.floatx())


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """1 where (y_pred > threshold) equals y_true, else 0."""
    y_true, y_pred = same_rank(ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred))
    guess = ops.cast(ops.greater(y_pred, threshold), ops.dtype(y_true))
    return ops.cast(ops.equal(y_true, guess), config.floatx())


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the greatest of y_pred is at the place of the greatest of y_true, else 0."""
    return ops.cast(ops.equal(ops.argmax(y_true, axis=-1), ops.argmax(y_pred, axis=-1)), config.floatx())


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the greatest of y_pred is at the place y_true, else 0."""
    y_true = _class_numbers(y_true, y_pred)
    guess = ops.cast(ops.argmax(y_pred, axis=-1), ops.dtype(y_true))
    matches = ops.cast(ops.equal(y_true, guess), config.floatx())
    shape = ops.shape(matches)
    return ops.squeeze(matches, axis=-1) if len(shape) > 1 and shape[-1] == 1 else matches


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the place of the greatest of y_true is among the k greatest of y_pred, else 0."""
    return sparse_top_k_categorical_accuracy(ops.argmax(y_true, axis=-1), y_pred, k)


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Any:
    """1 where y_true is among the places of the k greatest of y_pred, else 0; equal scores share a place.

    The right class is among the first k if fewer than k classes have a greater score. With `from_sorted_ids`, y_pred holds
    class numbers, the most probable first, instead of scores.
    """
    if from_sorted_ids:
        y_pred = ops.convert_to_tensor(y_pred)
        chosen = ops.cast(_class_numbers(y_true, y_pred), ops.dtype(y_pred))
        found = ops.equal(y_pred[..., :k], ops.expand_dims(chosen, axis=-1))
        return ops.cast(ops.any(found, axis=-1), config.floatx())
    y_true = _class_numbers(y_true, y_pred)
    classes = ops.shape(y_pred)[-1]
    score = ops.sum(ops.multiply(y_pred, ops.one_hot(y_true, classes, dtype=ops.dtype(y_pred))), axis=-1, keepdims=True)
    better = ops.sum(ops.cast(ops.greater(y_pred, score), config.floatx()), axis=-1)
    return ops.cast(ops.less(better, float(k)), config.floatx())


def _common(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    y_pred = ops.convert_to_tensor(y_pred)
    return ops.convert_to_tensor(y_true, dtype=ops.dtype(y_pred)), y_pred


def _class_numbers(y_true: Any, y_pred: Any) -> Any:
    """Integer labels, without a last axis of size 1 that stands for the classes."""
    y_true = ops.convert_to_tensor(y_true)
    shape = ops.shape(y_true)
    if len(shape) == len(ops.shape(y_pred)) and shape[-1] == 1:
        y_true = ops.squeeze(y_true, axis=-1)
    return y_true if is_integer(ops.dtype(y_true)) else ops.cast(y_true, "int32")


class Accuracy(NamedMeanMetric):
    """How often predictions equal labels."""

    def __init__(self, name: str = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, **passed(locals()))


class BinaryAccuracy(NamedMeanMetric):
    """How often predictions above `threshold` match labels 0 and 1."""

    def __init__(self, name: str = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        if not 0 < threshold < 1:
            raise ValueError(f"BinaryAccuracy: threshold must lie between 0 and 1, got {threshold}.")
        super().__init__(binary_accuracy, **passed(locals()))
        self.threshold = threshold


class CategoricalAccuracy(NamedMeanMetric):
    """How often the most probable class is the one-hot label."""

    def __init__(self, name: str = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, **passed(locals()))


class SparseCategoricalAccuracy(NamedMeanMetric):
    """How often the most probable class is the integer label."""

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, **passed(locals()))


class TopKCategoricalAccuracy(NamedMeanMetric):
    """How often the one-hot label is among the `k` most probable classes."""

    def __init__(self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(top_k_categorical_accuracy, **passed(locals()))
        self.k = k


class SparseTopKCategoricalAccuracy(NamedMeanMetric):
    """How often the integer label is among the `k` most probable classes."""

    def __init__(
        self,
        k: int = 5,
        name: str = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(sparse_top_k_categorical_accuracy, **passed(locals()))
        self.k, self.from_sorted_ids = k, from_sorted_ids
