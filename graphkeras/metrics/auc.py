"""The area under the ROC or precision-recall curve, from counts at many thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import config, ops
from .confusion import confusion_counts
from .metric import Metric


class AUC(Metric):
    """The area under the curve, approximated by its points at `num_thresholds` thresholds.

    Args:
        num_thresholds: how many thresholds, evenly spaced from 0 to 1.
        curve: ``"ROC"`` (found positives over false alarms) or ``"PR"`` (precision over found positives).
        summation_method: ``"interpolation"`` (trapezoids; for PR the interpolation of Davis & Goadrich 2006),
            ``"minoring"`` or ``"majoring"`` (the lower or the higher side of each interval).
        thresholds: thresholds of your own between 0 and 1, instead of `num_thresholds`.
        from_logits: True if predictions are logits.

    Raises:
        NotImplementedError: for `multi_label`.
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
        if multi_label or num_labels is not None or label_weights is not None:
            raise NotImplementedError(
                "AUC: multi_label, num_labels and label_weights are not supported; use one AUC for each label."
            )
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
        shape = (self.num_thresholds,)
        self.true_positives = self.add_variable(shape, name="true_positives")
        self.false_positives = self.add_variable(shape, name="false_positives")
        self.true_negatives = self.add_variable(shape, name="true_negatives")
        self.false_negatives = self.add_variable(shape, name="false_negatives")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_pred = ops.sigmoid(y_pred) if self.from_logits else y_pred
        for name, count in confusion_counts(y_true, y_pred, self.thresholds, self.dtype, sample_weight).items():
            getattr(self, name).assign_add(count)

    def result(self) -> Any:
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
        return ops.sum(ops.multiply(ops.subtract(x[:-1], x[1:]), heights))

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
        return ops.sum(ops.divide_no_nan(area, positives))

    def get_config(self) -> dict[str, Any]:
        own = {
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": False,
            "num_labels": None,
            "label_weights": None,
            "from_logits": self.from_logits,
        }
        if self._given_thresholds is not None:
            own["thresholds"] = list(self._given_thresholds)
        return {**super().get_config(), **own}
