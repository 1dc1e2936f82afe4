"""Small layers: `Identity`, `Lambda`, `Rescaling`."""

from __future__ import annotations

import inspect
from typing import Any

from .. import ops, tree
from ..saving.serialization import deserialize_keras_object, serialize_keras_object
from .layer import Layer


class Identity(Layer):
    """The inputs."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.built = True

    supports_masking = True

    def call(self, inputs: Any) -> Any:
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


class Rescaling(Layer):
    """inputs * scale + offset; each a number, or a list of one number for each channel."""

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale, self.offset = scale, offset
        self.built = True

    def call(self, inputs: Any) -> Any:
        dtype = self.compute_dtype
        scaled = ops.multiply(ops.cast(inputs, dtype), ops.cast(ops.convert_to_tensor(self.scale), dtype))
        return ops.add(scaled, ops.cast(ops.convert_to_tensor(self.offset), dtype))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "scale": serialize_keras_object(self.scale),
            "offset": serialize_keras_object(self.offset),
        }


class Lambda(Layer):
    """Any function as a layer. Prefer a layer class of your own: a saved model must bring this function as code.

    Args:
        function: of the inputs (and `mask`, `training` and `arguments`, if it takes them).
        output_shape: ignored; the shape is inferred.
        arguments: further keyword arguments.
    """

    def __init__(self, function: Any, output_shape: Any = None, mask: Any = None, arguments: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.function, self.arguments = function, arguments or {}
        self._output_shape, self.mask = output_shape, mask
        self.built = True

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        taken = inspect.signature(self.function).parameters
        extra = {name: value for name, value in (("mask", mask), ("training", training)) if name in taken}
        return self.function(inputs, **{**extra, **self.arguments})

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "function": serialize_keras_object(self.function)}
        for name, value in (("output_shape", self._output_shape), ("mask", self.mask), ("arguments", self.arguments)):
            if value:
                config[name] = tree.map_structure(serialize_keras_object, value)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Lambda:
        config = dict(config)
        config["function"] = deserialize_keras_object(config["function"])
        return super().from_config(config)
