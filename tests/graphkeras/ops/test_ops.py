"""Operations of `keras.ops` with a symbolic batch, and their errors. What they compute: `test_against_keras.py`."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import KerasTensor, ops
from graphkeras.tracing import StaticFunction


@pytest.mark.parametrize(
    ("call", "shape"),
    [
        (lambda x: ops.reshape(x, (-1, 6)), (None, 6)),
        (lambda x: ops.reshape(x, (ops.shape(x)[0], -1)), (None, 12)),
        (lambda x: ops.concatenate([x, x], 0), (None, 3, 4)),
        (lambda x: ops.matmul(x, np.ones((4, 2), np.float32)), (None, 3, 2)),
        (lambda x: ops.sum(x, axis=0), (3, 4)),
        (lambda x: ops.flip(x, 0), (None, 3, 4)),
        (lambda x: x[1:], (None, 3, 4)),
        (lambda x: x[-1], (3, 4)),
        (lambda x: x[:, None, 0], (None, 1, 4)),
        (lambda x: ops.zeros_like(x), (None, 3, 4)),
        (lambda x: ops.split(x, 2, axis=2)[1], (None, 3, 2)),
        (lambda x: ops.arange(ops.shape(x)[0]), (None,)),
        (lambda x: ops.cast(ops.shape(x)[0], "float32") + x, (None, 3, 4)),
        (lambda x: ops.tile(x, (2, 1, 1)), (None, 3, 4)),
        (lambda x: ops.einsum("bij,kj->bik", x, np.ones((5, 4), np.float32)), (None, 3, 5)),
        (lambda x: ops.dot(x, np.ones((4, 2), np.float32)), (None, 3, 2)),
        (lambda x: ops.take(x, np.int32([0, -1]), axis=1), (None, 2, 4)),
    ],
)
def test_shapes_with_a_symbolic_batch(call, shape, numpy_target):
    """The symbolic result has the right shape, and the compiled one equals the eager one."""
    assert call(KerasTensor((None, 3, 4))).shape == shape
    x = np.arange(60, dtype=np.float32).reshape(5, 3, 4)
    x = np.concatenate([x, -x[:1]])
    compiled = StaticFunction(call, "call")
    for batch in (6, 2):
        np.testing.assert_allclose(compiled(x[:batch]), call(x[:batch]), rtol=1e-6)
    assert len(compiled.signatures) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: ops.reshape(x, (5, 5)), "reshape"),
        (lambda x: ops.matmul(x, np.ones((3, 2), np.float32)), r"must be equal, got 4 and 3"),
        (lambda x: ops.concatenate([x, np.ones((2, 2, 2))], 1), "concatenate"),
        (lambda x: ops.where(x > 0, x), "give both x1 and x2"),
        (lambda x: ops.get_item(x, (Ellipsis, 9)), "out of range"),
        (lambda x: ops.softmax(x, axis=7), "axis 7 is out of range"),
        (lambda x: ops.one_hot(ops.greater(x, 0), 3), "must hold integers"),
        (lambda x: ops.cast(x, "float31"), "Unknown dtype 'float31'"),
    ],
)
def test_errors_are_the_same_on_symbols_and_arrays(call, message):
    for x in (KerasTensor((2, 3, 4)), np.ones((2, 3, 4), np.float32)):
        with pytest.raises((ValueError, TypeError, IndexError, NotImplementedError), match=message):
            call(x)


def test_one_hot_of_labels_in_floats():
    """Labels are often kept as float32, as in Keras's guide to training."""
    labels = np.array([2.0, 0.0, 7.0], "float32")
    np.testing.assert_array_equal(ops.one_hot(labels, 3), [[0, 0, 1], [1, 0, 0], [0, 0, 0]])
    x = keras.Input((), batch_size=3)
    np.testing.assert_array_equal(keras.Model(x, ops.one_hot(x, 3)).predict(labels, verbose=0), ops.one_hot(labels, 3))
