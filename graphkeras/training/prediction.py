"""Gathering the results of `predict`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import tree
from ..callbacks import CallbackList
from .arrays import Array
from .loop import Steps, results
from .sources import Source


def predict_all(model: Any, steps: Steps, source: Source, callbacks: Any, verbose: int) -> Any:
    """Run all batches and join their results along axis 0.

    Raises:
        ValueError: if there is no batch.
    """
    watched = CallbackList(callbacks, add_progbar=verbose != 0, model=model)
    watched.set_params({"verbose": verbose, "epochs": 1, "steps": source.steps})
    before = watched.on_predict_batch_begin if watched.acts("on_predict_batch_begin") else None
    acts = watched.acts("on_predict_batch_end")
    known = source.samples is not None and not source.is_limited
    joined = Joined(source.samples if known else None)
    watched.on_predict_begin()
    for step, prepared in enumerate(steps.launched(0, before)):
        outputs = results(prepared)
        joined.append(outputs)
        if acts:
            watched.batch_end("on_predict_batch_end", step, lambda outputs=outputs: {"outputs": outputs})  # type: ignore[misc]
    watched.on_predict_end()
    return joined.result()


def predicted(steps: Steps) -> Iterator[Any]:
    """The results of one batch after the other; they are copies, since the executable uses its memory again."""
    for prepared in steps.launched():
        yield tree.map_structure(np.array, results(prepared))


class Joined:
    """Results of batches, one after the other along axis 0.

    Args:
        samples: how many there will be, so that each result is copied into its place at once; None if it is not known.
    """

    def __init__(self, samples: int | None) -> None:
        self._samples = samples
        self._structure: Any = None
        self._wholes: list[Array] = []
        self._parts: list[list[Array]] = []
        self._filled = 0

    def append(self, outputs: Any) -> None:
        """The results of the next batch. They are copied: the executable may use their memory again."""
        arrays = tree.flatten(outputs)
        if self._structure is None:
            self._structure = outputs
            self._parts = [[] for _ in arrays]
            if self._samples is not None:
                self._wholes = [np.empty((self._samples, *array.shape[1:]), array.dtype) for array in arrays]
        if self._wholes and self._fit(arrays):
            end = self._filled + arrays[0].shape[0]
            for whole, array in zip(self._wholes, arrays):
                whole[self._filled : end] = array
            self._filled = end
            return
        for part, whole in zip(self._parts, self._wholes):
            part.append(whole[: self._filled])
        self._wholes = []
        for part, array in zip(self._parts, arrays):
            part.append(np.array(array, ndmin=1))

    def _fit(self, arrays: list[Array]) -> bool:
        """Whether the results have one row for each sample: a model may return more, fewer, or a number."""
        if not all(array.ndim for array in arrays):
            return False
        rows = {array.shape[0] for array in arrays}
        sizes = all(whole.shape[1:] == array.shape[1:] for whole, array in zip(self._wholes, arrays))
        return len(rows) == 1 and sizes and self._filled + rows.pop() <= len(self._wholes[0])

    def result(self) -> Any:
        if self._structure is None:
            raise ValueError("The data yields no batch to predict on.")
        arrays = [whole[: self._filled] for whole in self._wholes] or [np.concatenate(part, axis=0) for part in self._parts]
        return tree.pack_sequence_as(self._structure, arrays)
