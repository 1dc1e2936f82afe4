"""The base of all callbacks."""

from __future__ import annotations

from typing import Any

#: Every moment at which callbacks may act.
HOOKS = tuple(
    f"on_{moment}_{edge}"
    for moment in ("train", "test", "predict", "epoch", "train_batch", "test_batch", "predict_batch")
    for edge in ("begin", "end")
)


class Callback:
    """Acts at moments of training, evaluation and prediction. Override the methods that you need; others cost nothing.

    `logs` is a dict of the figures so far, such as ``{"loss": 0.2}``.

    Attributes:
        model: the model that is trained.
        params: ``{"epochs": ..., "steps": ..., "verbose": ...}``.
    """

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self._model: Any = None

    @property
    def model(self) -> Any:
        return getattr(self, "_model", None)

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params

    def set_model(self, model: Any) -> None:
        self._model = model

    def on_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """The same as `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """The same as `on_train_batch_end`."""

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Epoch number `epoch`, counted from 0, begins."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """An epoch has ended; `logs` also holds the figures of validation, with ``val_`` before their names."""

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """A training step begins."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """A training step has ended."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """A step of `evaluate` or of validation begins."""

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """A step of `evaluate` or of validation has ended."""

    def on_predict_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """A step of `predict` begins."""

    def on_predict_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """A step of `predict` has ended; ``logs["outputs"]`` holds its results."""

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """`fit` begins."""

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """`fit` has ended."""

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """`evaluate` or validation begins."""

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """`evaluate` or validation has ended."""

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        """`predict` begins."""

    def on_predict_end(self, logs: dict[str, Any] | None = None) -> None:
        """`predict` has ended."""

    def is_due(self) -> bool:
        """Whether the end of a batch matters now. A callback that answers False is not called, and no logs are fetched."""
        return True


_ALSO = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


def overrides(callback: Callback, hook: str) -> bool:
    """Whether the callback does something at that moment."""
    names = (hook, _ALSO[hook]) if hook in _ALSO else (hook,)
    for name in names:
        method = getattr(callback, name, None)
        if method is not None and getattr(method, "__func__", method) is not getattr(Callback, name):
            return True
    return False
