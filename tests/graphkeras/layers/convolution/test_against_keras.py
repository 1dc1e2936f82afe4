"""Convolution, pooling and resizing layers compute what real Keras computes, have its gradients and its configs.

`expected.npz` was made by real Keras: see `make_expected.py`.
"""

import inspect
import json
from pathlib import Path

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import layers, ops
from graphkeras.saving import deserialize_keras_object, serialize_keras_object
from graphkeras.tracing import StaticFunction
from tests.graphkeras.layers.convolution.cases import CASES, draw, weights_for

with np.load(Path(__file__).with_name("expected.npz")) as file:
    EXPECTED = dict(file)

each_case = pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: CASES[number].label)


def expected(number, what):
    assert str(EXPECTED[f"{number}:case"]) == CASES[number].label, "expected.npz is out of date: run make_expected.py"
    return EXPECTED[f"{number}:{what}"]


def made(case):
    return getattr(layers, case.name)(**case.config, name="given")


def with_weights(case):
    layer = made(case)
    layer(case.inputs)
    layer.set_weights(weights_for([weight.shape for weight in layer.weights]))
    return layer


@each_case
def test_numbers_and_shapes(number):
    case = CASES[number]
    layer = with_weights(case)
    output = layer(case.inputs)
    np.testing.assert_allclose(output, expected(number, "output"), rtol=2e-5, atol=1e-5)
    np.testing.assert_allclose([float(loss) for loss in layer.losses], expected(number, "loss"), rtol=1e-5)
    assert tuple(made(case).compute_output_shape((None, *case.inputs.shape[1:]))) == (None, *output.shape[1:])
    assert layer(keras.Input(case.inputs.shape[1:])).shape == (None, *output.shape[1:])


@each_case
def test_gradients(number, numpy_target):
    case = CASES[number]
    layer = with_weights(case)
    function = StaticFunction(lambda x: keras.gradients(ops.sum(ops.square(layer(x))), [*layer.trainable_weights, x]))
    for k, gradient in enumerate(function(case.inputs)):
        wanted = expected(number, f"gradient{k}")
        np.testing.assert_allclose(gradient, wanted, rtol=1e-4, atol=1e-5 * max(1, np.abs(wanted).max()))


@each_case
def test_configs(number):
    ours = serialize_keras_object(made(CASES[number]))
    theirs = json.loads(str(expected(number, "entry")))
    assert (ours["module"], ours["class_name"]) == (theirs["module"], theirs["class_name"])
    assert set(ours["config"]) == set(theirs["config"])
    assert _comparable(theirs["config"], ours["config"]) == ours["config"]
    again = serialize_keras_object(deserialize_keras_object(theirs))["config"]
    assert _comparable(again, ours["config"]) == ours["config"]


def _comparable(theirs, ours):
    """Without the few keys in nested configs that Keras 3.15 added, and without the rounding of its floats to 32 bits."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return {key: _comparable(theirs[key], ours[key]) for key in ours if key in theirs}
    return float(f"{theirs:.6g}") if isinstance(theirs, float) else theirs


def test_second_names():
    assert layers.MaxPool2D is layers.MaxPooling2D
    assert layers.Convolution2D is layers.Conv2D
    assert layers.GlobalAvgPool2D is layers.GlobalAveragePooling2D
    assert layers.SeparableConvolution1D is layers.SeparableConv1D
    assert serialize_keras_object(layers.AvgPool1D(2))["class_name"] == "AveragePooling1D"


def test_the_mean_over_steps_leaves_masked_steps_out():
    x = draw(2, 3, 4)
    mask = np.array([[True, True, False], [False, True, False]])
    layer = layers.GlobalAveragePooling1D()
    np.testing.assert_allclose(layer(x, mask=mask), [x[0, :2].mean(0), x[1, 1]], rtol=1e-6)
    assert layer.compute_mask(x, mask) is None


def test_images_of_unknown_size(numpy_target):
    x = keras.Input((None, None, 3))
    h = layers.MaxPooling2D()(layers.Conv2D(4, 3, padding="same", activation="relu")(x))
    model = keras.Model(x, layers.GlobalAveragePooling2D()(h))
    for sizes in ((6, 8), (5, 4)):
        assert model.predict(np.ones((2, *sizes, 3), np.float32), verbose=0).shape == (2, 4)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: layers.Conv2D(0, 3), r"filters must be a positive integer, got 0"),
        (lambda: layers.Conv2D(2, (3, 3, 3)), r"kernel_size must be a number of at least 1, or one for each of 2"),
        (lambda: layers.Conv2D(2, 3, padding="causal"), r"padding must be one of valid, same; got 'causal'"),
        (lambda: layers.Conv2D(2, 3, strides=2, dilation_rate=2), r"cannot both be above 1"),
        (lambda: layers.Conv2D(3, 3, groups=2), r"multiple of groups, got 3 filters and 2 groups"),
        (lambda: layers.Conv2D(4, 3, groups=2)(draw(1, 5, 5, 3)), r"multiple of groups, got 3 channels and 2 groups"),
        (lambda: layers.Conv2D(4, 3)(keras.Input((5, 5, None))), r"the channels, axis -1 of its input, must have a known size"),
        (lambda: layers.Conv2DTranspose(4, 3, strides=2, output_padding=2), r"output_padding must be below the strides"),
        (lambda: layers.MaxPooling2D(2, padding="full"), r"padding must be 'valid' or 'same', got 'full'"),
        (lambda: layers.Cropping1D(3)(draw(1, 5, 2)), r"cropping 3 before and 3 after leaves nothing of axis 1"),
        (lambda: layers.ZeroPadding2D((1, 2, 3)), r"padding must be a number of at least 0, one for each of 2 axes"),
        (lambda: layers.UpSampling2D(interpolation="linear"), r"interpolation must be one of nearest, bilinear"),
        (lambda: layers.UpSampling2D(interpolation="bilinear")(keras.Input((None, 4, 1))), r"needs images of known size"),
    ],
)
def test_wrong_arguments_are_explained(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("layer", [layers.DepthwiseConv2D(3), layers.SeparableConv2D(2, 3), layers.Conv3DTranspose(2, 3)])
def test_configs_of_keras_2_are_read(layer):
    """They have keys of plain convolutions, which Keras 3 refuses."""
    config = layer.get_config()
    old = {**config, "groups": 1, **({} if "kernel_initializer" in config else {"kernel_initializer": "glorot_uniform"})}
    assert type(layer).from_config(old).get_config() == config
    with pytest.raises(ValueError, match="groups is not supported, got groups=2"):
        type(layer).from_config({**config, "groups": 2})


def test_a_class_of_ones_own_has_its_own_signature_and_config():
    class Blur(layers.Conv2D):
        def __init__(self, strength=3, **kwargs):
            super().__init__(1, strength, **kwargs)

    class Same(layers.Conv2D):
        pass

    assert list(inspect.signature(Blur).parameters) == ["strength", "kwargs"]
    assert inspect.signature(Same) == inspect.signature(layers.Conv2D)
    assert inspect.signature(layers.Conv3D).parameters["strides"].default == (1, 1, 1)
    assert Blur(5).get_config()["kernel_size"] == (5, 5)
