"""`keras.wrappers`: models as scikit-learn's estimators. Needs scikit-learn, and is loaded when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from .models import clone_model
from .models.model import Model

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_array, check_is_fitted, check_X_y
except ImportError as error:
    raise ImportError("keras.wrappers needs scikit-learn: pip install 'graphkeras[examples]' or scikit-learn.") from error

__all__ = ["SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"]

Array = np.ndarray[Any, Any]


class _Estimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What the wrappers share. The compiled model is cloned, or made, at each `fit`.

    Args:
        model: a compiled model, or a function of ``X`` and ``y`` (and `model_kwargs`) that returns one. It gets ``y`` as the
            model will be trained with: of two axes; for a classifier a column of 0 and 1 for each class.
        warm_start: whether a given model, or that of the last `fit`, is trained on, instead of a clone with new weights.
        model_kwargs: further arguments for the function.
        fit_kwargs: arguments for the model's `fit`; those given to the wrapper's `fit` count more.

    Attributes:
        model_: the fitted model.
        history_: the figures of every epoch of the last `fit`.
        n_features_in_: the number of columns of ``X``.
    """

    def __init__(
        self,
        model: Any,
        warm_start: bool = False,
        model_kwargs: Mapping[str, Any] | None = None,
        fit_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def fit(self, X: Any, y: Any, **kwargs: Any) -> Self:
        """Train the model.

        Args:
            X: the samples, of shape (samples, features) or with more axes.
            y: the targets.
            kwargs: arguments of `Model.fit`.

        Raises:
            ValueError: for data that do not fit together, or a model that is not compiled.
            TypeError: for a model that is neither a model nor a function that returns one.
        """
        X, y = check_X_y(X, y, allow_nd=True, multi_output=True, y_numeric=self._is_numeric)
        self.n_features_in_ = X.shape[1]
        targets = self._targets(y)
        self.model_ = self._model_for(X, targets)
        options = {"verbose": 0, **(self.fit_kwargs or {}), **kwargs}
        self.history_ = self.model_.fit(X, targets, **options).history
        return self

    def predict(self, X: Any) -> Array:
        """The model's result for each sample, in the form of the targets.

        Raises:
            NotFittedError: before `fit`.
            ValueError: for another number of features.
        """
        return self._from_outputs(self._outputs(X))

    _is_numeric = True

    def _outputs(self, X: Any) -> Array:
        check_is_fitted(self, "model_")
        X = check_array(X, allow_nd=True)
        if X.shape[1] != self.n_features_in_:
            name = type(self).__name__
            raise ValueError(f"X has {X.shape[1]} features, but {name} is expecting {self.n_features_in_} features as input.")
        return np.asarray(self.model_.predict(X, verbose=0))

    def _targets(self, y: Array) -> Array:
        self._has_columns = y.ndim > 1
        return y if self._has_columns else y[:, None]

    def _from_outputs(self, outputs: Array) -> Array:
        return outputs if self._has_columns or outputs.shape[1:] != (1,) else outputs[:, 0]

    def _model_for(self, X: Array, y: Array) -> Model:
        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        model = self.model
        if not isinstance(model, Model):
            if not callable(model):
                raise TypeError(
                    f"{type(self).__name__}: model is a keras.Model or a function that returns one, got {type(model).__name__}."
                )
            model = model(X=X, y=y, **(self.model_kwargs or {}))
            if not isinstance(model, Model):
                raise TypeError(f"{type(self).__name__}: the function given as model must return a keras.Model, got {model!r}.")
        if not model.compiled:
            raise ValueError(f"{type(self).__name__}: compile the model {model.name!r} first.")
        if model is not self.model or self.warm_start:
            return model
        clone: Model = clone_model(model)
        clone.compile_from_config(model.get_compile_config() or {})
        return clone


class SKLearnClassifier(ClassifierMixin, _Estimator):  # type: ignore[misc]
    """A model as a scikit-learn classifier. It is trained on one column for each class, so its loss is categorical.

    Attributes:
        classes_: the labels, sorted.
    """

    __doc__ = f"{__doc__}\n{_Estimator.__doc__}"
    _is_numeric = False

    def predict_proba(self, X: Any) -> Array:
        """The model's result: the probability of each class, in the order of `classes_`."""
        return self._outputs(X)

    def _targets(self, y: Array) -> Array:
        check_classification_targets(y)
        if y.ndim > 1:
            raise ValueError(f"SKLearnClassifier: y is one label for each sample, got shape {y.shape}.")
        self.classes_, numbers = np.unique(y, return_inverse=True)
        return np.eye(len(self.classes_), dtype=np.float32)[numbers]

    def _from_outputs(self, outputs: Array) -> Array:
        return np.asarray(self.classes_[np.argmax(outputs, axis=-1)])


class SKLearnRegressor(RegressorMixin, _Estimator):  # type: ignore[misc]
    """A model as a scikit-learn regressor."""

    __doc__ = f"{__doc__}\n{_Estimator.__doc__}"


class SKLearnTransformer(TransformerMixin, _Estimator):  # type: ignore[misc]
    """A model as a scikit-learn transformer: `transform` gives the model's result, such as features or a code."""

    __doc__ = f"{__doc__}\n{_Estimator.__doc__}"

    def transform(self, X: Any) -> Array:
        """The model's result for each sample."""
        return self._outputs(X)
