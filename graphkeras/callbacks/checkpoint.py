"""`ModelCheckpoint`: saves the model during training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .callback import Callback
from .monitoring import Monitor

Logs = dict[str, Any] | None


class ModelCheckpoint(Callback):
    """Saves the model, or its weights, after epochs or every so many batches.

    Args:
        filepath: where; may name the epoch and figures, such as ``"at_{epoch:02d}_{val_loss:.2f}.keras"``. Ends with
            ``.keras`` or ``.h5``, or with ``.weights.h5`` for `save_weights_only`.
        monitor: the figure for `save_best_only`.
        verbose: 1 to say what is saved.
        save_best_only: keep a file only if the figure is the best so far.
        save_weights_only: save the weights alone.
        mode: ``"min"``, ``"max"`` or ``"auto"``.
        save_freq: ``"epoch"``, or a number of batches.
        initial_value_threshold: a figure must be better than this to be saved.

    Raises:
        ValueError: for a path or frequency that does not fit.
    """

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__()
        self.filepath = str(filepath)
        self.monitor, self.verbose = monitor, verbose
        self.save_best_only, self.save_weights_only = save_best_only, save_weights_only
        endings = (".weights.h5",) if save_weights_only else (".keras", ".h5", ".hdf5")
        if not self.filepath.endswith(endings):
            raise ValueError(f"ModelCheckpoint: filepath must end with {' or '.join(endings)}, got {self.filepath!r}.")
        if save_freq != "epoch" and (not isinstance(save_freq, int) or save_freq < 1):
            raise ValueError(f"ModelCheckpoint: save_freq must be 'epoch' or a number of batches, got {save_freq!r}.")
        self.save_freq = save_freq
        self._watch = Monitor("ModelCheckpoint", monitor, mode)
        self.best = initial_value_threshold
        self._batches = 0
        self._epoch = 0

    def is_due(self) -> bool:
        """At the end of a batch: whether it is one of those that are saved."""
        if self.save_freq == "epoch":
            return False
        self._batches += 1
        return self._batches % int(self.save_freq) == 0

    def on_train_begin(self, logs: Logs = None) -> None:
        self._watch.set_model(self.model)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._save(self._epoch, logs, batch)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.save_freq == "epoch":
            self._save(epoch, logs, None)

    def _save(self, epoch: int, logs: Logs, batch: int | None) -> None:
        path = self._path(epoch, logs, batch)
        if self.save_best_only:
            current = self._watch.read(logs)
            if current is None:
                return
            if not self._watch.is_better(current, self.best):
                if self.verbose:
                    print(f"\nEpoch {epoch + 1}: {self.monitor} did not improve from {self.best:.5f}")
                return
            if self.verbose:
                before = "-inf" if self.best is None else f"{self.best:.5f}"
                print(f"\nEpoch {epoch + 1}: {self.monitor} improved from {before} to {current:.5f}, saving model to {path}")
            self.best = current
        elif self.verbose:
            print(f"\nEpoch {epoch + 1}: saving model to {path}")
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)

    def _path(self, epoch: int, logs: Logs, batch: int | None) -> str:
        values = {"epoch": epoch + 1, **(logs or {})}
        if batch is not None:
            values["batch"] = batch + 1
        try:
            return self.filepath.format(**values)
        except KeyError as error:
            raise KeyError(
                f"ModelCheckpoint: filepath {self.filepath!r} names {error}; there are {', '.join(values)}."
            ) from error
