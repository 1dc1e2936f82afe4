"""`ProgbarLogger`: shows how far training, evaluation and prediction are."""

from __future__ import annotations

import sys
from typing import Any

from ..utils.progbar import Progbar, print_message
from .callback import Callback

Logs = dict[str, Any] | None


class ProgbarLogger(Callback):
    """A progress bar for each epoch; `verbose`, `epochs` and `steps` come from `params`."""

    def __init__(self) -> None:
        super().__init__()
        self._bar: Progbar | None = None
        self._done = 0
        self._is_epoch = False  # whether `fit` is running, whose validation shows no bar of its own
        self._is_validating = False

    def is_due(self) -> bool:
        if self._bar is None or self._is_validating:
            return False
        self._done += self.params.get("steps_per_execution", 1)
        return self._bar.is_due()

    def on_train_begin(self, logs: Logs = None) -> None:
        self._is_epoch = True

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        verbose, epochs = self.params["verbose"], self.params["epochs"]
        if verbose and epochs > 1:
            print_message(f"Epoch {epoch + 1}/{epochs}")
            sys.stdout.flush()
        self._new_bar()

    def on_train_end(self, logs: Logs = None) -> None:
        self._is_epoch = False

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._draw(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._end(logs)

    def on_test_begin(self, logs: Logs = None) -> None:
        self._is_validating = self._is_epoch
        if not self._is_epoch:
            self._new_bar()

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._draw(batch, logs)

    def on_test_end(self, logs: Logs = None) -> None:
        self._is_validating = False
        if not self._is_epoch:
            self._end(logs)

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._new_bar()

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._draw(batch, None)

    def on_predict_end(self, logs: Logs = None) -> None:
        self._end(None)

    def _new_bar(self) -> None:
        self._done = 0
        self._bar = Progbar(self.params["steps"], verbose=self.params["verbose"], stateless_metrics=())

    def _draw(self, batch: int, logs: Logs) -> None:
        if self._bar is not None:
            self._done = max(self._done, batch + 1)  # a resumed epoch does not begin with the first batch
            self._bar.update(batch + 1, logs, finalize=False)

    def _end(self, logs: Logs) -> None:
        if self._bar is not None:
            if self._bar.target is None:
                self._bar.target = self._done
            self._bar.update(min(self._done, self._bar.target), logs, finalize=True)
            self._bar = None
