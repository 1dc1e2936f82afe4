"""The base of all losses: how the loss of each sample becomes one number."""

from __future__ import annotations

from typing import Any, Self

from graphkeras.compiler.provenance import scope
from graphkeras.compiler.types import shape_text

from .. import config, ops, tree
from ..masks import mask_of
from ..naming import auto_name

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


class Loss:
    """How far predictions are from targets, as one number.

    A subclass defines `call(y_true, y_pred)`: the loss of each sample. Calling the object weighs and reduces them.

    Args:
        name: a name; made from the class by default.
        reduction: ``"sum_over_batch_size"`` (or ``"mean"``) divides the weighted sum by the number of losses,
            ``"mean_with_sample_weight"`` by the sum of the weights; ``"sum"`` adds up; ``"none"`` leaves the losses alone.
        dtype: the dtype of the computation; the default float by default.
    """

    #: False for a loss whose targets are class numbers, which must stay integers.
    casts_targets = True

    def __init__(self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None) -> None:
        self.name = name or auto_name(type(self).__name__)
        self.reduction = standardize_reduction(reduction)
        self.dtype = str(getattr(dtype, "compute_dtype", None) or dtype or config.floatx())

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        with scope(self.name):
            steps = mask_of(y_pred)
            y_pred = tree.map_structure(self._as_float, y_pred)
            if self.casts_targets:
                y_true = tree.map_structure(self._as_float, y_true)
            else:
                y_true = tree.map_structure(ops.convert_to_tensor, y_true)
            losses = self.call(y_true, y_pred)
            mask = both_masks(_spread_over(losses, steps), self.mask(y_true, y_pred))
            return reduce_weighted(losses, sample_weight, self.reduction, self.dtype, mask)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each sample."""
        raise NotImplementedError(f"{type(self).__name__} must define call(self, y_true, y_pred).")

    def mask(self, y_true: Any, y_pred: Any) -> Any:
        """Which losses count, as booleans; None for all."""
        return None

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(**config)

    def _as_float(self, x: Any) -> Any:
        return ops.convert_to_tensor(x, dtype=self.dtype)


def both_masks(first: Any, second: Any) -> Any:
    """What is left by both masks, either of which may be None."""
    if first is None or second is None:
        return second if first is None else first
    return ops.logical_and(ops.cast(first, "bool"), ops.cast(second, "bool"))


def _spread_over(losses: Any, mask: Any) -> Any:
    """A mask of steps in the shape of the losses.

    Raises:
        ValueError: if the losses have fewer axes than the mask.
    """
    if mask is None:
        return None
    shape, missing = ops.shape(losses), len(ops.shape(losses)) - len(ops.shape(mask))
    if missing < 0:
        raise ValueError(
            f"The predictions have a mask of shape {shape_text(ops.shape(mask))}, but the losses have shape "
            f"{shape_text(shape)}: the loss must keep the axes of samples and steps."
        )
    for _ in range(missing):
        mask = ops.expand_dims(mask, axis=-1)
    return ops.broadcast_to(mask, shape) if missing else mask


def require_comparable(name: str, y_true: Any, y_pred: Any) -> None:
    """Targets of an element-wise loss must fit the predictions.

    Raises:
        ValueError: names the loss and both shapes, and says what to do.
    """
    true_shape, pred_shape = ops.shape(y_true), ops.shape(y_pred)
    pairs = zip(reversed(true_shape), reversed(pred_shape))
    if all(a == b or 1 in (a, b) for a, b in pairs):
        return
    hint = "Give the last layer as many units as the targets have columns, or change the targets"
    if len(true_shape) < len(pred_shape):
        hint += "; for class numbers use sparse_categorical_crossentropy"
    raise ValueError(
        f"The loss {name!r} compares each target with one prediction, but the targets have shape {shape_text(true_shape)} and "
        f"the predictions {shape_text(pred_shape)}. {hint}."
    )


def standardize_reduction(reduction: str | None) -> str | None:
    """`reduction` if it is one; Keras 2's ``"auto"`` is ``"sum_over_batch_size"``.

    Raises:
        ValueError: for anything else.
    """
    if reduction == "auto":
        return "sum_over_batch_size"
    if reduction not in REDUCTIONS:
        raise ValueError(f"Unknown loss reduction {reduction!r}; allowed are {', '.join(map(repr, REDUCTIONS))}.")
    return reduction


def same_rank(x1: Any, x2: Any, expand_rank_1: bool = True) -> tuple[Any, Any]:
    """Both with the same number of axes, where they differ by one last axis of size 1.

    The longer one loses that axis; but a vector gains one instead if `expand_rank_1`.
    """
    shape1, shape2 = ops.shape(x1), ops.shape(x2)
    if len(shape1) == len(shape2) + 1 and shape1[-1] == 1:
        if len(shape2) == 1 and expand_rank_1:
            return x1, ops.expand_dims(x2, axis=-1)
        return ops.squeeze(x1, axis=-1), x2
    if len(shape2) == len(shape1) + 1 and shape2[-1] == 1:
        if len(shape1) == 1 and expand_rank_1:
            return ops.expand_dims(x1, axis=-1), x2
        return x1, ops.squeeze(x2, axis=-1)
    return x1, x2


def weighted(values: Any, sample_weight: Any, dtype: str) -> tuple[Any, Any]:
    """values * sample_weight, and the weights in the rank of the values."""
    values = ops.convert_to_tensor(values, dtype=dtype)
    if sample_weight is None:
        return values, None
    values, sample_weight = same_rank(values, ops.convert_to_tensor(sample_weight, dtype=dtype))
    while len(ops.shape(sample_weight)) < len(ops.shape(values)):  # one weight for all steps of a sample
        sample_weight = ops.expand_dims(sample_weight, axis=-1)
    if ops.shape(values) != ():  # one loss of the whole batch, such as Dice: times each weight, as in Keras
        require_fitting(ops.shape(values), ops.shape(sample_weight))
    return ops.multiply(values, sample_weight), sample_weight


def require_fitting(values: tuple[Any, ...], weights: tuple[Any, ...]) -> None:
    """Weights of that shape must be one for each loss, or of size 1 along an axis.

    Raises:
        ValueError: if they are not.
    """
    if len(weights) != len(values) or any(weight not in (1, value) for value, weight in zip(values, weights)):
        raise ValueError(
            f"sample_weight of shape {shape_text(weights)} does not fit losses of shape {shape_text(values)}. "
            "Give one weight for each sample, or one for each loss."
        )


def reduce_weighted(
    values: Any,
    sample_weight: Any = None,
    reduction: str | None = "sum_over_batch_size",
    dtype: str = "float32",
    mask: Any = None,
) -> Any:
    """The losses of the samples, weighted and reduced to one number. Means are over the losses that `mask` leaves."""
    values, sample_weight = weighted(values, sample_weight, dtype)
    if mask is not None:
        mask = ops.cast(mask, dtype)
        values, sample_weight = ops.multiply(values, mask), mask if sample_weight is None else ops.multiply(sample_weight, mask)
    if reduction in (None, "none") or ops.shape(values) == ():
        return values
    if reduction == "sum":
        return ops.sum(values)
    if reduction == "mean_with_sample_weight" and sample_weight is not None:
        return ops.divide_no_nan(ops.sum(values), ops.sum(sample_weight))
    return ops.mean(values) if mask is None else ops.divide_no_nan(ops.sum(values), ops.sum(mask))
