"""The loss classes: a function of `regression` or `crossentropy` with its options, a name and a reduction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import ops, tree
from ..arguments import passed
from . import crossentropy, overlap, regression
from .loss import Loss, require_comparable, same_rank

#: Losses that compare each target with the prediction in its place.
_ELEMENTWISE = frozenset(
    (
        *(regression.mean_squared_error, regression.mean_absolute_error, regression.mean_absolute_percentage_error),
        *(regression.mean_squared_logarithmic_error, regression.huber, regression.log_cosh, regression.poisson),
        *(regression.cosine_similarity, regression.kl_divergence, regression.hinge, regression.squared_hinge),
        *(crossentropy.binary_crossentropy, crossentropy.binary_focal_crossentropy),
    )
)


class LossFunctionWrapper(Loss):
    """A function of (y_true, y_pred) as a loss. Keyword arguments are passed on to it."""

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name or getattr(fn, "__name__", None), reduction=reduction, dtype=dtype)
        self.fn = fn
        self._fn_kwargs = kwargs

    def call(self, y_true: Any, y_pred: Any) -> Any:
        if not tree.is_nested(y_true) and not tree.is_nested(y_pred):
            y_true, y_pred = same_rank(y_true, y_pred)
            if self.fn in _ELEMENTWISE:
                require_comparable(self.name, y_true, y_pred)
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "fn": self.fn, **self._fn_kwargs}

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({self.fn!r}, kwargs={self._fn_kwargs})>"


class _Named(LossFunctionWrapper):
    """A wrapper whose class names the function, so that its config need not."""

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "reduction": self.reduction, **self._fn_kwargs}


class MeanSquaredError(_Named):
    """mean((y_true - y_pred)**2)."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "mean_squared_error", dtype: Any = None
    ) -> None:
        super().__init__(regression.mean_squared_error, **passed(locals()))


class MeanAbsoluteError(_Named):
    """mean(|y_true - y_pred|)."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "mean_absolute_error", dtype: Any = None
    ) -> None:
        super().__init__(regression.mean_absolute_error, **passed(locals()))


class MeanAbsolutePercentageError(_Named):
    """100 mean(|y_true - y_pred| / |y_true|)."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "mean_absolute_percentage_error", dtype: Any = None
    ) -> None:
        super().__init__(regression.mean_absolute_percentage_error, **passed(locals()))


class MeanSquaredLogarithmicError(_Named):
    """mean((log(y_true + 1) - log(y_pred + 1))**2)."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "mean_squared_logarithmic_error", dtype: Any = None
    ) -> None:
        super().__init__(regression.mean_squared_logarithmic_error, **passed(locals()))


class CosineSimilarity(_Named):
    """-sum(l2_normalize(y_true) * l2_normalize(y_pred)) along `axis`."""

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(regression.cosine_similarity, **passed(locals()))


class Huber(_Named):
    """Squared below `delta`, linear above."""

    def __init__(
        self, delta: float = 1.0, reduction: str | None = "sum_over_batch_size", name: str = "huber_loss", dtype: Any = None
    ) -> None:
        super().__init__(regression.huber, **passed(locals()))


class LogCosh(_Named):
    """mean(log(cosh(y_pred - y_true)))."""

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str = "log_cosh", dtype: Any = None) -> None:
        super().__init__(regression.log_cosh, **passed(locals()))


class Hinge(_Named):
    """mean(max(1 - y_true y_pred, 0))."""

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str = "hinge", dtype: Any = None) -> None:
        super().__init__(regression.hinge, **passed(locals()))


class SquaredHinge(_Named):
    """mean(max(1 - y_true y_pred, 0)**2)."""

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(regression.squared_hinge, **passed(locals()))


class CategoricalHinge(_Named):
    """max(1 + max((1 - y_true) y_pred) - sum(y_true y_pred), 0)."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "categorical_hinge", dtype: Any = None
    ) -> None:
        super().__init__(regression.categorical_hinge, **passed(locals()))


class KLDivergence(_Named):
    """sum(y_true log(y_true / y_pred))."""

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(regression.kl_divergence, **passed(locals()))


class Poisson(_Named):
    """mean(y_pred - y_true log(y_pred))."""

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str = "poisson", dtype: Any = None) -> None:
        super().__init__(regression.poisson, **passed(locals()))


class BinaryCrossentropy(_Named):
    """-y_true log(y_pred) - (1 - y_true) log(1 - y_pred)."""

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(crossentropy.binary_crossentropy, **passed(locals()))


class BinaryFocalCrossentropy(_Named):
    """Binary cross-entropy times (1 - p_t)**gamma."""

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(crossentropy.binary_focal_crossentropy, **passed(locals()))


class CategoricalCrossentropy(_Named):
    """-sum(y_true log(y_pred)); y_true is one-hot."""

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(crossentropy.categorical_crossentropy, **passed(locals()))


class CategoricalFocalCrossentropy(_Named):
    """Categorical cross-entropy times alpha (1 - y_pred)**gamma."""

    def __init__(
        self,
        alpha: Any = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(crossentropy.categorical_focal_crossentropy, **passed(locals()))


class SparseCategoricalCrossentropy(_Named):
    """-log(y_pred[y_true]); y_true is class numbers."""

    casts_targets = False

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(crossentropy.sparse_categorical_crossentropy, **passed(locals()))
        self.ignore_class = ignore_class
        self.axis = axis

    def mask(self, y_true: Any, y_pred: Any) -> Any:
        if self.ignore_class is None:
            return None
        return ops.not_equal(crossentropy.class_numbers(y_true, y_pred, self.axis), self.ignore_class)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if config["axis"] == -1:  # as in files that Keras writes
            del config["axis"]
        return config


class Dice(_Named):
    """1 - 2 sum(y_true y_pred) / (sum(y_true) + sum(y_pred)) over `axis`."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "dice", axis: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(overlap.dice, **passed(locals()))


class Tversky(_Named):
    """Dice with weights for what is missed (`alpha`) and what is falsely found (`beta`)."""

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "tversky",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(overlap.tversky, **passed(locals()))


class CategoricalGeneralizedCrossEntropy(_Named):
    """(1 - p**q) / q, p the probability of the class number y_true."""

    casts_targets = False

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        if not 0 < q < 1:
            raise ValueError(f"CategoricalGeneralizedCrossEntropy: q must lie between 0 and 1, got {q}.")
        super().__init__(overlap.categorical_generalized_cross_entropy, **passed(locals()))


class Circle(_Named):
    """Pulls embeddings of one class together, pushes those of different classes apart; losses of 0 do not count in the mean."""

    casts_targets = False

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str = "circle",
        dtype: Any = None,
    ) -> None:
        super().__init__(overlap.circle, **passed(locals()))

    def mask(self, y_true: Any, y_pred: Any) -> Any:
        return ops.greater(self.fn(y_true, y_pred, **self._fn_kwargs), 0.0)


class CTC(_Named):
    """Labels without alignment for a sequence of logits; class 0 is the blank."""

    casts_targets = False

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str = "ctc", dtype: Any = None) -> None:
        super().__init__(crossentropy.ctc, **passed(locals()))
