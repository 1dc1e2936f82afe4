"""Losses as metrics: their mean over all samples."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..arguments import passed
from ..losses import crossentropy, regression
from ..losses.loss import same_rank
from .reduction import Mean, NamedMeanMetric


class MeanSquaredError(NamedMeanMetric):
    """mean((y_true - y_pred)**2)."""

    def __init__(self, name: str = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(regression.mean_squared_error, **passed(locals()))


class RootMeanSquaredError(Mean):
    """sqrt(mean((y_true - y_pred)**2)), the root taken over all samples."""

    def __init__(self, name: str = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        y_true, y_pred = same_rank(*(ops.convert_to_tensor(y, dtype=self.dtype) for y in (y_true, y_pred)))
        super().update_state(ops.square(ops.subtract(y_pred, y_true)), sample_weight)

    def result(self) -> Any:
        return ops.sqrt(super().result())


class MeanAbsoluteError(NamedMeanMetric):
    """mean(|y_true - y_pred|)."""

    def __init__(self, name: str = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(regression.mean_absolute_error, **passed(locals()))


class MeanAbsolutePercentageError(NamedMeanMetric):
    """100 mean(|y_true - y_pred| / |y_true|)."""

    def __init__(self, name: str = "mean_absolute_percentage_error", dtype: Any = None) -> None:
        super().__init__(regression.mean_absolute_percentage_error, **passed(locals()))


class MeanSquaredLogarithmicError(NamedMeanMetric):
    """mean((log(y_true + 1) - log(y_pred + 1))**2)."""

    def __init__(self, name: str = "mean_squared_logarithmic_error", dtype: Any = None) -> None:
        super().__init__(regression.mean_squared_logarithmic_error, **passed(locals()))


class LogCoshError(NamedMeanMetric):
    """mean(log(cosh(y_pred - y_true)))."""

    def __init__(self, name: str = "logcosh", dtype: Any = None) -> None:
        super().__init__(regression.log_cosh, **passed(locals()))


class CosineSimilarity(NamedMeanMetric):
    """The cosine of the angle between y_true and y_pred along `axis`: 1 for the same direction."""

    def __init__(self, name: str = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(_cosine, **passed(locals()))


def _cosine(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    y_pred = ops.convert_to_tensor(y_pred)
    y_true, y_pred = same_rank(ops.convert_to_tensor(y_true, dtype=ops.dtype(y_pred)), y_pred)
    return regression.cosine(y_true, y_pred, axis)


class Hinge(NamedMeanMetric):
    """mean(max(1 - y_true y_pred, 0))."""

    def __init__(self, name: str = "hinge", dtype: Any = None) -> None:
        super().__init__(regression.hinge, **passed(locals()))


class SquaredHinge(NamedMeanMetric):
    """mean(max(1 - y_true y_pred, 0)**2)."""

    def __init__(self, name: str = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(regression.squared_hinge, **passed(locals()))


class CategoricalHinge(NamedMeanMetric):
    """max(1 + max((1 - y_true) y_pred) - sum(y_true y_pred), 0)."""

    def __init__(self, name: str = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(regression.categorical_hinge, **passed(locals()))


class KLDivergence(NamedMeanMetric):
    """sum(y_true log(y_true / y_pred))."""

    def __init__(self, name: str = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(regression.kl_divergence, **passed(locals()))


class Poisson(NamedMeanMetric):
    """mean(y_pred - y_true log(y_pred))."""

    def __init__(self, name: str = "poisson", dtype: Any = None) -> None:
        super().__init__(regression.poisson, **passed(locals()))


class BinaryCrossentropy(NamedMeanMetric):
    """-y_true log(y_pred) - (1 - y_true) log(1 - y_pred)."""

    def __init__(
        self, name: str = "binary_crossentropy", dtype: Any = None, from_logits: bool = False, label_smoothing: float = 0
    ) -> None:
        super().__init__(crossentropy.binary_crossentropy, **passed(locals()))


class CategoricalCrossentropy(NamedMeanMetric):
    """-sum(y_true log(y_pred)); y_true is one-hot."""

    def __init__(
        self,
        name: str = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        super().__init__(crossentropy.categorical_crossentropy, **passed(locals()))


class SparseCategoricalCrossentropy(NamedMeanMetric):
    """-log(y_pred[y_true]); y_true is class numbers."""

    def __init__(
        self,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(crossentropy.sparse_categorical_crossentropy, **passed(locals()))
