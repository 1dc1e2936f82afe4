"""Layers that change shapes only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from graphkeras.compiler.types import shape_text

from .. import config, ops
from .input_spec import InputSpec, title
from .layer import Layer
from .own_arguments import OwnArguments


class Flatten(OwnArguments):
    """All axes but the batch as one: (batch, a, b) -> (batch, a * b)."""

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Any:
        ndim = ops.ndim(inputs)
        if self.data_format == "channels_first" and ndim > 1:
            inputs = ops.transpose(inputs, axes=(0, *range(2, ndim), 1))
        batch, *rest = ops.shape(inputs)
        size: Any = 1
        for dim in rest:
            size = size * dim
        return ops.reshape(inputs, (batch, size))

    def compute_output_shape(self, input_shape: Any) -> Any:
        rest = input_shape[1:]
        return (input_shape[0], None if None in rest else math.prod(rest))


class Reshape(Layer):
    """Each sample in another shape; one size of `target_shape` may be -1.

    Raises:
        ValueError: if the sizes do not fit.
    """

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_shape = (target_shape,) if isinstance(target_shape, int) else tuple(target_shape)

    def call(self, inputs: Any) -> Any:
        batch = ops.shape(inputs)[0]
        sample = ops.shape(inputs)[1:]
        wanted = math.prod(size for size in self.target_shape if size != -1)
        size: Any = 1
        for dim in sample:
            size = size * dim
        if isinstance(size, int) and ((size % wanted if wanted else size) or (-1 not in self.target_shape and size != wanted)):
            raise ValueError(
                f"{title(self)}: samples of shape {shape_text(sample)} ({size} elements) cannot be reshaped to "
                f"{shape_text(self.target_shape)}."
            )
        return ops.reshape(inputs, (batch, *(size // wanted if s == -1 else s for s in self.target_shape)))

    def compute_output_shape(self, input_shape: Any) -> Any:
        sample = input_shape[1:]
        if None in sample or -1 not in self.target_shape:
            return (input_shape[0], *(None if size == -1 else size for size in self.target_shape))
        rest = math.prod(sample) // max(math.prod(size for size in self.target_shape if size != -1), 1)
        return (input_shape[0], *(rest if size == -1 else size for size in self.target_shape))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "target_shape": list(self.target_shape)}


class Permute(Layer):
    """The axes of each sample in another order: ``dims=(2, 1)`` exchanges the first two. Axes are counted from 1."""

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(f"{title(self)}: dims must name each axis from 1 to {len(self.dims)} once, got {dims}.")
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Any) -> Any:
        return ops.transpose(inputs, axes=(0, *self.dims))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dims": list(self.dims)}


class RepeatVector(OwnArguments):
    """Each sample, a vector, n times: (batch, features) -> (batch, n, features)."""

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(n, bool) or not isinstance(n, int):
            raise TypeError(f"{title(self)}: n must be an integer, got {n!r}.")
        self.n = n
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Any) -> Any:
        batch, features = ops.shape(inputs)
        return ops.broadcast_to(ops.expand_dims(inputs, 1), (batch, self.n, features))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], self.n, input_shape[1])
