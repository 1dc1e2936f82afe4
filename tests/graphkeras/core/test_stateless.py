"""`StatelessScope` and the stateless methods: layers, metrics and optimizers as pure functions."""

from __future__ import annotations

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import layers, ops

X = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)


def test_inside_a_scope_variables_have_other_values():
    variable = keras.Variable([1.0, 2.0], name="v")
    with keras.StatelessScope([(variable, [10.0, 20.0])]) as scope:
        assert variable.numpy().tolist() == [10, 20] and (variable + 1).tolist() == [11, 21]
        variable.assign_add([1.0, 1.0])
        assert variable.value.tolist() == [11, 21]
    assert scope.get_current_value(variable).tolist() == [11, 21]
    assert variable.numpy().tolist() == [1, 2]
    other = keras.Variable(0.0)
    assert scope.get_current_value(other) is None


def test_a_layer_as_a_pure_function():
    layer = layers.BatchNormalization(momentum=0.5)
    layer.build((None, 3))
    trainable = [np.full(3, 2, np.float32), np.ones(3, np.float32)]
    outputs, moved = layer.stateless_call(trainable, layer.non_trainable_variables, X, training=True)
    assert np.allclose(outputs, 2 * (X - X.mean(0)) / np.sqrt(X.var(0) + 1e-3) + 1, atol=1e-5)
    assert np.allclose(moved[0], 0.5 * X.mean(0)) and np.allclose(moved[1], 0.5 + 0.5 * X.var(0))
    assert not layer.moving_mean.numpy().any() and layer.gamma.numpy().tolist() == [1, 1, 1]


def test_a_layer_as_a_pure_function_on_symbols():
    layer = layers.BatchNormalization(momentum=0.5)
    layer.build((None, 3))
    gamma = keras.KerasTensor((3,))
    x = keras.KerasTensor((2, 3))
    outputs, moved = layer.stateless_call([gamma, layer.beta], layer.non_trainable_variables, x, training=True)
    assert outputs.shape == (2, 3) and [one.shape for one in moved] == [(3,), (3,)]
    slope = keras.gradients(ops.sum(outputs), gamma)
    assert slope.shape == (3,)
    assert not layer.moving_mean.numpy().any()


def test_random_layers_return_the_next_state_of_their_seed():
    layer = layers.Dropout(0.5, seed=3)
    layer.build((None, 3))
    state = [variable.numpy() for variable in layer.non_trainable_variables]
    first, after = layer.stateless_call([], state, np.ones((4, 50)), training=True)
    again, _ = layer.stateless_call([], state, np.ones((4, 50)), training=True)
    second, _ = layer.stateless_call([], after, np.ones((4, 50)), training=True)
    assert np.array_equal(first, again) and not np.array_equal(first, second)
    assert np.array_equal(layer.non_trainable_variables[0].numpy(), state[0])


def test_losses_of_a_call():
    layer = layers.Dense(2, activity_regularizer="l2", kernel_regularizer="l1")
    layer.build((None, 3))
    _, _, losses = layer.stateless_call([np.ones((3, 2)), np.zeros(2)], [], X, return_losses=True)
    assert np.isclose(losses[-1], 0.01 * 6) and len(losses) == 2 and layer.losses[0] != losses[-1]
    with keras.StatelessScope(collect_losses=True) as scope:
        layer(X)
    assert len(scope.losses) == 1


def test_a_metric_as_a_pure_function():
    metric = keras.metrics.Mean()
    state = metric.stateless_reset_state()
    for batch in ([1.0, 2.0], [6.0]):
        state = metric.stateless_update_state(state, batch)
    assert metric.stateless_result(state) == 3.0 and metric.result() == 0.0


