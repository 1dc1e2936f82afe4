"""`keras.Operation`: users' own functions as calls of a model; `keras.Function`: the way from tensors to tensors."""

from __future__ import annotations

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import layers, ops


@keras.saving.register_keras_serializable("operations")
class Scaled(keras.Operation):
    def __init__(self, factor, name=None):
        super().__init__(name=name)
        self.factor = factor

    def call(self, x, shift=0.0):
        return ops.tanh(x) * self.factor + shift


X = np.linspace(-1, 1, 6, dtype="float32").reshape(2, 3)


def test_an_operation_computes_on_arrays_and_is_one_call_on_symbols():
    scaled = Scaled(2.0)
    assert np.allclose(scaled(X, shift=1.0), np.tanh(X) * 2 + 1, atol=1e-6)
    x = keras.Input((3,))
    y = scaled(x)
    assert y.shape == (None, 3) and scaled.input is x and scaled.output is y
    model = keras.Model(x, ops.exp(y))
    assert [type(operation).__name__ for operation in model.operations] == ["InputLayer", "Scaled", "RecordedOperation"]
    assert np.allclose(model.predict(X, verbose=0), np.exp(np.tanh(X) * 2), atol=1e-5)


def test_layers_are_operations():
    assert issubclass(keras.Layer, keras.Operation) and isinstance(layers.Dense(2), keras.Operation)


def test_a_model_with_an_operation_is_saved_and_cloned(tmp_path):
    x = keras.Input((3,))
    model = keras.Model(x, layers.Dense(2)(Scaled(3.0, name="tripled")(x, shift=0.5)))
    assert Scaled.from_config({"name": "s", "factor": 4.0}).factor == 4.0
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.operations[1], Scaled) and loaded.operations[1].name == "tripled"
    assert np.allclose(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    assert np.allclose(clone.predict(X, verbose=0), model.predict(X, verbose=0))


def test_an_operation_inside_a_layer_belongs_to_the_layer():
    class Twice(keras.Layer):
        def __init__(self):
            super().__init__()
            self.scaled = Scaled(2.0)

        def call(self, x):
            return self.scaled(self.scaled(x))

    model = keras.Sequential([keras.Input((3,)), Twice()])
    assert np.allclose(model(X), 2 * np.tanh(2 * np.tanh(X)), atol=1e-6)
    assert len(model.layers) == 1


def test_errors_of_operations():
    with pytest.raises(ValueError, match="a name is a string without '/'"):
        Scaled(1.0, name="a/b")
    with pytest.raises(NotImplementedError, match=r"Operation must define call"):
        keras.Operation()(X)
    with pytest.raises(AttributeError, match="has no output yet"):
        _ = Scaled(1.0).output

    class Careless(keras.Operation):
        def __init__(self):
            pass

    with pytest.raises(RuntimeError, match="must call super"):
        Careless()(X)
    with pytest.raises(ValueError, match="cannot be broadcast") as caught:
        Scaled(np.ones(2))(keras.Input((3,)))
    assert any("in Scaled" in note for note in caught.value.__notes__)

    class Holder(keras.Operation):
        def __init__(self, thing):
            super().__init__()
            self.thing = thing

    with pytest.raises(NotImplementedError, match="its constructor argument 'thing'"):
        Holder(object()).get_config()


def test_a_function_of_tensors():
    a, b = keras.KerasTensor((None, 3)), keras.KerasTensor((None, 3))
    f = keras.Function([a, b], {"sum": a + b, "product": ops.multiply(a, b)}, name="both")
    found = f([X, 2 * X])
    assert f.name == "both" and f.inputs == [a, b] and len(f.outputs) == 2
    assert np.allclose(found["sum"], 3 * X) and np.allclose(found["product"], 2 * X * X)
    assert f.compute_output_shape([(5, 3), (5, 3)]) == {"sum": (5, 3), "product": (5, 3)}
    x = keras.Input((3,))
    model = keras.Model(x, f([x, ops.sin(x)])["sum"])
    assert f in model.operations
    assert np.allclose(model.predict(X, verbose=0), X + np.sin(X), atol=1e-6)


def test_a_function_of_a_part_of_a_model():
    x = keras.Input((3,))
    dense = layers.Dense(4, activation="relu")
    hidden = dense(x)
    out = layers.Dense(1)(hidden)
    head = keras.Function(hidden, out)
    assert [operation.name for operation in head.operations][1:] == [keras.Model(x, out).layers[-1].name]
    assert np.allclose(head(dense(X)), keras.Model(x, out)(X), atol=1e-6)


def test_errors_of_functions():
    a, b = keras.KerasTensor((None, 3)), keras.KerasTensor((None, 3))
    f = keras.Function([a, b], a + b)
    with pytest.raises(ValueError, match="takes 2 inputs, got 1"):
        f([X])
    with pytest.raises(ValueError, match=r"input 1 must have shape \(None, 3\), got \(2, 4\)"):
        f([X, np.ones((2, 4))])
    with pytest.raises(ValueError, match="at least one tensor as inputs"):
        keras.Function([], a)
    with pytest.raises(ValueError, match=r"does not lead back|depend on the input"):
        keras.Function(a, a + b)
    with pytest.raises(NotImplementedError, match=r"save keras\.Model"):
        f.get_config()
