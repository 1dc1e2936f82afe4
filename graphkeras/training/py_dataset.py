"""`PyDataset`: a data set that makes its batches when they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class PyDataset:
    """Batches by number. A subclass defines `__getitem__(index)`, which returns one batch, and `__len__`.

    Batches are made ahead of training, by threads or processes, and come in order; `fit` gives each epoch its own order of
    batches unless ``shuffle=False``. `on_epoch_end`, called after each pass in the training process, may shuffle samples.

    Args:
        workers: how many threads or processes make batches.
        use_multiprocessing: processes instead of threads: for `__getitem__` that computes much in Python. Each pass has new
            processes, copies of the training process at its begin.
        max_queue_size: how many batches may be made ahead.
    """

    workers, use_multiprocessing, max_queue_size = 1, False, 10  # for subclasses whose __init__ does not call this one

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers, self.use_multiprocessing, self.max_queue_size = workers, use_multiprocessing, max_queue_size

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(self, index).")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define __len__(self): the number of batches.")

    @property
    def num_batches(self) -> int | None:
        """How many batches there are; a subclass may define it as None for an endless stream."""
        return len(self)

    def on_epoch_begin(self) -> None:
        """Called before each pass."""

    def on_epoch_end(self) -> None:
        """Called after each pass."""

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))
