"""Callbacks that end training."""

from __future__ import annotations

from typing import Any

import numpy as np

from .callback import Callback
from .monitoring import Monitor

Logs = dict[str, Any] | None


class EarlyStopping(Callback):
    """Ends training when a figure has not become better for `patience` epochs.

    Args:
        monitor: the figure.
        min_delta: what counts as better.
        patience: how many epochs without progress are waited for.
        verbose: 1 to say so.
        mode: ``"min"``, ``"max"`` or ``"auto"``.
        baseline: progress starts to count from this value.
        restore_best_weights: put the weights of the best epoch back at the end.
        start_from_epoch: epochs before this one do not count.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__()
        self.monitor, self.patience, self.verbose, self.baseline = monitor, patience, verbose, baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch
        self._watch = Monitor("EarlyStopping", monitor, mode, min_delta)
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best: float | None = None
        self.best_weights: list[Any] | None = None

    def on_train_begin(self, logs: Logs = None) -> None:
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best, self.best_weights = None, None
        self._watch.set_model(self.model)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        current = self._watch.read(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if self._watch.is_better(current, self.best):
            self.best, self.best_epoch = current, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._watch.is_better(current, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs = None) -> None:
        if self.stopped_epoch > 0 and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose:
                print(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)


class TerminateOnNaN(Callback):
    """Ends training when the loss is NaN or infinite.

    Args:
        raise_error: raise a RuntimeError as well.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and not np.isfinite(loss):
            self.model.stop_training = True
            if self.raise_error:
                raise RuntimeError(f"Batch {batch}: the loss is {loss}. Lower the learning rate, or check the data.")
            print(f"Batch {batch}: Invalid loss, terminating training")
