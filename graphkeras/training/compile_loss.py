"""The loss of a compiled model: one loss for each output, weighted and added up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import losses, ops, tree
from ..losses.loss import Loss
from ..metrics import Mean
from .outputs import flat_outputs, per_output


@dataclass(frozen=True)
class OutputLoss:
    """One loss of one output.

    Attributes:
        position: which output.
        loss: the loss object.
        weight: what its value is multiplied by, or None for 1.
        metric: the mean of its unweighted values over the batches, or None if it is the only loss.
        classes: for a loss with class numbers as targets: how many classes there are, else None.
    """

    position: int
    loss: Loss
    weight: float | None
    metric: Mean | None
    classes: int | None = None


class CompileLoss:
    """What `compile(loss=..., loss_weights=...)` means; resolved when the outputs are known.

    Args:
        loss: a loss (name, object, function) for every output, a list in the order of the outputs, a dict by output name.
        loss_weights: a number, or numbers in the same structure.
        output_names: the names of the model's outputs, if it has some.
    """

    def __init__(self, loss: Any, loss_weights: Any = None, output_names: Sequence[str] | None = None) -> None:
        if loss_weights is not None and not isinstance(loss_weights, (int, float, list, tuple, Mapping)):
            raise TypeError(f"loss_weights must be a number, a list or a dict, got {type(loss_weights).__name__}.")
        self._loss, self._loss_weights, self._output_names = loss, loss_weights, output_names
        self.parts: list[OutputLoss] = []
        self.built = False

    @property
    def metrics(self) -> list[Mean]:
        """The means of the losses of each output; none for a single loss."""
        return [part.metric for part in self.parts if part.metric is not None]

    @property
    def is_own(self) -> bool:
        """Whether a loss is a user's own function or class, which may have its own meaning for NaN in targets."""
        given = [leaf for leaf in tree.flatten(self._loss) if callable(leaf)]
        homes = [getattr(leaf, "__module__", None) or type(leaf).__module__ for leaf in given]
        return any(not home.startswith("graphkeras.") for home in homes)

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Find the losses of all outputs. `y_true` and `y_pred` show the shapes."""
        names, predictions = flat_outputs(y_pred, self._output_names)
        wanted = self._for_each_output(names)
        targets = per_output(y_true, names, "y", skip=[not each for each in wanted])
        weights = self._weights(names, wanted)
        found = [
            (position, _resolve(each, targets[position], predictions[position]), weight)
            for position in range(len(names))
            for each, weight in zip(wanted[position], weights[position])
        ]
        several = len(found) > 1
        self.parts = [
            OutputLoss(
                position,
                loss,
                weight,
                Mean(name=f"{names[position] or loss.name}_loss") if several else None,
                _classes(loss, predictions[position]),
            )
            for position, loss, weight in found
        ]
        self.built = True

    def _for_each_output(self, names: Sequence[str | None]) -> list[list[Any]]:
        """For each output the losses that it was given."""
        loss = self._loss
        if (isinstance(loss, Mapping) and "class_name" not in loss) or (isinstance(loss, (list, tuple)) and len(names) > 1):
            entries = per_output(loss, names, "loss")
        else:
            entries = [loss] * len(names)
        return [
            [each for each in (entry if isinstance(entry, (list, tuple)) else [entry]) if each is not None] for entry in entries
        ]

    def _weights(self, names: Sequence[str | None], wanted: Sequence[Sequence[Any]]) -> list[list[float | None]]:
        weights = self._loss_weights
        if weights is None:
            return [[None] * len(each) for each in wanted]
        if isinstance(weights, (int, float)):
            return [[float(weights)] * len(each) for each in wanted]
        if len(names) == 1 and isinstance(weights, (list, tuple)) and len(weights) == len(wanted[0]):
            return [[float(weight) for weight in weights]]
        entries = per_output(weights, names, "loss_weights", skip=[not each for each in wanted])
        return [[None if entry is None else float(entry)] * len(each) for entry, each in zip(entries, wanted)]

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The weighted sum of the losses, or None if no output has a loss."""
        if not self.built:
            self.build(y_true, y_pred)
        names, predictions = flat_outputs(y_pred, self._output_names)
        has_loss = {part.position for part in self.parts}
        skip = [position not in has_loss for position in range(len(names))]
        targets = per_output(y_true, names, "y", skip=skip)
        weights = self._sample_weights(sample_weight, names, skip)
        total = None
        for part in self.parts:
            prediction = predictions[part.position]
            value = part.loss(targets[part.position], prediction, weights[part.position])
            if ops.shape(value) != ():
                raise ValueError(
                    f"The loss {part.loss.name!r} gave a tensor of shape {tuple(value.shape)}; training needs one number. "
                    "Give it a reduction other than 'none', or reduce in your own function."
                )
            if part.metric is not None:
                part.metric.update_state(value, sample_weight=ops.shape(prediction)[0])
            value = value if part.weight is None else ops.multiply(value, part.weight)
            total = value if total is None else ops.add(total, value)
        return total

    @staticmethod
    def _sample_weights(sample_weight: Any, names: Sequence[str | None], skip: Sequence[bool]) -> list[Any]:
        if sample_weight is None or not isinstance(sample_weight, (list, tuple, Mapping)):
            return [sample_weight] * len(names)
        if isinstance(sample_weight, (list, tuple)) and len(sample_weight) == 1:
            return [sample_weight[0]] * len(names)
        return per_output(sample_weight, names, "sample_weight", skip=skip)


def kind_of_targets(y_true: Any, y_pred: Any) -> str:
    """``"binary"``, ``"sparse"`` (class numbers) or ``"categorical"`` (one-hot), by the shapes."""
    true_shape, pred_shape = ops.shape(y_true), ops.shape(y_pred)
    if pred_shape and pred_shape[-1] == 1:
        return "binary"
    if len(true_shape) < len(pred_shape) or (true_shape[-1] == 1 and pred_shape[-1] != 1):
        return "sparse"
    return "categorical"


_BY_SHAPE: dict[str, Callable[[], Loss]] = {
    "binary": losses.BinaryCrossentropy,
    "sparse": losses.SparseCategoricalCrossentropy,
    "categorical": losses.CategoricalCrossentropy,
}


def _resolve(identifier: Any, y_true: Any, y_pred: Any) -> Loss:
    """A loss object; a function becomes one that averages over the batch, under the name that the user wrote."""
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        return _BY_SHAPE[kind_of_targets(y_true, y_pred)]()
    found = losses.get(identifier)
    if isinstance(found, Loss):
        return found
    if found is losses.sparse_categorical_crossentropy:
        return losses.SparseCategoricalCrossentropy(name=identifier if isinstance(identifier, str) else found.__name__)
    name = identifier if isinstance(identifier, str) else getattr(found, "__name__", type(found).__name__)
    return losses.LossFunctionWrapper(found, name=name)


def _classes(loss: Loss, prediction: Any) -> int | None:
    """How many classes a loss with class numbers as targets tells apart."""
    if not isinstance(loss, losses.SparseCategoricalCrossentropy) or loss.ignore_class is not None:
        return None
    size = ops.shape(prediction)[loss.axis]
    return size if isinstance(size, int) else None
