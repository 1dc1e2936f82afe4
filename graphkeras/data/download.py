"""`get_file`: a file from the internet, kept on disk."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from graphkeras.compiler import config

from ..saving.files import replacing
from ..utils.progbar import Progbar

_CHUNK = 1 << 20


def get_file(
    fname: str | os.PathLike[str] | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: str | Sequence[str] | None = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
) -> str:
    """The path of a file, which is downloaded from the address `origin` if it is not there yet.

    A download takes its place only when it is complete and its hash is right, so a file that is there is whole.

    Args:
        fname: its name on disk; by default the last part of the address.
        file_hash: the SHA-256 or MD5 of the file, as hexadecimal text; a file with another one is not taken.
        hash_algorithm: "sha256", "md5", or "auto": by the length of the hash.
        extract: whether to unpack a tar or zip archive; the result is then the path of the folder.
        archive_format: "auto", "tar", "zip", a list of these, or None.
        cache_dir, cache_subdir: the folder is cache_dir/cache_subdir; by default ~/.keras/datasets, or below $KERAS_HOME.
        force_download: whether to download although the file is there.
        untar, md5_hash: older spellings of `extract` (of tar archives) and `file_hash`.

    Raises:
        ValueError: for a name with folders in it, or a file whose hash is wrong.
        ConnectionError: if the address does not answer.
    """
    if not origin:
        raise ValueError("get_file: origin, the address of the file, must be given.")
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    folder = Path(config.current().keras_home if cache_dir is None else cache_dir).expanduser() / cache_subdir
    folder.mkdir(parents=True, exist_ok=True)
    name = os.fspath(fname) if fname else Path(urllib.parse.urlsplit(origin).path).name
    if not name:
        raise ValueError(f"get_file: the address {origin!r} does not end in a file name; give fname.")
    if Path(name).name != name:
        raise ValueError(f"get_file: fname must be a name without folders, got {name!r}; folders go into cache_dir.")
    unpacks = extract or untar
    target, unpacked = _places(folder, name, unpacks, given=bool(fname))
    if force_download or not target.exists() or not _is_right(target, file_hash, hash_algorithm):
        _download(origin, target, file_hash, hash_algorithm)
    if not unpacks:
        return str(target)
    if not _unpack(target, unpacked, "tar" if untar else archive_format):
        warnings.warn(f"get_file: {target} is no archive of format {archive_format!r}; it was not unpacked.", stacklevel=2)
    return str(unpacked)


def _places(folder: Path, name: str, unpacks: bool, given: bool) -> tuple[Path, Path]:
    """Where the file goes, and the folder that it is unpacked to."""
    if not unpacks:
        return folder / name, folder
    if given and "." in name:
        return folder / name, folder / f"{name[: name.find('.')]}_extracted"
    return folder / f"{name}_archive", folder / name


def _is_right(path: Path, file_hash: str | None, algorithm: str) -> bool:
    if file_hash is None or _hash_of(path, _algorithm(algorithm, file_hash)) == file_hash.lower():
        return True
    print(f"{path} is there, but its hash is not {file_hash}: it is downloaded again.")
    return False


def _algorithm(algorithm: str, file_hash: str) -> str:
    if algorithm not in ("auto", "sha256", "md5"):
        raise ValueError(f"get_file: hash_algorithm must be 'auto', 'sha256' or 'md5', got {algorithm!r}.")
    if algorithm != "auto":
        return algorithm
    return "sha256" if len(file_hash) == 64 else "md5"


def _hash_of(path: Path, algorithm: str) -> str:
    hasher = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            hasher.update(chunk)
    return hasher.hexdigest()


def _download(origin: str, target: Path, file_hash: str | None, algorithm: str) -> None:
    print(f"Downloading data from {origin}")
    with replacing(target) as temporary:
        try:
            with urllib.request.urlopen(origin) as answer, temporary.open("wb") as file:
                _copy(answer, file)
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            reason = f"{error.code} {error.reason}" if isinstance(error, urllib.error.HTTPError) else error
            raise ConnectionError(
                f"get_file: {origin} could not be read: {reason}. Without a connection, put the file at {target} yourself."
            ) from error
        if file_hash is not None:
            used = _algorithm(algorithm, file_hash)
            found = _hash_of(temporary, used)
            if found != file_hash.lower():
                raise ValueError(
                    f"get_file: the {used} of what {origin} gave is {found}, expected {file_hash}: the download was "
                    "incomplete, or the file is another one. It was not kept."
                )


def _copy(answer: Any, file: Any) -> None:
    """Copy what comes, and show how far it is.

    Raises:
        ConnectionError: if fewer bytes came than were announced.
    """
    announced = answer.headers.get("Content-Length")
    total = int(announced) if announced else None
    bar, done = Progbar(total), 0
    while chunk := answer.read(_CHUNK):
        file.write(chunk)
        done += len(chunk)
        bar.update(done)
    if total is not None and done != total:
        raise ConnectionError(f"{done} bytes came instead of {total}")


def _unpack(archive: Path, folder: Path, archive_format: str | Sequence[str] | None) -> bool:
    """Unpack into a new folder, which takes its name when it is complete; False if the file is no such archive.

    Members that would land outside of the folder are an error (tar) or are put inside (zip).
    """
    formats = (
        ("tar", "zip") if archive_format == "auto" else (archive_format,) if isinstance(archive_format, str) else archive_format
    )
    for kind in formats or ():
        if kind not in ("tar", "zip"):
            raise ValueError(f"get_file: archive_format must be made of 'tar' and 'zip', got {archive_format!r}.")
        if not (tarfile.is_tarfile(archive) if kind == "tar" else zipfile.is_zipfile(archive)):
            continue
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            if kind == "tar":
                with tarfile.open(archive) as tar:
                    tar.extractall(made, filter="data")
            else:
                with zipfile.ZipFile(archive) as zipped:
                    zipped.extractall(made)
            if folder.exists():
                shutil.rmtree(folder)
            made.chmod(0o755)
            made.rename(folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return True
    return False
