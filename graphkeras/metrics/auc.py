"""The area under the ROC or precision-recall curve, from counts at many thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphkeras.compiler.types import numpy_dtype

from .. import config, ops
from .confusion import Count, confusion_counts
from .metric import Metric


class AUC(Metric):
    """The area under the curve, approximated by its points at `num_thresholds` thresholds.

    Args:
        num_thresholds: how many thresholds, evenly spaced from 0 to 1.
        curve: ``"ROC"`` (found positives over false alarms) or ``"PR"`` (precision over found positives).
        summation_method: ``"interpolation"`` (trapezoids; for PR the interpolation of Davis & Goadrich 2006),
            ``"minoring"`` or ``"majoring"`` (the lower or the higher side of each interval).
        thresholds: thresholds of your own between 0 and 1, instead of `num_thresholds`.
        multi_label: take each column for a label of its own, and give the mean of their areas.
        num_labels: how many columns there are; told by the first batch if it is not given.
        label_weights: weights of the columns: of their areas with `multi_label`, else of their decisions.
        from_logits: True if predictions are logits.

    Raises:
        ValueError: for an unknown curve or method.
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if num_labels is not None and not multi_label:
            raise ValueError("AUC: num_labels belongs to multi_label=True.")
        if curve not in ("ROC", "PR"):
            raise ValueError(f"AUC: curve must be 'ROC' or 'PR', got {curve!r}.")
        if summation_method not in ("interpolation", "minoring", "majoring"):
            raise ValueError(
                f"AUC: summation_method must be 'interpolation', 'minoring' or 'majoring', got {summation_method!r}."
            )
        if thresholds is None and num_thresholds < 2:
            raise ValueError(f"AUC: num_thresholds must be at least 2, got {num_thresholds}.")
        inner = (
            sorted(thresholds)
            if thresholds is not None
            else [(k + 1) / (num_thresholds - 1) for k in range(num_thresholds - 2)]
        )
        self.curve, self.summation_method, self.from_logits = curve, summation_method, from_logits
        self._given_thresholds = thresholds
        # One threshold below 0 and one above 1, so that rounding leaves no prediction out.
        self.thresholds = [-config.epsilon(), *inner, 1 + config.epsilon()]
        self.num_thresholds = len(self.thresholds)
        self.multi_label, self.num_labels = multi_label, num_labels
        self.label_weights = None if label_weights is None else np.asarray(label_weights, numpy_dtype(self.dtype))
        self._is_built = False
        if not multi_label or num_labels:
            self._build(num_labels)

    def _build(self, labels: int | None) -> None:
        shape = (self.num_thresholds,) if labels is None else (self.num_thresholds, labels)
        self.true_positives = self.add_variable(shape, name="true_positives")
        self.false_positives = self.add_variable(shape, name="false_positives")
        self.true_negatives = self.add_variable(shape, name="true_negatives")
        self.false_negatives = self.add_variable(shape, name="false_negatives")
        self._is_built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_pred = ops.sigmoid(y_pred) if self.from_logits else y_pred
        if self.multi_label:
            counts = self._counts_of_labels(y_true, y_pred, sample_weight)
        else:
            if self.label_weights is not None:
                sample_weight = self._weights_of_decisions(y_pred, sample_weight)
            counts = confusion_counts(y_true, y_pred, self.thresholds, self.dtype, sample_weight)
        for name, count in counts.items():
            getattr(self, name).assign_add(count)

    def _weights_of_decisions(self, y_pred: Any, sample_weight: Any) -> Any:
        weights = ops.broadcast_to(self.label_weights, ops.shape(y_pred))
        if sample_weight is None:
            return weights
        sample_weight = ops.convert_to_tensor(sample_weight, dtype=self.dtype)
        missing = len(ops.shape(weights)) - len(ops.shape(sample_weight))
        return ops.multiply(weights, ops.expand_dims(sample_weight, -1) if missing else sample_weight)

    def _counts_of_labels(self, y_true: Any, y_pred: Any, sample_weight: Any) -> dict[Count, Any]:
        """Counts (thresholds, labels)."""
        labels = ops.shape(y_pred)[-1]
        if len(ops.shape(y_pred)) != 2 or not isinstance(labels, int):
            raise ValueError(f"AUC: with multi_label=True predictions have shape (samples, labels), got {ops.shape(y_pred)}.")
        if not self._is_built:
            self._build(labels)
        columns = [
            confusion_counts(y_true[:, k], y_pred[:, k], self.thresholds, self.dtype, sample_weight) for k in range(labels)
        ]
        return {name: ops.stack([counts[name] for counts in columns], axis=1) for name in columns[0]}

    def _mean_of_labels(self, areas: Any) -> Any:
        """The sum over intervals (axis 0); over labels their mean."""
        areas = ops.sum(areas, axis=0)
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return ops.mean(areas)
        return ops.divide(ops.sum(ops.multiply(areas, self.label_weights)), float(self.label_weights.sum()))

    def result(self) -> Any:
        if not self._is_built:
            return ops.zeros((), self.dtype)
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._interpolated_precision_recall()
        recall = ops.divide_no_nan(self.true_positives, ops.add(self.true_positives, self.false_negatives))
        if self.curve == "ROC":
            x, y = ops.divide_no_nan(self.false_positives, ops.add(self.false_positives, self.true_negatives)), recall
        else:
            x, y = recall, ops.divide_no_nan(self.true_positives, ops.add(self.true_positives, self.false_positives))
        left, right = y[:-1], y[1:]
        heights = {
            "interpolation": lambda: ops.multiply(ops.add(left, right), 0.5),
            "minoring": lambda: ops.minimum(left, right),
            "majoring": lambda: ops.maximum(left, right),
        }[self.summation_method]()
        return self._mean_of_labels(ops.multiply(ops.subtract(x[:-1], x[1:]), heights))

    def _interpolated_precision_recall(self) -> Any:
        """The sum over intervals of slope (dTP + (TP - slope P) log(P_next / P)) / positives.

        Between two thresholds TP (found positives) and P (all taken for positive) are taken to vary linearly.
        """
        found = ops.convert_to_tensor(self.true_positives)
        taken = ops.add(self.true_positives, self.false_positives)
        gained, width = ops.subtract(found[:-1], found[1:]), ops.subtract(taken[:-1], taken[1:])
        slope = ops.divide_no_nan(gained, ops.maximum(width, 0.0))
        offset = ops.subtract(found[1:], ops.multiply(slope, taken[1:]))
        both = ops.logical_and(ops.greater(taken[:-1], 0.0), ops.greater(taken[1:], 0.0))
        ratio = ops.where(both, ops.divide_no_nan(taken[:-1], taken[1:]), ops.ones_like(taken[1:]))
        positives = ops.add(self.true_positives, self.false_negatives)[1:]
        area = ops.multiply(slope, ops.add(gained, ops.multiply(offset, ops.log(ratio))))
        return self._mean_of_labels(ops.divide_no_nan(area, positives))

    def get_config(self) -> dict[str, Any]:
        own = {
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if self.label_weights is None else self.label_weights.tolist(),
            "from_logits": self.from_logits,
        }
        if self._given_thresholds is not None:
            own["thresholds"] = list(self._given_thresholds)
        return {**super().get_config(), **own}
