"""Intersection over union of segmentations, from counts of (class, predicted class)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import config, ops
from ..arguments import kept_arguments
from .metric import Metric


class IoU(Metric):
    """The mean over `target_class_ids` of |both| / |either|: elements of the class and elements predicted to be.

    Args:
        num_classes: how many classes there are.
        target_class_ids: the classes that count.
        ignore_class: elements of this class are left out.
        sparse_y_true, sparse_y_pred: whether they are class numbers; else the greatest along `axis` is the class.
        axis: the axis of the classes.

    Raises:
        ValueError: for a target that is no class.
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype=dtype or "int32")
        wrong = [target for target in target_class_ids if not 0 <= target < num_classes]
        if wrong:
            raise ValueError(f"{self.name}: target_class_ids must be 0 to {num_classes - 1}, got {wrong[0]}.")
        self.num_classes, self.target_class_ids, self.ignore_class = num_classes, list(target_class_ids), ignore_class
        self.sparse_y_true, self.sparse_y_pred, self.axis = sparse_y_true, sparse_y_pred, axis
        self.total_cm = self.add_variable((num_classes, num_classes), name="total_confusion_matrix")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true = y_true if self.sparse_y_true else ops.argmax(y_true, axis=self.axis)
        y_pred = y_pred if self.sparse_y_pred else ops.argmax(y_pred, axis=self.axis)
        y_true, y_pred = (ops.reshape(ops.cast(y, "int32"), (-1,)) for y in (y_true, y_pred))
        known = ops.ones_like(y_true, "bool")
        for y in (y_true, y_pred):
            known = ops.logical_and(known, ops.logical_and(ops.greater_equal(y, 0), ops.less(y, self.num_classes)))
        if self.ignore_class is not None:
            known = ops.logical_and(known, ops.not_equal(y_true, self.ignore_class))
        weight = ops.cast(known, "float32")
        if sample_weight is not None:  # whole numbers where the counts are, as in Keras
            given = ops.cast(ops.convert_to_tensor(sample_weight, dtype=self.dtype), "float32")
            weight = ops.multiply(weight, ops.reshape(given, (-1,)) if len(ops.shape(given)) else given)
        rows, columns = (ops.one_hot(ops.where(known, y, 0), self.num_classes, dtype="float32") for y in (y_true, y_pred))
        counts = ops.matmul(ops.transpose(ops.multiply(rows, ops.expand_dims(weight, 1))), columns)
        self.total_cm.assign_add(ops.cast(ops.round(counts) if "int" in self.dtype else counts, self.dtype))

    def result(self) -> Any:
        counts = ops.cast(self.total_cm, "float32")
        both = ops.sum(ops.multiply(counts, ops.eye(self.num_classes)), axis=0)
        either = ops.subtract(ops.add(ops.sum(counts, axis=0), ops.sum(counts, axis=1)), both)
        both, either = (ops.take(x, self.target_class_ids, axis=0) for x in (both, either))
        occurs = ops.cast(ops.greater(either, 1e-9), "float32")
        shares = ops.multiply(ops.divide(both, ops.add(either, config.epsilon())), occurs)
        return ops.divide(ops.sum(shares), ops.add(ops.sum(occurs), config.epsilon()))

    def get_config(self) -> dict[str, Any]:
        return kept_arguments(self)


class BinaryIoU(IoU):
    """`IoU` of the classes 0 and 1, where `y_pred` is a score and `threshold` or more means 1."""

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_pred = ops.greater_equal(ops.convert_to_tensor(y_pred, dtype="float32"), float(self.threshold))
        super().update_state(y_true, y_pred, sample_weight)


class MeanIoU(IoU):
    """`IoU` of all classes."""

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, range(num_classes), name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)


class OneHotIoU(IoU):
    """`IoU` for one-hot targets."""

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)


class OneHotMeanIoU(MeanIoU):
    """`MeanIoU` for one-hot targets."""

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)
