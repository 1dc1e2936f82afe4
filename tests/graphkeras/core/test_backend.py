"""K: the small functions of older Keras code."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import backend as K

X = np.arange(6, dtype=np.float32).reshape(2, 3) - 2


def test_values_of_variables():
    v = K.variable([[1, 2], [3, 4]], dtype="float32", name="v")
    np.testing.assert_array_equal(K.get_value(v), [[1, 2], [3, 4]])
    K.set_value(v, np.zeros((2, 2)))
    assert K.eval(v).sum() == 0
    K.batch_set_value([(v, np.ones((2, 2)))])
    assert K.batch_get_value([v])[0].sum() == 4
    K.update_add(v, np.ones((2, 2)))
    K.update_sub(v, 0.5 * np.ones((2, 2)))
    assert K.get_value(v).sum() == 6 and K.count_params(v) == 4
    with pytest.raises(TypeError, match=r"K\.set_value changes variables, got float"):
        K.set_value(0.1, 0.2)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (lambda: K.dot(X, X.T), X @ X.T),
        (lambda: K.sum(X, axis=0, keepdims=True), X.sum(0, keepdims=True)),
        (lambda: K.mean(K.square(X), axis=-1), (X**2).mean(-1)),
        (lambda: K.sqrt(K.abs(X)), np.sqrt(np.abs(X))),
        (lambda: K.exp(K.log(X + 3)), X + 3),
        (lambda: K.clip(X, -1, 1), np.clip(X, -1, 1)),
        (lambda: K.concatenate([X, X]), np.concatenate([X, X], -1)),
        (lambda: K.reshape(X, (3, 2)), X.reshape(3, 2)),
        (lambda: K.cast(X, "int32"), X.astype(np.int32)),
        (lambda: K.argmax(X), [2, 2]),
        (lambda: K.max(X) - K.min(X), 5),
        (lambda: K.greater(X, 0), X > 0),
        (lambda: K.squeeze(K.expand_dims(X), 2), X),
        (lambda: K.one_hot(np.array([0, 2]), 3), [[1, 0, 0], [0, 0, 1]]),
        (lambda: K.relu(X), np.maximum(X, 0)),
        (lambda: K.sum(K.softmax(X), axis=1), [1, 1]),
        (lambda: K.permute_dimensions(X, (1, 0)), X.T),
        (lambda: K.batch_flatten(X.reshape(1, 2, 3)), X.reshape(1, 6)),
        (lambda: K.l2_normalize(X, axis=1), X / np.linalg.norm(X, axis=1, keepdims=True)),
        (lambda: K.switch(X > 0, X, lambda: -X), np.abs(X)),
        (lambda: K.constant(3, shape=(2,)), [3, 3]),
        (lambda: K.zeros((2,)) + K.ones((2,)), [1, 1]),
        (lambda: K.gather(X, np.array([1])), X[1:]),
        (lambda: K.bias_add(X, np.array([1, 2, 3], np.float32)), X + np.array([1, 2, 3])),
        (lambda: K.tile(X, (1, 2)), np.tile(X, (1, 2))),
        (lambda: K.stack([X, X]), np.stack([X, X])),
    ],
)
def test_functions(found, expected):
    np.testing.assert_allclose(found(), expected, rtol=1e-5)


def test_shapes_and_types():
    x = keras.Input((3,))
    assert (K.int_shape(x), K.ndim(x), K.dtype(x), K.is_keras_tensor(x)) == ((None, 3), 2, "float32", True)
    assert K.result_type("int32", "float16") == "float16" and K.result_type(int, float) == "float32"
    assert K.floatx() == "float32" and K.epsilon() == 1e-7 and K.image_data_format() == "channels_last"


def test_function_of_inner_layers(numpy_target):
    x = keras.Input((3,))
    hidden = keras.layers.Dense(2)(x)
    model = keras.Model(x, keras.layers.Dense(1)(hidden))
    inner = K.function([model.input], [hidden, model.output])
    np.testing.assert_allclose(inner([X])[1], model(X), rtol=1e-6)
    assert inner([X])[0].shape == (2, 2)


def test_random_numbers_have_the_wanted_form():
    assert K.random_uniform((3, 2), 2.0, 3.0).min() >= 2 and K.random_normal((4,)).shape == (4,)
