"""The `.keras` file: a ZIP archive of the model's config, its weights and its optimizer's state."""

from __future__ import annotations

import io
import json
import os
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import h5py

import graphkeras

from ..loading import numbers_come_from_a_file
from .containers import new_hdf5, open_hdf5, open_zip
from .files import replacing
from .serialization import deserialize_keras_object, serialize_keras_object
from .weights_h5 import read_weights, write_weights

CONFIG, WEIGHTS, METADATA = "config.json", "model.weights.h5", "metadata.json"
#: The version of Keras whose format this is; readers use it to tell formats apart.
KERAS_VERSION = "3.15.1"
#: A member larger than this that unpacks to over a hundred times its size is a trap, not a model.
_LARGEST = 4 << 30


def save_archive(model: Any, path: str | os.PathLike[str], include_optimizer: bool = True) -> None:
    """Write `model` to `path`; the old file stays whole until the new one is."""
    written = serialize_keras_object(model)
    if not include_optimizer:
        written.pop("compile_config", None)
    metadata = {
        "keras_version": KERAS_VERSION,
        "date_saved": time.strftime("%Y-%m-%d@%H:%M:%S"),
        "graphkeras_version": graphkeras.__version__,
    }
    config = json.dumps(written)
    with new_hdf5() as (file, weights):
        write_weights(model, file, include_optimizer)
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(METADATA, json.dumps(metadata))
        archive.writestr(CONFIG, config)
        archive.writestr(WEIGHTS, weights.getbuffer())


def load_archive(
    path: str | os.PathLike[str],
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model of a `.keras` file, compiled as it was unless `compile` is False.

    Raises:
        ValueError: for a damaged archive, one that holds no model, or classes that are not known here.
    """
    with open_zip(path) as archive:
        config = read_config(archive, path)
        if not compile:
            config.pop("compile_config", None)
        with numbers_come_from_a_file():
            model = deserialize_keras_object(config, custom_objects, safe_mode)
        with open_weights(archive, path) as file:
            read_weights(model, file, path)
    return model


def read_config(archive: zipfile.ZipFile, path: str | os.PathLike[str]) -> dict[str, Any]:
    """The model's config.

    Raises:
        ValueError: if the archive has none.
    """
    if CONFIG not in archive.namelist():
        raise ValueError(
            f"{path} is a ZIP archive without {CONFIG}, so it is not a .keras file. "
            f"It holds: {', '.join(archive.namelist()[:10])}."
        )
    try:
        config = json.loads(_read_member(archive, CONFIG, path))
    except ValueError as error:
        raise ValueError(f"{path}: {CONFIG} is not readable ({error}). The file is damaged; copy it again.") from error
    if not isinstance(config, dict) or "class_name" not in config:
        raise ValueError(f"{path}: {CONFIG} does not describe a model.")
    return config


@contextmanager
def open_weights(archive: zipfile.ZipFile, path: str | os.PathLike[str]) -> Iterator[h5py.File]:
    """The weights inside an archive, as an open HDF5 file.

    Raises:
        ValueError: if the archive has none.
    """
    if WEIGHTS not in archive.namelist():
        raise ValueError(f"{path} holds no {WEIGHTS}; it holds: {', '.join(archive.namelist()[:10])}. Save the model again.")
    with open_hdf5(f"{path}:{WEIGHTS}", io.BytesIO(_read_member(archive, WEIGHTS, path))) as file:
        yield file


def _read_member(archive: zipfile.ZipFile, name: str, path: str | os.PathLike[str]) -> bytes:
    info = archive.getinfo(name)
    if info.file_size > _LARGEST and info.file_size > 100 * info.compress_size:
        raise ValueError(f"{path}: {name} claims to unpack to {info.file_size:,} bytes from {info.compress_size:,}; refused.")
    try:
        return archive.read(name)
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise ValueError(f"{path}: {name} is damaged ({error}). Copy the file again, or load an earlier save.") from error
