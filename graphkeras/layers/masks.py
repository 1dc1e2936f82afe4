"""Keras masks: which time steps of a tensor count. A mask goes with its tensor from layer to layer."""

from __future__ import annotations

import warnings
import weakref
from typing import Any

import numpy as np

from .. import tree
from ..tensor import KerasTensor
from .input_spec import title

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


def masks_for(given: Any) -> dict[str, Any]:
    """What `call` gets as `mask`, or as `query_mask` for an argument `query`, of those not given by the user."""
    parameters, bound, found = given.signature.parameters, given.bound, {}
    for number, (name, value) in enumerate(bound.items()):
        for wanted in ("mask", f"{name}_mask") if number == 0 else (f"{name}_mask",):
            if wanted in parameters and bound.get(wanted) is None:
                masks = tree.map_structure(mask_of, value)
                if any(mask is not None for mask in tree.flatten(masks)):
                    found[wanted] = masks
    return found


def mask_outputs(layer: Any, given: Any, outputs: Any) -> None:
    """Give the results of a layer the masks that `compute_mask` says."""
    previous = given.bound.get("mask")
    if previous is None:
        previous = tree.map_structure(mask_of, given.first)
    if layer.supports_masking or is_own_compute_mask(layer):
        masks = layer.compute_mask(given.first, previous)
        for tensor, mask in zip(tree.flatten(outputs), tree.flatten(masks)):
            if mask is not None and mask_of(tensor) is None:
                set_mask(tensor, mask)
    elif any(mask is not None for mask in tree.flatten(previous)):
        warnings.warn(
            f"{title(layer)} got a tensor with a mask, but does not support masking: layers behind it will not see the mask. "
            "If its results have the same time steps, set supports_masking = True in the class.",
            stacklevel=4,
        )


def is_own_compute_mask(layer: Any) -> bool:
    """Whether the layer's class comes with a `compute_mask` of its own, outside of graphkeras."""
    return not type(layer).compute_mask.__module__.startswith("graphkeras.")
