"""Sequential models."""

import json

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import layers

X = np.arange(12, dtype=np.float32).reshape(2, 6)


@pytest.mark.parametrize(
    "first",
    [
        lambda: [layers.Dense(4, input_dim=6)],
        lambda: [layers.Dense(4, input_shape=(6,))],
        lambda: [layers.Dense(4, batch_input_shape=(None, 6))],
        lambda: [keras.Input((6,)), layers.Dense(4)],
        lambda: [layers.InputLayer(shape=(6,)), layers.Dense(4)],
    ],
)
def test_ways_to_give_the_input_shape(first):
    model = keras.Sequential(first())
    model.add(layers.Dense(3, activation="softmax"))
    assert model.built and len(model.layers) == 2
    assert (model.input_shape, model.output_shape) == ((None, 6), (None, 3))
    assert model.count_params() == 6 * 4 + 4 + 4 * 3 + 3
    np.testing.assert_allclose(model(X).sum(1), 1, rtol=1e-6)
    assert model.weights[0].path == f"{model.name}/{model.layers[0].name}/kernel"


def test_deferred_build():
    model = keras.Sequential([layers.Dense(4), layers.Dense(3)], name="late")
    assert not model.built and model.weights == []
    with pytest.raises(AttributeError, match="was not built yet"):
        _ = model.inputs
    model(X)
    assert model.built and model.input_shape == (None, 6)
    other = keras.Sequential([layers.Dense(4)])
    other.build((None, 5))
    assert other.count_params() == 24
    numbers = keras.Sequential([layers.Embedding(9, 2), layers.Flatten()])
    assert numbers(np.array([[1, 2, 3]])).shape == (1, 6) and numbers.inputs[0].dtype == "int64"


def test_a_failed_build_can_be_done_again():
    model = keras.Sequential([layers.Reshape((4, 2)), layers.Dense(3)])
    with pytest.raises(ValueError, match="cannot be reshaped"):
        model(X)
    assert not model.built
    assert model(np.zeros((1, 8), np.float32)).shape == (1, 4, 3)


def test_add_and_pop():
    model = keras.Sequential([keras.Input((6,)), layers.Dense(4, name="a"), layers.Dense(3, name="b")])
    assert model.pop().name == "b"
    assert model.output_shape == (None, 4)
    model.add(layers.Dense(2, name="c"))
    assert model(X).shape == (2, 2) and [layer.name for layer in model.layers] == ["a", "c"]
    with pytest.raises(ValueError, match="no layers to take away"):
        keras.Sequential().pop()


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (lambda model: 3, "takes layers, got int"),
        (lambda model: keras.Input((3,)), "must be the first"),
        (lambda model: layers.Dense(2, name="a"), "has a layer named 'a' already"),
        (lambda model: model.layers[0], "holds a layer once"),
        (lambda model: layers.Dense, "takes layers, got type"),
    ],
)
def test_what_cannot_be_added(layer, message):
    model = keras.Sequential([layers.Dense(4, name="a", input_dim=6)])
    with pytest.raises((ValueError, TypeError), match=message):
        model.add(layer(model))


def test_wrong_data_names_the_model_and_the_line():
    model = keras.Sequential([layers.Dense(4, input_dim=6)], name="mlp")
    with pytest.raises(ValueError, match=r'Sequential "mlp": the input .* must have shape \(None, 6\), got \(2, 5\)'):
        model(X[:, :5])
    with pytest.raises(ValueError, match="has no layers"):
        keras.Sequential()(X)


def test_config_round_trip():
    model = keras.Sequential([layers.Dense(4, input_dim=6, activation="relu"), layers.Dropout(0.5)], name="s")
    config = json.loads(json.dumps(model.get_config()))
    assert config["build_input_shape"] == [None, 6] and config["layers"][0]["class_name"] == "InputLayer"
    again = keras.Sequential.from_config(config)
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again(X), model(X))
    late = keras.Sequential([layers.Dense(2)])
    assert not keras.Sequential.from_config(late.get_config()).built


def test_inside_other_models():
    inner = keras.Sequential([layers.Dense(4), layers.Dense(3)])
    x = keras.Input((6,))
    model = keras.Model(x, inner(x))
    np.testing.assert_array_equal(model(X), inner(X))
    assert len(model.weights) == 4
    stacked = keras.Sequential([inner, layers.Dense(2)])
    assert stacked(X).shape == (2, 2) and stacked.input_shape == (None, 6)


def test_a_user_subclass_works_as_well():
    class Mlp(keras.Sequential):
        pass

    model = Mlp([layers.Dense(3, input_dim=6)])
    assert type(model) is Mlp and model(X).shape == (2, 3)
