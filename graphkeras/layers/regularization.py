"""Layers that act in training only: noise, dropout, and losses on activations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import ops, random, regularizers
from .input_spec import title
from .layer import Layer
from .own_arguments import OwnArguments


class Dropout(Layer):
    """In training, zeros with probability `rate` and the rest divided by 1 - rate; otherwise the inputs.

    Args:
        rate: from 0 up to, not including, 1. (1 gives zeros.)
        noise_shape: the shape of the mask, which is broadcast; None in it stands for the inputs' size.
        seed: an integer, or None for a fresh one.

    Raises:
        ValueError: for another rate.
    """

    supports_masking = True

    def __init__(self, rate: float, noise_shape: Sequence[int | None] | None = None, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
            raise ValueError(f"{title(self)}: rate must be a number from 0 to 1, got {rate!r}.")
        self.rate, self.seed = rate, seed
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
        if rate > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        if self.rate == 1:
            return ops.zeros_like(inputs)
        return random.dropout(inputs, self.rate, self.noise_shape, self.seed_generator)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        noise_shape = None if self.noise_shape is None else list(self.noise_shape)
        return {**super().get_config(), "rate": self.rate, "seed": self.seed, "noise_shape": noise_shape}


class GaussianNoise(OwnArguments):
    """In training, the inputs plus normally distributed noise of standard deviation `stddev`.

    Raises:
        ValueError: for a negative standard deviation.
    """

    supports_masking = True

    def __init__(self, stddev: float, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not stddev >= 0:
            raise ValueError(f"{title(self)}: stddev must not be negative, got {stddev!r}.")
        self.stddev, self.seed = stddev, seed
        if stddev > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or self.stddev == 0:
            return inputs
        noise = random.normal(ops.shape(inputs), 0.0, self.stddev, ops.dtype(inputs), self.seed_generator)
        return ops.add(inputs, noise)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


class ActivityRegularization(Layer):
    """The inputs; training adds l1 * sum(|x|) + l2 * sum(x**2) per sample to the loss."""

    supports_masking = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1, l2), **kwargs)
        self.l1, self.l2 = l1, l2
        self.built = True

    def call(self, inputs: Any) -> Any:
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("activity_regularizer", None)
        return {**config, "l1": self.l1, "l2": self.l2}
