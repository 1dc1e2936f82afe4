"""Scaling gradients down to a norm."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from .. import ops


def clip_by_norm(gradient: Any, norm: float) -> Any:
    """gradient * norm / max(|gradient|, norm)."""
    length = ops.sqrt(ops.sum(ops.square(gradient)))
    return ops.multiply(gradient, ops.divide(float(norm), ops.maximum(length, float(norm))))


def clip_by_global_norm(gradients: Sequence[Any], norm: float) -> list[Any]:
    """All gradients times norm / max(length, norm), with the length of all of them put together."""
    squared = reduce(ops.add, [ops.sum(ops.square(gradient)) for gradient in gradients])
    factor = ops.divide(float(norm), ops.maximum(ops.sqrt(squared), float(norm)))
    return [ops.multiply(gradient, factor) for gradient in gradients]
