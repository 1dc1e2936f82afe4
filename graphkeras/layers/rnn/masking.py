"""`Masking`: marks the time steps to leave out."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...saving.serialization import deserialize_keras_object, serialize_keras_object
from ..layer import Layer


class Masking(Layer):
    """Zeros in time steps whose features all equal `mask_value`; layers behind it leave those time steps out.

    Args:
        mask_value: the number that marks a time step.
    """

    supports_masking = True

    def __init__(self, mask_value: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = deserialize_keras_object(mask_value) if isinstance(mask_value, dict) else mask_value
        self.built = True

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """True for the time steps that are left."""
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Any) -> Any:
        return ops.where(ops.expand_dims(self.compute_mask(inputs), -1), inputs, 0)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mask_value": serialize_keras_object(self.mask_value)}
