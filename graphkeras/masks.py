"""Keras masks: which time steps of a tensor count. A mask goes with its tensor from layer to layer, to losses and metrics."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from . import tree
from .tensor import KerasTensor

#: Masks of arrays, which have no attributes, by their ids.
_OF_ARRAYS: dict[int, Any] = {}


def mask_of(x: Any) -> Any:
    """The mask of a tensor, or None."""
    return _OF_ARRAYS.get(id(x)) if isinstance(x, np.ndarray) else getattr(x, "_keras_mask", None)


def set_mask(x: Any, mask: Any) -> None:
    """Let a tensor have a mask."""
    if isinstance(x, KerasTensor):
        x._keras_mask = mask  # type: ignore[attr-defined]
    elif isinstance(x, np.ndarray):
        _OF_ARRAYS[id(x)] = mask
        weakref.finalize(x, _OF_ARRAYS.pop, id(x), None)


def without_mask(x: Any) -> Any:
    """The same tensor for a layer inside of one that has dealt with the mask; `x` itself if it has none."""
    if mask_of(x) is None:
        return x
    return KerasTensor.of(x.value) if isinstance(x, KerasTensor) else x.view()


def carry_masks(old: Any, new: Any) -> None:
    """Let tensors have the masks of those that they were made of."""
    for one, other in zip(tree.flatten(old), tree.flatten(new), strict=True):
        if one is not other and (mask := mask_of(one)) is not None:
            set_mask(other, mask)
