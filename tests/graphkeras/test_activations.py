"""Activations by name: each works on arrays, in a layer and in a functional model, and is written by its name."""

import numpy as np
import pytest

from graphkeras import Input, Model, activations, layers
from graphkeras.activations import _FUNCTIONS

X = np.linspace(-3, 3, 24, dtype="float32").reshape(4, 6)
NEEDS_ARGUMENTS = {"threshold"}
NAMES = sorted(set(_FUNCTIONS) - NEEDS_ARGUMENTS)


def test_all_of_keras_are_there():
    keras = """celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear
        log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus
        sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold"""
    assert [name for name in keras.split() if not callable(getattr(activations, name, None))] == []


@pytest.mark.parametrize("name", NAMES)
def test_by_name(name):
    function = activations.get(name)
    expected = np.asarray(function(X))
    assert activations.serialize(function) == name
    np.testing.assert_allclose(layers.Activation(name)(X), expected, rtol=1e-6)
    inputs = Input((6,))
    symbolic = function(inputs)
    assert symbolic.shape == (None, *expected.shape[1:])
    np.testing.assert_allclose(Model(inputs, symbolic).predict(X, verbose=0), expected, rtol=1e-5, atol=1e-6)


def test_threshold_takes_its_arguments():
    np.testing.assert_array_equal(activations.threshold(X, 1.0, -2.0), np.where(X > 1, X, np.float32(-2)))
