"""Losses of numbers and of distributions: functions of (y_true, y_pred) that give one loss for each sample.

All take tensors of shape (batch, ..., features) and average over the last axis unless they say otherwise.
"""

from __future__ import annotations

import math
from typing import Any

from .. import config, ops
from .loss import same_rank


def _aligned(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    y_pred = ops.convert_to_tensor(y_pred)
    return same_rank(ops.convert_to_tensor(y_true, dtype=ops.dtype(y_pred)), y_pred)


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """mean((y_true - y_pred)**2)."""
    y_true, y_pred = _aligned(y_true, y_pred)
    return ops.mean(ops.square(ops.subtract(y_true, y_pred)), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """mean(|y_true - y_pred|)."""
    y_true, y_pred = _aligned(y_true, y_pred)
    return ops.mean(ops.abs(ops.subtract(y_true, y_pred)), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """100 mean(|y_true - y_pred| / max(|y_true|, epsilon))."""
    y_true, y_pred = _aligned(y_true, y_pred)
    relative = ops.divide(ops.subtract(y_true, y_pred), ops.maximum(ops.abs(y_true), config.epsilon()))
    return ops.multiply(ops.mean(ops.abs(relative), axis=-1), 100.0)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """mean((log(y_true + 1) - log(y_pred + 1))**2); numbers below epsilon count as epsilon."""
    y_true, y_pred = _aligned(y_true, y_pred)
    logs = [ops.log(ops.add(ops.maximum(x, config.epsilon()), 1.0)) for x in (y_pred, y_true)]
    return ops.mean(ops.square(ops.subtract(*logs)), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """mean of e**2 / 2 where |e| <= delta, else delta |e| - delta**2 / 2; e = y_pred - y_true (Huber 1964)."""
    y_true, y_pred = _aligned(y_true, y_pred)
    error = ops.abs(ops.subtract(y_pred, y_true))
    # With q = min(|e|, delta) both branches are q (|e| - q / 2).
    quadratic = ops.minimum(error, float(delta))
    return ops.mean(ops.multiply(quadratic, ops.subtract(error, ops.multiply(quadratic, 0.5))), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """mean(log(cosh(y_pred - y_true)))."""
    y_true, y_pred = _aligned(y_true, y_pred)
    error = ops.subtract(y_pred, y_true)
    return ops.mean(ops.subtract(ops.add(error, ops.softplus(ops.multiply(error, -2.0))), math.log(2.0)), axis=-1)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """-sum(l2_normalize(y_true) * l2_normalize(y_pred)) along `axis`: -1 for the same direction."""
    y_true, y_pred = _aligned(y_true, y_pred)
    return ops.negative(cosine(y_true, y_pred, axis))


def cosine(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """The cosine of the angle between vectors along `axis`."""
    return ops.sum(ops.multiply(_unit(y_true, axis), _unit(y_pred, axis)), axis=axis)


def _unit(x: Any, axis: int) -> Any:
    """x / max(|x|, 1e-12)."""
    squared = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(squared, 1e-24)))


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """sum(y_true log(y_true / y_pred)), both clipped to [epsilon, 1] (Kullback & Leibler 1951)."""
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.clip(ops.convert_to_tensor(y_true, dtype=ops.dtype(y_pred)), config.epsilon(), 1.0)
    y_pred = ops.clip(y_pred, config.epsilon(), 1.0)
    return ops.sum(ops.multiply(y_true, ops.log(ops.divide(y_true, y_pred))), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Any:
    """mean(y_pred - y_true log(y_pred + epsilon))."""
    y_true, y_pred = _aligned(y_true, y_pred)
    return ops.mean(ops.subtract(y_pred, ops.multiply(y_true, ops.log(ops.add(y_pred, config.epsilon())))), axis=-1)


def hinge(y_true: Any, y_pred: Any) -> Any:
    """mean(max(1 - y_true y_pred, 0)); labels 0 and 1 count as -1 and 1."""
    y_true, y_pred = _signed(y_true, y_pred)
    return ops.mean(ops.relu(ops.subtract(1.0, ops.multiply(y_true, y_pred))), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """mean(max(1 - y_true y_pred, 0)**2); labels 0 and 1 count as -1 and 1."""
    y_true, y_pred = _signed(y_true, y_pred)
    return ops.mean(ops.square(ops.relu(ops.subtract(1.0, ops.multiply(y_true, y_pred)))), axis=-1)


def _signed(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Labels as -1 and 1, if all of them are 0 or 1."""
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true, dtype=ops.dtype(y_pred))
    is_binary = ops.all(ops.logical_or(ops.equal(y_true, 0.0), ops.equal(y_true, 1.0)))
    return ops.where(is_binary, ops.subtract(ops.multiply(y_true, 2.0), 1.0), y_true), y_pred


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """max(1 + max((1 - y_true) y_pred) - sum(y_true y_pred), 0); y_true is one-hot."""
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true, dtype=ops.dtype(y_pred))
    right = ops.sum(ops.multiply(y_true, y_pred), axis=-1)
    wrong = ops.max(ops.multiply(ops.subtract(1.0, y_true), y_pred), axis=-1)
    return ops.relu(ops.add(ops.subtract(wrong, right), 1.0))
