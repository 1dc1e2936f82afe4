"""Relatives of `Dropout`: they act in training only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import config, ops, random
from .input_spec import InputSpec, title
from .layer import Layer
from .own_arguments import OwnArguments
from .regularization import Dropout


class _SpatialDropout(Dropout):
    """Drops whole feature maps: all places of a channel at once."""

    supports_masking = True
    ndim = 3

    def __init__(self, rate: float, data_format: str | None = None, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(rate, seed=seed, **kwargs)
        self.data_format = data_format or config.image_data_format()
        if self.data_format not in ("channels_last", "channels_first"):
            raise ValueError(f"{title(self)}: data_format must be channels_last or channels_first, got {data_format!r}.")
        places = (1,) * (self.ndim - 2)
        self.noise_shape = (None, *places, None) if self.data_format == "channels_last" else (None, None, *places)
        self.input_spec = InputSpec(ndim=self.ndim)

    def get_config(self) -> dict[str, Any]:
        own = {"rate": self.rate, "seed": self.seed, "name": self.name, "dtype": self.dtype}
        return own if self.ndim == 3 else {**own, "data_format": self.data_format}


class SpatialDropout1D(_SpatialDropout):
    """`Dropout` of whole features of (batch, steps, features).

    Args:
        rate: the part of the features to drop.
    """

    def __init__(self, rate: float, seed: Any = None, name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(rate, "channels_last", seed, name=name, dtype=dtype, **kwargs)


class SpatialDropout2D(_SpatialDropout):
    """`Dropout` of whole channels of images.

    Args:
        rate: the part of the channels to drop.
        data_format: ``"channels_last"`` or ``"channels_first"``; as set in the config by default.
    """

    ndim = 4


class SpatialDropout3D(_SpatialDropout):
    """`Dropout` of whole channels of volumes.

    Args:
        rate: the part of the channels to drop.
        data_format: ``"channels_last"`` or ``"channels_first"``; as set in the config by default.
    """

    ndim = 5


class GaussianDropout(OwnArguments):
    """In training, the inputs times normal noise of mean 1 and standard deviation sqrt(rate / (1 - rate)).

    Raises:
        ValueError: for a rate outside of 0 to 1.
    """

    supports_masking = True

    def __init__(self, rate: float, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _check_rate(self, rate)
        self.rate, self.seed = rate, seed
        if rate > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        stddev = math.sqrt(self.rate / (1.0 - self.rate))
        return ops.multiply(inputs, random.normal(ops.shape(inputs), 1.0, stddev, ops.dtype(inputs), self.seed_generator))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


class AlphaDropout(Layer):
    """Dropout that keeps mean and variance of the activations of `selu` networks (Klambauer et al. 2017).

    Args:
        rate: the part to drop.
        noise_shape: the shape of the mask, which is broadcast; None in it stands for the inputs' size.

    Raises:
        ValueError: for a rate outside of 0 to 1.
    """

    supports_masking = True

    def __init__(self, rate: float, noise_shape: Sequence[int | None] | None = None, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _check_rate(self, rate)
        self.rate, self.seed = rate, seed
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
        if rate > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        sizes = ops.shape(inputs)
        shape = sizes if self.noise_shape is None else tuple(given or size for given, size in zip(self.noise_shape, sizes))
        kept = ops.greater_equal(random.uniform(shape, seed=self.seed_generator), self.rate)
        kept = ops.cast(kept, ops.dtype(inputs))
        dropped_value = -1.6732632423543772 * 1.0507009873554805
        a = ((1 - self.rate) * (1 + self.rate * dropped_value**2)) ** -0.5
        b = -a * dropped_value * self.rate
        return (inputs * kept + dropped_value * (1 - kept)) * a + b

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        noise_shape = None if self.noise_shape is None else list(self.noise_shape)
        return {**super().get_config(), "rate": self.rate, "seed": self.seed, "noise_shape": noise_shape}


def _check_rate(layer: Layer, rate: Any) -> None:
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate < 1:
        raise ValueError(f"{title(layer)}: rate must be a number from 0 up to, not including, 1, got {rate!r}.")
