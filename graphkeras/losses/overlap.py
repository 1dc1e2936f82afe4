"""Losses of whole sets: how much two segmentations overlap, how close embeddings of one class are."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import config, ops


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
    """1 - 2 sum(y_true y_pred) / (sum(y_true) + sum(y_pred)) over `axis`; over everything by default."""
    y_true, y_pred = _floats(y_true, y_pred)
    common = ops.sum(ops.multiply(y_true, y_pred), axis=axis)
    both = ops.add(ops.sum(y_true, axis=axis), ops.sum(y_pred, axis=axis))
    return ops.subtract(1.0, ops.divide(ops.multiply(common, 2.0), ops.add(both, config.epsilon())))


def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None) -> Any:
    """1 - common / (common + alpha missed + beta false) over `axis` (Salehi et al. 2017); over everything by default."""
    y_true, y_pred = _floats(y_true, y_pred)
    common = ops.sum(ops.multiply(y_true, y_pred), axis=axis)
    missed = ops.sum(ops.multiply(ops.subtract(1.0, y_pred), y_true), axis=axis)
    false = ops.sum(ops.multiply(y_pred, ops.subtract(1.0, y_true)), axis=axis)
    whole = ops.add(common, ops.add(ops.multiply(missed, float(alpha)), ops.multiply(false, float(beta))))
    return ops.subtract(1.0, ops.divide(common, ops.add(whole, config.epsilon())))


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Any:
    """(1 - p**q) / q, p the probability of the class number y_true: robust to wrong labels (Zhang & Sabuncu 2018)."""
    y_pred = ops.convert_to_tensor(y_pred)
    chosen = ops.one_hot(ops.cast(y_true, "int32"), ops.shape(y_pred)[-1], dtype=ops.dtype(y_pred))
    probability = ops.sum(ops.multiply(y_pred, chosen), axis=-1)
    return ops.divide(ops.subtract(1.0, ops.power(probability, float(q))), float(q))


def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Any:
    """Pulls embeddings of one class together and pushes those of different classes apart (Sun et al. 2020).

    Args:
        y_true: class numbers.
        y_pred: embeddings of length 1, one for each sample.
        ref_labels, ref_embeddings: what they are compared with; themselves by default.
        remove_diagonal: leave the comparison of each sample with itself out.
        gamma: how sharp the loss is.
        margin: from which distance on a pair counts.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.reshape(ops.cast(y_true, "int32"), (-1,))
    embeddings = y_pred if ref_embeddings is None else ops.convert_to_tensor(ref_embeddings)
    labels = y_true if ref_labels is None else ops.reshape(ops.cast(ref_labels, "int32"), (-1,))
    distances = ops.maximum(ops.subtract(1.0, ops.matmul(y_pred, ops.transpose(embeddings))), 0.0)
    alike = ops.equal(ops.expand_dims(y_true, 1), ops.expand_dims(labels, 0))
    different = ops.logical_not(alike)
    if remove_diagonal:
        positions = [ops.cumsum(ops.ones_like(each)) for each in (y_true, labels)]
        itself = ops.equal(ops.expand_dims(positions[0], 1), ops.expand_dims(positions[1], 0))
        alike = ops.logical_and(alike, ops.logical_not(itself))
    near = ops.maximum(ops.add(distances, float(margin)), 0.0)
    far = ops.maximum(ops.subtract(1.0 + margin, distances), 0.0)
    pulled = ops.multiply(ops.multiply(near, ops.subtract(float(margin), distances)), -float(gamma))
    pushed = ops.multiply(ops.multiply(far, ops.subtract(1.0 - margin, distances)), float(gamma))
    return ops.softplus(ops.add(_log_sum(pulled, alike), _log_sum(pushed, different)))


def _log_sum(values: Any, chosen: Any) -> Any:
    """log(sum(exp(values))) along axis 1 of those that are chosen; about the logarithm of 0 where none is."""
    lowest = np.float32(np.finfo(np.float32).min / 4)
    return ops.logsumexp(ops.where(chosen, values, ops.cast(lowest, ops.dtype(values))), axis=1)


def _floats(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    y_pred = ops.convert_to_tensor(y_pred)
    return ops.cast(y_true, ops.dtype(y_pred)), y_pred
