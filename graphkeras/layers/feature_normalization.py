"""`Normalization`: inputs shifted and scaled by the mean and variance of data seen before."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from .. import config, ops
from .input_spec import title
from .layer import Layer


class Normalization(Layer):
    """(inputs - mean) / sqrt(variance), for each place along `axis`.

    Mean and variance are given, or computed from data by `adapt`.

    Args:
        axis: the axes that keep a mean of their own; None for one mean of all.
        mean, variance: numbers or arrays; both or none.
        invert: whether to compute inputs * sqrt(variance) + mean.

    Raises:
        ValueError: if only one of mean and variance is given, or their shapes differ or have more axes than `axis`.
    """

    supports_masking = True

    def __init__(self, axis: Any = -1, mean: Any = None, variance: Any = None, invert: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        if (mean is None) != (variance is None):
            raise ValueError(f"{title(self)}: give both mean and variance or none, got mean={mean} and variance={variance}.")
        if mean is not None and np.shape(mean) != np.shape(variance):
            raise ValueError(
                f"{title(self)}: mean has shape {np.shape(mean)} and variance {np.shape(variance)}; they must agree."
            )
        if mean is not None and np.ndim(mean) > len(self.axis):
            raise ValueError(f"{title(self)}: mean has {np.ndim(mean)} axes, more than axis={self.axis} names.")
        self.input_mean, self.input_variance, self.invert = mean, variance, invert
        self._broadcast_shape: tuple[int, ...] = ()

    def build(self, input_shape: Any) -> None:
        ndim = len(input_shape)
        if any(not -ndim <= axis < ndim for axis in self.axis):
            raise ValueError(f"{title(self)}: axis={self.axis} is out of range for inputs of shape {input_shape}.")
        kept = tuple(sorted(axis % ndim for axis in self.axis))
        if any(input_shape[k] is None for k in kept):
            raise ValueError(f"{title(self)}: the inputs' sizes along axis={self.axis} must be known, got shape {input_shape}.")
        self._kept, self._reduced = kept, tuple(k for k in range(ndim) if k not in kept)
        self._broadcast_shape = tuple(input_shape[k] if k in kept else 1 for k in range(ndim))
        if self.input_mean is None:
            shape = tuple(input_shape[k] for k in kept)
            self.adapt_mean = self.add_weight(shape, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(shape, "ones", trainable=False, name="variance")
            self.count = self.add_weight((), "zeros", "int32", trainable=False, name="count")  # in Keras's files

    def adapt(self, data: Any) -> None:
        """Take mean and variance from data: an array, or an iterable of batches (of arrays or tuples that begin with one).

        Raises:
            ValueError: for no data, for sizes other than the layer was built for, and if mean and variance were given.
        """
        if self.input_mean is not None:
            raise ValueError(f"{title(self)}: mean and variance were given to the layer, so that it cannot adapt.")
        batches: Iterable[Any] = [data] if hasattr(data, "shape") else data
        count, mean, variance = 0, np.float64(0.0), np.float64(0.0)
        for batch in batches:
            array = np.asarray(batch[0] if isinstance(batch, (tuple, list)) else batch)
            if not self.built:
                self.build((None, *array.shape[1:]) if 0 not in {axis % array.ndim for axis in self.axis} else array.shape)
            wanted = self._broadcast_shape
            if array.ndim != len(wanted) or any(array.shape[k] != wanted[k] for k in self._kept):
                raise ValueError(f"{title(self)}: adapt got data of shape {array.shape}, the layer was built for {wanted}.")
            array = array.astype(np.float64)
            size = math.prod(array.shape[k] for k in self._reduced)
            count += size
            part = size / count
            batch_mean = array.mean(self._reduced)
            new_mean = mean * (1 - part) + batch_mean * part
            spread = array.var(self._reduced) + (batch_mean - new_mean) ** 2
            variance = (variance + (mean - new_mean) ** 2) * (1 - part) + spread * part
            mean = new_mean
        if count == 0:
            raise ValueError(f"{title(self)}: adapt got no data.")
        self.adapt_mean.assign(np.asarray(mean, self.variable_dtype))
        self.adapt_variance.assign(np.asarray(variance, self.variable_dtype))

    def finalize_state(self) -> None:
        """Nothing to do: the variables themselves are used. Keras has it, and code calls it."""

    @property
    def mean(self) -> Any:
        """With axes of size 1 where all inputs share it."""
        return self._spread(self.input_mean, "adapt_mean")

    @property
    def variance(self) -> Any:
        """With axes of size 1 where all inputs share it."""
        return self._spread(self.input_variance, "adapt_variance")

    def _spread(self, given: Any, variable: str) -> Any:
        if given is None:
            return ops.cast(ops.reshape(getattr(self, variable), self._broadcast_shape), self.compute_dtype)
        array = np.asarray(given, self.compute_dtype)
        shape = [1] * len(self._broadcast_shape)
        for k, size in zip(reversed(self._kept), reversed(array.shape)):
            shape[k] = size
        return np.broadcast_to(array.reshape(shape), self._broadcast_shape)

    def call(self, inputs: Any) -> Any:
        inputs = ops.cast(inputs, self.compute_dtype)
        deviation = ops.maximum(ops.sqrt(self.variance), config.epsilon())
        if self.invert:
            return ops.add(self.mean, ops.multiply(inputs, deviation))
        return ops.divide(ops.subtract(inputs, self.mean), deviation)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "axis": list(self.axis),
            "invert": self.invert,
            "mean": np.asarray(self.input_mean).tolist(),
            "variance": np.asarray(self.input_variance).tolist(),
        }
