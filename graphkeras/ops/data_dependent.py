"""Functions whose result's shape depends on the data: they work on arrays, and say so when they are given symbols."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkeras.compiler.graph import Value

from ..operation import operation
from .operands import Tensor, as_bool, axis_in, tensor

__all__ = ["nonzero", "unique"]


@operation
def nonzero(x: Any) -> Any:
    """The places of all elements that are not 0: one int32 vector for each axis. For arrays only."""
    return places_of(as_bool(x), "ops.nonzero", "Use ops.where(condition, x1, x2)")


def places_of(condition: Tensor, name: str, instead: str) -> tuple[Tensor, ...]:
    """The places where the boolean `condition` holds.

    Raises:
        NotImplementedError: if it is symbolic.
    """
    refuse_symbols(name, instead, condition)
    return tuple(places.astype(np.int32) for places in np.nonzero(np.atleast_1d(condition)))


@operation
def unique(
    x: Any,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """The different elements (slices along `axis`) in ascending order. For arrays only. NaN differs from NaN.

    Args:
        sorted: False allows any order; it is the same.
        return_index: also where each occurs first.
        return_inverse: also which of them each element is.
        return_counts: also how often each occurs.
        size: cut off or fill up the result to so many.
        fill_value: what it is filled up with; the first of the result by default.
    """
    x = tensor(x)
    refuse_symbols("ops.unique", "Sort with ops.sort, and compare neighbours", x)
    axis = None if axis is None else axis_in(axis, x, "unique")
    values, index, inverse, counts = np.unique(
        x, return_index=True, return_inverse=True, return_counts=True, axis=axis, equal_nan=False
    )
    along = 0 if axis is None else axis
    fill = np.take(values, [0], axis=along) if fill_value is None and values.size else fill_value
    values = _sized(values, size, along, 0 if fill is None else fill)
    index = _sized(index, size, 0, index[0] if index.size else 0)
    counts = _sized(counts, size, 0, 0)
    chosen = [(index, return_index), (inverse, return_inverse), (counts, return_counts)]
    others = [array.astype(np.int32) for array, wanted in chosen if wanted]
    return (values, *others) if others else values


def _sized(x: Any, size: int | None, axis: int, fill: Any) -> Any:
    """x cut off or filled up along `axis`."""
    if size is None or x.shape[axis] == size:
        return x
    if x.shape[axis] > size:
        return np.take(x, np.arange(size), axis=axis)
    missing = list(x.shape)
    missing[axis] = size - x.shape[axis]
    return np.concatenate([x, np.broadcast_to(fill, missing).astype(x.dtype)], axis=axis)


def refuse_symbols(name: str, instead: str, *xs: Tensor) -> None:
    """Raise NotImplementedError if one of `xs` is symbolic."""
    if any(isinstance(x, Value) for x in xs):
        raise NotImplementedError(
            f"{name} gives a result whose size depends on the data, which a static graph cannot hold. {instead}, or call it on "
            "an array."
        )
