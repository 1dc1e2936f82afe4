"""`Dataset`: elements by number, each a sample or a batch, made when they are needed; `fit` takes it when they are batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import tree
from ..training.py_dataset import PyDataset

Array = np.ndarray[Any, Any]


class Dataset(PyDataset):
    """Elements by number. Every method returns a new data set and leaves this one as it is.

    `fit`, `evaluate` and `predict` take a data set whose elements are batches: x, (x, y) or (x, y, sample_weight).

    Attributes:
        class_names: names of the classes, for data sets read from a directory.
        file_paths: the files of the samples, for data sets read from a directory.
    """

    class_names: list[str] | None = None
    file_paths: list[str] | None = None

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        """`batch_size` elements stacked along a new first axis; the last batch may have fewer."""
        return _Batches(self, batch_size, drop_remainder)

    def map(self, function: Callable[..., Any]) -> Dataset:
        """function(element), or function(x, y) of an element that is a tuple."""
        return _Mapped(self, function)

    def take(self, count: int) -> Dataset:
        """The first `count` elements; all for -1."""
        return _Part(self, 0, len(self) if count < 0 else min(count, len(self)))

    def skip(self, count: int) -> Dataset:
        """The elements after the first `count`."""
        return _Part(self, min(count, len(self)), len(self))

    def cache(self) -> Dataset:
        """Every element is made once and kept in memory, also if the data set below is shuffled."""
        return _Cached(self)

    def shuffle(self, buffer_size: int | None = None, seed: int | None = None) -> Dataset:
        """The elements in another order in each pass. All of them are mixed, whatever `buffer_size` says."""
        return _Shuffled(self, seed)

    def prefetch(self, buffer_size: int | None = None) -> Dataset:
        """The data set itself: there is nothing to fetch ahead."""
        return self


class Samples(Dataset):
    """Samples by number, in batches.

    Args:
        read: given the numbers of some samples, returns them stacked: an array or a structure of arrays.
        count: how many samples there are.
        batch_size: samples in an element; None for single ones.
        seed: gives every pass its own order; None keeps the order.
    """

    def __init__(self, read: Callable[[Array], Any], count: int, batch_size: int | None, seed: int | None = None) -> None:
        super().__init__()
        if batch_size is not None and batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, or None for single samples, got {batch_size}.")
        self._read, self._count, self.batch_size = read, count, batch_size
        self._order = _Order(count, seed)

    def __len__(self) -> int:
        return self._count if self.batch_size is None else -(-self._count // self.batch_size)

    def __getitem__(self, index: int) -> Any:
        index = _checked(index, len(self))
        if self.batch_size is None:
            return tree.map_structure(lambda part: part[0], self._read(self._order.numbers[index : index + 1]))
        return self._read(self._order.numbers[index * self.batch_size : (index + 1) * self.batch_size])

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        if self.batch_size is not None or drop_remainder:
            return super().batch(batch_size, drop_remainder)
        made = Samples(self._read, self._count, batch_size)
        made._order = self._order
        return made

    def on_epoch_end(self) -> None:
        self._order.next_pass()


class _Order:
    """The numbers 0 ... count - 1, in another order for each pass if there is a seed."""

    def __init__(self, count: int, seed: int | None) -> None:
        self._seed, self._passes = seed, 0
        self.numbers = np.arange(count)
        if seed is not None:
            self.next_pass()

    def next_pass(self) -> None:
        if self._seed is not None:
            self.numbers = np.random.default_rng([self._seed, self._passes]).permutation(len(self.numbers))
            self._passes += 1


class _Derived(Dataset):
    """A data set made of another one."""

    def __init__(self, source: Dataset) -> None:
        super().__init__()
        self._source = source

    def __len__(self) -> int:
        return len(self._source)

    def on_epoch_end(self) -> None:
        self._source.on_epoch_end()


class _Batches(_Derived):
    def __init__(self, source: Dataset, batch_size: int, drop_remainder: bool) -> None:
        super().__init__(source)
        if batch_size < 1:
            raise ValueError(f"batch: batch_size must be at least 1, got {batch_size}.")
        self.batch_size, self._drops = batch_size, drop_remainder

    def __len__(self) -> int:
        count = len(self._source)
        return count // self.batch_size if self._drops else -(-count // self.batch_size)

    def __getitem__(self, index: int) -> Any:
        start = _checked(index, len(self)) * self.batch_size
        parts = [self._source[k] for k in range(start, min(start + self.batch_size, len(self._source)))]
        return tree.map_structure(lambda *leaves: np.stack(leaves), *parts)


class _Mapped(_Derived):
    def __init__(self, source: Dataset, function: Callable[..., Any]) -> None:
        super().__init__(source)
        self._function = function

    def __getitem__(self, index: int) -> Any:
        element = self._source[index]
        return self._function(*element) if isinstance(element, tuple) else self._function(element)


class _Part(_Derived):
    def __init__(self, source: Dataset, start: int, stop: int) -> None:
        super().__init__(source)
        self._start, self._stop = start, stop

    def __len__(self) -> int:
        return self._stop - self._start

    def __getitem__(self, index: int) -> Any:
        return self._source[self._start + _checked(index, len(self))]


class _Cached(_Derived):
    def __init__(self, source: Dataset) -> None:
        super().__init__(source)
        self._kept: dict[int, Any] = {}

    def __getitem__(self, index: int) -> Any:
        index = _checked(index, len(self))
        if index not in self._kept:
            self._kept[index] = self._source[index]
        return self._kept[index]

    def on_epoch_end(self) -> None:
        """The elements stay as they are."""


class _Shuffled(_Derived):
    def __init__(self, source: Dataset, seed: int | None) -> None:
        super().__init__(source)
        self._order = _Order(len(source), any_seed() if seed is None else seed)

    def __getitem__(self, index: int) -> Any:
        return self._source[int(self._order.numbers[_checked(index, len(self))])]

    def on_epoch_end(self) -> None:
        super().on_epoch_end()
        self._order.next_pass()


def any_seed() -> int:
    """A seed from NumPy's global generator, as Keras draws it."""
    return int(np.random.randint(10**6))


def pass_seed(shuffle: bool, seed: int | None) -> int | None:
    """The seed of the orders of passes, or None to keep one order."""
    return (any_seed() if seed is None else seed) if shuffle else None


def check_format(format: str) -> None:
    """Raise ValueError for a `format` that Keras does not know either."""
    if format not in ("tf", "grain"):
        raise ValueError(f"format must be 'tf' or 'grain' (the result is a Dataset of NumPy arrays), got {format!r}.")


def _checked(index: int, count: int) -> int:
    """`index` counted from the front.

    Raises:
        IndexError: if there is no such element.
    """
    if not -count <= index < count:
        raise IndexError(f"There is no element {index} in a data set of {count}.")
    return index % count
