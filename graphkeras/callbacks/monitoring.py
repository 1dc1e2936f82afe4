"""Which figure a callback watches, and whether less of it is better."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..metrics import AUC, MeanMetricWrapper, Precision, Recall
from ..metrics.accuracy import (
    accuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)

_RISING = (
    accuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)


class Monitor:
    """Watches one figure of the logs.

    Args:
        owner: the name of the callback, for messages.
        monitor: the name of the figure.
        mode: ``"min"``, ``"max"``, or ``"auto"`` to tell by the name and the metric.
        min_delta: what a figure must be better by to count.

    Raises:
        ValueError: for another mode.
    """

    def __init__(self, owner: str, monitor: str, mode: str = "auto", min_delta: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"{owner}: mode must be 'auto', 'min' or 'max', got {mode!r}.")
        self.owner, self.monitor, self.mode, self.min_delta = owner, monitor, mode, abs(min_delta)
        self._model: Any = None

    def set_model(self, model: Any) -> None:
        self._model = model

    @property
    def rises(self) -> bool:
        """Whether more is better."""
        if self.mode != "auto":
            return self.mode == "max"
        name = self.monitor.removeprefix("val_")
        for metric in getattr(self._model, "metrics", []):
            for part in getattr(metric, "parts", ()):
                if part.name == name:
                    return _metric_rises(part.metric)
            if getattr(metric, "name", None) == name and name != "loss":
                return _metric_rises(metric)
        return name.endswith(("acc", "accuracy", "auc")) or "fmeasure" in name

    @property
    def worst(self) -> float:
        return -np.inf if self.rises else np.inf

    def is_better(self, value: float, best: float | None) -> bool:
        """Whether `value` is better than `best` by more than `min_delta`."""
        if best is None:
            return True
        return value - self.min_delta > best if self.rises else value + self.min_delta < best

    def read(self, logs: dict[str, Any] | None) -> float | None:
        """The figure, or None with a warning where the logs have none."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            warnings.warn(
                f"{self.owner} watches {self.monitor!r}, which is not in the logs: {', '.join(logs or {}) or 'none'}.",
                stacklevel=2,
            )
            return None
        return float(value)


def _metric_rises(metric: Any) -> bool:
    if isinstance(metric, (AUC, Precision, Recall)):
        return True
    return isinstance(metric, MeanMetricWrapper) and metric._fn in _RISING
