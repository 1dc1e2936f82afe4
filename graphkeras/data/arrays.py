"""Data sets from arrays: `split_dataset`, `timeseries_dataset_from_array`, and `pad_sequences`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import tree
from .dataset import Dataset, Samples, any_seed, check_format, pass_seed

Array = np.ndarray[Any, Any]


def pad_sequences(
    sequences: Any,
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> Array:
    """Sequences of different lengths as one array (sequences, maxlen, ...).

    Args:
        maxlen: the length of all rows; by default that of the longest sequence.
        padding: "pre" or "post": where `value` is put into rows of shorter sequences.
        truncating: "pre" or "post": where longer sequences lose elements.

    Raises:
        ValueError: if `sequences` is not a list of sequences whose elements have one shape.
    """
    for argument, given in (("padding", padding), ("truncating", truncating)):
        if given not in ("pre", "post"):
            raise ValueError(f"pad_sequences: {argument} must be 'pre' or 'post', got {given!r}.")
    if not hasattr(sequences, "__len__"):
        raise ValueError(f"pad_sequences: sequences must be a list of sequences, got {type(sequences).__name__}.")
    for place, sequence in enumerate(sequences):
        if not hasattr(sequence, "__len__"):
            raise ValueError(f"pad_sequences: element {place} is no sequence: {sequence!r}.")
    holds_text = dtype is object or np.issubdtype(dtype, np.str_) or np.issubdtype(dtype, np.bytes_)
    if isinstance(value, str) and not holds_text:
        raise ValueError(f"pad_sequences: value {value!r} does not fit dtype {dtype}; text needs dtype=object.")
    length = max(map(len, sequences), default=0) if maxlen is None else maxlen
    shape = next((np.asarray(sequence).shape[1:] for sequence in sequences if len(sequence)), ())
    padded = np.full((len(sequences), length, *shape), value, dtype=dtype)
    for place, sequence in enumerate(sequences):
        if not len(sequence) or not length:
            continue
        kept = np.asarray(sequence[-length:] if truncating == "pre" else sequence[:length], dtype=dtype)
        if kept.shape[1:] != shape:
            raise ValueError(f"pad_sequences: elements of sequence {place} have shape {kept.shape[1:]}, others {shape}.")
        padded[place, slice(length - len(kept), None) if padding == "pre" else slice(len(kept))] = kept
    return padded


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> Dataset:
    """Windows that slide over a series: batches of sequences, or (sequences, targets).

    Args:
        data: (time, ...).
        targets: targets[i] belongs to the window that starts at time i; None for none.
        sequence_length: elements of a window.
        sequence_stride: steps between the starts of windows.
        sampling_rate: steps between the elements of a window.
        batch_size: None for single windows.
        start_index, end_index: only times start_index <= time < end_index are used.
        format: accepted as in Keras; the result is a `Dataset` of NumPy arrays.

    Raises:
        ValueError: for numbers that do not fit the length of the data.
    """
    check_format(format)
    series = np.asarray(data)
    _check_window(len(series), start_index, end_index, sampling_rate, sequence_stride)
    start, end = start_index or 0, len(series) if end_index is None else end_index
    steps = np.arange(sequence_length) * sampling_rate
    count = end - start - (sequence_length - 1) * sampling_rate
    wanted = None if targets is None else np.asarray(targets)[start:end]
    if wanted is not None:
        count = min(count, len(wanted))
    starts = np.arange(0, max(count, 0), sequence_stride)
    used = series[start:end]

    def read(numbers: Array) -> Any:
        first = starts[numbers]
        windows = used[first[:, None] + steps]
        return windows if wanted is None else (windows, wanted[first])

    return Samples(read, len(starts), batch_size, pass_seed(shuffle, seed))


def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Dataset, Dataset]:
    """Two data sets of single samples, the first ones and the last ones; `batch` makes batches of them.

    Args:
        dataset: arrays of one length in a list, tuple or dict, one array, or a `Dataset`.
        left_size, right_size: a share (float) or a number (int) of samples; one of them may be left out.
        shuffle: whether to mix the samples before.
        preferred_backend: accepted as in Keras and not used.

    Raises:
        ValueError: if both sizes are missing, or do not fit.
        TypeError: for a data set of another kind.
    """
    count, read = _samples_of(dataset)
    left, right = _split_sizes(left_size, right_size, count)
    order = np.arange(count)
    if shuffle:
        order = np.random.default_rng(any_seed() if seed is None else seed).permutation(count)

    def part(numbers: Array) -> Dataset:
        return Samples(lambda places: read(numbers[places]), len(numbers), None)

    return part(order[:left]), part(order[count - right :])


def _samples_of(dataset: Any) -> tuple[int, Any]:
    """How many samples there are, and a function that reads some of them."""
    if isinstance(dataset, Dataset):

        def stacked(numbers: Array) -> Any:
            return tree.map_structure(lambda *leaves: np.stack(leaves), *(dataset[int(k)] for k in numbers))

        return len(dataset), stacked
    if not isinstance(dataset, (np.ndarray, list, tuple, dict)):
        raise TypeError(
            f"split_dataset: dataset must be arrays in a list, tuple or dict, or a Dataset, got {type(dataset).__name__}."
        )
    leaves = tree.flatten(dataset)
    lengths = {len(leaf) for leaf in leaves if isinstance(leaf, np.ndarray)}
    if len(lengths) != 1 or not all(isinstance(leaf, np.ndarray) for leaf in leaves):
        raise ValueError(
            "split_dataset: dataset must hold arrays of one length, got "
            f"{', '.join(str(leaf.shape) if isinstance(leaf, np.ndarray) else type(leaf).__name__ for leaf in leaves)}."
        )
    structure = tuple(dataset) if isinstance(dataset, list) else dataset
    return lengths.pop(), lambda numbers: tree.map_structure(lambda leaf: leaf[numbers], structure)


def _split_sizes(left: Any, right: Any, count: int) -> tuple[int, int]:
    if left is None and right is None:
        raise ValueError("split_dataset: left_size or right_size must be given.")
    for name, size in (("left_size", left), ("right_size", right)):
        if size is None:
            continue
        if isinstance(size, bool) or not isinstance(size, (int, float)):
            raise TypeError(f"split_dataset: {name} must be an int or a float, got {type(size).__name__}.")
        if not 0 < size < (1 if isinstance(size, float) else count):
            raise ValueError(
                f"split_dataset: {name} must be a number of samples between 1 and {count - 1}, or a share between 0 and 1, "
                f"got {size}."
            )
    if isinstance(left, float) and isinstance(right, float) and left + right > 1:
        raise ValueError(f"split_dataset: left_size + right_size must be at most 1, got {left} + {right}.")
    left, right = (round(size * count) if isinstance(size, float) else size for size in (left, right))
    left = count - right if left is None else left
    right = count - left if right is None else right
    if left + right > count:
        raise ValueError(f"split_dataset: {left} and {right} samples are more than the {count} that there are.")
    if not left or not right:
        raise ValueError(f"split_dataset: of {count} samples, one side would get none; give other sizes.")
    return left, right


def _check_window(count: int, start: int | None, end: int | None, rate: int, stride: int) -> None:
    name = "timeseries_dataset_from_array"
    if start is not None and not 0 <= start < count:
        raise ValueError(f"{name}: start_index must be at least 0 and less than the {count} data points, got {start}.")
    if end is not None and not (start or 0) < end < count:
        raise ValueError(
            f"{name}: end_index must be greater than start_index ({start or 0}) and less than the {count} data points, "
            f"got {end}."
        )
    for argument, steps in (("sampling_rate", rate), ("sequence_stride", stride)):
        if not 0 < steps < count:
            raise ValueError(f"{name}: {argument} must be at least 1 and less than the {count} data points, got {steps}.")
