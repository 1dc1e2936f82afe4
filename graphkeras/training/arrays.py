"""What users pass as data, as arrays that a compiled step can take; and the errors for what is no such thing."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkeras.compiler.types import DTYPES, numpy_dtype

from .. import config, tree
from ..host import strings
from ..tensor import KerasTensor
from ..variable import Variable

Array = np.ndarray[Any, Any]
_DTYPES = frozenset(map(numpy_dtype, DTYPES))
_SCALARS = (bool, int, float, str, bytes, np.generic)


def standardize(data: Any, name: str) -> Any:
    """Arrays in the place of all array-likes in nested lists, tuples and dicts; None stays.

    Doubles become the default float; other dtypes stay. A list of numbers (or of lists of numbers) is one array. `x` may hold
    strings, which become arrays of objects.

    Raises:
        TypeError: for strings, objects and other things that are no numbers.
        ValueError: for rows of different lengths and for scalars.
    """
    if data is None:
        return None
    if isinstance(data, dict):
        return {key: standardize(item, f"{name}[{key!r}]") for key, item in data.items()}
    if isinstance(data, (list, tuple)):
        if data and all(leaf is None or isinstance(leaf, _SCALARS) for leaf in tree.flatten(data)):
            return _array(data, name)
        if not data:
            raise ValueError(f"{name} is empty.")
        return (
            type(data)(standardize(item, f"{name}[{k}]") for k, item in enumerate(data))
            if type(data) in (list, tuple)
            else data
        )
    return _array(data, name)


def _array(data: Any, name: str) -> Array:
    if isinstance(data, KerasTensor):
        raise TypeError(f"{name} is the symbolic {data!r}; training and prediction need numbers: NumPy arrays.")
    if isinstance(data, (str, bytes)) or data is None:
        raise TypeError(f"{name} must be an array of numbers, got {data!r}.")
    if isinstance(data, Variable):
        data = data.numpy()
    if hasattr(data, "to_numpy"):  # data frames and series
        data = data.to_numpy()
    elif hasattr(data, "detach"):  # a tensor of PyTorch, wherever it is
        data = data.detach().cpu()
    try:
        array = np.asarray(data)
    except ValueError as error:
        raise ValueError(f"{name} must be an array of numbers, its rows have different lengths: {error}") from error
    if name.startswith("x") and (found := strings(array)) is not None:
        return np.asarray(found)  # layers of the model may take them
    if array.dtype.kind == "O":
        raise TypeError(f"{name} must be an array of numbers, got an array of objects; {_first_object(array)}.")
    if array.dtype.kind in "US":
        raise TypeError(
            f"{name} must be an array of numbers, got an array of strings such as {array.flat[0]!r}. "
            "Turn words into numbers first."
        )
    if array.dtype == np.float64:
        array = array.astype(numpy_dtype(config.floatx()))
    if array.dtype not in _DTYPES:
        raise TypeError(f"{name} has dtype {array.dtype}, which is none of {', '.join(DTYPES)}. Use {name}.astype('float32').")
    if array.ndim == 0:
        raise ValueError(f"{name} must have one axis of samples at least, got the scalar {array!r}.")
    return array


def _first_object(array: Array) -> str:
    for place, item in np.ndenumerate(array):
        if not isinstance(item, (bool, int, float, np.number)):
            where = place[0] if len(place) == 1 else place
            return f"the first that is no number is at index {where}: {item!r}"
    return "convert it with .astype('float32')"


def named_leaves(data: Any, name: str) -> list[tuple[str, Array]]:
    """(name, array) for all arrays, in the order in which compiled functions take them."""
    if data is None:
        return []
    if isinstance(data, dict):
        return [pair for key in tree.sorted_keys(data) for pair in named_leaves(data[key], f"{name}[{key!r}]")]
    if isinstance(data, (list, tuple)):
        return [pair for k, item in enumerate(data) for pair in named_leaves(item, f"{name}[{k}]")]
    return [(name, data)]


def leaves(data: Any) -> list[Array]:
    """All arrays, in the order in which compiled functions take them."""
    return [array for _, array in named_leaves(data, "")]


def sample_count(x: Any, y: Any = None, sample_weight: Any = None) -> int:
    """How many samples there are.

    Raises:
        ValueError: for none at all, or if arrays disagree; names them.
    """
    found = [*named_leaves(x, "x"), *named_leaves(y, "y"), *named_leaves(sample_weight, "sample_weight")]
    if not found:
        raise ValueError("There is no array in the data.")
    counts = {array.shape[0] for _, array in found}
    if len(counts) > 1:
        shown = ", ".join(f"{name} has {array.shape[0]}" for name, array in found)
        raise ValueError(f"All arrays must have the same number of samples (the size of axis 0): {shown}.")
    count = int(counts.pop())
    if count == 0:
        raise ValueError("The data set is empty: its arrays have 0 samples.")
    return count


def require_no_nan(data: Any, name: str) -> None:
    """Refuse NaN, which would turn every weight into NaN.

    Raises:
        ValueError: names the array and the first sample.
    """
    for place, array in named_leaves(data, name):
        if array.dtype.kind == "f" and _has_nan(array):
            rows = np.isnan(array).reshape(array.shape[0], -1).any(axis=1)
            raise ValueError(
                f"{place} holds NaN in {int(rows.sum())} of {array.shape[0]} samples, the first at index {int(rows.argmax())}. "
                "One such sample turns all weights into NaN. Leave these samples out, or replace NaN, for example by "
                "numpy.nan_to_num."
            )


def _has_nan(array: Array) -> bool:
    """Whether a sum of squares is NaN: the square of no other number is, and squares cannot cancel out."""
    if array.dtype.itemsize < 4:
        return bool(np.isnan(array).any())
    flat = array.reshape(-1) if array.flags.c_contiguous else array.ravel()
    return bool(np.isnan(np.dot(flat, flat)))
