"""`SwapEMAWeights`: evaluates with the moving averages of the weights."""

from __future__ import annotations

from typing import Any

from .callback import Callback

Logs = dict[str, Any] | None


class SwapEMAWeights(Callback):
    """Puts the moving averages, which an optimizer with ``use_ema=True`` keeps, in the place of the weights.

    During evaluation and prediction the model has the averages, afterwards its own weights again.

    Args:
        swap_on_epoch: also at the end of each epoch, so that a `ModelCheckpoint` after this callback saves the averages; at
            the beginning of the next epoch the weights are back. After the last epoch the averages stay.
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._has_averages = False

    def _pairs(self) -> list[tuple[Any, Any]]:
        """(weight, average) for all weights; none before the first step.

        Raises:
            ValueError: if the optimizer keeps no averages.
        """
        optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
        if optimizer is None or not optimizer.use_ema:
            name = type(optimizer).__name__
            raise ValueError(
                f"SwapEMAWeights: the optimizer keeps no averages; make it with use_ema=True: {name}(use_ema=True)."
            )
        return list(zip(optimizer._trainable_variables, optimizer._averages))

    def _swap(self, averages: bool) -> None:
        pairs = self._pairs()
        if self._has_averages != averages and pairs:
            for weight, average in pairs:
                former = weight.numpy()
                weight.assign(average.numpy())
                average.assign(former)
            self._has_averages = averages

    def on_train_begin(self, logs: Logs = None) -> None:
        self._pairs()

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        if self.swap_on_epoch:
            self._swap(averages=False)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if not self.swap_on_epoch:
            return
        self._swap(averages=True)
        if epoch == self.params["epochs"] - 1:  # the averages stay, so the end of fit puts them in their own place
            for weight, average in self._pairs():
                average.assign(weight.numpy())
            self._has_averages = False

    def on_test_begin(self, logs: Logs = None) -> None:
        self._swap(averages=True)

    def on_test_end(self, logs: Logs = None) -> None:
        self._swap(averages=False)

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._swap(averages=True)

    def on_predict_end(self, logs: Logs = None) -> None:
        self._swap(averages=False)
