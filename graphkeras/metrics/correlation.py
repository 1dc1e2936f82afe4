"""How predictions and targets go together."""

from __future__ import annotations

from typing import Any

from .. import config, ops
from ..arguments import passed
from ..losses.loss import same_rank
from .reduction import NamedMeanMetric


def _centered(y_true: Any, y_pred: Any, axis: int) -> tuple[Any, Any, Any, Any]:
    """Both less their means, and the means."""
    y_pred = ops.convert_to_tensor(y_pred)
    y_true, y_pred = same_rank(ops.convert_to_tensor(y_true, dtype=ops.dtype(y_pred)), y_pred)
    means = [ops.mean(y, axis=axis, keepdims=True) for y in (y_true, y_pred)]
    return ops.subtract(y_true, means[0]), ops.subtract(y_pred, means[1]), means[0], means[1]


def _variance(centered: Any, axis: int) -> Any:
    return ops.mean(ops.square(centered), axis=axis, keepdims=True)


def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """cov(y_true, y_pred) / (std(y_true) std(y_pred)) along `axis`."""
    true, pred, _, _ = _centered(y_true, y_pred, axis)
    scaled = [ops.divide(y, ops.sqrt(_variance(y, axis))) for y in (true, pred)]
    return ops.mean(ops.multiply(*scaled), axis=axis)


def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """2 cov(y_true, y_pred) / (var(y_true) + var(y_pred) + (mean(y_true) - mean(y_pred))**2) along `axis` (Lin 1989)."""
    true, pred, true_mean, pred_mean = _centered(y_true, y_pred, axis)
    covariance = ops.multiply(ops.add(true, ops.subtract(true_mean, pred_mean)), pred)
    apart = ops.square(ops.subtract(true_mean, pred_mean))
    spread = ops.add(ops.add(_variance(true, axis), _variance(pred, axis)), apart)
    return ops.mean(ops.divide(ops.multiply(covariance, 2.0), ops.add(spread, config.epsilon())), axis=axis)


class PearsonCorrelation(NamedMeanMetric):
    """The mean over samples of `pearson_correlation`."""

    def __init__(self, name: str = "pearson_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(pearson_correlation, **passed(locals()))


class ConcordanceCorrelation(NamedMeanMetric):
    """The mean over samples of `concordance_correlation`."""

    def __init__(self, name: str = "concordance_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(concordance_correlation, **passed(locals()))
