"""`TensorBoard`: writes the figures of training for TensorBoard."""

from __future__ import annotations

import importlib
import time
from pathlib import Path
from typing import Any

from .callback import Callback

Logs = dict[str, Any] | None


class TensorBoard(Callback):
    """Writes event files that ``tensorboard --logdir logs`` shows. Needs the package tensorboardX (extra ``tensorboard``).

    Figures have Keras's names: ``epoch_loss`` in the folders ``train`` and ``validation``, ``batch_loss`` in ``train``.

    Args:
        log_dir: the folder.
        histogram_freq: write histograms of all weights every so many epochs; 0 for never.
        write_graph: write the layers of the model as text. For its graph see ``graphkeras-dump``.
        write_images: must be False.
        write_steps_per_second: write how many steps a second there were.
        update_freq: ``"epoch"``, ``"batch"``, or write figures of batches every so many batches.
        profile_batch, embeddings_freq, embeddings_metadata: must be 0 or None.

    Raises:
        ValueError: for another frequency, or for what is not supported.
        ImportError: where tensorboardX is missing, when training begins.
    """

    def __init__(
        self,
        log_dir: Any = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: str | int = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        super().__init__()
        for argument, value in (
            ("write_images", write_images),
            ("profile_batch", profile_batch),
            ("embeddings_freq", embeddings_freq),
            ("embeddings_metadata", embeddings_metadata),
        ):
            if value:
                raise ValueError(f"TensorBoard: {argument}={value!r} is not supported; leave it out.")
        if update_freq not in ("epoch", "batch") and (not isinstance(update_freq, int) or update_freq < 1):
            raise ValueError(f"TensorBoard: update_freq must be 'epoch', 'batch' or a number of batches, got {update_freq!r}.")
        self.log_dir, self.histogram_freq, self.write_graph = str(log_dir), int(histogram_freq), write_graph
        self.write_steps_per_second, self.update_freq = write_steps_per_second, 1 if update_freq == "batch" else update_freq
        self._writers: dict[str, Any] = {}
        self._steps = self._epoch_steps = 0
        self._epoch_began = 0.0
        self._is_training = False

    def _writer(self, kind: str) -> Any:
        """The writer for "train" or "validation"; its file is made when there is something to write."""
        if kind not in self._writers:
            try:
                library = importlib.import_module("tensorboardX")
            except ImportError as error:
                raise ImportError(
                    "The callback TensorBoard needs the package tensorboardX: pip install 'graphkeras[tensorboard]'."
                ) from error
            self._writers[kind] = library.SummaryWriter(str(Path(self.log_dir) / kind))
        return self._writers[kind]

    def is_due(self) -> bool:
        """At the end of a batch: whether its figures are written."""
        if not self._is_training:
            return False
        done = self.params.get("steps_per_execution", 1)
        self._steps += done
        self._epoch_steps += done
        return self.update_freq != "epoch" and self._steps % int(self.update_freq) == 0

    def on_train_begin(self, logs: Logs = None) -> None:
        self._is_training = True
        writer = self._writer("train")
        if self.write_graph and self.model.built:
            lines: list[str] = []
            self.model.summary(print_fn=lines.append)
            writer.add_text("keras", "\n".join(f"    {line}" for line in "\n".join(lines).splitlines()), 0)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        for name, value in (logs or {}).items():
            self._writer("train").add_scalar(f"batch_{name}", value, self._steps)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch_steps, self._epoch_began = 0, time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        figures = dict(logs or {})
        rate = getattr(self.model.optimizer, "learning_rate", None)
        if rate is not None:
            figures["learning_rate"] = float(rate)
        if self.write_steps_per_second:
            figures["steps_per_second"] = self._epoch_steps / max(time.perf_counter() - self._epoch_began, 1e-9)
        for name, value in figures.items():
            kind = "validation" if name.startswith("val_") else "train"
            self._writer(kind).add_scalar(f"epoch_{name.removeprefix('val_')}", value, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            for weight in self.model.weights:
                self._writer("train").add_histogram(f"{weight.path}/histogram", weight.numpy(), epoch)
        for writer in self._writers.values():
            writer.flush()

    def on_test_begin(self, logs: Logs = None) -> None:
        """Batches of validation are no steps of training."""
        self._was_training, self._is_training = self._is_training, False

    def on_test_end(self, logs: Logs = None) -> None:
        self._is_training = self._was_training
        if not self._is_training:
            for name, value in (logs or {}).items():
                self._writer("validation").add_scalar(f"evaluation_{name}_vs_iterations", value, self._iterations())
            self._close()

    def on_train_end(self, logs: Logs = None) -> None:
        self._is_training = False
        self._close()

    def _iterations(self) -> int:
        return 0 if self.model.optimizer is None else int(self.model.optimizer.iterations)

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()
