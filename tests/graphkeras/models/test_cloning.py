"""`clone_model`."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import layers
from tests.graphkeras.models.test_functional import A, B, two_towers
from tests.graphkeras.models.test_subclass import Mlp


def test_functional():
    model = two_towers()
    copy = keras.models.clone_model(model)
    assert not {id(w) for w in copy.weights} & {id(w) for w in model.weights}
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(copy([A, B])["out"], model([A, B])["out"])


def test_layers_may_be_replaced():
    model = keras.Sequential([layers.Dense(3, input_dim=4, name="d"), layers.Dropout(0.5)])

    def without_dropout(layer):
        return layers.Identity() if isinstance(layer, layers.Dropout) else layer.from_config(layer.get_config())

    copy = keras.models.clone_model(model, clone_function=without_dropout)
    assert [type(layer).__name__ for layer in copy.layers] == ["Dense", "Identity"] and copy.built
    wide = keras.models.clone_model(two_towers(), input_tensors=[keras.Input((4,)), keras.Input((4,))])
    assert wide([A, B])["out"].shape == (2, 2)


def test_subclass_and_errors():
    assert len(keras.models.clone_model(Mlp(3)).blocks) == 2
    with pytest.raises(ValueError, match="by its config only"):
        keras.models.clone_model(Mlp(3), clone_function=lambda layer: layer)
    with pytest.raises(ValueError, match="takes a model, got Dense"):
        keras.models.clone_model(layers.Dense(3))
