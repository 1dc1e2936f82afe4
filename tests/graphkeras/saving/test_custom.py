"""Classes and functions of one's own in saved models."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import ops
from graphkeras.compiler.config import current
from graphkeras.layers import Dense, Dropout, Input, Lambda
from graphkeras.saving import get_custom_objects, register_keras_serializable

X = np.random.default_rng(1).normal(size=(12, 4)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


@pytest.fixture(autouse=True)
def _clean_registry():
    before = dict(get_custom_objects())
    yield
    get_custom_objects().clear()
    get_custom_objects().update(before)


class Scale(keras.layers.Layer):
    """No get_config: the constructor's arguments are remembered."""

    def __init__(self, factor=3.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x):
        return x * self.factor


class TwoLayers(keras.Model):
    """A model with a call of its own and layers in a list and in an attribute."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.blocks = [Dense(units, activation="tanh"), Dense(units)]
        self.drop = Dropout(0.4, seed=5)
        self.out = Dense(1)

    def call(self, x, training=None):
        for block in self.blocks:
            x = block(x)
        return self.out(self.drop(x, training=training))


def squash(x):
    return ops.tanh(x) * 0.5


def cubic(y_true, y_pred):
    return ops.mean(ops.abs(y_true - y_pred) ** 3, axis=-1)


def same(first, second):
    np.testing.assert_array_equal(first.predict(X, verbose=0), second.predict(X, verbose=0))


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_functions_as_activation_and_loss(tmp_path, suffix):
    model = keras.Sequential([Input((4,)), Dense(5, activation=squash), Dense(1)])
    model.compile("sgd", cubic)
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / f"m{suffix}")
    with pytest.raises(ValueError, match="the function 'squash'"):
        keras.models.load_model(tmp_path / f"m{suffix}")
    again = keras.models.load_model(tmp_path / f"m{suffix}", custom_objects={"squash": squash, "cubic": cubic})
    same(again, model)
    assert again.train_on_batch(X, Y) == model.train_on_batch(X, Y)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_registered_class_needs_nothing(tmp_path, suffix):
    register_keras_serializable("shop")(Scale)
    model = keras.Sequential([Input((4,)), Scale(0.25), Dense(2)])
    model.save(tmp_path / f"m{suffix}")
    again = keras.models.load_model(tmp_path / f"m{suffix}")
    same(again, model)
    assert again.layers[0].factor == 0.25


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_model_of_ones_own_class(tmp_path, suffix):
    model = TwoLayers(6)
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / f"m{suffix}")
    again = keras.models.load_model(tmp_path / f"m{suffix}", custom_objects={"TwoLayers": TwoLayers})
    same(again, model)
    for _ in range(2):
        assert again.train_on_batch(X, Y) == model.train_on_batch(X, Y)
    model.save_weights(tmp_path / "m.weights.h5")
    other = TwoLayers(6)
    with pytest.raises(ValueError, match="has none yet"):
        other.load_weights(tmp_path / "m.weights.h5")
    other.predict(X, verbose=0)
    other.load_weights(tmp_path / "m.weights.h5")
    same(other, model)


class Block(keras.layers.Layer):
    """Layers inside, built when it is first called."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.first, self.rest = Dense(units, activation="relu"), {"a": Dense(units), "b": [Scale(0.5), Dense(4)]}

    def call(self, x):
        scale, last = self.rest["b"]
        return x + last(scale(self.rest["a"](self.first(x))))

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_layers_inside_a_layer(tmp_path, suffix):
    model = keras.Sequential([Input((4,)), Block(3), Block(5), Dense(1)])
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / f"m{suffix}")
    again = keras.models.load_model(tmp_path / f"m{suffix}", custom_objects={"Block": Block})
    same(again, model)
    assert again.train_on_batch(X, Y) == model.train_on_batch(X, Y)


class Noisy(keras.Model):
    """Made of tensors, with a training step of its own."""

    def train_step(self, data):
        logs = super().train_step(data)
        return {**logs, "twice": 2 * logs["loss"]}


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_functional_model_with_a_training_step_of_ones_own(tmp_path, suffix):
    x = Input((4,))
    model = Noisy(x, Dense(1)(Dense(3, activation="relu")(x)))
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / f"m{suffix}")
    again = keras.models.load_model(tmp_path / f"m{suffix}", custom_objects={"Noisy": Noisy})
    same(again, model)
    assert isinstance(again, Noisy)
    logs = again.train_on_batch(X, Y, return_dict=True)
    assert logs == model.train_on_batch(X, Y, return_dict=True)
    assert logs["twice"] == 2 * logs["loss"]


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_lambda_is_code_and_must_be_asked_for(tmp_path, suffix):
    model = keras.Sequential([Input((4,)), Lambda(lambda x: x * 2.0), Dense(2)])
    model.save(tmp_path / f"m{suffix}")
    with pytest.raises(ValueError, match="safe_mode=False"):
        keras.models.load_model(tmp_path / f"m{suffix}")
    same(keras.models.load_model(tmp_path / f"m{suffix}", safe_mode=False), model)


@pytest.mark.parametrize("target", ["numpy", "triton"])
def test_another_target_goes_on_with_the_same_numbers(tmp_path, target):
    """Saved where onnxruntime trains, loaded elsewhere (Triton's kernels in the interpreter): dropout draws the same masks."""
    before = current()
    keras.utils.set_random_seed(2)
    model = keras.Sequential([Input((4,)), Dense(8, activation="relu"), Dropout(0.5), Dense(1)])
    model.compile("adam", "mse")
    keras.config.set_target("onnxruntime")
    try:
        model.fit(X, Y, epochs=2, verbose=0)
        model.save(tmp_path / "m.keras")
        expected = [model.train_on_batch(X, Y) for _ in range(3)]
        keras.config.set_target(target)
        keras.config.set_device("interpreter")
        again = keras.models.load_model(tmp_path / "m.keras")
        np.testing.assert_allclose([again.train_on_batch(X, Y) for _ in range(3)], expected, rtol=1e-5)
    finally:
        keras.config.set_target(before.target)
        keras.config.set_device(before.device)
