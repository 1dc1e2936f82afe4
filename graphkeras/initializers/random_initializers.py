"""Random initializers. Each draws from its own seed: called twice with one shape, it gives the same numbers twice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from graphkeras.compiler.dims import size_of
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import shape_text

from ..seeding import checked_seed, key_of
from .initializer import Array, Initializer, as_dtype
from .truncated import truncated_normal

#: Standard deviation of a standard normal that is cut off at -2 and 2.
_TRUNCATED_STDDEV = 0.87962566103423978


class RandomInitializer(Initializer):
    """An initializer with a seed.

    Args:
        seed: an integer, a `SeedGenerator` (then every call draws new numbers), or None for a fresh seed.
    """

    def __init__(self, seed: Any = None) -> None:
        self._given_seed = seed
        self.seed = seed if hasattr(seed, "next") else checked_seed(seed, type(self).__name__)

    def key(self) -> Array:
        return np.asarray(self.seed.next()) if hasattr(self.seed, "next") else key_of(self.seed)

    def normal(self, shape: Sequence[int], mean: float, stddev: float, dtype: Any) -> Array:
        drawn: Array = ops.random_normal(self.key(), shape=tuple(shape), dtype="float32")
        return as_dtype(drawn * np.float32(stddev) + np.float32(mean), dtype)

    def uniform(self, shape: Sequence[int], low: float, high: float, dtype: Any) -> Array:
        drawn: Array = ops.random_uniform(self.key(), shape=tuple(shape), dtype="float32")
        return as_dtype(drawn * np.float32(high - low) + np.float32(low), dtype)

    def truncated(self, shape: Sequence[int], mean: float, stddev: float, dtype: Any) -> Array:
        drawn: Array = truncated_normal(self.key(), tuple(shape), "float32")
        return as_dtype(drawn * np.float32(stddev) + np.float32(mean), dtype)

    def get_config(self) -> dict[str, Any]:
        seed = self._given_seed
        return {"seed": seed.get_config() if hasattr(seed, "get_config") else seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        return cls(**config)


class RandomNormal(RandomInitializer):
    """Normally distributed numbers."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        return self.normal(shape, self.mean, self.stddev, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"mean": self.mean, "stddev": self.stddev, **super().get_config()}


class TruncatedNormal(RandomInitializer):
    """Normally distributed numbers within two standard deviations of the mean."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        return self.truncated(shape, self.mean, self.stddev, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"mean": self.mean, "stddev": self.stddev, **super().get_config()}


class RandomUniform(RandomInitializer):
    """Numbers evenly distributed in [minval, maxval)."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        return self.uniform(shape, self.minval, self.maxval, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"minval": self.minval, "maxval": self.maxval, **super().get_config()}


class VarianceScaling(RandomInitializer):
    """Random numbers of variance `scale` / n, n being the number of inputs or outputs of a unit, or the mean of both.

    Args:
        scale: a positive factor.
        mode: ``"fan_in"``, ``"fan_out"`` or ``"fan_avg"``.
        distribution: ``"truncated_normal"``, ``"untruncated_normal"`` or ``"uniform"``.
        seed: an integer, a `SeedGenerator`, or None.

    Raises:
        ValueError: for other values.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Any = None,
        output_axes: Any = None,
    ) -> None:
        super().__init__(seed)
        if input_axes is not None or output_axes is not None:
            raise NotImplementedError(f"{type(self).__name__}: input_axes and output_axes are not supported; leave them None.")
        mode, distribution = mode.lower(), distribution.lower()
        distribution = "truncated_normal" if distribution == "normal" else distribution
        if scale <= 0:
            raise ValueError(f"VarianceScaling: scale must be positive, got {scale}.")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"VarianceScaling: mode must be fan_in, fan_out or fan_avg, got {mode!r}.")
        if distribution not in ("truncated_normal", "untruncated_normal", "uniform"):
            raise ValueError(
                f"VarianceScaling: distribution must be truncated_normal, untruncated_normal or uniform, got {distribution!r}."
            )
        self.scale, self.mode, self.distribution = scale, mode, distribution

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        fan_in, fan_out = compute_fans(shape)
        count = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, count)
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return self.uniform(shape, -limit, limit, dtype)
        if self.distribution == "untruncated_normal":
            return self.normal(shape, 0.0, math.sqrt(variance), dtype)
        return self.truncated(shape, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"scale": self.scale, "mode": self.mode, "distribution": self.distribution, **super().get_config()}


class _NamedScaling(VarianceScaling):
    """A variance scaling with a name of its own, whose only argument is the seed."""

    def get_config(self) -> dict[str, Any]:
        return RandomInitializer.get_config(self)


class GlorotUniform(_NamedScaling):
    """Uniform with variance 2 / (fan_in + fan_out); Glorot & Bengio 2010."""

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed, input_axes, output_axes)


class GlorotNormal(_NamedScaling):
    """Truncated normal with variance 2 / (fan_in + fan_out); Glorot & Bengio 2010."""

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed, input_axes, output_axes)


class HeNormal(_NamedScaling):
    """Truncated normal with variance 2 / fan_in; He et al. 2015."""

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(2.0, "fan_in", "truncated_normal", seed, input_axes, output_axes)


class HeUniform(_NamedScaling):
    """Uniform with variance 2 / fan_in; He et al. 2015."""

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(2.0, "fan_in", "uniform", seed, input_axes, output_axes)


class LecunNormal(_NamedScaling):
    """Truncated normal with variance 1 / fan_in; LeCun et al. 1998."""

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(1.0, "fan_in", "truncated_normal", seed, input_axes, output_axes)


class LecunUniform(_NamedScaling):
    """Uniform with variance 1 / fan_in; LeCun et al. 1998."""

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(1.0, "fan_in", "uniform", seed, input_axes, output_axes)


class Orthogonal(RandomInitializer):
    """A random matrix with orthonormal rows or columns times `gain`; Saxe et al. 2014. Leading axes count as one.

    Raises:
        ValueError: for a shape with fewer than two axes.
    """

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        if len(shape) < 2:
            raise ValueError(f"The Orthogonal initializer needs at least 2 axes, got the shape {shape_text(tuple(shape))}.")
        rows, columns = int(size_of(shape[:-1])), int(shape[-1])
        drawn = self.normal((max(rows, columns), min(rows, columns)), 0.0, 1.0, "float64")
        q, r = np.linalg.qr(drawn)
        q = q * np.sign(np.diag(r))  # makes the distribution uniform
        return as_dtype(self.gain * (q.T if rows < columns else q).reshape(tuple(shape)), dtype)

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain, **super().get_config()}


def compute_fans(shape: Sequence[int]) -> tuple[float, float]:
    """How many inputs a unit has and how many outputs an input feeds, for a kernel of that shape (channels last)."""
    if len(shape) < 2:
        size = float(shape[0]) if shape else 1.0
        return size, size
    receptive_field = math.prod(shape[:-2])
    return float(shape[-2] * receptive_field), float(shape[-1] * receptive_field)
