"""What `compile` leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .. import losses, metrics
from ..metrics import Mean
from ..tracing import StaticFunction
from .backup import Run
from .checks import require_step_of_data
from .compile_loss import CompileLoss
from .compile_metrics import CompileMetrics


@dataclass
class TrainingState:
    """Loss, metrics and compiled functions of a model; one object, so that the model does not take them for its own layers.

    Attributes:
        loss: the compiled loss, or None.
        metrics: the compiled metrics.
        loss_tracker: the mean of the loss over the samples of an epoch.
        steps_per_execution: how many steps pass between calls of callbacks.
        config: the arguments of `compile`.
        target: what runs the steps; None for the configured target.
        functions: the compiled steps by kind.
        order: for the names of logs their order in lists of figures, kept from batch to batch.
        reset: the metrics that are reset, kept from pass to pass; None before they are known.
        run: the `fit` that is running, for backups; None if there is none.
    """

    loss: CompileLoss | None
    metrics: CompileMetrics
    loss_tracker: Mean
    steps_per_execution: int = 1
    config: dict[str, Any] = field(default_factory=dict)
    target: str | None = None
    functions: dict[str, StaticFunction] = field(default_factory=dict)
    order: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    reset: list[Any] | None = None
    run: Run | None = None
    _depends_on: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    _seen: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    @classmethod
    def for_prediction(cls) -> TrainingState:
        """Functions only."""
        return cls(None, CompileMetrics(None), Mean(name="loss"))

    def function(
        self,
        kind: str,
        step: Callable[[Any], Any],
        force: bool = False,
        sign: tuple[Any, ...] = (),
        depends_on: Callable[[], tuple[Any, ...]] = tuple,
    ) -> StaticFunction:
        """The compiled step; made anew when what it depends on beside its data has changed.

        Args:
            kind: "train", "test" or "predict".
            step: what is compiled.
            force: make it anew in any case.
            sign: a cheap sign of change; only if it differs, `depends_on` is asked.
            depends_on: what the step depends on.

        Raises:
            TypeError: for a step that takes other arguments than the data.
        """
        sign = (*sign, self.target)
        if not force and kind in self.functions and self._seen.get(kind) == sign:
            return self.functions[kind]
        now = (*depends_on(), self.target)
        if force or kind not in self.functions or self._depends_on.get(kind) != now:
            require_step_of_data(step)
            self.functions[kind] = StaticFunction(step, name=f"{kind}_step", target=self.target)
            self.reset = None
        self._depends_on[kind], self._seen[kind] = now, sign
        return self.functions[kind]

    def check_names(self) -> None:
        """Look up the names of losses and metrics.

        Raises:
            ValueError: for an unknown one; lists the near matches.
        """
        for name in _names(self.config.get("loss")):
            if name.lower() not in ("crossentropy", "ce"):
                losses.get(name)
        for argument in ("metrics", "weighted_metrics"):
            for name in _names(self.config.get(argument)):
                if name.lower() not in ("accuracy", "acc"):
                    metrics.get(name)


def _names(given: Any) -> list[str]:
    """The strings in nested lists and dicts, without those in configs."""
    if isinstance(given, dict):
        return [] if "class_name" in given else [name for item in given.values() for name in _names(item)]
    if isinstance(given, (list, tuple)):
        return [name for item in given for name in _names(item)]
    return [given] if isinstance(given, str) else []
