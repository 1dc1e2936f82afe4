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
from ..operation import OpFunction
from ..ops.elementwise import dtype_limits
from ..ops.operands import (
    as_float,
    axis_in,
    cast,
    dtype_of,
    filled,
    is_float,
    is_integer,
    ndim_of,
    scalar,
    shape_of,
    standard_dtype,
    standard_shape,
    tensor,
)
from .distributions import beta_body, binomial_body, gamma_body
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
    """Whole numbers from minval to maxval - 1: the same on every target.

    Raises:
        ValueError: for a dtype that is no integer, or bounds that do not fit it.
    """
    return _randint(seed, shape, minval, maxval, standard_dtype(dtype))


def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Class numbers (rows, num_samples) drawn with probabilities softmax(logits), `logits` being (rows, classes).

    Raises:
        ValueError: for logits that do not have two axes.
    """
    return _categorical(seed, logits, num_samples, standard_dtype(dtype))


def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """Zeros with probability `rate`, else inputs / (1 - rate).

    Elements that share a place in `noise_shape`, which is broadcast to the shape of `inputs`, share their fate.

    Raises:
        ValueError: for a rate outside of [0, 1], or a noise_shape that does not fit.
    """
    return _dropout(seed, inputs, rate, noise_shape)


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Any:
    """The elements of each line along `axis` in random order, another one for each line.

    To keep rows together, draw an order of them: ``ops.take(x, random.shuffle(ops.arange(rows)), axis=0)``.
    """
    return _shuffle(seed, x, axis)


def gamma(shape: Sequence[Any], alpha: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Numbers from the gamma distribution of shape `alpha`, which may be a tensor, and scale 1."""
    return _gamma(seed, shape, alpha, standard_dtype(dtype))


