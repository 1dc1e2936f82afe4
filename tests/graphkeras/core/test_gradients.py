"""Gradients as symbols."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import ops
from graphkeras.tracing import StaticFunction

X = np.array([[1.0, -2.0, 3.0], [0.5, 0.0, 2.0]], np.float32)


def test_in_a_functional_model(numpy_target):
    x = keras.Input((3,))
    y = ops.sum(ops.square(x) * x)
    model = keras.Model(x, keras.gradients(y, x))
    np.testing.assert_allclose(model.predict(X, verbose=0), 3 * X**2, rtol=1e-6)


def test_of_second_order(numpy_target):
    def function(x):
        first = keras.gradients(ops.sum(x**3), x)
        return keras.gradients(ops.sum(first), x)

    np.testing.assert_allclose(StaticFunction(function)(X), 6 * X, rtol=1e-5)


def test_of_variables_and_structures(numpy_target):
    weight, unused = keras.Variable([1.0, 2.0, 3.0]), keras.Variable(1.0)

    def function(x):
        return keras.gradients(ops.sum(x * weight), {"x": x, "weights": [weight, unused]})

    result = StaticFunction(function)(X)
    np.testing.assert_allclose(result["x"], np.tile([1, 2, 3], (2, 1)))
    np.testing.assert_allclose(result["weights"][0], X.sum(0))
    assert result["weights"][1] is None


def test_weights_of_the_outputs(numpy_target):
    def function(x, seed):
        return keras.gradients(x * 2, x, seed)

    np.testing.assert_allclose(StaticFunction(function)(X, X), 2 * X)


def test_arrays_are_refused():
    with pytest.raises(TypeError, match="an array does not remember how it was computed"):
        keras.gradients(np.ones(3), np.ones(3))
