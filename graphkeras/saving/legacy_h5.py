"""Whole models in one `.h5` file, as Keras 2 and 3 write them: the config as text, weights by layer, optimizer state.

The groups and attributes are Keras's. One more group, ``graphkeras``, holds the state of random generators; Keras does
not look at it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import numpy as np

from ..loading import numbers_come_from_a_file
from . import assets
from .containers import new_hdf5, open_hdf5
from .files import replacing
from .keras_archive import KERAS_VERSION
from .legacy_config import compile_config, from_legacy, to_legacy, training_config
from .object_registration import custom_object_scope
from .serialization import deserialize_keras_object, serialize_keras_object
from .weights_h5 import (
    give_optimizer,
    own_variables,
    read_array,
    read_random_state,
    warn_of_skipped,
    write_array,
    write_random_state,
)

MODEL_WEIGHTS, OPTIMIZER_WEIGHTS, TOP_LEVEL = "model_weights", "optimizer_weights", "top_level_model_weights"
#: The most bytes that HDF5 keeps in one attribute, less the room for its header; longer lists are split.
ATTRIBUTE_LIMIT = 64512


# ---- writing ----------------------------------------------------------------------------------------------------------


def save_h5(model: Any, path: str | os.PathLike[str], include_optimizer: bool = True) -> None:
    """Write `model` to `path`; the old file stays whole until the new one is.

    Raises:
        ValueError: for a model with assets, which this format has no place for.
    """
    if files := assets.collected(model):
        raise ValueError(
            f"{path}: the .h5 format has no place for {', '.join(files)}. Save to a .keras file, or make the layer with "
            "vocabulary=layer.get_vocabulary(): then its config holds the vocabulary."
        )
    written = serialize_keras_object(model)
    compiled = written.pop("compile_config", None) if include_optimizer else None
    with new_hdf5() as (file, content):
        file.attrs["keras_version"] = KERAS_VERSION
        file.attrs["backend"] = "graphkeras"
        config = to_legacy(written)
        if written["module"] is None and "build_config" in written:  # a class of the user's own must be told its shapes
            config["build_config"] = written["build_config"]
        file.attrs["model_config"] = json.dumps(config)
        write_layers(model, file.create_group(MODEL_WEIGHTS))
        optimizer = getattr(model, "optimizer", None)
        if compiled and optimizer is not None:
            file.attrs["training_config"] = json.dumps(training_config(compiled))
            _write_named(file.create_group(OPTIMIZER_WEIGHTS), optimizer.variables)
        write_random_state(model, file)
    with replacing(path) as temporary:
        temporary.write_bytes(content.getbuffer())


def write_layers(model: Any, group: h5py.Group) -> None:
    """The weights of every layer, in the group of the layer's name."""
    group.attrs["backend"] = "graphkeras"
    group.attrs["keras_version"] = KERAS_VERSION
    _write_names(group, "layer_names", [layer.name for layer in model.layers])
    for layer in model.layers:
        _write_named(group.create_group(layer.name), _weights(layer))
    _write_named(group.create_group(TOP_LEVEL), own_variables(model))


def _weights(layer: Any) -> list[Any]:
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _write_named(group: h5py.Group, variables: Sequence[Any]) -> None:
    names: list[str] = []
    for variable in variables:
        name = stem = variable.path
        count = 1
        while name in names:
            name = f"{stem}_{count}"
            count += 1
        names.append(name)
    _write_names(group, "weight_names", names)
    for name, variable in zip(names, variables, strict=True):
        write_array(group, name, variable.numpy())


