"""How a peer of the benchmark of operations answers; `worker.py` drives it.

A peer module has `prepare(row, arrays, gradient)`, which gives two functions: one computes the row once and waits for it, the
other returns the arrays of the last run. These are the result and, if asked for, the gradients of the float operands, with the
result itself as the upstream gradient.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from op_rows import ROWS, arrays_of, checksums  # type: ignore[import-not-found,unused-ignore]


class OpWorker:
    """Answers the requests of one benchmark."""

    def __init__(self, versions: str, prepare: Callable[..., Any]) -> None:
        self._versions, self._prepare = versions, prepare
        self._run: Callable[[], Any] | None = None

    def versions(self) -> dict[str, Any]:
        return {"versions": self._versions}

    def build(self, name: str, gradient: bool) -> dict[str, Any]:
        """Compile a row, run it, and answer with figures of the results."""
        (row,) = (row for row in ROWS if row.name == name)
        self._run = None
        run, fetch = self._prepare(row, arrays_of(row), gradient)
        run()
        self._run = run
        return {"checksums": checksums(fetch())}

    def measure(self, seconds: float, clock: str) -> dict[str, Any]:
        """The least time of a run, in seconds, of all that fit into about `seconds`."""
        run = self._run
        assert run is not None, "build comes first"
        now = time.process_time if clock == "cpu" else time.perf_counter
        run()
        least, ends = float("inf"), time.perf_counter() + seconds
        while least == float("inf") or time.perf_counter() < ends:
            started = now()
            run()
            least = min(least, now() - started)
        return {"seconds": least}
