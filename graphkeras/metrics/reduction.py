"""Sums and means over all samples seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from .. import ops
from ..losses.loss import same_rank
from ..masks import mask_of
from ..saving.namespaces import find_function
from ..saving.serialization import deserialize_keras_object, serialize_keras_object
from .metric import Metric


def samplewise(values: Any, sample_weight: Any, reduce: Callable[..., Any], dtype: str) -> tuple[Any, Any]:
    """One value for each sample, times its weight; and the weights of the samples, or None.

    Axes beyond the first are reduced by `reduce` (`ops.mean` or `ops.sum`).
    """
    values = ops.convert_to_tensor(values, dtype=dtype)
    if sample_weight is not None:
        values, sample_weight = same_rank(values, ops.convert_to_tensor(sample_weight, dtype=dtype))
        weight_ndim, values_ndim = len(ops.shape(sample_weight)), len(ops.shape(values))
        if values_ndim > weight_ndim:
            values = reduce(values, axis=tuple(range(weight_ndim, values_ndim)))
        sample_weight = ops.broadcast_to(sample_weight, ops.shape(values))
        values = ops.multiply(values, sample_weight)
        if weight_ndim > 1:
            sample_weight = reduce(sample_weight, axis=tuple(range(1, weight_ndim)))
    values_ndim = len(ops.shape(values))
    return reduce(values, axis=tuple(range(1, values_ndim))) if values_ndim > 1 else values, sample_weight


def _weights_of_steps(mask: Any, sample_weight: Any) -> Any:
    """The mask of steps as weights, times the weights of samples or of steps."""
    if sample_weight is None:
        return mask
    sample_weight = ops.convert_to_tensor(sample_weight, dtype=ops.dtype(mask))
    for _ in range(len(ops.shape(mask)) - len(ops.shape(sample_weight))):
        sample_weight = ops.expand_dims(sample_weight, axis=-1)
    return ops.multiply(mask, sample_weight)


class Sum(Metric):
    """The sum of all values, each times its weight."""

    def __init__(self, name: str = "sum", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values, _ = samplewise(values, sample_weight, ops.sum, self.dtype)
        self.total.assign_add(ops.sum(values))

    def result(self) -> Any:
        return ops.convert_to_tensor(self.total)


class Mean(Metric):
    """The weighted mean of all values; 0 before the first."""

    def __init__(self, name: str = "mean", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), name="total")
        self.count = self.add_variable((), name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values, sample_weight = samplewise(values, sample_weight, ops.mean, self.dtype)
        shape = ops.shape(values)
        self.total.assign_add(ops.sum(values) if shape else values)
        if sample_weight is not None:
            count = ops.sum(sample_weight) if ops.shape(sample_weight) else sample_weight
        else:
            count = ops.convert_to_tensor(shape[0] if shape else 1, dtype=self.dtype)
        self.count.assign_add(count)

    def result(self) -> Any:
        # One node less than divide_no_nan: before the first sample the total is 0 as well.
        return ops.divide(self.total, ops.where(ops.equal(self.count, 0.0), 1.0, self.count))


class MeanMetricWrapper(Mean):
    """The mean of a function of (y_true, y_pred) that gives one number for each sample."""

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name=name or getattr(fn, "__name__", None) or type(fn).__name__, dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        mask = mask_of(y_pred)
        if mask is not None:
            sample_weight = _weights_of_steps(ops.cast(mask, self.dtype), sample_weight)
        super().update_state(self._fn(y_true, y_pred, **self._fn_kwargs), sample_weight)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "fn": serialize_keras_object(self._fn), **serialize_keras_object(self._fn_kwargs)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        read = deserialize_keras_object(config) if "fn" in config else config
        if isinstance(read.get("fn"), str):  # older Keras wrote the bare name
            read = {**read, "fn": find_function(read["fn"]) or read["fn"]}
        return cls(**read)


class NamedMeanMetric(MeanMetricWrapper):
    """A wrapper whose class names the function, so that its config holds the options only."""

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype, **self._fn_kwargs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(**config)
