"""Several callbacks as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .. import tree
from .callback import HOOKS, Callback, overrides
from .history import History
from .progbar_logger import ProgbarLogger

Logs = dict[str, Any]


class CallbackList:
    """Calls each callback at the moments that it overrides.

    Args:
        callbacks: a callback, a list of them, or None.
        add_history: put a `History` at the end unless there is one.
        add_progbar: put a `ProgbarLogger` behind the others unless there is one.
        model: the model that is trained.
        params: what the callbacks see as `params`.

    Raises:
        TypeError: for something that is no callback.
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        self.callbacks: list[Any] = tree.flatten(callbacks) if callbacks else []
        for callback in self.callbacks:
            if not hasattr(callback, "on_epoch_end"):
                raise TypeError(f"callbacks must be keras.callbacks.Callback objects, got {callback!r}.")
        if add_progbar and not any(isinstance(callback, ProgbarLogger) for callback in self.callbacks):
            self.callbacks.append(ProgbarLogger())  # behind the others: it shows what they add to the logs
        self.history: History | None = next((each for each in self.callbacks if isinstance(each, History)), None)
        if add_history and self.history is None:
            self.history = History()
            self.callbacks.append(self.history)
        self._hooks: dict[str, list[Callable[..., None]]] = {}
        self._due: dict[str, list[tuple[Callable[..., None], Callable[[], bool]]]] = {}
        self._index()
        if model is not None:
            self.set_model(model)
        if params:
            self.set_params(params)

    def _index(self) -> None:
        for hook in HOOKS if self.callbacks else ():
            acting = [callback for callback in self.callbacks if overrides(callback, hook)]
            self._hooks[hook] = [getattr(callback, hook) for callback in acting]
            self._due[hook] = [(getattr(callback, hook), getattr(callback, "is_due", _always)) for callback in acting]

    def append(self, callback: Callback) -> None:
        """One more callback."""
        self.callbacks.append(callback)
        self._index()

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        self.model = model
        for callback in self.callbacks:
            callback.set_model(model)

    def acts(self, hook: str) -> bool:
        """Whether any callback does something at that moment."""
        return bool(self._hooks.get(hook))

    def batch_end(self, hook: str, batch: int, read_logs: Callable[[], Logs]) -> None:
        """The end of a batch: the logs are fetched from the device only if a callback wants them now."""
        due = [method for method, is_due in self._due[hook] if is_due()]
        if due:
            logs = read_logs()
            for method in due:
                method(batch, logs)

    def _call(self, hook: str, *args: Any) -> None:
        for method in self._hooks.get(hook, ()):
            method(*args)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._call("on_epoch_begin", epoch, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._call("on_epoch_end", epoch, {} if logs is None else logs)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_train_batch_begin", batch, logs or {})

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_train_batch_end", batch, logs or {})

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_test_batch_begin", batch, logs or {})

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_test_batch_end", batch, logs or {})

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_predict_batch_begin", batch, logs or {})

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_predict_batch_end", batch, logs or {})

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._call("on_train_begin", logs or {})

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._call("on_train_end", logs or {})

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._call("on_test_begin", logs or {})

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._call("on_test_end", logs or {})

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._call("on_predict_begin", logs or {})

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._call("on_predict_end", logs or {})

    def __iter__(self) -> Iterator[Any]:
        return iter(self.callbacks)


def _always() -> bool:
    return True
