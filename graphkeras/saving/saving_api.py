"""`save_model`, `load_model` and the weights alone: the suffix of the file's name says in which format."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..tracebacks import filtered
from .containers import kind_of, new_hdf5, not_what_was_asked, open_hdf5
from .files import replacing
from .keras_archive import is_model_folder, load_archive, open_members, open_weights, save_archive, save_folder
from .legacy_config import from_legacy
from .legacy_h5 import MODEL_WEIGHTS, load_h5, read_layers, save_h5
from .serialization import deserialize_keras_object, serialize_keras_object
from .sharded import SUFFIX as SHARD_MAP
from .sharded import open_sharded, save_sharded
from .weights_h5 import read_weights, write_weights

PathLike = str | os.PathLike[str]
CustomObjects = Mapping[str, Any] | None


@filtered
def save_model(
    model: Any,
    filepath: PathLike,
    overwrite: bool = True,
    zipped: bool | None = None,
    include_optimizer: bool = True,
    save_format: str | None = None,
) -> None:
    """Write the whole model: layers, weights, how it was compiled, the optimizer's state, the random state.

    Args:
        model: what to save.
        filepath: ends with ``.keras`` (Keras's own format) or ``.h5`` / ``.hdf5`` (its older one).
        overwrite: False refuses to replace a file.
        zipped: False writes what a ``.keras`` file holds as a plain folder of the name `filepath`, which has no such ending.
        include_optimizer: False leaves out how the model was compiled and its optimizer's state.
        save_format: Keras 2's, ignored with a warning: the ending of `filepath` says the format.

    The old file, if any, is replaced only when the new one is complete on disk.

    Raises:
        ValueError: for another suffix.
        FileExistsError: if the file exists and `overwrite` is False.
        OSError: if the disk is full or not writable; the old file is as before.
    """
    warn_of_format(save_format)
    path = _writable(filepath, overwrite)
    if zipped is False:
        if path.suffix in (".keras", ".h5", ".hdf5"):
            raise ValueError(f"zipped=False writes a folder, and {path.suffix} is the ending of a file: leave it out.")
        save_folder(model, path, include_optimizer)
        return
    if path.name.endswith(".weights.h5"):
        raise ValueError(f"{path} is a name for weights alone. Use model.save_weights, or a name that ends with .keras or .h5.")
    if path.suffix == ".keras":
        save_archive(model, path, include_optimizer)
    elif path.suffix in (".h5", ".hdf5"):
        save_h5(model, path, include_optimizer)
    else:
        advice = " For a file that onnxruntime runs, use model.export." if path.suffix == ".onnx" else ""
        raise ValueError(
            f"Cannot tell the format from the name {path}: a model's file ends with .keras, or with .h5 for the older format."
            f"{advice}"
        )


def warn_of_format(save_format: str | None) -> None:
    """Warn, on the line of the user who called a `filtered` function, of an argument of Keras 2."""
    if save_format is not None:
        warnings.warn(
            f"save_format={save_format!r} is ignored: the ending of the file's name says the format (.keras or .h5).",
            stacklevel=4,
        )


@filtered
def load_model(filepath: PathLike, custom_objects: CustomObjects = None, compile: bool = True, safe_mode: bool = True) -> Any:
    """The model of a ``.keras`` or ``.h5`` file, or of a folder, that `save_model` or Keras itself wrote.

    Args:
        filepath: the file or folder.
        custom_objects: your own classes and functions by the name in the file: ``{"MyLayer": MyLayer}``.
        compile: False leaves the model uncompiled.
        safe_mode: False lets the file bring Python code of lambda functions. Only for files that you trust.

    Returns:
        The model with its weights; if compiled, training goes on as if it had never stopped.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: for a file that is cut off or of another kind, and for classes that are not known; says what to do.
    """
    path = Path(filepath)
    kind = kind_of(path)
    if (kind == "zip" and path.suffix != ".h5") or is_model_folder(path):
        return load_archive(path, custom_objects, compile, safe_mode)
    if kind == "hdf5" and path.suffix != ".keras":
        return load_h5(path, custom_objects, compile, safe_mode)
    if kind in ("zip", "hdf5"):
        right = {"zip": ".keras", "hdf5": ".h5"}[kind]
        raise not_what_was_asked(path, f"a {path.suffix} file", f"Rename it to {path.with_suffix(right).name} and load that.")
    raise not_what_was_asked(path, "a saved model", "load_model reads .keras and .h5 files that save_model or Keras wrote.")


def save_weights(model: Any, filepath: PathLike, overwrite: bool = True, max_shard_size: float | None = None) -> None:
    """Write the weights of `model`, and its optimizer's state, to a ``.weights.h5`` file, or to several.

    Args:
        model: what to save.
        filepath: ends with ``.weights.h5``; with ``.weights.json`` for several files.
        overwrite: False refuses to replace a file.
        max_shard_size: the size in GB that none of several files goes over.

    Raises:
        ValueError: for another suffix, a model that is not built, or a variable larger than `max_shard_size`.
        FileExistsError: if the file exists and `overwrite` is False.
    """
    path = _writable(filepath, overwrite)
    if max_shard_size is not None:
        if not path.name.endswith(SHARD_MAP):
            raise ValueError(f"With max_shard_size the name ends with {SHARD_MAP}, got {path}: the shards lie beside it.")
        _require_built(model, "save")
        save_sharded(model, path, max_shard_size)
        return
    if path.name.endswith(SHARD_MAP):
        raise ValueError(f"{path} is a name for weights in several files: give max_shard_size, the size of each in GB.")
    if not path.name.endswith(".weights.h5"):
        raise ValueError(f"A file of weights ends with .weights.h5, got {path}. For the whole model use model.save.")
    _require_built(model, "save")
    with new_hdf5() as (file, content):
        write_weights(model, file)
    with replacing(path) as temporary:
        temporary.write_bytes(content.getbuffer())


def load_weights(model: Any, filepath: PathLike, by_name: bool = False, skip_mismatch: bool = False) -> None:
    """Give `model` the weights of a ``.weights.h5``, ``.weights.json``, ``.keras`` or ``.h5`` file.

    Args:
        model: built as the one that was saved.
        filepath: the file.
        by_name: fill the layers whose names agree with the file; for ``.h5`` files only.
        skip_mismatch: leave layers as they are whose weights have other shapes in the file.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: for a file that is cut off, of another kind or of another model; the model is as before.
    """
    path = Path(filepath)
    kind = kind_of(path)
    _require_built(model, "load")
    if path.name.endswith(SHARD_MAP):
        if by_name:
            raise _no_names(path)
        with open_sharded(path) as file:
            read_weights(model, file, path, skip_mismatch)
        return
    if kind == "zip" or is_model_folder(path):
        if by_name:
            raise _no_names(path)
        with open_members(path) as members, open_weights(members, path) as file:
            read_weights(model, file, path, skip_mismatch)
    elif kind == "hdf5":
        with open_hdf5(path) as file:
            group = file.get(MODEL_WEIGHTS, file)
            if any(key.startswith("layer_names") for key in group.attrs):
                read_layers(model, group, path, by_name, skip_mismatch)
            elif by_name:
                raise ValueError(
                    f"by_name=True works with .h5 files of layers; {path} stores weights by their place in the model."
                )
            else:
                read_weights(model, file, path, skip_mismatch)
    else:
        raise not_what_was_asked(path, "a file of weights", "load_weights reads .weights.h5, .keras and .h5 files.")


def to_json(model: Any, **kwargs: Any) -> str:
    """The model without weights as JSON text; `kwargs` go to `json.dumps`."""
    written = serialize_keras_object(model)
    return json.dumps(written, **kwargs)


def model_from_json(json_string: str, custom_objects: CustomObjects = None) -> Any:
    """The model that `to_json` wrote, with new weights.

    Raises:
        ValueError: for text that is not the JSON of a model, and for classes that are not known.
    """
    try:
        config = json.loads(json_string)
    except ValueError as error:
        raise ValueError(f"This is not JSON: {error}. model_from_json takes what model.to_json() returned.") from error
    if not isinstance(config, dict) or "class_name" not in config:
        raise ValueError("This JSON does not describe a model. model_from_json takes what model.to_json() returned.")
    return deserialize_keras_object(config if "module" in config else from_legacy(config), custom_objects)


def _writable(filepath: PathLike, overwrite: bool) -> Path:
    path = Path(filepath)
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists already. Choose another name, or pass overwrite=True to replace it.")
    return path


def _no_names(path: Path) -> ValueError:
    return ValueError(f"by_name=True works with .h5 files of layers; {path} stores weights by their place in the model.")


def _require_built(model: Any, verb: str) -> None:
    """A model that is never called itself, such as a GAN, is complete when the models that it is made of are."""
    parts = [layer.built for layer in model._flatten_layers() if layer is not model]
    if not model.built and not (parts and all(parts)):
        raise ValueError(
            f"Cannot {verb} weights of {model.name!r}: it has none yet. Call it on data, give its first layer an input shape, "
            "or call build(input_shape)."
        )
