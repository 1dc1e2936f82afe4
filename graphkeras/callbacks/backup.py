"""`BackupAndRestore`: a run that was interrupted goes on as if nothing had happened."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ..saving.files import replacing
from ..training.backup import Run
from .callback import Callback

Logs = dict[str, Any] | None


class BackupAndRestore(Callback):
    """Keeps the state of training in a folder; when `fit` is called again after an interruption, it goes on from there.

    The state is everything that a step reads or changes: weights, optimizer, figures of the epoch, streams of random
    numbers, the order of samples, and the place in the epoch. So the resumed run ends with the same bits as one that was
    never interrupted, as long as the data gives the same batches: the first batches of the epoch are passed over. The
    counters of other callbacks are not part of it.

    Args:
        backup_dir: the folder.
        save_freq: ``"epoch"``, or a number of batches.
        double_checkpoint: keep the backup before the last one, too.
        delete_checkpoint: delete the backup when `fit` has ended.

    Raises:
        ValueError: for an empty folder name or another frequency.
    """

    def __init__(
        self,
        backup_dir: Any,
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        if not str(backup_dir):
            raise ValueError("BackupAndRestore: backup_dir is empty; name a folder.")
        if save_freq != "epoch" and (not isinstance(save_freq, int) or save_freq < 1):
            raise ValueError(f"BackupAndRestore: save_freq must be 'epoch' or a number of batches, got {save_freq!r}.")
        self.backup_dir, self.save_freq = Path(backup_dir), save_freq
        self.double_checkpoint, self.delete_checkpoint = double_checkpoint, delete_checkpoint
        self._path = self.backup_dir / "latest.npz"
        self._before = self.backup_dir / "previous.npz"
        self._batches = self._epoch = 0
        self._is_open = False  # whether a backup is due that waits for the end of the epoch

    def is_due(self) -> bool:
        """At the end of a batch: whether it is one after which the state is kept."""
        if self.save_freq == "epoch":
            return False
        self._batches += self.params.get("steps_per_execution", 1)
        return self._batches >= int(self.save_freq)

    def on_train_begin(self, logs: Logs = None) -> None:
        self._batches, self._is_open = 0, False
        for path in (self._path, self._before):
            if path.is_file():
                try:
                    with np.load(path) as arrays:
                        self._run().resumed = {name: arrays[name] for name in arrays.files}
                except (OSError, ValueError, zipfile.BadZipFile):
                    if path == self._before or not self._before.is_file():
                        raise
                    continue  # damaged by something else than us: files are replaced whole
                return

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._batches = 0
        if batch + 1 == self.params.get("steps"):
            self._is_open = True  # validation and the end of the epoch belong to it
        else:
            self._save(self._epoch, batch + 1)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.save_freq == "epoch" or self._is_open:
            self._save(epoch + 1, 0)
            self._is_open = False

    def on_train_end(self, logs: Logs = None) -> None:
        if self.delete_checkpoint and self.backup_dir.is_dir():
            unfinished = self.backup_dir.glob(f".{self._path.name}.*.tmp")  # of a process that was killed while it wrote
            for path in (self._path, self._before, *unfinished):
                path.unlink(missing_ok=True)
            if not any(self.backup_dir.iterdir()):
                self.backup_dir.rmdir()

    def _run(self) -> Run:
        run: Run | None = self.model._training.run
        if run is None:
            raise RuntimeError("BackupAndRestore works in fit only.")
        return run

    def _save(self, epoch: int, batches: int) -> None:
        self.backup_dir.mkdir(parents=True, exist_ok=True)
        if self.double_checkpoint and self._path.is_file():
            shutil.copyfile(self._path, self._before)
        buffer = io.BytesIO()
        arrays: dict[str, Any] = self._run().state(epoch, batches)
        np.savez(buffer, **arrays)
        with replacing(self._path) as temporary:
            temporary.write_bytes(buffer.getvalue())
