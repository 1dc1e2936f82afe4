"""A model of many layers, random ones among them, trains alike on all targets."""

import importlib.util

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import layers
from graphkeras.compiler import config as compiler_config


def trained(target):
    former = compiler_config.update(target=target, device="interpreter")
    try:
        keras.utils.set_random_seed(0)
        x = keras.Input((8,))
        h = layers.BatchNormalization()(layers.Dense(16, activation="gelu", kernel_regularizer="l2")(x))
        h = layers.Dropout(0.3)(h)
        h = layers.LayerNormalization()(layers.add([h, layers.Dense(16, activity_regularizer="l1")(x)]))
        y = layers.Dense(3, activation="softmax")(layers.GaussianNoise(0.1)(h))
        model = keras.Model(x, y)
        model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
        data = np.random.default_rng(0).normal(size=(96, 8)).astype(np.float32)
        labels = (data[:, 0] > 0).astype(np.int32) + (data[:, 1] > 1)
        history = model.fit(data, labels, epochs=3, verbose=0).history
        return history["loss"], model.get_weights(), model.evaluate(data, labels, verbose=0)
    finally:
        compiler_config.update(target=former.target, device=former.device)


@pytest.fixture(scope="module")
def reference():
    return trained("numpy")


@pytest.mark.parametrize("target", ["numpy", "onnxruntime", "triton"])
def test_losses_and_weights_agree(target, reference):
    if target == "triton" and importlib.util.find_spec("triton") is None:
        pytest.skip("triton is not installed")
    losses, weights, evaluated = trained(target)
    assert losses[0] > losses[-1]
    np.testing.assert_allclose(losses, reference[0], rtol=1e-5)
    np.testing.assert_allclose(evaluated, reference[2], rtol=1e-5)
    for one, other in zip(weights, reference[1]):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)
    if target == "numpy":
        for one, other in zip(weights, reference[1]):
            np.testing.assert_array_equal(one, other)  # a repeated run is the same to the bit
