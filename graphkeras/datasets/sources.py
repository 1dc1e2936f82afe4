"""Where the data sets come from, and reading their files.

Every file is checked against its hash, and pickled parts may hold arrays and plain values only: a file never brings code.
"""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from ..data.download import get_file

Array = npt.NDArray[Any]
#: Training samples and labels, test samples and labels.
Split = tuple[tuple[Array, Array], tuple[Array, Array]]

_GOOGLE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_TORONTO = "https://www.cs.toronto.edu/~kriz/"

#: The hash of every file that has one, by its name at its source.
HASHES = {
    "mnist.npz": "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    "cifar-10-python.tar.gz": "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    "cifar-100-python.tar.gz": "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
    "imdb.npz": "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
    "imdb_word_index.json": "bfafd718b763782e994055a2d397834f",
    "reuters.npz": "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916",
    "reuters_word_index.json": "4d44cc38712099c9e383dc6e5f11a921",
    "boston_housing.npz": "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5",
    "california_housing.npz": "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f",
}


def fetch(source: str, name: str | None = None, folder: str = "datasets") -> Path:
    """The path on this machine of a file of the Keras data sets, stored under `name`."""
    return Path(get_file(name or source, _GOOGLE + source, cache_subdir=folder, file_hash=HASHES.get(source)))


def fetch_cifar(source: str, name: str) -> Path:
    """The folder that an archive of the CIFAR data sets was unpacked to."""
    return Path(get_file(name, _TORONTO + source, extract=True, file_hash=HASHES.get(source)))


def read_npz(path: str | os.PathLike[str]) -> dict[str, Array]:
    """The arrays of a `.npz` file; lists of different lengths are arrays of objects in it."""
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            with archive.open(member) as file:
                arrays[member.removesuffix(".npy")] = _read_npy(file)
    return arrays


def _read_npy(file: Any) -> Array:
    major, _ = np.lib.format.read_magic(file)
    read_header = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
    shape, _, dtype = read_header(file)
    if dtype.hasobject:
        return np.asarray(read_pickle(file), object).reshape(shape)
    file.seek(0)
    return np.asarray(np.lib.format.read_array(file, allow_pickle=False))


def read_pickle(file: IO[bytes], encoding: str = "ASCII") -> Any:
    """A pickled value made of plain values and arrays.

    Raises:
        pickle.UnpicklingError: if it wants anything else.
    """
    return _ArraysOnly(file, encoding=encoding).load()


class _ArraysOnly(pickle.Unpickler):
    _ALLOWED = frozenset(
        {
            ("numpy", "ndarray"),
            ("numpy", "dtype"),
            ("numpy.core.multiarray", "_reconstruct"),
            ("numpy._core.multiarray", "_reconstruct"),
            ("_codecs", "encode"),  # the bytes of an array in a pickle of Python 2's protocol
        }
    )

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._ALLOWED:
            raise pickle.UnpicklingError(f"The file wants to run {module}.{name}; a data set holds arrays only. Refused.")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def shuffled_split(x: Array, y: Array, test_split: float, seed: int) -> Split:
    """Shuffled by `seed` as Keras does it; the last part is for tests.

    Raises:
        ValueError: if `test_split` is not in [0, 1).
    """
    if not 0 <= test_split < 1:
        raise ValueError(f"test_split is the part of the samples for tests, at least 0 and below 1; got {test_split}.")
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    x, y = x[order], y[order]
    count = int(len(x) * (1 - test_split))
    return (x[:count], y[:count]), (x[count:], y[count:])
