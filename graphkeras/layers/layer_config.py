"""Configs of layers: the arguments that make the same layer again, and older spellings of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphkeras.compiler.dims import Dim

from .. import dtype_policies, ops, regularizers, tree
from ..base_operation import with_constructor_arguments
from ..removed_names import argument_advice
from ..tensor import KerasTensor
from .tracking import LayerState, leaves_of


def apply_legacy_arguments(class_name: str, state: LayerState, kwargs: dict[str, Any]) -> None:
    """Take `input_shape`, `input_dim`, `batch_input_shape` and `weights` as older Keras did.

    Raises:
        ValueError: for any other keyword.
    """
    kwargs = dict(kwargs)
    if (weights := kwargs.pop("weights", None)) is not None:
        state.initial_weights = weights
    for name in ("batch_input_shape", "batch_shape"):
        if (shape := kwargs.pop(name, None)) is not None:
            state.batch_shape = tuple(shape)
    if (shape := kwargs.pop("input_shape", None)) is not None:
        state.batch_shape = (None, *((shape,) if isinstance(shape, int) else shape))
    if (size := kwargs.pop("input_dim", None)) is not None:
        state.batch_shape = (None, size)
    if kwargs:
        allowed = "name, dtype, trainable, activity_regularizer, autocast, input_shape, input_dim, batch_input_shape, weights"
        advice = " ".join(f"{name}: {found}" for name in kwargs if (found := argument_advice(name)))
        raise ValueError(
            f"{class_name}: unknown argument {', '.join(kwargs)}. {advice or f'Besides its own, a layer takes {allowed}.'}"
        )


def default_config(layer: Any) -> dict[str, Any]:
    """The config of the base class; for a class that defines none, with the arguments its constructor was called with.

    Raises:
        NotImplementedError: if one of those cannot be written to a file.
    """
    config = {
        "name": layer.name,
        "trainable": layer.trainable,
        "dtype": dtype_policies.serialize(layer.dtype_policy),
    }
    if layer.activity_regularizer is not None:
        config["activity_regularizer"] = regularizers.serialize(layer.activity_regularizer)
    return with_constructor_arguments(layer, config)


def read_config(config: dict[str, Any]) -> dict[str, Any]:
    """A config from a file, as arguments."""
    arguments = dict(config)
    if isinstance(arguments.get("dtype"), dict):
        arguments["dtype"] = dtype_policies.get(arguments["dtype"])
    return arguments


def as_shape(shape: Any) -> Any:
    """Shapes from a file, where tuples are lists."""
    if isinstance(shape, dict):
        return {key: as_shape(item) for key, item in shape.items()}
    if isinstance(shape, (list, tuple)):
        if all(size is None or isinstance(size, int) for size in shape):
            return tuple(shape)
        return [as_shape(item) for item in shape]
    return shape


def placeholders(shapes: Any, layer: Any) -> Any:
    """Symbolic tensors of these shapes, in the layer's compute dtype."""
    return tree.map_shape_structure(lambda shape: KerasTensor(shape, layer.compute_dtype), as_shape(shapes))


def attribute_leaves(owner: Any) -> Iterator[Any]:
    return leaves_of(vars(owner))


def as_float_number(size: Any) -> Any:
    """A size as a float; symbolic if the size is."""
    return ops.cast(size, "float32") if isinstance(size, Dim) else float(size)
