"""The one loop that `fit`, `evaluate` and `predict` share.

A step takes the next batch and launches the compiled program on it. Logs stay on the device until somebody looks at them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..callbacks import CallbackList
from ..tracing import PreparedFunction, StaticFunction
from .arrays import leaves
from .sources import ArraySource, Source


class Steps:
    """Runs a compiled function on the batches of a source.

    Args:
        function: the compiled step.
        source: the batches.
        check: looks at the data for errors that only the traced model can tell; called before the first step on arrays,
            and before every step on batches that come one by one.
    """

    def __init__(self, function: StaticFunction, source: Source, check: Callable[[Any], None] | None = None) -> None:
        self._function, self._source, self._check = function, source, check
        self._prepared: PreparedFunction | None = None
        if isinstance(source, ArraySource):
            self._prepared = function.prepare(source.example())
            if check is not None:
                check(source.structure)

    def launched(
        self,
        number: int = 0,
        before: Callable[[int], None] | None = None,
        skip: int = 0,
        ready: Callable[[], None] | None = None,
    ) -> Iterator[PreparedFunction]:
        """Launches a step for each batch of one pass; yields the program, whose `fetch` gives the step's results.

        `before(step)` is called before each launch. The first `skip` batches are passed over; `ready` is called once, when
        the program of the first step is compiled.
        """
        if self._prepared is None or skip or ready is not None:
            yield from self._launched_one_by_one(number, before, skip, ready)
            return
        prepared, launch = self._prepared, self._prepared.launch
        if before is None:
            for arrays in self._source.batches(number):
                launch(arrays)
                yield prepared
        else:
            for step, arrays in enumerate(self._source.batches(number)):
                before(step)
                launch(arrays)
                yield prepared

    def _launched_one_by_one(
        self, number: int, before: Callable[[int], None] | None, skip: int, ready: Callable[[], None] | None
    ) -> Iterator[PreparedFunction]:
        for step, batch in enumerate(self._source.batches(number)):
            if step < skip:
                continue
            prepared = self._prepared or self._function.prepare(batch)
            if self._check is not None and self._prepared is None:
                self._check(batch)
            if ready is not None:
                ready()
                ready = None
            if before is not None:
                before(step)
            prepared.launch(batch if self._prepared is not None else leaves(batch))
            yield prepared

    def prepare(self) -> None:
        """Compile the program for the first batch, if it is not compiled yet, and run nothing."""
        if self._prepared is None:
            self._function.prepare(next(iter(self._source.batches())))

    def pass_over(self, passes: int) -> None:
        """Leave out the data of so many passes where passes go on in the data, one after the other."""
        if self._source.is_limited:
            for number in range(passes):
                for _ in self._source.batches(number):
                    pass


def run_pass(
    steps: Steps,
    callbacks: CallbackList,
    kind: str,
    model: Any,
    number: int = 0,
    every: int = 1,
    skip: int = 0,
    ready: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """One pass over the data: an epoch of training (`kind` is "train") or an evaluation ("test").

    Args:
        number: the number of the pass.
        every: how many steps pass between two calls of the callbacks.
        skip: how many batches have been done already.
        ready: called before the first step, when its program is compiled.

    Returns:
        The logs after the last step; none if there was no batch.
    """
    begin, end = f"on_{kind}_batch_begin", f"on_{kind}_batch_end"
    before = _every(every, getattr(callbacks, begin)) if callbacks.acts(begin) else None
    acts = callbacks.acts(end)
    prepared: PreparedFunction | None = None
    for step, prepared in enumerate(steps.launched(number, before, skip, ready), skip):
        if acts and (step + 1) % every == 0:
            callbacks.batch_end(end, step, lambda now=prepared: read_logs(now))  # type: ignore[misc]
            if model.stop_training:
                break
    return {} if prepared is None else read_logs(prepared)


def _every(every: int, hook: Callable[[int], None]) -> Callable[[int], None]:
    if every == 1:
        return hook
    return lambda step: hook(step) if step % every == 0 else None


def results(prepared: PreparedFunction) -> Any:
    """What the last launched step returned, with arrays for tensors."""
    return prepared.packed(prepared.fetch())


def read_logs(prepared: PreparedFunction) -> dict[str, Any]:
    """The figures that the last launched step returned, as Python numbers, sorted by name.

    Raises:
        TypeError: if the step returned something else than a dict of figures.
    """
    figures = results(prepared)
    if not isinstance(figures, dict):
        raise TypeError(f"train_step and test_step must return a dict of figures such as {{'loss': loss}}, got {figures!r}.")
    figures = flat(figures)
    return {name: as_number(figures[name]) for name in sorted(figures)}


def flat(figures: dict[str, Any]) -> dict[str, Any]:
    """Figures of inner dicts beside the others: in ``{m.name: m.result() for m in self.metrics}`` the compiled ones are one."""
    found: dict[str, Any] = {}
    for name, figure in figures.items():
        found |= flat(figure) if isinstance(figure, dict) else {name: figure}
    return found


def as_number(value: Any) -> Any:
    """A scalar array as a Python number; other things stay."""
    return value.item() if getattr(value, "shape", None) == () else value
