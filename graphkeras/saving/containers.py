"""The containers that models are stored in: HDF5 and ZIP; and the messages for a file that is not what was asked for."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

_HDF5 = b"\x89HDF\r\n\x1a\n"


def kind_of(path: str | os.PathLike[str]) -> str:
    """``"zip"``, ``"hdf5"``, ``"onnx"``, ``"folder"``, ``"empty"`` or ``"unknown"``, by the file's first bytes.

    Raises:
        FileNotFoundError: if there is no such file; names the files beside it that a user may have meant.
    """
    path = Path(path)
    if path.is_dir():
        return "folder"
    if not path.exists():
        beside = (
            sorted(p.name for p in path.parent.glob("*") if p.suffix in (".keras", ".h5", ".hdf5"))
            if path.parent.is_dir()
            else []
        )
        hint = f" In that folder there are: {', '.join(beside[:10])}." if beside else ""
        raise FileNotFoundError(f"There is no file {path}.{hint}")
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        return "empty"
    if start.startswith(b"PK"):
        return "zip"
    if start == _HDF5:
        return "hdf5"
    return "onnx" if path.suffix == ".onnx" else "unknown"


_MEANING = {
    "zip": "a ZIP archive, as .keras files are",
    "hdf5": "an HDF5 file, as .h5 files are",
    "onnx": "an ONNX model, which holds a program without the layers that made it; run it with onnxruntime",
    "folder": "a folder",
    "empty": "empty",
    "unknown": "neither a ZIP archive nor an HDF5 file",
}


def not_what_was_asked(path: str | os.PathLike[str], wanted: str, advice: str) -> ValueError:
    """The error for a file of another kind than its name or use says."""
    return ValueError(f"{path} is not {wanted}: it is {_MEANING[kind_of(path)]}. {advice}")


@contextmanager
def new_hdf5() -> Iterator[tuple[h5py.File, io.BytesIO]]:
    """A new HDF5 file in memory, and the buffer that holds its bytes after the block.

    The HDF5 library crashes the process when the disk gets full while it writes, so it never writes to the disk itself.
    """
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        yield file, buffer


@contextmanager
def open_hdf5(path: str | os.PathLike[str], source: Any = None) -> Iterator[h5py.File]:
    """An HDF5 file for reading.

    Args:
        path: the file, or its name in messages if `source` is given.
        source: an open binary file.

    Raises:
        ValueError: if the file is truncated or damaged, or points to data in other files.
    """
    try:
        file = h5py.File(path if source is None else source, "r")
    except OSError as error:
        raise ValueError(
            f"{path} cannot be read: it starts like an HDF5 file but is damaged or was cut off ({error}). "
            "Copy it again from its source, or load an earlier save."
        ) from error
    with file:
        _refuse_outside_data(file, path)
        yield file


def _refuse_outside_data(file: h5py.File, path: str | os.PathLike[str]) -> None:
    """A weights file from elsewhere must not make us read other files of this machine."""
    pending: list[h5py.Group] = [file]
    while pending:
        group = pending.pop()
        for key in group:
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise ValueError(f"{path}: {group.name}/{key} is a link to another place. Files with links are not loaded.")
            item = group[key]
            if isinstance(item, h5py.Group):
                pending.append(item)
            elif item.is_virtual or item.external:
                raise ValueError(f"{path}: the data of {item.name} is in another file. Files with outside data are not loaded.")


@contextmanager
def open_zip(path: str | os.PathLike[str]) -> Iterator[zipfile.ZipFile]:
    """A ZIP archive for reading.

    Raises:
        ValueError: if it is truncated or damaged.
    """
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise ValueError(
            f"{path} cannot be read: it starts like a .keras archive but is damaged or was cut off ({error}). "
            "Copy it again from its source, or load an earlier save."
        ) from error
    with archive:
        yield archive
