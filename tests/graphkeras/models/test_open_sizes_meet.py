"""Sizes that cannot be shown to be equal, such as those of a skip connection over strides, are checked when a model runs."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

import graphkeras as keras
from graphkeras import layers, ops

RNG = np.random.default_rng(0)


def u_net(merge):
    image = keras.Input((None, None, 3))
    fine = layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    coarse = layers.Conv2D(4, 3, padding="same")(layers.MaxPooling2D(2)(fine))
    up = layers.UpSampling2D(2)(coarse)
    merged = layers.Concatenate()([fine, up]) if merge == "concatenate" else layers.Add()([up, fine])
    return keras.Model(image, layers.Conv2D(1, 1)(merged))


@pytest.mark.parametrize("merge", ["concatenate", "add"])
def test_a_u_net_of_any_even_size(merge, tmp_path):
    model = u_net(merge)
    model.compile("adam", "mse")
    for size in (8, 12):
        x = RNG.normal(size=(2, size, size + 4, 3)).astype(np.float32)
        y = x[..., :1]
        first = model.evaluate(x, y, verbose=0)
        model.fit(x, y, epochs=5, verbose=0)
        assert model.evaluate(x, y, verbose=0) < first
        np.testing.assert_allclose(model(x), model.predict(x, verbose=0), rtol=1e-3, atol=1e-4)
    model.export(tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    found = session.run(None, {session.get_inputs()[0].name: x})[0]
    np.testing.assert_allclose(found, model.predict(x, verbose=0), rtol=1e-3, atol=1e-4)


def test_an_odd_size_is_an_error_when_it_comes():
    model = u_net("add")
    x = np.zeros((1, 7, 8, 3), np.float32)
    with pytest.raises(ValueError, match="cannot be broadcast together: axis -3 has sizes 6 and 7"):
        model(x)
    with pytest.raises(Exception, match=r"(?i)add"):
        model.predict(x, verbose=0)


@pytest.mark.parametrize("target", ["numpy", "onnxruntime", "triton"])
def test_two_inputs_of_open_lengths_meet(target):
    keras.config.set_target(target)
    keras.config.set_device("interpreter")
    a, b = keras.Input((None,)), keras.Input((None,))
    product = ops.multiply(a, b)
    model = keras.Model([a, b], [product, keras.gradients(ops.sum(product), b), ops.where(ops.greater(a, b), a, b)])
    x, y = RNG.normal(size=(2, 3, 5)).astype(np.float32)
    found = model.predict([x, y], verbose=0)
    for one, wanted in zip(found, (x * y, x, np.maximum(x, y)), strict=True):
        np.testing.assert_allclose(one, wanted, rtol=1e-6)
    with pytest.raises(Exception, match=r"(?i)shape|dimensions|broadcast"):
        model.predict([x, y[:, :3]], verbose=0)


def test_known_sizes_that_differ_are_an_error_at_once():
    with pytest.raises(ValueError, match="cannot be broadcast"):
        keras.Input((3,)) + keras.Input((4,))
    assert (keras.Input((None, 4)) + keras.Input((6, 4))).shape == (None, 6, 4)
