"""Models as scikit-learn's estimators."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import graphkeras as keras
from graphkeras import layers
from graphkeras.wrappers import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer


def network(X, y, units=16, activation="softmax", loss="categorical_crossentropy"):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input(X.shape[1:]), layers.Dense(units, "relu"), layers.Dense(y.shape[1], activation)])
    model.compile(keras.optimizers.Adam(0.05), loss)
    return model


X, LABELS = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[LABELS]


def test_a_classifier_in_a_pipeline():
    made = make_pipeline(StandardScaler(), SKLearnClassifier(network, fit_kwargs={"epochs": 30}))
    assert cross_val_score(made, X, NAMES, cv=3).mean() > 0.9
    made.fit(X, NAMES)
    classifier = made[-1]
    assert classifier.classes_.tolist() == ["setosa", "versicolor", "virginica"] and len(classifier.history_["loss"]) == 30
    assert set(made.predict(X)) <= set(NAMES)
    assert np.allclose(made.predict_proba(X).sum(1), 1, atol=1e-5)


def test_a_search_over_arguments_of_the_model():
    search = GridSearchCV(SKLearnClassifier(network, fit_kwargs={"epochs": 3}), {"model_kwargs": [{"units": 2}, {"units": 32}]})
    search.fit(X, LABELS)
    assert search.best_params_ == {"model_kwargs": {"units": 32}}


def test_a_regressor():
    features, target = load_diabetes(return_X_y=True)
    options = {"activation": None, "loss": "mse"}
    made = SKLearnRegressor(network, model_kwargs=options, fit_kwargs={"epochs": 20})
    assert made.fit(features, target).predict(features).shape == target.shape
    assert made.score(features, target) > 0.3
    two = np.stack([target, -target], axis=1)
    assert made.fit(features, two, epochs=1).predict(features).shape == two.shape and len(made.history_["loss"]) == 1


def test_a_given_model_is_cloned_unless_it_warms_up():
    model = network(X, np.zeros((1, 3)))
    before = model.get_weights()
    cold = SKLearnClassifier(model).fit(X, LABELS, epochs=2)
    assert cold.model_ is not model and all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    warm = SKLearnClassifier(model, warm_start=True).fit(X, LABELS, epochs=2)
    assert warm.model_ is model and not np.array_equal(before[0], model.get_weights()[0])
    assert warm.fit(X, LABELS).model_ is model


def test_a_transformer():
    made = SKLearnTransformer(network, model_kwargs={"activation": None, "loss": "mse"})
    assert made.fit(X, X).transform(X).shape == X.shape and made.fit_transform(X, X).shape == X.shape


def test_errors():
    with pytest.raises(NotFittedError):
        SKLearnClassifier(network).predict(X)
    with pytest.raises(ValueError, match="has 2 features, but SKLearnClassifier is expecting 4"):
        SKLearnClassifier(network).fit(X, LABELS).predict(X[:, :2])
    with pytest.raises(TypeError, match="or a function that returns one, got int"):
        SKLearnClassifier(3).fit(X, LABELS)
    with pytest.raises(TypeError, match="must return"):
        SKLearnClassifier(lambda X, y: None).fit(X, LABELS)
    with pytest.raises(ValueError, match="compile the model"):
        SKLearnClassifier(keras.Sequential([keras.Input((4,)), layers.Dense(3)])).fit(X, LABELS)
    with pytest.raises(ValueError, match="one label for each sample"):
        SKLearnClassifier(network).fit(X, np.eye(3)[LABELS])
