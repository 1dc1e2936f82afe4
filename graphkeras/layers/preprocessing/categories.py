"""Categories, which are small integers, as one-hot rows, sets and counts. `encoded` is what the layers share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import ops
from ..call_arguments import is_tensor
from ..input_spec import title
from ..layer import Layer
from ..own_arguments import OwnArguments


class ListLayer(OwnArguments):
    """The base of layers that may be called on lists of numbers, too."""

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        return super().__call__(inputs if is_tensor(inputs) else np.asarray(inputs), *args, **kwargs)


def require_mode(layer: Layer, mode: Any, allowed: Sequence[str]) -> None:
    """Raises ValueError for another output mode than the allowed ones."""
    if mode not in allowed:
        raise ValueError(f"{title(layer)}: output_mode must be one of {', '.join(map(repr, allowed))}; got {mode!r}.")


def refuse_sparse(layer: Layer, sparse: bool) -> None:
    """Raises ValueError if sparse results are asked for."""
    if sparse:
        raise ValueError(f"{title(layer)}: sparse=True is not available, as there are no sparse tensors here. Leave it out.")


def encoded(indices: Any, mode: str, depth: int, dtype: str, weights: Any = None) -> Any:
    """Indices (..., samples) as `mode` says: the indices themselves, or a last axis of size `depth`.

    Args:
        mode: "int"; "one_hot" (a row for every index); "multi_hot" (1 where a category occurs in the sample); "count" (how
            often it does).
        weights: for "count": what each occurrence counts.
    """
    if mode == "int":
        return ops.cast(indices, dtype)
    if len(ops.shape(indices)) == 0:
        indices = ops.expand_dims(indices, -1)
    if mode == "multi_hot":
        return ops.multi_hot(indices, depth, dtype=dtype)
    shape = ops.shape(indices)
    if mode == "one_hot":
        alone = len(shape) > 1 and shape[-1] == 1
        return ops.one_hot(ops.squeeze(indices, -1) if alone else indices, depth, dtype=dtype)
    rows = ops.one_hot(indices, depth, dtype=dtype)
    if weights is not None:
        rows = rows * ops.expand_dims(weights, -1)
    return ops.sum(rows, axis=1 if len(shape) > 1 else 0)


class CategoryEncoding(ListLayer):
    """Integers from 0 to num_tokens - 1 as one-hot rows, sets or counts.

    Args:
        num_tokens: the number of categories.
        output_mode: "one_hot", "multi_hot" or "count": see `encoded`.

    Raises:
        ValueError: for no number of categories, or an unknown mode.
    """

    hidden = frozenset(("sparse",))

    def __init__(
        self, num_tokens: int | None = None, output_mode: str = "multi_hot", sparse: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        output_mode = "multi_hot" if output_mode == "binary" else output_mode
        require_mode(self, output_mode, ("one_hot", "multi_hot", "count"))
        refuse_sparse(self, sparse)
        if num_tokens is None or num_tokens < 1:
            raise ValueError(
                f"{title(self)}: num_tokens must be at least 1, got {num_tokens!r}. If it is not known beforehand, use "
                "IntegerLookup."
            )
        self.num_tokens, self.output_mode, self.sparse = int(num_tokens), output_mode, sparse
        self.built = True

    def call(self, inputs: Any, count_weights: Any = None) -> Any:
        if count_weights is not None:
            if self.output_mode != "count":
                raise ValueError(f"{title(self)}: count_weights needs output_mode='count', which is {self.output_mode!r}.")
            count_weights = ops.convert_to_tensor(count_weights, dtype=self.compute_dtype)
        if isinstance(inputs, np.ndarray) and inputs.size and not 0 <= inputs.min() <= inputs.max() < self.num_tokens:
            raise ValueError(
                f"{title(self)}: inputs must be from 0 to num_tokens - 1 = {self.num_tokens - 1}, got numbers from "
                f"{inputs.min()} to {inputs.max()}."
            )
        return encoded(ops.cast(inputs, "int32"), self.output_mode, self.num_tokens, self.compute_dtype, count_weights)
