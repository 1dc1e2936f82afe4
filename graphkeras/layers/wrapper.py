"""`Wrapper`, and the wrapper `SpectralNormalization`."""

from __future__ import annotations

from typing import Any, Self

from .. import initializers, ops
from ..saving.serialization import deserialize_keras_object, serialize_keras_object
from .input_spec import InputSpec, title
from .layer import Layer


class Wrapper(Layer):
    """The base of layers that change what another layer does.

    Args:
        layer: the other layer.

    Raises:
        ValueError: if that is no layer.
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(layer, Layer):
            raise ValueError(f"{title(self)}: wraps a layer, got {layer!r}.")
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "layer": serialize_keras_object(self.layer)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        config = dict(config)
        layer = deserialize_keras_object(config.pop("layer"), custom_objects=custom_objects)
        return cls(layer, **config)


class SpectralNormalization(Wrapper):
    """In training, the wrapped layer's kernel is divided by (an estimate of) its greatest singular value (Miyato et al. 2018).

    Each training step replaces the kernel by the normalized one and goes on from there: it changes that by the gradient at
    that. So the numbers kept in the layer, which predictions use and files hold, stay normalized up to one update. Keras with
    PyTorch or TensorFlow does the same, to the last bits. Keras with JAX does not: a program there cannot write to weights
    that are trained, so only the loss sees the normalized kernel (its gradient passes through the division), the kernel kept
    grows freely, and predictions use it without normalization, which is not what the layer promises.

    Args:
        layer: a layer with a kernel or embeddings.
        power_iterations: how often the estimate is improved in each step.

    Raises:
        ValueError: for a layer without them.
    """

    def __init__(self, layer: Any, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        if power_iterations < 1:
            raise ValueError(f"{title(self)}: power_iterations must be positive, got {power_iterations}.")
        self.power_iterations = power_iterations

    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape)
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})
        kernel = getattr(self.layer, "kernel", getattr(self.layer, "embeddings", None))
        if kernel is None:
            raise ValueError(f"{title(self)}: {type(self.layer).__name__} has neither a kernel nor embeddings.")
        self.kernel = kernel
        initializer = initializers.TruncatedNormal(stddev=0.02)
        self.vector_u = self.add_weight((1, kernel.shape[-1]), initializer, kernel.dtype, trainable=False, name="vector_u")

    def call(self, inputs: Any, training: bool = False) -> Any:
        if training:
            vector, kernel = self.normalized_weights()
            is_zero = ops.all(ops.equal(self.kernel, 0))
            vector, kernel = ops.where(is_zero, self.vector_u, vector), ops.where(is_zero, self.kernel, kernel)
            self.vector_u.assign(vector)
            self.kernel.assign(kernel)
        return ops.cast(self.layer(inputs), ops.dtype(inputs))

    def normalized_weights(self) -> tuple[Any, Any]:
        """The next `vector_u`, and the kernel divided by the estimate."""
        weights = ops.reshape(self.kernel, (-1, self.kernel.shape[-1]))
        vector_u: Any = self.vector_u
        vector_v: Any = None
        for _ in range(self.power_iterations):
            vector_v = ops.normalize(ops.matmul(vector_u, ops.transpose(weights)), axis=-1)
            vector_u = ops.normalize(ops.matmul(vector_v, weights), axis=-1)
        vector_u, vector_v = ops.stop_gradient(vector_u), ops.stop_gradient(vector_v)
        sigma = ops.matmul(ops.matmul(vector_v, weights), ops.transpose(vector_u))
        return vector_u, ops.reshape(ops.divide(weights, sigma), self.kernel.shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self.layer.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "power_iterations": self.power_iterations}
