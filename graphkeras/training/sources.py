"""Where batches come from: arrays in memory, or anything that yields batches."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import numpy as np

from .. import config, tree
from .arrays import Array, leaves, sample_count, standardize
from .packing import pack_x_y_sample_weight, unpack_x_y_sample_weight
from .prefetch import ahead, mapped
from .py_dataset import PyDataset
from .shuffling import Orders

#: How many bytes of shuffled samples are gathered at once. Large enough that gathering costs a step little, small enough
#: to stay in the processor's cache until the step reads it.
CHUNK_BYTES = 1 << 20
BUFFERS = 3
#: Whether a thread gathers them. On two cores or fewer it would take turns with the program: measured on two busy ones, a
#: step of 460 us with 393 kB of samples costs 87 us more when they are gathered between steps, and 142 us more on a thread.
HAS_SPARE_CORE = len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)) > 2


class Source:
    """Where batches come from.

    Attributes:
        samples: how many samples there are, or None if it is not known.
        steps: how many batches make a pass, or None if it is not known.
        order_seed: the seed of the order of samples or batches, or None if they come as they are.
    """

    samples: int | None = None
    order_seed: int | None = None

    def __init__(self, steps: int | None, limit: int | None) -> None:
        most = config.max_steps_per_epoch()
        if most is not None and (steps if limit is None else limit) not in range(most + 1):
            limit = most
        self.steps = steps if limit is None else limit
        self._limit = limit
        self._going: Iterator[Any] | None = None
        self._passes = 0

    @property
    def is_limited(self) -> bool:
        """Whether a pass may be another number of batches than all the data."""
        return self._limit is not None

    def batches(self, number: int = 0) -> Iterator[Any]:
        """The batches of one pass. `number` tells passes apart, so that each has its own order.

        With a given number of steps, a pass goes on where the last one stopped, and starts again at the end of the data.
        """
        return self._pass(number) if self._limit is None else self._limited(self._limit)

    def _limited(self, limit: int) -> Iterator[Any]:
        left, fresh = limit, False
        while left:
            if self._going is None:
                self._going, fresh = self._pass(self._passes), True
                self._passes += 1
            for batch in self._going:
                fresh = False
                yield batch
                left -= 1
                if not left:
                    return
            self._going = None
            if fresh:
                return  # nothing at all: a generator that has been read

    def _pass(self, number: int) -> Iterator[Any]:
        """All the data, once."""
        raise NotImplementedError(f"{type(self).__name__} must define _pass.")


class ArraySource(Source):
    """Batches cut from arrays: for each batch the list of its arrays.

    Without shuffling, batches are views. With it, a chunk of several batches is gathered into a buffer, by a thread where a
    core is free for it, and batches are views of that. Three buffers take turns: one is read, one is filled, and one may
    still be on its way to the device.

    Args:
        x, y, sample_weight: standardized arrays in nested lists, tuples and dicts; None for what there is not.
        batch_size: samples in a batch; the last batch of a pass may have fewer.
        shuffle_seed: the seed of the order of samples, or None to keep their order.
        limit: how many batches make a pass, if not all.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        sample_weight: Any,
        batch_size: int,
        shuffle_seed: int | None = None,
        limit: int | None = None,
    ) -> None:
        self.samples: int = sample_count(x, y, sample_weight)
        super().__init__(-(-self.samples // batch_size), limit)
        self.batch_size = batch_size
        self.order_seed, self._orders = shuffle_seed, Orders(shuffle_seed or 0, self.samples)
        self.structure = pack_x_y_sample_weight(x, y, sample_weight)
        self._arrays = [np.ascontiguousarray(array) for array in leaves(self.structure)]
        self._buffers: list[list[Array]] = []

    def example(self) -> Any:
        """A batch, to compile for."""
        return tree.map_structure(lambda array: array if array is None else array[: self.batch_size], self.structure)

    def _pass(self, number: int) -> Iterator[list[Array]]:
        if self.order_seed is None:
            return self._in_order()
        if self._orders.seed != self.order_seed:
            self._orders = Orders(self.order_seed, self.samples)
        return self._shuffled(self._orders(number))

    def _in_order(self) -> Iterator[list[Array]]:
        arrays, size = self._arrays, self.batch_size
        for start in range(0, self.samples, size):
            yield [array[start : start + size] for array in arrays]

    def _shuffled(self, order: Array) -> Iterator[list[Array]]:
        size, chunk = self.batch_size, self._chunk_size()
        chunks = (
            self._gathered(order[start : start + chunk], turn % BUFFERS)
            for turn, start in enumerate(range(0, self.samples, chunk))
        )
        for gathered in ahead(chunks, 1) if HAS_SPARE_CORE and self.samples > chunk else chunks:
            for first in range(0, len(gathered[0]), size):
                yield [array[first : first + size] for array in gathered]

    def _gathered(self, places: Array, buffer: int) -> list[Array]:
        """The samples at those places, in one of the buffers."""
        return [
            np.take(array, places, axis=0, out=room[: len(places)], mode="clip")
            for array, room in zip(self._arrays, self._buffers[buffer])
        ]

    def _chunk_size(self) -> int:
        """Samples of a chunk, a multiple of the batch size; makes the buffers."""
        sample_bytes = sum(array[:1].nbytes for array in self._arrays) or 1
        chunk = max(1, CHUNK_BYTES // (sample_bytes * self.batch_size)) * self.batch_size
        if not self._buffers:
            rows = min(chunk, self.samples)
            self._buffers = [
                [np.empty((rows, *array.shape[1:]), array.dtype) for array in self._arrays] for _ in range(BUFFERS)
            ]
        return chunk


class IterableSource(Source):
    """Batches from a generator, an iterable of batches, or a `PyDataset`: each as `train_step` gets it.

    A thread makes them ahead of the training loop, unless `data` is a generator: that may do anything with the model, so it
    is asked only between steps (while the device works on the last one).

    Args:
        data: yields x, (x, y) or (x, y, sample_weight).
        limit: how many batches make a pass; None for all.
        adapt: gives the weights of samples for (x, y, sample_weight); for class weights.
        shuffle_seed: the seed of the order of the batches of a `PyDataset`, or None to keep their order.
    """

    def __init__(
        self,
        data: Any,
        limit: int | None = None,
        adapt: Callable[[Any, Any], Any] | None = None,
        shuffle_seed: int | None = None,
    ) -> None:
        self._is_sequence = hasattr(data, "__getitem__") and _length(data) is not None
        super().__init__(_length(data), limit)
        self._data, self._adapt, self.order_seed = data, adapt, shuffle_seed

    def _pass(self, number: int) -> Iterator[Any]:
        if hasattr(self._data, "on_epoch_begin"):
            self._data.on_epoch_begin()
        yield from self._batches(number)
        if hasattr(self._data, "on_epoch_end"):
            self._data.on_epoch_end()

    def _batches(self, number: int) -> Iterator[Any]:
        data = self._data
        if isinstance(data, PyDataset) and data.num_batches is not None:
            return self._of_dataset(data, data.num_batches, number)
        if isinstance(data, PyDataset):
            return ahead(self._standard(data[index]) for index in count())
        if self._is_sequence:
            return ahead(self._standard(data[index]) for index in range(len(data)))
        batches = map(self._standard, iter(data))
        return batches if hasattr(data, "__next__") else ahead(batches)

    def _of_dataset(self, data: PyDataset, batches: int, number: int) -> Iterator[Any]:
        order = range(batches) if self.order_seed is None or not batches else Orders(self.order_seed, batches)(number).tolist()
        workers, depth = max(1, data.workers), max(1, data.max_queue_size)
        made = mapped(data.__getitem__, order, workers, data.use_multiprocessing and data.workers > 0, depth)
        return map(self._standard, made)

    def _standard(self, batch: Any) -> Any:
        named = zip(unpack_x_y_sample_weight(batch), ("x", "y", "sample_weight"))
        x, y, sample_weight = (standardize(part, name) for part, name in named)
        sample_count(x, y, sample_weight)
        if self._adapt is not None:
            sample_weight = self._adapt(y, sample_weight)
        return pack_x_y_sample_weight(x, y, sample_weight)


def _length(data: Any) -> int | None:
    """How many batches `data` says it has; None if it does not know."""
    if isinstance(data, PyDataset):
        return data.num_batches
    try:
        return len(data)
    except (TypeError, NotImplementedError):  # a generator; a data loader of an endless stream
        return None


def yields_batches(data: Any) -> bool:
    """Whether `data` is a source of batches rather than an array or a structure of arrays."""
    if data is None or isinstance(data, (list, tuple, dict, str, bytes)) or hasattr(data, "__array__"):
        return False
    return hasattr(data, "__next__") or hasattr(data, "__iter__") or (hasattr(data, "__getitem__") and hasattr(data, "__len__"))
