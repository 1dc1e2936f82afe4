"""Layers that make one tensor of several, and the same as functions."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from graphkeras.compiler.dims import Dim
from graphkeras.compiler.types import shape_text

from .. import ops
from .input_spec import title
from .layer import Layer
from .own_arguments import OwnArguments


class Merge(Layer):
    """The base of layers that combine a list of tensors element by element, with broadcasting."""

    supports_masking = True

    def build(self, input_shape: Any) -> None:
        if not isinstance(input_shape, (list, tuple)) or not input_shape or not isinstance(input_shape[0], (list, tuple)):
            raise ValueError(f"{title(self)} is called on a list of tensors, got one tensor of shape {input_shape}.")

    def call(self, inputs: Sequence[Any]) -> Any:
        if not isinstance(inputs, (list, tuple)):
            raise ValueError(f"{title(self)} is called on a list of tensors, got one tensor.")
        inputs = _same_ndim(inputs)
        result = inputs[0]
        for other in inputs[1:]:
            result = self.merge(result, other)
        return self.finish(result, len(inputs))

    def compute_mask(self, inputs: Sequence[Any], mask: Any = None) -> Any:
        """Where all masks are True."""
        found = [one for one in mask or () if one is not None]
        return functools.reduce(ops.logical_and, found) if found else None

    def merge(self, x: Any, y: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define merge(x, y).")

    def finish(self, x: Any, count: int) -> Any:
        return x


def _same_ndim(inputs: Sequence[Any]) -> list[Any]:
    """Tensors with the same number of axes: axes of size 1 are put after the batch axis of those with fewer."""
    widest = max(ops.ndim(x) for x in inputs)
    result = []
    for x in inputs:
        missing = widest - ops.ndim(x)
        result.append(ops.expand_dims(x, tuple(range(1, 1 + missing))) if missing and ops.ndim(x) else x)
    return result


class Add(Merge):
    """The sum of the inputs."""

    def merge(self, x: Any, y: Any) -> Any:
        return ops.add(x, y)


class Subtract(Merge):
    """The first input minus the second.

    Raises:
        ValueError: for another number of inputs.
    """

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        if len(input_shape) != 2:
            raise ValueError(f"{title(self)} is called on two tensors, got {len(input_shape)}.")

    def merge(self, x: Any, y: Any) -> Any:
        return ops.subtract(x, y)


class Multiply(Merge):
    """The product of the inputs."""

    def merge(self, x: Any, y: Any) -> Any:
        return ops.multiply(x, y)


class Average(Merge):
    """The mean of the inputs."""

    def merge(self, x: Any, y: Any) -> Any:
        return ops.add(x, y)

    def finish(self, x: Any, count: int) -> Any:
        return ops.divide(x, count)


class Maximum(Merge):
    """The greatest of the inputs."""

    def merge(self, x: Any, y: Any) -> Any:
        return ops.maximum(x, y)


class Minimum(Merge):
    """The least of the inputs."""

    def merge(self, x: Any, y: Any) -> Any:
        return ops.minimum(x, y)


class Concatenate(OwnArguments):
    """The inputs one after another along `axis`.

    Raises:
        ValueError: if other axes differ.
    """

    supports_masking = True

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def compute_mask(self, inputs: Sequence[Any], mask: Any = None) -> Any:
        """The masks one after another along the axis, reduced to time steps; inputs without a mask count as a whole."""
        if all(one is None for one in mask or (None,)):
            return None
        wide = []
        for x, one in zip(inputs, mask, strict=True):
            whole = ops.ones_like(x, dtype="bool")
            if one is not None:
                one = ops.expand_dims(one, tuple(range(ops.ndim(one), ops.ndim(x)))) if ops.ndim(one) < ops.ndim(x) else one
                whole = ops.logical_and(whole, one)
            wide.append(whole)
        return ops.all(ops.concatenate(wide, axis=self.axis), axis=-1)

    def build(self, input_shape: Any) -> None:
        if not isinstance(input_shape, (list, tuple)) or not input_shape or not isinstance(input_shape[0], (list, tuple)):
            raise ValueError(f"{title(self)} is called on a list of tensors, got one tensor of shape {input_shape}.")

    def call(self, inputs: Sequence[Any]) -> Any:
        if not isinstance(inputs, (list, tuple)):
            raise ValueError(f"{title(self)} is called on a list of tensors, got one tensor.")
        shapes = [ops.shape(x) for x in inputs]
        rest = {self._other_sizes(shape) for shape in shapes}
        if len(rest) > 1:
            raise ValueError(
                f"{title(self)}: all axes but axis {self.axis} must have equal sizes, got shapes "
                f"{' and '.join(shape_text(shape) for shape in shapes)}."
            )
        return ops.concatenate(list(inputs), axis=self.axis)

    def _other_sizes(self, shape: Sequence[Any]) -> tuple[Any, ...]:
        axis = self.axis % len(shape)
        return tuple("?" if isinstance(size, Dim) else size for k, size in enumerate(shape) if k != axis)


def add(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """The sum of the inputs."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """The first input minus the second."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """The product of the inputs."""
    return Multiply(**kwargs)(inputs)


def average(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """The mean of the inputs."""
    return Average(**kwargs)(inputs)


def maximum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """The greatest of the inputs."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """The least of the inputs."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Sequence[Any], axis: int = -1, **kwargs: Any) -> Any:
    """The inputs one after another along `axis`."""
    return Concatenate(axis=axis, **kwargs)(inputs)
