"""One framework in a process of its own, driven over standard input and output.

    python worker.py MODULE        MODULE is a file beside this one, such as peer_jax

Every line that comes in is a JSON object with ``do``; every line that goes out is the answer. This file and the peers import
nothing of graphkeras, so that another interpreter can run them. A peer is a module with `versions() -> str` and a class
`Model(weights, x, y, batch_size)` with the methods `train_step(k)` (a step on batch number k), `train_loss() -> float` (that
step's loss), `fit()` and `predict()` (all of x, each), `run(k)` (only the compiled step, if it has one).
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from typing import Any

import numpy as np


class Worker:
    """Answers the requests of one benchmark."""

    def __init__(self, peer: Any) -> None:
        self._peer = peer
        self._model: Any = None
        self._batches = 0

    def versions(self) -> dict[str, Any]:
        return {"versions": self._peer.versions()}

    def build(self, data: str, batch_size: int) -> dict[str, Any]:
        """Build the model, compile it, and take a step on every batch; answers with the losses."""
        arrays = np.load(data)
        weights = [arrays[f"weight_{k}"] for k in range(sum(name.startswith("weight_") for name in arrays.files))]
        started = time.perf_counter()
        self._model = self._peer.Model(weights, arrays["x"], arrays["y"], batch_size)
        self._model.train_step(0)
        losses = [self._model.train_loss()]
        seconds = time.perf_counter() - started
        self._batches = len(arrays["x"]) // batch_size
        for k in range(1, self._batches):
            self._model.train_step(k)
            losses.append(self._model.train_loss())
        self._model.fit()
        self._model.predict()
        return {"losses": losses, "first_step_seconds": seconds}

    def measure(self, what: str, seconds: float) -> dict[str, Any]:
        """Seconds of one step, measured for about `seconds`."""
        if what == "run" and not hasattr(self._model, "run"):
            return {"seconds": None}
        method = getattr(self._model, {"step": "train_step"}.get(what, what))

        def once() -> None:
            """All batches."""
            if what in ("fit", "predict"):
                method()
            else:
                for k in range(self._batches):
                    method(k)

        once()
        count, started = 0, time.perf_counter()
        while True:
            once()
            count += self._batches
            passed = time.perf_counter() - started
            if passed >= seconds:
                self._model.train_loss()  # waits for what is still running
                return {"seconds": (time.perf_counter() - started) / count}


def _worker(peer: Any) -> Any:
    """A peer of another benchmark brings its own worker."""
    return peer.make_worker() if hasattr(peer, "make_worker") else Worker(peer)


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a framework prints must not end up between the answers
    threads = int(os.environ.get("BENCH_THREADS", "0"))
    if threads and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    worker: Any = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            worker = worker or _worker(importlib.import_module(sys.argv[1]))
            answer = getattr(worker, request.pop("do"))(**request)
        except Exception as error:  # a peer that cannot run must not end the benchmark; the table shows why
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
