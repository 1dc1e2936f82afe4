"""`CSVLogger`: writes the figures of each epoch into a file."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, TextIO

from .callback import Callback


class CSVLogger(Callback):
    """One line for each epoch, with a column for the epoch and one for each figure.

    Args:
        filename: the file.
        separator: between the columns.
        append: go on with a file that exists, instead of replacing it.
    """

    def __init__(self, filename: Any, separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename, self.separator, self.append = Path(filename), separator, append
        self._file: TextIO | None = None
        self._writer: csv.DictWriter[str] | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._has_header = self.append and self.filename.exists() and self.filename.stat().st_size > 0
        self._file = self.filename.open("a" if self.append else "w", newline="", encoding="utf-8")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        figures = logs or {}
        assert self._file is not None
        if self._writer is None:
            names = ["epoch", *sorted(figures)]
            self._writer = csv.DictWriter(
                self._file, names, delimiter=self.separator, restval="NA", extrasaction="ignore", lineterminator="\n"
            )
            if not self._has_header:
                self._writer.writeheader()
        self._writer.writerow({"epoch": epoch, **figures})
        self._file.flush()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self._file is not None:
            self._file.close()
        self._file = self._writer = None
