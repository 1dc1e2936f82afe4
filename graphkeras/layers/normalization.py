"""`BatchNormalization` and `LayerNormalization`."""

from __future__ import annotations

from typing import Any

from graphkeras.compiler.types import normalize_axes, normalize_axis

from .. import config, ops
from ..arguments import passed
from .input_spec import InputSpec, title
from .scaled_normalization import ScaledNormalization


class BatchNormalization(ScaledNormalization):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta for each channel (Ioffe & Szegedy 2015).

    In training, mean and variance are the batch's, and the moving ones follow:
    ``moving = moving * momentum + batch * (1 - momentum)``. Otherwise, or when `trainable` is False, the moving ones are used.

    Args:
        axis: the axis of the channels.

    Raises:
        NotImplementedError: for renorm and synchronized.
    """

    hidden = frozenset(("renorm", "renorm_clipping", "renorm_momentum"))

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
        super().__init__(**passed(locals()))
        if renorm or synchronized:
            raise NotImplementedError(f"{title(self)}: renorm and synchronized are not supported; leave them False.")
        axis = axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis  # as Keras 2 saved it
        if not isinstance(axis, int):
            raise ValueError(f"{title(self)}: axis must be one integer, got {axis!r}.")
        self.axis, self.momentum, self.epsilon = axis, float(momentum), float(epsilon)

    def build(self, input_shape: Any) -> None:
        shape = self.build_scale(input_shape, (self.axis,))
        self.moving_mean, self.moving_variance = (
            self.weight(name, shape, trainable=False, autocast=False) for name in ("moving_mean", "moving_variance")
        )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: shape[0]})

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        x = self.at_least_float32(inputs)
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


class LayerNormalization(ScaledNormalization):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, mean and variance being those of each sample along `axis`.

    Args:
        axis: an axis or several.
        rms_scaling: not supported.

    Raises:
        NotImplementedError: for rms_scaling=True.
    """

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
        super().__init__(**passed(locals()))
        self.axis = list(axis) if isinstance(axis, (list, tuple)) else [axis]

    def build(self, input_shape: Any) -> None:
        self.build_scale(input_shape, normalize_axes(self.axis, len(input_shape), "LayerNormalization"))

    def call(self, inputs: Any) -> Any:
        outputs = ops.layer_normalization(inputs, self.gamma, self.beta, axis=self.axis, epsilon=self.epsilon)
        return ops.cast(outputs, self.compute_dtype)
