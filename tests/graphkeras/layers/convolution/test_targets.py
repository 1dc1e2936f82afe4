"""A small convolution network trains alike on all targets, and its weights move."""

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
        x = keras.Input((6, 6, 2))
        h = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
        h = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2)(layers.MaxPooling2D()(h))
        h = layers.Conv2DTranspose(3, 3, strides=2, padding="same")(h)
        h = layers.AveragePooling2D(3)(layers.SeparableConv2D(4, 3, padding="same")(h))
        model = keras.Model(x, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(h)))
        model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
        before = model.get_weights()
        images = np.random.default_rng(0).normal(size=(16, 6, 6, 2)).astype(np.float32)
        labels = (images[:, 0, 0, 0] > 0).astype(np.int32)
        losses = model.fit(images, labels, batch_size=8, epochs=2, verbose=0).history["loss"]
        return losses, model.get_weights(), before
    finally:
        compiler_config.update(target=former.target, device=former.device)


@pytest.fixture(scope="module")
def reference():
    losses, weights, before = trained("numpy")
    assert losses[1] < losses[0]
    assert all((one != other).any() for one, other in zip(weights, before))
    return losses, weights


@pytest.mark.parametrize("target", ["onnxruntime", "triton"])
def test_losses_and_weights_agree(target, reference):
    if target == "triton" and importlib.util.find_spec("triton") is None:
        pytest.skip("triton is not installed")
    losses, weights, _ = trained(target)
    np.testing.assert_allclose(losses, reference[0], rtol=1e-5)
    for one, other in zip(weights, reference[1]):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)
