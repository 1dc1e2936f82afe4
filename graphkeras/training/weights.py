"""Weights of classes as weights of samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import config


def with_class_weight(y: Any, sample_weight: Any, class_weight: Mapping[int, float] | None) -> Any:
    """`sample_weight` times the weight of each sample's class; classes that are not named weigh 1.

    `y` is class numbers (n,) or (n, 1), or one-hot (n, classes).

    Raises:
        ValueError: for several outputs, or for labels that are no classes.
        TypeError: if `class_weight` is no dict.
    """
    if class_weight is None:
        return sample_weight
    if not isinstance(class_weight, Mapping):
        raise TypeError(
            f"class_weight must be a dict from class numbers to weights such as {{0: 1.0, 1: 5.0}}, "
            f"got {type(class_weight).__name__}."
        )
    if y is None or isinstance(y, (list, tuple, dict)):
        raise ValueError("class_weight works with a single array of labels; for several outputs use sample_weight.")
    if y.ndim > 2:
        raise ValueError(f"class_weight works with labels of one or two axes, got shape {y.shape}; use sample_weight.")
    labels = y.argmax(axis=1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(-1)
    if labels.dtype.kind == "f" and (labels != np.round(labels)).any():
        raise ValueError("class_weight works with class numbers, got labels that are not whole numbers.")
    labels = labels.astype(np.int64)
    if labels.size and labels.min() < 0:
        raise ValueError(f"class_weight works with class numbers from 0, got the label {labels.min()}.")
    table = np.ones(max([int(labels.max(initial=0)), *map(int, class_weight)]) + 1, config.floatx())
    for number, weight in class_weight.items():
        table[int(number)] = weight
    weights = table[labels]
    return weights if sample_weight is None else sample_weight.reshape(-1) * weights
