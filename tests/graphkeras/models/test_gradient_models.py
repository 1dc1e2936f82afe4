"""Models with gradients among their calls."""

import numpy as np

import graphkeras as keras
from graphkeras import layers, ops

X = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)


def test_a_model_of_gradients_can_be_called_on_arrays():
    x = keras.Input((3,))
    model = keras.Model(x, keras.gradients(ops.sum(ops.sin(x)), x))
    assert np.allclose(model(X), np.cos(X), atol=1e-6) and np.allclose(model.predict(X, verbose=0), np.cos(X), atol=1e-6)


def test_calls_of_its_layers_still_change_their_state():
    x = keras.Input((3,))
    norm = layers.BatchNormalization(momentum=0.5)
    y = layers.Dropout(0.5, seed=1)(norm(x, training=True), training=True)
    model = keras.Model(x, [y, keras.gradients(ops.sum(ops.square(y)), x)])
    first, slope = model(X)
    assert first.shape == slope.shape == (2, 3)
    assert np.allclose(norm.moving_mean.numpy(), 0.5 * X.mean(0), atol=1e-6)
    assert any(not np.array_equal(first, model(X)[0]) for _ in range(5))
