"""Models with a `call` of their own."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import layers

X = np.arange(12, dtype=np.float32).reshape(2, 6)


class Mlp(keras.Model):
    def __init__(self, units, depth=2, **kwargs):
        super().__init__(**kwargs)
        self.blocks = []
        for _ in range(depth):
            self.blocks.append(layers.Dense(units, activation="relu"))
        self.drop = layers.Dropout(0.5)
        self.out = layers.Dense(2)

    def call(self, inputs, training=False):
        x = inputs
        for block in self.blocks:
            x = self.drop(block(x), training=training)
        return self.out(x)


def test_it_is_built_by_its_first_call():
    model = Mlp(4)
    assert not model.built and model.weights == []
    assert model(X).shape == (2, 2)
    assert model.built and len(model.weights) == 6
    assert [w.path for w in model.weights][:2] == [f"{model.name}/{model.blocks[0].name}/{name}" for name in ("kernel", "bias")]


def test_it_is_built_by_build_without_data():
    model = Mlp(4)
    model.build((None, 6))
    assert model.count_params() == 6 * 4 + 4 + 4 * 4 + 4 + 4 * 2 + 2
    assert model.compute_output_shape((None, 6)) == (None, 2)


def test_in_a_functional_model():
    inner = Mlp(4)
    x = keras.Input((6,))
    model = keras.Model(x, inner(x))
    np.testing.assert_array_equal(model(X), inner(X))


def test_config_comes_from_the_constructor():
    model = Mlp(4, depth=3, name="mlp")
    config = model.get_config()
    assert (config["units"], config["depth"], config["name"]) == (4, 3, "mlp")
    assert len(Mlp.from_config(config).blocks) == 3


def test_what_needs_tensors_says_so():
    model = Mlp(4)
    model(X)
    with pytest.raises(AttributeError, match="subclass with a call method of its own"):
        _ = model.inputs
    with pytest.raises(NotImplementedError, match="must define call"):
        keras.Model()(X)
    with pytest.raises(ValueError, match="give build the shape"):
        Mlp(3).build()


def test_metrics_and_layers_of_attributes():
    model = Mlp(4)
    model.tracker = keras.metrics.Mean(name="tracked")
    assert [layer.name for layer in model.layers] == [*(b.name for b in model.blocks), model.drop.name, model.out.name]
    assert "tracked" in [metric.name for metric in model.metrics]
