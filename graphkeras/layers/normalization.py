"""Layers that normalize: `BatchNormalization`, `LayerNormalization`."""

from __future__ import annotations

from typing import Any

from graphkeras.compiler.types import normalize_axes, normalize_axis, promote

from .. import config, constraints, initializers, ops, regularizers
from ..dtypes import standard_dtype
from .input_spec import InputSpec, title
from .layer import Layer


class BatchNormalization(Layer):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta for each channel (Ioffe & Szegedy 2015).

    In training, mean and variance are the batch's, and the moving ones follow:
    ``moving = moving * momentum + batch * (1 - momentum)``. Otherwise, or when `trainable` is False, the moving ones are used.

    Args:
        axis: the axis of the channels.

    Raises:
        NotImplementedError: for renorm and synchronized.
    """

    supports_masking = True

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.autocast = False  # statistics are computed in float32 at least
        if renorm or synchronized:
            raise NotImplementedError(f"{title(self)}: renorm and synchronized are not supported; leave them False.")
        axis = axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis  # as Keras 2 saved it
        if not isinstance(axis, int):
            raise ValueError(f"{title(self)}: axis must be one integer, got {axis!r}.")
        self.axis, self.momentum, self.epsilon, self.center, self.scale = axis, float(momentum), float(epsilon), center, scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.gamma: Any = None
        self.beta: Any = None

    def build(self, input_shape: Any) -> None:
        size = input_shape[self.axis]
        if size is None:
            raise ValueError(f"{title(self)}: axis {self.axis} of its input must have a known size, got shape {input_shape}.")
        shape = (size,)
        if self.scale:
            self.gamma = self.add_weight(
                shape,
                self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                autocast=False,
                name="gamma",
            )
        if self.center:
            self.beta = self.add_weight(
                shape,
                self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                autocast=False,
                name="beta",
            )
        self.moving_mean, self.moving_variance = (
            self.add_weight(shape, initializer, trainable=False, autocast=False, name=name)
            for initializer, name in (
                (self.moving_mean_initializer, "moving_mean"),
                (self.moving_variance_initializer, "moving_variance"),
            )
        )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: size})

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        x = ops.cast(inputs, promote(standard_dtype(inputs.dtype), "float32"))
        mean, variance = self.moving_mean, self.moving_variance
        if training and self.trainable:
            mean, variance = self._statistics(x, mask)
            for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(ops.add(ops.multiply(moving, self.momentum), ops.multiply(now, 1.0 - self.momentum)))
        outputs = ops.batch_normalization(
            x, mean, variance, axis=self.axis, offset=self.beta, scale=self.gamma, epsilon=self.epsilon
        )
        return ops.cast(outputs, self.compute_dtype)

    def _statistics(self, x: Any, mask: Any) -> tuple[Any, Any]:
        """Mean and variance of the batch; of what `mask`, which has no channels, lets through."""
        place = normalize_axis(self.axis, ops.ndim(x))
        axes = tuple(k for k in range(ops.ndim(x)) if k != place)
        if mask is None:
            return tuple(ops.moments(x, axes))
        if ops.ndim(mask) != ops.ndim(x) - 1:
            raise ValueError(
                f"{title(self)}: the mask must have one axis less than the inputs, got shapes {mask.shape} and {x.shape}."
            )
        taken = ops.broadcast_to(ops.cast(ops.cast(ops.expand_dims(mask, -1), "bool"), x.dtype), ops.shape(x))
        count = ops.sum(taken, axes, keepdims=True) + config.epsilon()
        mean = ops.sum(x * taken, axes, keepdims=True) / count
        variance = ops.sum(ops.square((x - mean) * taken), axes, keepdims=True) / count
        return ops.reshape(mean, (-1,)), ops.reshape(variance, (-1,))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
            "synchronized": False,
        }


class LayerNormalization(Layer):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, mean and variance being those of each sample along `axis`.

    Args:
        axis: an axis or several.
        rms_scaling: not supported.

    Raises:
        NotImplementedError: for rms_scaling=True.
    """

    supports_masking = True

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        if kwargs.pop("rms_scaling", False):
            raise NotImplementedError("LayerNormalization: rms_scaling=True is not supported; leave it False.")
        super().__init__(**kwargs)
        self.autocast = False
        self.axis = list(axis) if isinstance(axis, (list, tuple)) else [axis]
        self.epsilon, self.center, self.scale = epsilon, center, scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.gamma: Any = None
        self.beta: Any = None

    def build(self, input_shape: Any) -> None:
        shape = tuple(input_shape[axis] for axis in normalize_axes(self.axis, len(input_shape), "LayerNormalization"))
        if None in shape:
            raise ValueError(f"{title(self)}: axis {self.axis} of its input must have known sizes, got shape {input_shape}.")
        if self.scale:
            self.gamma = self.add_weight(
                shape,
                self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                autocast=False,
                name="gamma",
            )
        if self.center:
            self.beta = self.add_weight(
                shape,
                self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                autocast=False,
                name="beta",
            )

    def call(self, inputs: Any) -> Any:
        outputs = ops.layer_normalization(inputs, self.gamma, self.beta, axis=self.axis, epsilon=self.epsilon)
        return ops.cast(outputs, self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "axis": self.axis,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
        }
