"""Errors for arguments of `fit` and its kin, before anything is computed."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import Array
from .compile_loss import CompileLoss
from .outputs import per_output


def positive_integer(name: str, value: Any) -> int:
    """`value` if it is an integer from 1.

    Raises:
        ValueError: if it is another number.
        TypeError: if it is no integer.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {value!r}.")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}.")
    return int(value)


def standard_verbose(verbose: Any) -> int:
    """0, 1 or 2; ``"auto"`` is 1.

    Raises:
        ValueError: for anything else.
    """
    if verbose == "auto":
        return 1
    if verbose not in (0, 1, 2):
        raise ValueError(
            f"verbose must be 0 (silent), 1 (progress bar), 2 (one line for each epoch) or 'auto', got {verbose!r}."
        )
    return int(verbose)


def require_step_of_data(step: Callable[..., Any]) -> None:
    """A step is a method of the data alone; Keras's JAX backend has another form.

    Raises:
        TypeError: for a step with other arguments.
    """
    parameters = inspect.signature(step).parameters.values()
    needed = [p.name for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if len(needed) > 1:
        raise TypeError(
            f"{step.__qualname__} must take the data alone, {step.__name__}(self, data), but takes {', '.join(needed)}. In "
            "Keras's JAX backend a step is a function of the state; here it is traced on symbols, assigns to variables, and "
            "takes gradients with graphkeras.gradients(loss, variables). docs/coming_from_keras.md shows one."
        )


def split_point(validation_split: Any, samples: int) -> int:
    """How many samples are trained on; the rest, at the end, is for validation.

    Raises:
        ValueError: if it is not above 0 and below 1, or leaves one part empty.
    """
    if not isinstance(validation_split, (int, float)) or not 0 < validation_split < 1:
        raise ValueError(f"validation_split must be a number above 0 and below 1, got {validation_split!r}.")
    at = int(np.floor(samples * (1.0 - validation_split)))
    if at == 0 or at == samples:
        raise ValueError(
            f"validation_split={validation_split} of {samples} samples leaves {at} for training and {samples - at} for "
            "validation; both need one at least."
        )
    return at


def require_known_classes(loss: CompileLoss | None, y: Any, output_names: Any) -> None:
    """Labels of losses that take class numbers must be classes of the output.

    Raises:
        ValueError: for a label below 0 or too great; names the output, the label and its place.
    """
    if loss is None or not loss.built or y is None:
        return
    positions = {part.position: part.classes for part in loss.parts if part.classes is not None}
    if not positions:
        return
    count = max(part.position for part in loss.parts) + 1
    names = list(output_names or [None] * count)
    has_loss = {part.position for part in loss.parts}
    targets = per_output(y, names, "y", skip=[position not in has_loss for position in range(len(names))])
    for position, classes in positions.items():
        _require_in_range(targets[position], classes, names[position] if len(names) > 1 else None)


def _require_in_range(labels: Array, classes: int, name: str | None) -> None:
    if labels.dtype.kind == "f" and (labels != np.floor(labels)).any():
        raise ValueError(
            f"Labels{f' of output {name!r}' if name else ''} must be class numbers 0 to {classes - 1}, but some are no whole "
            f"numbers, such as {labels[labels != np.floor(labels)].ravel()[0]}. For one-hot labels or probabilities use "
            "categorical_crossentropy, for numbers a loss such as mse."
        )
    low, high = labels.min(), labels.max()
    if low >= 0 and high < classes:
        return
    wrong = (labels < 0) | (labels >= classes)
    place = int(np.argmax(wrong.reshape(len(labels), -1).any(axis=1)))
    where = f" of output {name!r}" if name else ""
    hint = (
        "Labels count from 0; subtract 1 from yours, or give the last layer more units."
        if high == classes and low >= 1
        else "Give the last layer one unit for each class, or correct the labels."
    )
    first = labels.reshape(len(labels), -1)[place]
    raise ValueError(
        f"Label{where} out of range: the model tells {classes} classes apart, so labels must be 0 to {classes - 1}, "
        f"but they go from {low} to {high}; the first wrong one is in sample {place}: {first.squeeze()}. {hint}"
    )
