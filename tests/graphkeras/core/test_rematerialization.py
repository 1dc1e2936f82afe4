"""`remat` and `RematScope`: the same numbers, and less memory on the triton target."""

from __future__ import annotations

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import layers, ops
from graphkeras.compiler import driver
from graphkeras.compiler.triton_lowering.lower import lower
from graphkeras.trace import Trace

X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)


def block(x):
    return ops.tanh(ops.exp(ops.sin(x)) * x)


def slopes_of(function):
    x = keras.Input((3,))
    y = function(x)
    first = keras.gradients(ops.sum(y * y), x)
    second = keras.gradients(ops.sum(ops.sin(first)), x)
    return keras.Model(x, [y, first, second]).predict(X, verbose=0)


def test_results_and_gradients_are_the_same():
    for ours, plain in zip(slopes_of(keras.remat(block)), slopes_of(block), strict=True):
        assert np.allclose(ours, plain, atol=1e-5)
    assert np.array_equal(keras.remat(block)(X), block(X))
    both = keras.remat(lambda x: {"a": ops.sin(x), "b": [ops.argmax(x, axis=1)]})(keras.Input((3,)))
    assert both["a"].shape == (None, 3) and both["b"][0].dtype == "int32"


def test_what_lies_between_is_computed_again():
    x = keras.KerasTensor((4, 3))
    slope = keras.gradients(ops.sum(keras.remat(block)(x)), x)
    with Trace() as trace:
        trace.placeholders.append(x)
        graph = trace.graph([slope.value])
    for target, count in (("numpy", 2), ("triton", 2)):
        stages = driver.optimize(graph, target)
        exponentials = [node for node in stages[-1].graph.nodes if node.op.name == "exp"]
        assert len(exponentials) == count - 1, target  # the first one is of no use without its result
    loss = ops.sum(keras.remat(block)(x))
    with Trace() as trace:
        trace.placeholders.append(x)
        graph = trace.graph([loss.value, keras.gradients(loss, x).value])
    assert [node.op.name for node in driver.optimize(graph, "triton")[-1].graph.nodes].count("exp") == 2


def network(scope, dropout=0.0):
    keras.utils.set_random_seed(5)
    with scope:
        inner = [layers.Dense(64, activation="gelu", name=f"dense_{k}") for k in range(6)]
        inner += [layers.BatchNormalization(name="norm"), layers.Dropout(dropout, seed=1, name="dropout")]
    model = keras.Sequential([keras.Input((64,)), *inner, layers.Dense(1, name="last")])
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


DATA = np.random.default_rng(0).normal(size=(256, 64)).astype(np.float32)


@pytest.mark.parametrize(
    "scope",
    [
        keras.RematScope("full"),
        keras.RematScope("activations"),
        keras.RematScope("larger_than", output_size_threshold=32),
        keras.RematScope("list_of_layers", layer_names=["dense_2", "dropout"]),
    ],
    ids=lambda scope: scope.mode,
)
def test_models_train_alike(scope):
    plain, ours = network(keras.RematScope(None), 0.3), network(scope, 0.3)
    for model in (plain, ours):
        model.fit(DATA, DATA[:, :1], batch_size=64, epochs=2, verbose=0, shuffle=False)
    for a, b in zip(plain.get_weights(), ours.get_weights(), strict=True):
        assert np.allclose(a, b, atol=2e-5)


def test_it_saves_memory_on_triton():
    planned = {}
    for mode in (None, "full"):
        with keras.RematScope(mode):
            inner = [Block() for _ in range(6)]
        model = keras.Sequential([keras.Input((64,)), *inner, layers.Dense(1)])
        model.compile("sgd", "mse")
        prepared = model.make_train_function().prepare((DATA, DATA[:, :1]))
        graph = driver.optimize(prepared.graph, "triton")[-1].graph
        planned[mode] = lower(graph, {"batch": 256}).program.arena_bytes
    assert planned["full"] < 0.75 * planned[None]


class Block(keras.Layer):
    def __init__(self):
        super().__init__()
        self.inner = [layers.Dense(256, activation="gelu"), layers.Dense(256, activation="gelu"), layers.Dense(64)]

    def call(self, x):
        for layer in self.inner:
            x = layer(x)
        return x


def test_errors():
    with pytest.raises(ValueError, match="mode must be one of None, 'full'"):
        keras.RematScope("some")
    with pytest.raises(TypeError, match="takes a function of tensors"):
        keras.remat(3)
