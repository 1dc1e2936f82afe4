"""What layers do with the masks of tensors: which of them `call` gets, and which the results have."""

from __future__ import annotations

import warnings
from typing import Any

from .. import tree
from ..masks import mask_of, set_mask
from .input_spec import title


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
