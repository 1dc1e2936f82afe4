"""The weights of a model in HDF5, as in `.weights.h5` files and in the `.keras` archive.

Each layer's variables are datasets ``0``, ``1``, ... in the group ``<path>/vars`` (see `walk.py` for the path), the optimizer's
are in ``optimizer/vars``. The state of random generators, which Keras does not store, is in the group ``graphkeras``, which
Keras does not look at: with it a resumed run draws the same numbers as one that never stopped.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import ml_dtypes
import numpy as np

from .walk import Part, layers_of, random_sources_of

RANDOM_GROUP = "graphkeras/random"

Store = dict[str, Any]


# ---- writing ----------------------------------------------------------------------------------------------------------


def write_weights(model: Any, file: h5py.File, include_optimizer: bool = True) -> None:
    """Store all weights of `model`, and its optimizer's state, in an open file.

    Raises:
        ValueError: for a layer that is not built yet, which has no weights to store.
    """
    for path, layer in layers_of(model):
        _write_variables(file, path, layer.name, own_store(layer))
    optimizer = getattr(model, "optimizer", None)
    if include_optimizer and optimizer is not None:
        variables = {str(k): variable.numpy() for k, variable in enumerate(optimizer.variables)}
        _write_variables(file, "optimizer", optimizer.name, variables)
    write_random_state(model, file)


def own_store(layer: Any) -> Store:
    """The arrays that a layer stores for itself, by key."""
    store: Store = {}
    if hasattr(layer, "save_own_variables"):
        layer.save_own_variables(store)
    else:
        store.update({str(k): variable for k, variable in enumerate(own_variables(layer))})
    return {key: np.asarray(value.numpy() if hasattr(value, "numpy") else value) for key, value in store.items()}


def own_variables(layer: Any) -> list[Any]:
    """The variables that a layer made itself: trainable ones, then the others, in the order of their making."""
    return [*layer._trainable_variables, *layer._non_trainable_variables]


def _write_variables(file: h5py.File, path: str, name: str, store: Mapping[str, Any]) -> None:
    group = file.create_group(f"{path}/vars" if path else "vars")
    group.attrs["name"] = name
    for key, value in store.items():
        write_array(group, key, value)


def write_array(group: h5py.Group, key: str, value: Any) -> None:
    """One dataset. HDF5 has no bfloat16: it is stored as two opaque bytes with a mark, as Keras does."""
    value = np.asarray(value)
    if value.dtype == ml_dtypes.bfloat16:
        group.create_dataset(key, data=value.view("V2")).attrs["dtype"] = "bfloat16"
    else:
        group.create_dataset(key, data=value)


def write_random_state(model: Any, file: h5py.Group) -> None:
    """Store the state of every seed generator of the model."""
    for path, source in random_sources_of(model):
        file.create_dataset(f"{RANDOM_GROUP}/{path}", data=source.state.numpy())


# ---- reading ----------------------------------------------------------------------------------------------------------


def read_weights(model: Any, file: h5py.File, where: str | os.PathLike[str], skip_mismatch: bool = False) -> None:
    """Give `model` the weights, the optimizer state and the random state of an open file.

    Args:
        model: built already.
        file: the open file.
        where: its name, for messages.
        skip_mismatch: leave out layers whose variables differ from those of the file; a warning names them.

    Raises:
        ValueError: if a layer's variables are not in the file or have another shape; nothing is changed then.
    """
    plan: list[tuple[Part, Store]] = []
    skipped: list[str] = []
    for part in layers_of(model):
        store = _read_variables(file, part.path)
        problem = _difference(part, store, file, where)
        if problem is None:
            plan.append((part, store))
        elif not skip_mismatch:
            raise ValueError(problem)
        else:
            skipped.append(problem)
    warn_of_skipped(skipped)
    for (_, layer), store in plan:
        give_store(layer, store)
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and "optimizer/vars" in file:
        store = _read_variables(file, "optimizer")
        give_optimizer(optimizer, model, [store[key] for key in sorted(store, key=int)], where)
    read_random_state(model, file)


def warn_of_skipped(problems: Sequence[str]) -> None:
    """Tell which layers keep the weights that they have."""
    if problems:
        warnings.warn("Layers are left as they are (skip_mismatch=True):\n  " + "\n  ".join(problems), stacklevel=5)


def give_store(layer: Any, store: Store) -> None:
    """Give a layer the arrays that it stored for itself."""
    if hasattr(layer, "load_own_variables"):
        layer.load_own_variables(store)
    else:
        for key, variable in enumerate(own_variables(layer)):
            variable.assign(store[str(key)])


def give_optimizer(optimizer: Any, model: Any, arrays: list[Any], where: str | os.PathLike[str]) -> None:
    """Give the optimizer its state, in the order of its variables; warns and leaves it fresh if the file's does not fit."""
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    variables = optimizer.variables
    seen, wanted = [tuple(array.shape) for array in arrays], [tuple(variable.shape) for variable in variables]
    if set(seen) <= {()} and not any(np.any(array) for array in arrays[:1]):
        return  # it had not made a step: the config says all
    if seen != wanted:
        warnings.warn(
            f"{where}: the state of the optimizer in the file does not fit {optimizer.name!r} and is left out: training starts "
            f"with a fresh optimizer. The file has {len(seen)} variables of shapes {seen}; here are {len(wanted)} of shapes "
            f"{wanted}. Compile with the optimizer that wrote the file to go on where it stopped.",
            stacklevel=2,
        )
        return
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def read_random_state(model: Any, file: h5py.Group) -> None:
    """Restore the seed generators that the file knows; a file of Keras itself knows none."""
    for path, source in random_sources_of(model):
        dataset = file.get(f"{RANDOM_GROUP}/{path}")
        if dataset is not None:
            source.state.assign(dataset[()])