def _write_names(group: h5py.Group, key: str, names: Sequence[str]) -> None:
    """A list of names as an attribute; as ``key0``, ``key1``, ... where it is longer than HDF5 allows."""
    data = np.array([name.encode("utf-8") for name in names])
    if data.nbytes <= ATTRIBUTE_LIMIT:
        group.attrs[key] = data
        return
    for k, chunk in enumerate(np.array_split(data, -(-data.nbytes // ATTRIBUTE_LIMIT))):
        group.attrs[f"{key}{k}"] = chunk


# ---- reading ----------------------------------------------------------------------------------------------------------


def load_h5(
    path: str | os.PathLike[str],
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model of an .h5 file, compiled as it was unless `compile` is False.

    Raises:
        ValueError: for a damaged file, one that holds no model, or classes that are not known here.
    """
    with open_hdf5(path) as file:
        config = _json_attribute(file, "model_config", path)
        if config is None:
            raise ValueError(f"{path} holds no model: {_contents(file)}")
        with numbers_come_from_a_file():
            model = deserialize_keras_object(from_legacy(config), custom_objects, safe_mode)
        read_layers(model, file[MODEL_WEIGHTS], path)
        training = _json_attribute(file, "training_config", path) if compile else None
        if training is not None:
            config = compile_config(training)
            with custom_object_scope(custom_objects or {}):
                model.compile_from_config(config)
            if OPTIMIZER_WEIGHTS in file and getattr(model, "optimizer", None) is not None:
                give_optimizer(model.optimizer, model, _arrays(file[OPTIMIZER_WEIGHTS]), path)
        read_random_state(model, file)
    return model


def read_layers(
    model: Any, group: h5py.Group, where: str | os.PathLike[str], by_name: bool = False, skip_mismatch: bool = False
) -> None:
    """Give every layer its weights: in the order of the file, or by the layers' names.

    Raises:
        ValueError: if the layers of the file and of the model differ; nothing is changed then.
    """
    stored = {name: _arrays(group[name]) if name in group else [] for name in _names(group, "layer_names")}
    if by_name:
        pairs = [(layer, stored[layer.name], layer.name) for layer in model.layers if layer.name in stored]
    else:
        filled = [(name, arrays) for name, arrays in stored.items() if arrays]
        layers = [layer for layer in model.layers if _weights(layer)]
        if len(filled) != len(layers):
            raise ValueError(
                f"{where}: the file has {len(filled)} layers with weights ({', '.join(name for name, _ in filled)}), the model "
                f"{len(layers)} ({', '.join(layer.name for layer in layers)}). The model must be built like the one that was "
                "saved, or pass by_name=True to fill the layers whose names agree."
            )
        pairs = [(layer, arrays, name) for layer, (name, arrays) in zip(layers, filled, strict=True)]
    own = _arrays(group[TOP_LEVEL]) if TOP_LEVEL in group else []
    plan = [(f"layer {layer.name!r}", _weights(layer), arrays, name) for layer, arrays, name in pairs]
    if own:
        plan.append(("model itself", own_variables(model), own, TOP_LEVEL))
    fitting, skipped = [], []
    for what, variables, arrays, name in plan:
        wanted, seen = [tuple(v.shape) for v in variables], [array.shape for array in arrays]
        if wanted == seen:
            fitting.append((variables, arrays))
            continue
        problem = f"{where}: the {what} has weights of shapes {wanted}, but the file's {name!r} has {seen}."
        if not skip_mismatch:
            raise ValueError(
                f"{problem} Use the sizes of the model that was saved, or pass skip_mismatch=True to leave such layers as "
                "they are."
            )
        skipped.append(problem)
    warn_of_skipped(skipped)
    for variables, arrays in fitting:
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)


def _arrays(group: h5py.Group) -> list[Any]:
    return [read_array(group[name]) for name in _names(group, "weight_names")]


def _names(group: h5py.Group, key: str) -> list[str]:
    if key in group.attrs:
        chunks = [group.attrs[key]]
    else:
        chunks = []
        while f"{key}{len(chunks)}" in group.attrs:
            chunks.append(group.attrs[f"{key}{len(chunks)}"])
    return [name.decode("utf-8") if isinstance(name, bytes) else str(name) for chunk in chunks for name in chunk]


def _json_attribute(file: h5py.File, key: str, path: str | os.PathLike[str]) -> dict[str, Any] | None:
    text = file.attrs.get(key)
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{path}: its {key} is not readable ({error}). The file is damaged; copy it again.") from error
    return value if isinstance(value, dict) else None


def _contents(file: h5py.File) -> str:
    """What an HDF5 file without a model is, and what to do with it."""
    if "layer_names" in file.attrs or "layers" in file or "vars" in file:
        return "it holds weights only. Make the model as before and call model.load_weights on the file."
    return f"its groups are {', '.join(list(file)[:10]) or 'none'}. load_model reads files that save_model or Keras wrote."
