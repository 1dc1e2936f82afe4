"""Shapes that are tensors, as code for other backends makes them."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import ops

SHAPES = {
    "concatenate": lambda b, n: ops.concatenate([ops.expand_dims(b, -1), ops.convert_to_tensor([n, 3])], 0),
    "stack": lambda b, n: ops.stack([b, n, 3]),
    "convert": lambda b, n: ops.convert_to_tensor((b, n, 3)),
    "slice": lambda b, n: ops.convert_to_tensor([7, b, n, 3])[1:],
    "items": lambda b, n: (ops.convert_to_tensor([b, 3])[0], n, ops.cast(3, "int64")),
    "arithmetic": lambda b, n: ops.stack([ops.convert_to_tensor(b) * 2 // 2, n + 1 - ops.convert_to_tensor(1), 3]),
    "reshape": lambda b, n: ops.reshape(ops.convert_to_tensor([[b], [n], [3]]), (-1,)),
    "prod": lambda b, n: ops.stack([ops.prod(ops.convert_to_tensor([b, 1])), n, 3]),
}


@pytest.mark.parametrize("name", SHAPES)
def test_ways_to_make_a_shape(name):
    x = keras.Input((None, 3))
    batch, size, _ = ops.shape(x)
    shape = SHAPES[name](batch, size)
    y = ops.broadcast_to(ops.ones((3,)), shape) + ops.reshape(x * 0.0, shape) + ops.zeros(shape)
    assert y.shape == (None, None, 3)
    model = keras.Model(x, y)
    for sizes in ((2, 5, 3), (4, 1, 3)):
        np.testing.assert_array_equal(model.predict(np.zeros(sizes, "float32"), verbose=0), np.ones(sizes))


def test_tile_as_causal_masks_do():
    class Mask(keras.layers.Layer):
        def call(self, x):
            batch, length = ops.shape(x)
            mask = ops.arange(length)[:, None] >= ops.arange(length)
            times = ops.concatenate([ops.expand_dims(batch, -1), ops.convert_to_tensor([1, 1])], 0)
            return ops.tile(ops.reshape(mask, [1, length, length]), times)

    x = np.ones((2, 4), "float32")
    expected = np.tile(np.tril(np.ones((4, 4), bool)), (2, 1, 1))
    inputs = keras.Input((None,))
    np.testing.assert_array_equal(keras.Model(inputs, Mask()(inputs)).predict(x, verbose=0), expected)
    np.testing.assert_array_equal(Mask()(x), expected)


def test_random_numbers_of_such_a_shape():
    x = keras.Input((3,))
    y = keras.random.normal(ops.convert_to_tensor(ops.shape(x)), seed=keras.random.SeedGenerator(0))
    assert y.shape == (None, 3)


@pytest.mark.parametrize("shape", [lambda x: ops.cast(x[0], "int32"), lambda x: (2, ops.cast(ops.sum(x), "int32"))])
def test_numbers_from_data_are_no_shape(shape):
    with pytest.raises(TypeError, match=r"ops.zeros: a shape must be known before the run"):
        ops.zeros(shape(keras.Input((3,))))
