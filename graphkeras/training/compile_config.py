"""The arguments of `compile` in files."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from typing import Any

from .. import losses, metrics, optimizers
from ..saving.serialization import deserialize_keras_object, serialize_keras_object


def serialized(arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    """JSON-ready arguments, or None (and a warning) if one of them cannot be written."""
    try:
        return {name: serialize_keras_object(value) for name, value in arguments.items()}
    except TypeError as error:
        warnings.warn(f"The model is saved without its training configuration: {error}", stacklevel=3)
        return None


def apply(model: Any, config: Mapping[str, Any]) -> None:
    """Compile the model as the config says. Also takes ``optimizer_config`` and names of Keras 2."""
    if not config:
        return
    optimizer = config.get("optimizer", config.get("optimizer_config", "rmsprop"))
    arguments = {
        "optimizer": optimizers.deserialize(optimizer) if isinstance(optimizer, dict) else optimizer,
        "loss": _read(config.get("loss"), losses.TABLE),
        "loss_weights": config.get("loss_weights"),
        "metrics": _read(config.get("metrics"), metrics.TABLE),
        "weighted_metrics": _read(config.get("weighted_metrics"), metrics.TABLE),
        "steps_per_execution": config.get("steps_per_execution") or 1,
        "run_eagerly": bool(config.get("run_eagerly")),
    }
    try:
        inspect.signature(model.compile).bind(**arguments)
    except TypeError:
        warnings.warn(
            f"{type(model).__name__} has a compile method of its own, so the model is loaded without being compiled. "
            "Call compile, or override get_compile_config and compile_from_config.",
            stacklevel=3,
        )
        return
    model.compile(**arguments)
    if model.built and model.trainable_variables:
        model.optimizer.build(model.trainable_variables)


def _read(given: Any, table: Mapping[str, Any]) -> Any:
    """Objects in place of their configs, in lists and dicts; names stay names, which `compile` looks up."""
    if isinstance(given, (list, tuple)):
        return [_read(item, table) for item in given]
    if isinstance(given, Mapping):
        if "class_name" in given and "config" in given:
            return deserialize_keras_object(dict(given), module_objects=table)
        return {key: _read(item, table) for key, item in given.items()}
    return given
