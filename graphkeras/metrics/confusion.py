"""Counts of right and wrong decisions at thresholds, and the figures made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from graphkeras.compiler.types import numpy_dtype

from .. import ops
from ..losses.loss import same_rank
from .metric import Metric

Count = Literal["true_positives", "false_positives", "true_negatives", "false_negatives"]


def confusion_counts(
    y_true: Any, y_pred: Any, thresholds: Sequence[float], dtype: str, sample_weight: Any = None
) -> dict[Count, Any]:
    """For each threshold the weight of the right and wrong decisions "y_pred > threshold"; vectors (thresholds,).

    All elements of `y_true` and `y_pred` count as decisions of their own.
    """
    y_true, y_pred = same_rank(*(ops.convert_to_tensor(y, dtype=dtype) for y in (y_true, y_pred)))
    shape = ops.shape(y_pred)
    is_true = ops.cast(ops.cast(y_true, "bool"), dtype)
    weights = ops.ones(shape, dtype) if sample_weight is None else _spread(sample_weight, y_pred, shape, dtype)
    positives, negatives = ops.multiply(is_true, weights), ops.multiply(ops.subtract(1.0, is_true), weights)
    above = ops.greater(
        ops.reshape(y_pred, (1, -1)), np.asarray(thresholds, numpy_dtype(dtype))[:, None]
    )  # (thresholds, elements)
    above = ops.cast(above, dtype)
    found = ops.squeeze(ops.matmul(above, ops.reshape(positives, (-1, 1))), axis=-1)
    alarms = ops.squeeze(ops.matmul(above, ops.reshape(negatives, (-1, 1))), axis=-1)
    return {
        "true_positives": found,
        "false_positives": alarms,
        "false_negatives": ops.subtract(ops.sum(positives), found),
        "true_negatives": ops.subtract(ops.sum(negatives), alarms),
    }


def _spread(sample_weight: Any, y_pred: Any, shape: Any, dtype: str) -> Any:
    """Weights of samples in the shape of the predictions."""
    sample_weight = ops.convert_to_tensor(sample_weight, dtype=dtype)
    missing = len(shape) - len(ops.shape(sample_weight))
    for _ in range(missing):
        sample_weight = ops.expand_dims(sample_weight, axis=-1)
    return ops.broadcast_to(sample_weight, shape)


def standard_thresholds(thresholds: Any, default: float = 0.5) -> tuple[float, ...]:
    """One or several thresholds as a tuple.

    Raises:
        ValueError: for a threshold outside of [0, 1].
    """
    if thresholds is None:
        return (default,)
    result = tuple(float(t) for t in (thresholds if isinstance(thresholds, (list, tuple, np.ndarray)) else [thresholds]))
    wrong = [t for t in result if not 0 <= t <= 1]
    if wrong or not result:
        raise ValueError(f"Thresholds must lie in [0, 1], got {thresholds}.")
    return result


class ConfusionMetric(Metric):
    """Base: keeps the counts that a figure needs, one number for each threshold.

    A single threshold gives a scalar, several give a vector.
    """

    counts: tuple[Count, ...] = ()

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.thresholds = standard_thresholds(thresholds)
        self._state = {count: self.add_variable((len(self.thresholds),), name=count) for count in self.counts}

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        found = confusion_counts(y_true, y_pred, self.thresholds, self.dtype, sample_weight)
        for count, variable in self._state.items():
            variable.assign_add(found[count])

    def figure(self) -> Any:
        """The figure for each threshold."""
        return ops.convert_to_tensor(self._state[self.counts[0]])

    def result(self) -> Any:
        figure = self.figure()
        return ops.squeeze(figure, axis=0) if len(self.thresholds) == 1 else figure

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(ConfusionMetric):
    """How many positives were found."""

    counts = ("true_positives",)


class FalsePositives(ConfusionMetric):
    """How many negatives were taken for positives."""

    counts = ("false_positives",)


class TrueNegatives(ConfusionMetric):
    """How many negatives were recognized."""

    counts = ("true_negatives",)


class FalseNegatives(ConfusionMetric):
    """How many positives were missed."""

    counts = ("false_negatives",)


#: The score of what is not among the first k: below every threshold.
_NEVER = -1e10


def _first_k(y_pred: Any, k: int) -> Any:
    """Scores that are not among the k greatest of their sample become very low; of equal scores the first counts."""
    places = ops.top_k(y_pred, k)[1]
    first = ops.sum(ops.one_hot(places, ops.shape(y_pred)[-1], dtype=ops.dtype(y_pred)), axis=-2)
    return ops.where(ops.greater(first, 0.0), y_pred, _NEVER)


def chosen_class(y_true: Any, y_pred: Any, class_id: int | None) -> tuple[Any, Any]:
    """The column of one class, or everything for None."""
    if class_id is None:
        return y_true, y_pred
    return ops.take(y_true, class_id, axis=-1), ops.take(y_pred, class_id, axis=-1)


class _Ratio(ConfusionMetric):
    """counts[0] / (counts[0] + counts[1])."""

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        if top_k is not None and top_k < 1:
            raise ValueError(f"{type(self).__name__}: top_k must be at least 1, got {top_k}.")
        super().__init__(thresholds, name, dtype)
        if thresholds is None and top_k is not None:
            self.thresholds = (_NEVER,)  # all of the first k are taken for positive
        self.top_k, self.class_id = top_k, class_id

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        if self.top_k is not None:
            y_pred = _first_k(ops.convert_to_tensor(y_pred, dtype=self.dtype), self.top_k)
        super().update_state(*chosen_class(y_true, y_pred, self.class_id), sample_weight)

    def figure(self) -> Any:
        hits, misses = (self._state[count] for count in self.counts)
        return ops.divide_no_nan(hits, ops.add(hits, misses))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "top_k": self.top_k, "class_id": self.class_id}


class Precision(_Ratio):
    """Of all that was taken for positive, how much is: TP / (TP + FP)."""

    counts = ("true_positives", "false_positives")


class Recall(_Ratio):
    """Of all positives, how many were found: TP / (TP + FN)."""

    counts = ("true_positives", "false_negatives")
