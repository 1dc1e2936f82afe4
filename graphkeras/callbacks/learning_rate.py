"""Callbacks that change the learning rate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..optimizers.schedules import LearningRateSchedule
from .callback import Callback
from .monitoring import Monitor

Logs = dict[str, Any] | None


def _require_variable(model: Any, owner: str) -> None:
    """The learning rate must be a number that can be changed.

    Raises:
        TypeError: if it is a schedule.
    """
    if not hasattr(model.optimizer.learning_rate, "assign"):
        raise TypeError(f"{owner}: the optimizer's learning rate is a schedule; give it a number to change it by a callback.")


class LearningRateScheduler(Callback):
    """Sets the learning rate of each epoch.

    Args:
        schedule: a function of (epoch, learning rate), or of the epoch, that gives the new learning rate.
        verbose: 1 to say so.
    """

    def __init__(self, schedule: Callable[..., Any] | LearningRateSchedule, verbose: int = 0) -> None:
        super().__init__()
        self.schedule: Callable[..., Any] = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        _require_variable(self.model, "LearningRateScheduler")
        rate = self.model.optimizer.learning_rate
        try:
            new = self.schedule(epoch, float(rate.numpy()))
        except TypeError:  # a function of the epoch alone
            new = self.schedule(epoch)
        try:
            new = float(new)
        except (TypeError, ValueError) as error:
            raise ValueError(f"LearningRateScheduler: schedule must return a number, got {new!r}.") from error
        rate.assign(new)
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {new}.")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate.numpy())


class ReduceLROnPlateau(Callback):
    """Multiplies the learning rate by `factor` when a figure has not become better for `patience` epochs.

    Args:
        monitor: the figure.
        factor: below 1.
        patience: how many epochs without progress are waited for.
        verbose: 1 to say so.
        mode: ``"min"``, ``"max"`` or ``"auto"``.
        min_delta: what counts as better.
        cooldown: how many epochs after a reduction do not count.
        min_lr: the least learning rate.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__()
        if factor >= 1:
            raise ValueError(f"ReduceLROnPlateau: factor must be below 1, got {factor}.")
        self.monitor, self.factor, self.patience, self.verbose = monitor, factor, patience, verbose
        self.cooldown, self.min_lr = cooldown, min_lr
        self._watch = Monitor("ReduceLROnPlateau", monitor, mode, min_delta)
        self.wait = self.cooldown_counter = 0
        self.best: float | None = None

    def on_train_begin(self, logs: Logs = None) -> None:
        _require_variable(self.model, "ReduceLROnPlateau")
        self._watch.set_model(self.model)
        self.wait = self.cooldown_counter = 0
        self.best = None

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        rate = self.model.optimizer.learning_rate
        if logs is not None:
            logs["learning_rate"] = float(rate.numpy())
        current = self._watch.read(logs)
        if current is None:
            return
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        if self._watch.is_better(current, self.best):
            self.best, self.wait = current, 0
        elif self.cooldown_counter <= 0:
            self.wait += 1
            old = float(rate.numpy())
            if self.wait >= self.patience and old > self.min_lr:
                new = max(old * self.factor, self.min_lr)
                rate.assign(new)
                if self.verbose:
                    print(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {new}.")
                self.cooldown_counter, self.wait = self.cooldown, 0