def test_an_optimizer_as_a_pure_function():
    start = np.array([1.0, -2.0], np.float32)
    slope = np.array([0.5, 0.25], np.float32)
    variable, twin = keras.Variable(start), keras.Variable(start)
    pure, usual = keras.optimizers.Adam(0.1), keras.optimizers.Adam(0.1)
    pure.build([variable]), usual.build([twin])
    values, state = [start], [one.numpy() for one in pure.variables]
    for _ in range(3):
        values, state = pure.stateless_apply(state, [slope], values)
        usual.apply([slope], [twin])
    assert np.array_equal(values[0], twin.numpy()) and all(
        np.array_equal(one, other.numpy()) for one, other in zip(state, usual.variables, strict=True)
    )
    assert np.array_equal(variable.numpy(), start) and pure.iterations.numpy() == 0


def test_a_training_loop_of_pure_functions():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1, use_bias=False)])
    start = model.layers[0].kernel.numpy()
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.build(model.trainable_variables)
    kernel, x, y = keras.KerasTensor((3, 1)), keras.KerasTensor((None, 3)), keras.KerasTensor((None, 1))
    loss = ops.mean(ops.square(model.stateless_call([kernel], [], x)[0] - y))
    loss_and_slope = keras.Function([kernel, x, y], [loss, keras.gradients(loss, kernel)])

    wanted = X @ np.float32([[1], [2], [3]])
    values, state, losses = [start], [one.numpy() for one in optimizer.variables], []
    for _ in range(20):
        found, slope = loss_and_slope([values[0], X, wanted])
        losses.append(float(found))
        values, state = optimizer.stateless_apply(state, [slope], values)
    assert np.isclose(losses[0], np.mean((X @ start - wanted) ** 2), rtol=1e-4)
    assert losses[-1] < 0.2 * losses[0] and np.array_equal(model.layers[0].kernel.numpy(), start)


def test_errors():
    layer = layers.Dense(2)
    with pytest.raises(ValueError, match="build the layer first"):
        layer.stateless_call([], [], X)
    layer.build((None, 3))
    with pytest.raises(ValueError, match="there are 2 variables, got 1 values"):
        layer.stateless_call([np.ones((3, 2))], [], X)
    with pytest.raises(ValueError, match="has shape"):
        layer.stateless_call([np.ones((2, 2)), np.zeros(2)], [], X)
    with pytest.raises(ValueError, match="got the key 'kernel'"):
        keras.StatelessScope([("kernel", 1.0)])
    with pytest.raises(ValueError, match="initialize_variables must be True"):
        keras.StatelessScope(initialize_variables=False)
    with pytest.raises(ValueError, match="before stateless_apply"):
        keras.optimizers.SGD().stateless_apply([], [], [])
    model = keras.Sequential([keras.Input((3,)), layer])
    with keras.StatelessScope(), pytest.raises(RuntimeError, match="cannot run inside a StatelessScope"):
        model.predict(X, verbose=0)


def test_a_stateless_call_inside_a_model_leaves_the_layer_as_it_is():
    layer = layers.BatchNormalization()
    layer.build((None, 3))
    x = keras.Input((3,))
    outputs, moved = layer.stateless_call([layer.gamma, layer.beta], layer.non_trainable_variables, x, training=True)
    model = keras.Model(x, [outputs, moved[0]])
    assert np.allclose(model(X, training=True)[0], (X - X.mean(0)) / np.sqrt(X.var(0) + 1e-3), atol=1e-5)
    assert np.allclose(model.predict(X, verbose=0)[0], X / np.sqrt(1 + 1e-3), atol=1e-5)
    assert not layer.moving_mean.numpy().any()


def test_loops_inside_see_the_given_values():
    class Scaling(keras.Layer):
        def build(self, shape):
            self.factor = self.add_weight((), "ones")

        def call(self, x):
            return ops.map(lambda row: row * self.factor, x)

    layer = Scaling()
    layer.build((None, 3))
    assert np.allclose(layer.stateless_call([np.float32(3)], [], X)[0], 3 * X)
    x = keras.Input((3,))
    model = keras.Model(x, layer.stateless_call([np.float32(3)], [], x)[0])
    assert np.allclose(model.predict(X, verbose=0), 3 * X)