def beta(shape: Sequence[Any], alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Numbers from the beta distribution; `alpha` and `beta` may be tensors."""
    return _beta(seed, shape, alpha, beta, standard_dtype(dtype))


def binomial(shape: Sequence[Any], counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None) -> Any:
    """How many of `counts` trials with the chance `probabilities` succeed; both may be tensors."""
    return _binomial(seed, shape, counts, probabilities, standard_dtype(dtype))


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
    """The high bits of random bits times the number of results; for more than 2**32 of them the remainder of 64 bits."""
    if not is_integer(dtype):
        raise ValueError(f"random.randint: dtype must be an integer, got {dtype}.")
    if not minval < maxval:
        raise ValueError(f"random.randint: minval must be below maxval, got {minval} and {maxval}.")
    least, greatest = dtype_limits(dtype)
    if minval < least or maxval - 1 > greatest:
        raise ValueError(
            f"random.randint: {dtype} holds numbers from {least} to {greatest}, got minval={minval} and maxval={maxval}."
        )
    shape, span = standard_shape(shape, "random.randint"), int(maxval) - int(minval)
    if span <= 2**32:
        bits = cast(ops.random_bits(tensor(key), shape=shape), "uint64")
        steps = ops.right_shift(ops.multiply(bits, np.uint64(span)), np.uint64(32))
    else:
        words = cast(ops.random_bits(tensor(key), shape=(2, *shape)), "uint64")
        high, low = (ops.squeeze(part, axis=(0,)) for part in _halves(words))
        steps = ops.add(ops.multiply(high, np.uint64(2**32)), low)
        steps = ops.remainder(steps, np.uint64(span)) if span < 2**64 else steps
    return ops.add(cast(steps, dtype), np.asarray(minval, dtype))


def _halves(x: Any) -> tuple[Any, Any]:
    """The two rows of a tensor, each as a tensor of one row."""
    rest = shape_of(x)[1:]
    zeros = (0,) * len(rest)
    return ops.slice(x, starts=(0, *zeros), stops=(1, *rest)), ops.slice(x, starts=(1, *zeros), stops=(2, *rest))


def _shuffle_body(key: Any, x: Any, axis: int) -> Any:
    """In the order of random numbers."""
    x = tensor(x)
    axis = axis_in(axis, x, "random.shuffle")
    bits = ops.random_bits(tensor(key), shape=shape_of(x))
    _, places = ops.top_k(bits, k=shape_of(x)[axis], axis=axis, largest=False)
    return ops.gather_elements(x, places, axis=axis)


def _gamma_body(key: Any, shape: Any, alpha: Any, dtype: str) -> Any:
    return gamma_body(key, standard_shape(shape, "random.gamma"), alpha, _float_only(dtype, "random.gamma"))


def _beta_body(key: Any, shape: Any, alpha: Any, beta: Any, dtype: str) -> Any:
    return beta_body(key, standard_shape(shape, "random.beta"), alpha, beta, _float_only(dtype, "random.beta"))


def _binomial_body(key: Any, shape: Any, counts: Any, probabilities: Any, dtype: str) -> Any:
    shape, dtype = standard_shape(shape, "random.binomial"), _float_only(dtype, "random.binomial")
    return binomial_body(key, shape, counts, probabilities, dtype)


def _float_only(dtype: str, name: str) -> str:
    """`dtype` if it is a float.

    Raises:
        ValueError: if not.
    """
    if not is_float(dtype):
        raise ValueError(f"{name}: dtype must be a float, got {dtype}.")
    return dtype


def _categorical_body(key: Any, logits: Any, num_samples: int, dtype: str) -> Any:
    logits = as_float(logits)
    if ndim_of(logits) != 2:
        raise ValueError(f"random.categorical: logits must have two axes, (rows, classes), got shape {shape_of(logits)}.")
    rows, classes = shape_of(logits)
    drawn = ops.random_uniform(tensor(key), shape=(rows, num_samples, classes), dtype="float32")
    exponential = ops.negative(ops.log1p(ops.negative(drawn)))  # finite, as drawn < 1
    gumbel = ops.negative(ops.log(ops.maximum(exponential, scalar(1e-30, drawn))))
    scores = ops.add(ops.expand_dims(cast(logits, "float32"), axis=(1,)), gumbel)
    return cast(ops.argmax(scores, axis=normalize_axis(-1, ndim_of(scores))), dtype)


def _dropout_body(key: Any, inputs: Any, rate: float, noise_shape: Any) -> Any:
    if not 0 <= rate <= 1:
        raise ValueError(f"random.dropout: rate must lie in [0, 1], got {rate}.")
    inputs = as_float(inputs)
    if rate == 0:
        return inputs
    if rate == 1:
        return filled(shape_of(inputs), 0, dtype_of(inputs))
    shape = shape_of(inputs)
    if noise_shape is not None:
        if len(noise_shape) != len(shape):
            raise ValueError(f"random.dropout: noise_shape {tuple(noise_shape)} must have {len(shape)} axes as the inputs.")
        shape = tuple(whole if size is None else size for size, whole in zip(noise_shape, shape))
    threshold = np.asarray(min(round(rate * 2**32), 2**32 - 1), np.uint32)
    kept = ops.greater_equal(ops.random_bits(tensor(key), shape=shape), threshold)
    scaled = ops.multiply(inputs, scalar(1.0 / (1.0 - rate), inputs))
    return ops.where(kept, scaled, scalar(0, inputs))


class RandomOperation(OpFunction):
    """An operation whose first argument is a seed, a generator or None. Its body gets a key; every call draws a new one."""

    def __call__(self, seed: Any, *args: Any) -> Any:
        return self._applied((draw_key(seed), *args), {}, recorded=(seed, *args))


_normal = RandomOperation(_normal_body, "random_normal")
_uniform = RandomOperation(_uniform_body, "random_uniform")
_truncated_normal = RandomOperation(_truncated_normal_body, "random_truncated_normal")
_randint = RandomOperation(_randint_body, "random_randint")
_categorical = RandomOperation(_categorical_body, "random_categorical")
_shuffle = RandomOperation(_shuffle_body, "random_shuffle")
_gamma = RandomOperation(_gamma_body, "random_gamma")
_beta = RandomOperation(_beta_body, "random_beta")
_binomial = RandomOperation(_binomial_body, "random_binomial")
_dropout = RandomOperation(_dropout_body, "random_dropout")
