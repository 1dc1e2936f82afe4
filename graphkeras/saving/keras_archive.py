"""The `.keras` file: a ZIP archive, or a plain folder, of the model's config, weights, assets and optimizer state."""

from __future__ import annotations

import io
import json
import os
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

import graphkeras

from ..loading import numbers_come_from_a_file
from . import assets
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
    members = _members(model, include_optimizer)
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def save_folder(model: Any, path: Path, include_optimizer: bool = True) -> None:
    """Write the members of the archive as plain files of the folder `path`; each is replaced when the new one is complete.

    Other files in the folder stay as they are.
    """
    members = _members(model, include_optimizer)
    path.mkdir(parents=True, exist_ok=True)
    with ExitStack() as files:  # all are written before the first is replaced
        for name, content in members.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            files.enter_context(replacing(path / name)).write_bytes(content)


def _members(model: Any, include_optimizer: bool) -> dict[str, bytes | memoryview]:
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
    required: dict[str, bytes | memoryview] = {
        METADATA: json.dumps(metadata).encode(),
        CONFIG: config.encode(),
        WEIGHTS: weights.getbuffer(),
    }
    return {**required, **assets.collected(model)}


def load_archive(
    path: str | os.PathLike[str],
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model of a `.keras` file or folder, compiled as it was unless `compile` is False.

    Raises:
        ValueError: for a damaged archive, a file or folder that holds no model, or classes that are not known here.
    """
    with open_members(path) as members:
        config = _read_config(members, path)
        if not compile:
            config.pop("compile_config", None)
        with numbers_come_from_a_file():
            model = deserialize_keras_object(config, custom_objects, safe_mode)
        with open_weights(members, path) as file:
            read_weights(model, file, path)
        assets.give(model, members.names, members.read, path)
    return model


@dataclass(frozen=True)
class Members:
    """What an archive or a folder holds."""

    names: list[str]
    read: Callable[[str], bytes]


def is_model_folder(path: str | os.PathLike[str]) -> bool:
    """Whether `path` is a folder with a model in it, as `save_model` with zipped=False writes it."""
    return (Path(path) / CONFIG).is_file()


@contextmanager
def open_members(path: str | os.PathLike[str]) -> Iterator[Members]:
    """The members of a `.keras` file or folder."""
    folder = Path(path)
    if folder.is_dir():
        names = sorted(item.relative_to(folder).as_posix() for item in folder.rglob("*") if item.is_file())
        yield Members(names, lambda name: (folder / name).read_bytes())
    else:
        with open_zip(path) as archive:
            yield Members(archive.namelist(), lambda name: _read_member(archive, name, path))


def _read_config(members: Members, path: str | os.PathLike[str]) -> dict[str, Any]:
    """The model's config.

    Raises:
        ValueError: if there is none.
    """
    if CONFIG not in members.names:
        raise ValueError(
            f"{path} is a ZIP archive without {CONFIG}, so it is not a .keras file. It holds: {', '.join(members.names[:10])}."
        )
    try:
        config = json.loads(members.read(CONFIG))
    except ValueError as error:
        raise ValueError(f"{path}: {CONFIG} is not readable ({error}). The file is damaged; copy it again.") from error
    if not isinstance(config, dict) or "class_name" not in config:
        raise ValueError(f"{path}: {CONFIG} does not describe a model.")
    return config


@contextmanager
def open_weights(members: Members, path: str | os.PathLike[str]) -> Iterator[h5py.File]:
    """The weights inside an archive or a folder, as an open HDF5 file.

    Raises:
        ValueError: if there are none.
    """
    if WEIGHTS not in members.names:
        raise ValueError(f"{path} holds no {WEIGHTS}; it holds: {', '.join(members.names[:10])}. Save the model again.")
    with open_hdf5(f"{path}:{WEIGHTS}", io.BytesIO(members.read(WEIGHTS))) as file:
        yield file


def _read_member(archive: zipfile.ZipFile, name: str, path: str | os.PathLike[str]) -> bytes:
    info = archive.getinfo(name)
    if info.file_size > _LARGEST and info.file_size > 100 * info.compress_size:
        raise ValueError(f"{path}: {name} claims to unpack to {info.file_size:,} bytes from {info.compress_size:,}; refused.")
    try:
        return archive.read(name)
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise ValueError(f"{path}: {name} is damaged ({error}). Copy the file again, or load an earlier save.") from error
