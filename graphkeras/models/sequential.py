"""`Sequential`: layers one after another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from graphkeras.compiler.provenance import at
from graphkeras.compiler.types import STRING

from .. import ops
from ..call_context import outside_of_calls
from ..host import are_strings
from ..layers import layer_config
from ..layers.call_arguments import CallArguments, takes_strings
from ..layers.input_layer import InputLayer
from ..layers.input_spec import title
from ..layers.layer import Layer
from ..saving.serialization import deserialize_keras_object, serialize_keras_object
from ..tensor import KerasTensor
from ..trace import eager
from .call_graph import CallGraph
from .model import Model


class Sequential(Model):
    """A model in which each layer is called on the result of the one before.

    With the shape of the input given (by an `Input` in front, or the first layer's `input_shape`, `input_dim` or
    `batch_input_shape`) it is built as layers are added; otherwise when it is first called or trained.

    Args:
        layers: the layers.
        trainable: whether training changes its variables.
        name: a name.

    Example:

    ```python
    model = keras.Sequential([keras.Input((784,)), layers.Dense(32, activation="relu"), layers.Dense(10)])
    ```
    """

    def __init__(self, layers: Iterable[Any] | None = None, trainable: bool = True, name: str | None = None) -> None:
        super().__init__(trainable=trainable, name=name)
        self._stack: list[Layer] = []  # with the InputLayer
        self._results: list[KerasTensor] = []  # of the layers of the stack, as far as it is built
        for layer in layers or ():
            self.add(layer)

    # ---- putting it together ------------------------------------------------------------------------------------------

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer at the end.

        Raises:
            TypeError: for something that is no layer.
            ValueError: for an Input that is not the first, or a name that is taken.
        """
        if isinstance(layer, KerasTensor) and layer.history is not None and isinstance(layer.history.operation, InputLayer):
            layer = layer.history.operation
        if not isinstance(layer, Layer):
            raise TypeError(f"{title(self)}.add takes layers, got {type(layer).__name__}: {layer!r}.")
        if isinstance(layer, InputLayer) and self._stack:
            raise ValueError(f"{title(self)}: an Input must be the first in a Sequential model, {layer.name!r} is not.")
        if any(known.name == layer.name and known is not layer for known in self._stack):
            raise ValueError(f"{title(self)} has a layer named {layer.name!r} already; names must be unique.")
        if any(known is layer for known in self._stack):
            raise ValueError(f"{title(self)} has the layer {layer.name!r} already; a Sequential model holds a layer once.")
        shape = layer._layer_state.batch_shape
        if shape is None and not self._stack and isinstance(layer, Model) and layer._program is not None:
            shape = layer.input_shape if isinstance(layer.input_shape, tuple) else None
        if not self._stack and shape is not None and not isinstance(layer, InputLayer):
            self._stack.append(InputLayer(batch_shape=shape, dtype=_input_dtype(layer)))
        self._stack.append(layer)
        self._extend()

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the last layer away; returns it.

        Raises:
            ValueError: if there is none.
        """
        if not self.layers:
            raise ValueError(f"{title(self)} has no layers to take away.")
        layer = self._stack.pop()
        del self._results[len(self._stack) :]
        self._extend()
        return layer

    def _extend(self) -> None:
        """Call the layers that were added on the result so far, if the input's shape is known."""
        self.train_function = self.test_function = self.predict_function = None
        if not self._stack or not isinstance(self._stack[0], InputLayer):
            return
        with outside_of_calls(), eager(), self._in_own_scope():
            for layer in self._stack[len(self._results) :]:
                if isinstance(layer, InputLayer):
                    self._results.append(layer.output)
                    continue
                with at(layer._layer_state.source):
                    result = layer(self._results[-1])
                if not isinstance(result, KerasTensor):
                    raise ValueError(
                        f"{title(self)}: its layer {layer.name!r} must return one tensor, got {type(result).__name__}."
                    )
                self._results.append(result)
        self._set_program(CallGraph(self._results[0], self._results[-1]) if len(self._results) > 1 else None)

    # ---- building and calling -----------------------------------------------------------------------------------------

    def build(self, input_shape: Any = None) -> None:
        """Make the variables of all layers, for inputs of that shape: ``(None, 784)``.

        Raises:
            ValueError: without a shape, or without layers.
        """
        self._build_on(input_shape, None)

    def _build_for(self, given: CallArguments) -> None:
        x = given.first
        if isinstance(x, (list, tuple, dict)):
            raise ValueError(
                f"{title(self)} takes one tensor, got a {type(x).__name__}. Use Model(inputs, outputs) for several."
            )
        shape = tuple(None if not isinstance(size, int) else size for size in ops.shape(x)[1:])
        self._build_on((None, *shape), STRING if are_strings(x) else ops.dtype(x) if "int" in ops.dtype(x) else None)

    def _build_on(self, input_shape: Any, dtype: str | None) -> None:
        if self._program is not None:
            return
        if not self.layers:
            raise ValueError(f"{title(self)} has no layers; add some before it is built or called.")
        if input_shape is None:
            raise ValueError(
                f"{title(self)}: the shape of its input is not known. Put keras.Input(shape) in front, or call it."
            )
        batch_shape = (None, *layer_config.as_shape(input_shape)[1:])
        self._stack.insert(0, InputLayer(batch_shape=batch_shape, dtype=dtype or _input_dtype(self._stack[0])))
        try:
            self._extend()
        except Exception:
            self._stack.pop(0)
            self._results.clear()
            raise

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if self._program is None:
            raise ValueError(f"{title(self)} has no layers; add some before it is called.")
        return super().call(inputs, training, mask)

    # ---- what it is made of -------------------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the `InputLayer`."""
        return self._stack[1:] if self._stack and isinstance(self._stack[0], InputLayer) else list(self._stack)

    @property
    def _layers(self) -> list[Layer]:
        return list(self._stack)

    @property
    def input_shape(self) -> Any:
        return self._required_program("input_shape").flat_inputs[0].shape

    def get_config(self) -> dict[str, Any]:
        config: dict[str, Any] = {**Layer.get_config(self), "layers": [serialize_keras_object(layer) for layer in self._stack]}
        if self._program is not None:
            config["build_input_shape"] = list(self._results[0].shape)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """A new model, from what `get_config` returned. The weights are new."""
        model = cls(name=config.get("name"), trainable=config.get("trainable", True))
        for entry in config["layers"]:
            model.add(deserialize_keras_object(entry, custom_objects=custom_objects))
        shape = config.get("build_input_shape")
        if model._program is None and shape is not None and model.layers:
            model.build(layer_config.as_shape(shape))
        return model

    def get_build_config(self) -> dict[str, Any] | None:
        return {"input_shape": list(self._results[0].shape)} if self._program is not None else None


def _input_dtype(layer: Layer) -> str | None:
    """The dtype of data for a model that starts with this layer: strings for those that take them, else the layer's."""
    if isinstance(layer, Model) and layer._program is not None:
        return layer._program.flat_inputs[0].dtype
    return STRING if takes_strings(layer) else layer.compute_dtype
