"""Layers called on tensors of other libraries."""

import numpy as np
import pytest

import graphkeras as keras


class Foreign:
    """What NumPy can ask for its numbers, such as a tensor of PyTorch, JAX or TensorFlow."""

    def __init__(self, numbers, refusal=None):
        self.numbers, self.refusal = np.asarray(numbers, "float32"), refusal

    def __array__(self, dtype=None, copy=None):
        if self.refusal is not None:
            raise self.refusal
        return self.numbers if dtype is None else self.numbers.astype(dtype)


X = np.arange(6, dtype="float32").reshape(2, 3)


def test_layers_and_models_take_them():
    dense = keras.layers.Dense(4)
    np.testing.assert_array_equal(dense(Foreign(X)), dense(X))
    np.testing.assert_array_equal(keras.layers.Add()([Foreign(X), X]), 2 * X)
    model = keras.Sequential([dense, keras.layers.ReLU()])
    np.testing.assert_array_equal(model(Foreign(X)), model(X))
    np.testing.assert_array_equal(keras.layers.Dense(1, name="other")(inputs=Foreign(X)).shape, (2, 1))


def test_batches_of_them():
    """Data sets of other libraries: anything that is iterated and yields what converts to NumPy."""

    class Batches:
        def __init__(self, structure):
            self.structure = structure

        def __iter__(self):
            return iter([self.structure(Foreign(X), Foreign(X[:, :1]))] * 3)

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    validation = Batches(lambda x, y: (x, y, Foreign([1.0, 2.0])))
    history = model.fit(Batches(lambda x, y: (x, y)), epochs=2, verbose=0, validation_data=validation)
    assert len(history.history["val_loss"]) == 2
    assert model.evaluate(Batches(lambda x, y: [x, y]), verbose=0) >= 0
    assert model.predict(Batches(lambda x, y: x), verbose=0).shape == (6, 1)
    assert model.predict(Foreign(X), verbose=0).shape == (2, 1)


@pytest.mark.parametrize("refusal", [TypeError("traced array\nmore"), RuntimeError("requires grad")])
def test_symbols_of_other_libraries(refusal):
    """JAX's tracers and PyTorch's tensors that require gradients refuse to become arrays."""
    with pytest.raises(
        TypeError, match=r'Dense "dense": Foreign has no numbers for NumPy \((traced array|requires grad)\). .*gradients'
    ):
        keras.layers.Dense(1, name="dense")(Foreign(X, refusal))


def test_lists_of_numbers_are_refused_as_in_keras():
    with pytest.raises(ValueError, match="only tensors and arrays may be given by position, got float"):
        keras.layers.Dense(1)([1.0, 2.0])
