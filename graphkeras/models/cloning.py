"""`clone_model`: the same architecture with new weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import tree
from ..layers.input_layer import Input, InputLayer
from ..layers.layer import Layer
from .model import Model
from .sequential import Sequential


def clone_model(
    model: Model, input_tensors: Any = None, clone_function: Callable[[Layer], Layer] | None = None, **kwargs: Any
) -> Any:
    """A model with copies of all layers; their weights start anew.

    Args:
        model: a `Sequential` or functional model, or a subclass with a config.
        input_tensors: symbolic tensors to start from; new inputs by default.
        clone_function: makes the copy of a layer, or another layer; `layer.from_config(layer.get_config())` by default.

    Raises:
        ValueError: for something that is no model, or for `clone_function` with a subclass that has its own `call`.
    """
    if kwargs:
        raise TypeError(f"clone_model takes model, input_tensors and clone_function, got {', '.join(kwargs)}.")
    if not isinstance(model, Model):
        raise ValueError(f"clone_model takes a model, got {type(model).__name__}.")
    copies: dict[int, Any] = {}

    def copy_of(operation: Any) -> Any:
        if not isinstance(operation, Layer):
            return operation  # it has no weights
        if id(operation) not in copies:
            copies[id(operation)] = (clone_function or _copied)(operation)
        return copies[id(operation)]

    if isinstance(model, Sequential):
        first = [layer for layer in model._layers if isinstance(layer, InputLayer)]
        start = [input_tensors] if input_tensors is not None else [_copied(layer) for layer in first]
        return Sequential([*start, *(copy_of(layer) for layer in model.layers)], name=model.name)
    if model._program is None:
        if clone_function is not None or input_tensors is not None:
            raise ValueError("clone_model: a subclass with its own call is copied by its config only.")
        return type(model).from_config(model.get_config())
    program = model._program
    if input_tensors is None:
        fresh = [Input(batch_shape=layer.batch_shape, dtype=layer.dtype, name=layer.name) for layer in program.input_layers]
        inputs = tree.pack_sequence_as(program.inputs, fresh)
    else:
        inputs = input_tensors
    return type(model)(inputs, program.run(tree.flatten(inputs), replace=copy_of), name=model.name)


def _copied(layer: Layer) -> Layer:
    return type(layer).from_config(layer.get_config())