def read_array(dataset: h5py.Dataset) -> Any:
    value = dataset[()]
    if dataset.attrs.get("dtype") == "bfloat16":
        return np.asarray(value).view(ml_dtypes.bfloat16)
    return np.asarray(value)


def _read_variables(file: h5py.File, path: str) -> Store:
    group = file.get(f"{path}/vars" if path else "vars")
    if group is None:
        return {}
    keys = sorted(group, key=lambda key: (not key.isdigit(), int(key) if key.isdigit() else 0, key))
    return {key: read_array(group[key]) for key in keys}


def _difference(part: Part, store: Store, file: h5py.File, where: str | os.PathLike[str]) -> str | None:
    """Why the file's arrays do not fit the layer, or None."""
    path, layer = part
    loader = getattr(type(layer), "load_own_variables", None)
    varies = getattr(layer, "stores_varying_arrays", False)
    if loader is not None and (varies or not loader.__module__.startswith("graphkeras.")):
        return None  # only the layer, or the user's own method, knows what it wants
    wanted = own_store(layer)
    which = f"{where}: the layer {layer.name!r} ({type(layer).__name__}, stored at {path or '/'})"
    if not wanted and store and not layer.built:
        return (
            f"{which} is not built yet, so it has no variables to fill; the file has {len(store)} for it. "
            "Call the model on data, or build(input_shape), before loading."
        )
    if len(wanted) != len(store):
        return (
            f"{which} has {len(wanted)} variables, but the file has {len(store)} there. The file has variables at: "
            f"{', '.join(_filled_paths(file)) or 'no place'}. The model must be built like the one that was saved."
        )
    for key, value in wanted.items():
        seen = store[key].shape if key in store else None
        if seen != value.shape:
            return (
                f"{which}: variable {key} has shape {value.shape} here, but in the file it "
                f"{'is missing' if seen is None else f'has shape {seen}'}. Use the sizes of the model that was saved."
            )
    return None


def _filled_paths(file: h5py.File) -> list[str]:
    """The places in the file that hold variables."""
    paths: list[str] = []

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Group) and name.split("/")[-1] == "vars" and len(item):
            paths.append(name.removesuffix("vars").rstrip("/") or "/")

    file.visititems(visit)
    return paths
