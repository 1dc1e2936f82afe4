"""The metrics of a compiled model: lists of metrics for each output, weighted by samples or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import metrics as metrics_module
from ..metrics import BinaryAccuracy, CategoricalAccuracy, MeanMetricWrapper, Metric, SparseCategoricalAccuracy
from .compile_loss import kind_of_targets
from .outputs import flat_outputs, per_output


@dataclass(frozen=True)
class OutputMetric:
    """One metric of one output.

    Attributes:
        position: which output.
        metric: the metric.
        is_weighted: whether sample weights count.
        name: its name in the logs.
    """

    position: int
    metric: Metric
    is_weighted: bool
    name: str


class CompileMetrics(Metric):
    """What `compile(metrics=..., weighted_metrics=...)` means; resolved when the outputs are known.

    Args:
        metrics: a list of metrics for the only output; for several outputs a list in their order or a dict by name, of
            metrics or lists of them.
        weighted_metrics: the same, for metrics that sample weights count in.
        output_names: the names of the model's outputs, if it has some.
    """

    def __init__(self, metrics: Any, weighted_metrics: Any = None, output_names: Sequence[str] | None = None) -> None:
        super().__init__(name="compile_metrics")
        for given, argument in ((metrics, "metrics"), (weighted_metrics, "weighted_metrics")):
            if given is not None and not isinstance(given, (list, tuple, dict)):
                raise TypeError(
                    f"compile: {argument} must be a list or a dict, got {type(given).__name__}: [{given!r}] is meant?"
                )
        self._given = ((metrics, False, "metrics"), (weighted_metrics, True, "weighted_metrics"))
        self._output_names = output_names
        self.parts: list[OutputMetric] = []
        self.built = False

    @property
    def metrics(self) -> list[Metric]:
        return [part.metric for part in self.parts]

    @property
    def variables(self) -> list[Any]:
        return [variable for metric in self.metrics for variable in metric.variables]

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Find the metrics of all outputs. `y_true` and `y_pred` show the shapes."""
        names, predictions = flat_outputs(y_pred, self._output_names)
        used: dict[str, int] = {}
        for given, is_weighted, argument in self._given:
            if not given:
                continue
            entries = _lists(given, names, argument)
            targets = per_output(y_true, names, "y", skip=[not each for each in entries])
            for position, entry in enumerate(entries):
                for identifier in entry:
                    metric = _resolve(identifier, targets[position], predictions[position])
                    prefix = f"{names[position]}_" if len(names) > 1 and names[position] else ""
                    name = _unused(prefix, metric.name, is_weighted, used)
                    self.parts.append(OutputMetric(position, metric, is_weighted, name))
        self.built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        if not self.built:
            self.build(y_true, y_pred)
        names, predictions = flat_outputs(y_pred, self._output_names)
        measured = {part.position for part in self.parts}
        targets = per_output(y_true, names, "y", skip=[position not in measured for position in range(len(names))])
        if isinstance(sample_weight, (list, tuple, Mapping)):
            weights = (
                per_output(sample_weight, names, "sample_weight")
                if len(sample_weight) > 1
                else list(sample_weight) * len(names)
            )
        else:
            weights = [sample_weight] * len(names)
        for part in self.parts:
            weight = weights[part.position] if part.is_weighted else None
            if weight is None:
                part.metric.update_state(targets[part.position], predictions[part.position])
            else:
                part.metric.update_state(targets[part.position], predictions[part.position], sample_weight=weight)

    def reset_state(self) -> None:
        for metric in self.metrics:
            metric.reset_state()

    def result(self) -> dict[str, Any]:
        """The figures by their names in the logs."""
        return {part.name: part.metric.result() for part in self.parts}


def _lists(given: Any, names: Sequence[str | None], argument: str) -> list[list[Any]]:
    """For each output a list of metrics."""
    if len(names) == 1:
        if isinstance(given, Mapping) and "class_name" not in given:
            given = [item for item in per_output(given, names, argument) if item is not None]
        return [_flat(given)]
    if isinstance(given, (list, tuple)) and len(given) != len(names):
        raise ValueError(
            f"compile: {argument} has {len(given)} entries, the model has {len(names)} outputs "
            f"({', '.join(str(name) for name in names)}). Give one entry for each output "
            "(a metric, a list of metrics, or None), or a dict by output name."
        )
    return [_flat(entry) for entry in per_output(given, names, argument)]


def _flat(entry: Any) -> list[Any]:
    if entry is None:
        return []
    if isinstance(entry, (list, tuple)):
        return [metric for item in entry for metric in _flat(item)]
    return [entry]


_ACCURACY: dict[str, Callable[..., Metric]] = {
    "binary": BinaryAccuracy,
    "sparse": SparseCategoricalAccuracy,
    "categorical": CategoricalAccuracy,
}


def _resolve(identifier: Any, y_true: Any, y_pred: Any) -> Metric:
    """A metric object under the name that the user wrote; ``"accuracy"`` is chosen by the shapes."""
    if isinstance(identifier, str) and identifier.lower() in ("accuracy", "acc"):
        return _ACCURACY[kind_of_targets(y_true, y_pred)](name=identifier)
    found = metrics_module.get(identifier)
    if isinstance(found, Metric):
        metric = found
    else:
        name = getattr(found, "__name__", None) or getattr(found, "name", None) or type(found).__name__
        metric = MeanMetricWrapper(found, name=name)
    if isinstance(identifier, str):
        metric.name = identifier
    return metric


def _unused(prefix: str, name: str, is_weighted: bool, used: dict[str, int]) -> str:
    """A name for the logs that no metric before has."""
    full = f"{prefix}{name}"
    if full in used and is_weighted:
        full = f"{prefix}weighted_{name}"
    count = used.get(full, 0)
    used[full] = count + 1
    return f"{full}_{count}" if count else full
