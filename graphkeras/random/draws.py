"""Random tensors. The same seed gives the same bits on every target.

`seed` is an integer (the same numbers every time), a `SeedGenerator`, or None for the global generator.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import normalize_axis

from ..initializers.truncated import truncated_normal as truncated_normal_of
from ..operation import Operation
from ..ops.operands import as_float, cast, ndim_of, scalar, shape_of, standard_dtype, standard_shape, tensor
from .seed_generator import draw_key


def normal(shape: Sequence[Any], mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Normally distributed numbers."""
    return _normal(seed, shape, mean, stddev, standard_dtype(dtype))


def uniform(shape: Sequence[Any], minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Numbers evenly distributed in [minval, maxval)."""
    return _uniform(seed, shape, minval, maxval, standard_dtype(dtype))


def truncated_normal(shape: Sequence[Any], mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Normally distributed numbers within two standard deviations of the mean."""
    return _truncated_normal(seed, shape, mean, stddev, standard_dtype(dtype))


def randint(shape: Sequence[Any], minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Whole numbers from minval to maxval - 1, at most 2**24 different ones."""
    return _randint(seed, shape, minval, maxval, standard_dtype(dtype))


def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Class numbers (rows, num_samples) drawn with probabilities softmax(logits), `logits` being (rows, classes)."""
    return _categorical(seed, logits, num_samples, standard_dtype(dtype))


def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """Zeros with probability `rate`, else inputs / (1 - rate).

    Elements that share a place in `noise_shape`, which is broadcast to the shape of `inputs`, share their fate.
    """
    return _dropout(seed, inputs, rate, noise_shape)


def _uniform_body(key: Any, shape: Any, minval: Any, maxval: Any, dtype: str) -> Any:
    drawn = ops.random_uniform(tensor(key), shape=standard_shape(shape, "random.uniform"), dtype=dtype)
    low, high = tensor(minval, dtype), tensor(maxval, dtype)
    return ops.add(ops.multiply(drawn, ops.subtract(high, low)), low)


def _normal_body(key: Any, shape: Any, mean: Any, stddev: Any, dtype: str) -> Any:
    drawn = ops.random_normal(tensor(key), shape=standard_shape(shape, "random.normal"), dtype=dtype)
    return ops.add(ops.multiply(drawn, tensor(stddev, dtype)), tensor(mean, dtype))


def _truncated_normal_body(key: Any, shape: Any, mean: Any, stddev: Any, dtype: str) -> Any:
    drawn = truncated_normal_of(tensor(key), standard_shape(shape, "random.truncated_normal"), dtype)
    return ops.add(ops.multiply(drawn, tensor(stddev, dtype)), tensor(mean, dtype))


def _randint_body(key: Any, shape: Any, minval: int, maxval: int, dtype: str) -> Any:
    if not minval < maxval:
        raise ValueError(f"random.randint: minval must be below maxval, got {minval} and {maxval}.")
    drawn = ops.random_uniform(tensor(key), shape=standard_shape(shape, "random.randint"), dtype="float32")
    steps = cast(ops.floor(ops.multiply(drawn, scalar(maxval - minval, drawn))), dtype)
    return ops.add(steps, tensor(minval, dtype))


def _categorical_body(key: Any, logits: Any, num_samples: int, dtype: str) -> Any:
    logits = as_float(logits)
    rows, classes = shape_of(logits)
    drawn = ops.random_uniform(tensor(key), shape=(rows, num_samples, classes), dtype="float32")
    exponential = ops.negative(ops.log1p(ops.negative(drawn)))  # finite, as drawn < 1
    gumbel = ops.negative(ops.log(ops.maximum(exponential, scalar(1e-30, drawn))))
    scores = ops.add(ops.expand_dims(cast(logits, "float32"), axis=(1,)), gumbel)
    return cast(ops.argmax(scores, axis=normalize_axis(-1, ndim_of(scores))), dtype)


def _dropout_body(key: Any, inputs: Any, rate: float, noise_shape: Any) -> Any:
    inputs = as_float(inputs)
    shape = shape_of(inputs)
    if noise_shape is not None:
        if len(noise_shape) != len(shape):
            raise ValueError(f"random.dropout: noise_shape {tuple(noise_shape)} must have {len(shape)} axes as the inputs.")
        shape = tuple(whole if size is None else size for size, whole in zip(noise_shape, shape))
    threshold = np.asarray(min(round(rate * 2**32), 2**32 - 1), np.uint32)
    kept = ops.greater_equal(ops.random_bits(tensor(key), shape=shape), threshold)
    scaled = ops.multiply(inputs, scalar(1.0 / (1.0 - rate), inputs))
    return ops.where(kept, scaled, scalar(0, inputs))


class RandomOperation(Operation):
    """An operation whose first argument is a seed, a generator or None. Its body gets a key; every call draws a new one."""

    def __call__(self, seed: Any, *args: Any) -> Any:
        return self._applied((draw_key(seed), *args), {}, recorded=(seed, *args))


_normal = RandomOperation(_normal_body, "random_normal")
_uniform = RandomOperation(_uniform_body, "random_uniform")
_truncated_normal = RandomOperation(_truncated_normal_body, "random_truncated_normal")
_randint = RandomOperation(_randint_body, "random_randint")
_categorical = RandomOperation(_categorical_body, "random_categorical")
_dropout = RandomOperation(_dropout_body, "random_dropout")
