"""F-scores of classes, and how much of the variance of targets is explained."""

from __future__ import annotations

from typing import Any

from graphkeras.compiler.types import shape_text

from .. import config, ops
from ..arguments import kept_arguments
from ..losses.loss import same_rank
from ..variable import Variable
from .metric import Metric


def _columns(metric: Metric, y_true: Any, y_pred: Any) -> int:
    """The number of columns of matrices (samples, columns).

    Raises:
        ValueError: for other shapes.
    """
    true_shape, pred_shape = ops.shape(y_true), ops.shape(y_pred)
    if len(true_shape) != 2 or len(pred_shape) != 2 or not isinstance(pred_shape[-1], int):
        raise ValueError(
            f"{type(metric).__name__} takes targets and predictions of shape (samples, columns), got {shape_text(true_shape)} "
            f"and {shape_text(pred_shape)}. For class numbers use keras.utils.to_categorical first."
        )
    return pred_shape[-1]


class FBetaScore(Metric):
    """(1 + beta**2) precision recall / (beta**2 precision + recall) of each class.

    Args:
        average: None for a number for each class, ``"micro"`` for one count of all classes, ``"macro"`` for the mean over
            classes, ``"weighted"`` for the mean weighted by how often they occur.
        beta: how much more recall counts than precision.
        threshold: from which score on a class is predicted; None for the class of the greatest score.

    Raises:
        ValueError: for another average, or numbers that do not fit.
    """

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(f"{name}: average must be None, 'micro', 'macro' or 'weighted', got {average!r}.")
        if not beta > 0:
            raise ValueError(f"{name}: beta must be greater than 0, got {beta}.")
        if threshold is not None and not 0 < threshold <= 1:
            raise ValueError(f"{name}: threshold must lie in (0, 1], got {threshold}.")
        self.average, self.beta, self.threshold = average, float(beta), threshold
        self._counts: list[Variable] = []

    def _build(self, classes: int) -> None:
        shape = () if self.average == "micro" else (classes,)
        names = ("true_positives", "false_positives", "false_negatives", "intermediate_weights")
        self._counts = [self.add_variable(shape, name=name) for name in names]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = (ops.convert_to_tensor(y, dtype=self.dtype) for y in (y_true, y_pred))
        classes = _columns(self, y_true, y_pred)
        if not self._counts:
            self._build(classes)
        if self.threshold is None:
            greatest = ops.greater_equal(y_pred, ops.max(y_pred, axis=-1, keepdims=True))
            chosen = ops.logical_and(greatest, ops.greater(ops.abs(y_pred), 1e-9))
        else:
            chosen = ops.greater(y_pred, float(self.threshold))
        guess = ops.cast(chosen, self.dtype)
        hits = ops.multiply(guess, y_true)
        counts = (hits, ops.subtract(guess, hits), ops.subtract(y_true, hits), y_true)
        for variable, count in zip(self._counts, counts):
            if sample_weight is not None:
                weight = ops.convert_to_tensor(sample_weight, dtype=self.dtype)
                count = ops.multiply(count, ops.reshape(weight, (-1, 1)))
            variable.assign_add(ops.sum(count, axis=None if self.average == "micro" else 0))

    def result(self) -> Any:
        if not self._counts:
            return ops.zeros((), self.dtype)
        hits, alarms, misses, weights = map(ops.convert_to_tensor, self._counts)
        epsilon = config.epsilon()
        precision = ops.divide(hits, ops.add(ops.add(hits, alarms), epsilon))
        recall = ops.divide(hits, ops.add(ops.add(hits, misses), epsilon))
        below = ops.add(ops.add(ops.multiply(precision, self.beta**2), recall), epsilon)
        score = ops.multiply(ops.divide(ops.multiply(precision, recall), below), 1.0 + self.beta**2)
        if self.average == "weighted":
            return ops.sum(ops.multiply(score, ops.divide(weights, ops.add(ops.sum(weights), epsilon))))
        return ops.mean(score) if self.average == "macro" else score

    def get_config(self) -> dict[str, Any]:
        return kept_arguments(self)


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall of each class; arguments as in `FBetaScore`."""

    def __init__(
        self, average: str | None = None, threshold: float | None = None, name: str = "f1_score", dtype: Any = None
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)


class R2Score(Metric):
    """1 - sum((y_true - y_pred)**2) / sum((y_true - mean(y_true))**2) of each column: 1 is perfect, 0 no better than the mean.

    Args:
        class_aggregation: ``"uniform_average"`` for the mean over columns, ``"variance_weighted_average"``, or None for a
            number for each column.
        num_regressors: adjusts the score for so many independent variables; 0 for the plain score. As long as there are no
            more samples than that, the plain score is given.

    Raises:
        ValueError: for another aggregation, or a negative number.
    """

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in (None, "uniform_average", "variance_weighted_average"):
            raise ValueError(
                "R2Score: class_aggregation must be 'uniform_average', 'variance_weighted_average' or None, "
                f"got {class_aggregation!r}."
            )
        if num_regressors < 0:
            raise ValueError(f"R2Score: num_regressors must not be negative, got {num_regressors}.")
        self.class_aggregation, self.num_regressors = class_aggregation, num_regressors
        self.num_samples = self.add_variable((), name="num_samples")
        self._sums: list[Variable] = []

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = same_rank(*(ops.convert_to_tensor(y, dtype=self.dtype) for y in (y_true, y_pred)))
        columns = _columns(self, y_true, y_pred)
        if not self._sums:
            self._sums = [self.add_variable((columns,), name=name) for name in ("squared_sum", "sum", "residual", "count")]
        weight = ops.ones_like(y_true)
        if sample_weight is not None:
            sample_weight = ops.convert_to_tensor(sample_weight, dtype=self.dtype)
            missing = len(ops.shape(sample_weight)) == 1
            weight = ops.multiply(weight, ops.expand_dims(sample_weight, axis=1) if missing else sample_weight)
        new = (ops.square(y_true), y_true, ops.square(ops.subtract(y_true, y_pred)), ops.ones_like(y_true))
        for variable, values in zip(self._sums, new):
            variable.assign_add(ops.sum(ops.multiply(values, weight), axis=0))
        self.num_samples.assign_add(ops.sum(ops.ones_like(y_true)))

    def result(self) -> Any:
        if not self._sums:
            return ops.zeros((), self.dtype)
        squares, total, residual, count = map(ops.convert_to_tensor, self._sums)
        variance = ops.subtract(squares, ops.divide(ops.square(total), count))
        known = ops.not_equal(variance, 0.0)
        score = ops.where(known, ops.subtract(1.0, ops.divide(residual, ops.where(known, variance, 1.0))), 0.0)
        if self.class_aggregation == "uniform_average":
            score = ops.mean(score)
        elif self.class_aggregation == "variance_weighted_average":
            score = ops.divide(ops.sum(ops.multiply(variance, score)), ops.sum(variance))
        if not self.num_regressors:
            return score
        samples = ops.convert_to_tensor(self.num_samples)
        free = ops.subtract(samples, self.num_regressors + 1.0)
        lost = ops.multiply(ops.subtract(1.0, score), ops.subtract(samples, 1.0))
        enough = ops.greater(free, 0.0)
        return ops.where(enough, ops.subtract(1.0, ops.divide(lost, ops.where(enough, free, 1.0))), score)

    def get_config(self) -> dict[str, Any]:
        return kept_arguments(self)
