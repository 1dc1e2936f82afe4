"""NumPy helpers for data: one-hot labels, normalization."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkeras.compiler.types import shape_text

Array = np.ndarray[Any, Any]


def to_categorical(x: Any, num_classes: int | None = None) -> Array:
    """One-hot rows for class numbers: ``[0, 2] -> [[1, 0, 0], [0, 0, 1]]``.

    Args:
        x: whole numbers from 0; a last axis of size 1 is dropped.
        num_classes: the length of the rows; the greatest number plus 1 by default.

    Raises:
        ValueError: for numbers that are not whole, or outside of [0, num_classes).
    """
    numbers = np.asarray(x)
    if numbers.dtype.kind not in "iub" and not (numbers.dtype.kind == "f" and np.array_equal(numbers, np.floor(numbers))):
        raise ValueError(f"to_categorical: class numbers must be whole numbers, got dtype {numbers.dtype}.")
    numbers = numbers.astype(np.int64)
    if numbers.ndim > 1 and numbers.shape[-1] == 1:
        numbers = numbers[..., 0]
    classes = num_classes or (int(numbers.max()) + 1 if numbers.size else 0)
    if numbers.size and (numbers.min() < 0 or numbers.max() >= classes):
        raise ValueError(
            f"to_categorical: class numbers must lie in [0, {classes}), got {int(numbers.min())} to {int(numbers.max())}."
        )
    return np.asarray(numbers[..., None] == np.arange(classes), np.float32)


def normalize(x: Any, axis: int = -1, order: int = 2) -> Array:
    """x divided by its norm of that order along `axis`; vectors of length 0 stay.

    Raises:
        ValueError: for an axis out of range.
    """
    array = np.asarray(x)
    if not -array.ndim <= axis < max(array.ndim, 1):
        raise ValueError(f"normalize: axis {axis} is out of range for shape {shape_text(array.shape)}.")
    lengths = np.atleast_1d(np.linalg.norm(array, order, axis))
    lengths[lengths == 0] = 1
    return np.asarray(array / np.expand_dims(lengths, axis))
