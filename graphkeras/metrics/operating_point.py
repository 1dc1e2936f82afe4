"""One figure at the threshold where another is good enough."""

from __future__ import annotations

from typing import Any

from .. import ops
from .confusion import Count, chosen_class, confusion_counts
from .metric import Metric


class _AtLeast(Metric):
    """Base: the greatest `wanted` figure over thresholds at which the `required` one is at least a value.

    A figure is (hits, misses): hits / (hits + misses).
    """

    argument = ""
    required: tuple[Count, Count] = ("true_positives", "false_negatives")
    wanted: tuple[Count, Count] = ("true_positives", "false_negatives")

    def __init__(self, value: float, num_thresholds: int, class_id: int | None, name: str | None, dtype: Any) -> None:
        super().__init__(name=name, dtype=dtype)
        kind = type(self).__name__
        if not 0 <= value <= 1:
            raise ValueError(f"{kind}: {self.argument} must lie in [0, 1], got {value}.")
        if num_thresholds < 1:
            raise ValueError(f"{kind}: num_thresholds must be at least 1, got {num_thresholds}.")
        self.value, self.num_thresholds, self.class_id = value, num_thresholds, class_id
        inner = [(k + 1) / (num_thresholds - 1) for k in range(num_thresholds - 2)]
        self.thresholds = [0.5] if num_thresholds == 1 else [0.0, *inner, 1.0]
        names: tuple[Count, ...] = ("true_positives", "false_positives", "true_negatives", "false_negatives")
        self._state = {count: self.add_variable((len(self.thresholds),), name=count) for count in names}

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = chosen_class(y_true, y_pred, self.class_id)
        found = confusion_counts(y_true, y_pred, self.thresholds, self.dtype, sample_weight)
        for count, variable in self._state.items():
            variable.assign_add(found[count])

    def _figure(self, counts: tuple[Count, Count]) -> Any:
        hits, misses = (self._state[count] for count in counts)
        return ops.divide_no_nan(hits, ops.add(hits, misses))

    def result(self) -> Any:
        good = ops.greater_equal(self._figure(self.required), float(self.value))
        return ops.max(ops.where(good, self._figure(self.wanted), 0.0))

    def get_config(self) -> dict[str, Any]:
        own = {"num_thresholds": self.num_thresholds, self.argument: self.value, "class_id": self.class_id}
        return {**super().get_config(), **own}


class SensitivityAtSpecificity(_AtLeast):
    """The greatest share of positives that is found where at least `specificity` of the negatives is recognized."""

    argument = "specificity"
    required = ("true_negatives", "false_positives")

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)


class SpecificityAtSensitivity(_AtLeast):
    """The greatest share of negatives that is recognized where at least `sensitivity` of the positives is found."""

    argument = "sensitivity"
    wanted = ("true_negatives", "false_positives")

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)


class PrecisionAtRecall(_AtLeast):
    """The greatest precision where at least `recall` of the positives is found."""

    argument = "recall"
    wanted = ("true_positives", "false_positives")

    def __init__(
        self, recall: float, num_thresholds: int = 200, class_id: int | None = None, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)


class RecallAtPrecision(_AtLeast):
    """The greatest share of positives that is found where the precision is at least `precision`."""

    argument = "precision"
    required = ("true_positives", "false_positives")

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)
