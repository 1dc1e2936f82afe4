"""`HostLayer`: what the layers that work on strings have in common."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkeras.compiler.types import STRING, TensorType

from ... import tree
from ...host import strings
from ...tensor import KerasTensor
from ...trace import current_trace
from .. import layer_config
from ..input_spec import title
from ..layer import Layer

Array = np.ndarray[Any, Any]


class HostLayer(Layer):
    """The base of layers that compute in NumPy, before the graph (see `graphkeras.host`). They have no gradient.

    Subclasses define `computed(*arrays)`, `computed_type(*types)`, and `encoded(numbers)` if the graph goes on with the
    numbers. In a model, they take strings, and numbers that follow from the data alone: not from weights.
    """

    takes_strings = True

    def computed(self, *arrays: Array) -> Array:
        """What the host computes from arrays; strings are arrays of objects."""
        raise NotImplementedError(f"{type(self).__name__} must define computed(*arrays).")

    def computed_type(self, *types: TensorType) -> TensorType:
        """Shape and dtype of what `computed` returns for inputs of these types."""
        raise NotImplementedError(f"{type(self).__name__} must define computed_type(*types).")

    def encoded(self, numbers: Any) -> Any:
        """The result for what `computed` returned; in a model, part of the graph."""
        return numbers

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        return super().__call__(_as_tensors(inputs), *args, **kwargs)

    def call(self, inputs: Any) -> Any:
        tensors = tree.flatten(inputs)
        if not any(isinstance(tensor, KerasTensor) for tensor in tensors):
            return self.encoded(self.computed(*map(np.asarray, tensors)))
        if not all(isinstance(tensor, KerasTensor) for tensor in tensors):
            raise TypeError(f"{title(self)}: takes arrays or symbolic tensors, got both: {tensors}.")
        values = [tensor.value for tensor in tensors]
        type_ = self.computed_type(*(value.type for value in values))
        if type_.dtype == STRING:
            raise ValueError(
                f"{title(self)}: makes strings, which a model cannot return. Call it on the model's results instead: "
                "layer(model.predict(x))."
            )
        trace = current_trace()
        assert trace is not None  # calls on symbols run in a trace
        return self.encoded(trace.host_call(self.computed, values, type_, self))

    def compute_output_shape(self, input_shape: Any) -> Any:
        inputs = tree.map_shape_structure(lambda shape: KerasTensor(shape, STRING), layer_config.as_shape(input_shape))
        return self.compute_output_spec(inputs).shape


def _as_tensors(inputs: Any) -> Any:
    """Lists of strings and numbers as one array each; a list or tuple of tensors stays."""
    if isinstance(inputs, (list, tuple)) and any(hasattr(item, "shape") for item in inputs):
        return type(inputs)(_as_tensors(item) for item in inputs)
    if isinstance(inputs, KerasTensor):
        return inputs
    array = np.asarray(inputs)
    found = strings(array)
    return array if found is None else found


def texts_of(array: Array, encoding: str = "utf-8") -> list[str]:
    """The elements as strings, in order; numbers in decimal, as TensorFlow's `as_string` writes integers."""
    return [item.decode(encoding) if isinstance(item, bytes) else str(item) for item in array.ravel().tolist()]
