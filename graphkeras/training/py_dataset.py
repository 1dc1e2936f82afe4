"""`PyDataset`: a data set that makes its batches when they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class PyDataset:
    """Batches by number. A subclass defines `__getitem__(index)`, which returns one batch, and `__len__`.

    `on_epoch_end`, called after each pass, may shuffle. Batches are made in the training process, one after the other;
    `workers`, `use_multiprocessing` and `max_queue_size` are accepted and change nothing.
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers, self.use_multiprocessing, self.max_queue_size = workers, use_multiprocessing, max_queue_size

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(self, index).")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define __len__(self): the number of batches.")

    @property
    def num_batches(self) -> int:
        return len(self)

    def on_epoch_begin(self) -> None:
        """Called before each pass."""

    def on_epoch_end(self) -> None:
        """Called after each pass."""

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))
