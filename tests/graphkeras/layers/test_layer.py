"""The base of all layers: building, tracking, calling, configs, errors."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import backend as K
from graphkeras import layers, ops
from graphkeras.trace import Trace
from graphkeras.tracing import StaticFunction

X = np.arange(6, dtype=np.float32).reshape(2, 3)


class MyLayer(keras.Layer):
    """The tutorial's layer."""

    def __init__(self, output_dim, **kwargs):
        self.output_dim = output_dim
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            name="kernel", shape=(input_shape[1], self.output_dim), initializer="uniform", trainable=True
        )
        super().build(input_shape)

    def call(self, x):
        return K.dot(x, self.kernel)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.output_dim)


class Scaled(keras.Layer):
    """Doubles in training."""

    def call(self, inputs, training=False):
        return inputs * (2 if training else 1)


class Block(keras.Layer):
    """Layers in every kind of container, some of them added late."""

    def __init__(self):
        super().__init__(name="block")
        self.first = layers.Dense(2, name="a")
        self.more = [layers.Dense(2, name="b")]
        self.by_name = {"x": (layers.Dense(2, name="c"),)}
        self.more.append(layers.Dense(2, name="d"))
        self.scale = keras.Variable(1.0, name="scale")
        self.constants = [keras.Variable(3.0, trainable=False, name="three")]
        self.noise = layers.Dropout(0.5, name="noise")

    def call(self, x):
        for layer in (self.first, *self.more, *self.by_name["x"]):
            x = layer(x)
        return self.noise(x) * self.scale


def test_the_tutorials_layer():
    layer = MyLayer(4)
    output = layer(X)
    np.testing.assert_allclose(output, X @ layer.kernel.numpy(), rtol=1e-6)
    assert layer.kernel.path == f"{layer.name}/kernel" and layer.built and layer.count_params() == 12
    assert np.abs(layer.kernel.numpy()).max() <= 0.05
    symbolic = layer(keras.Input((3,)))
    assert symbolic.shape == (None, 4) and symbolic.value.node.origin.scope == layer.name
    assert symbolic.value.node.origin.source.startswith(__file__)
    again = MyLayer.from_config(layer.get_config())
    assert (again.output_dim, again.name, again.built) == (4, layer.name, False)


def test_everything_in_attributes_is_tracked():
    block = Block()
    block(X)
    assert [layer.name for layer in block._layers] == ["a", "b", "d", "c", "noise"]
    names = [v.path for v in block.weights]
    assert names[:2] == ["scale", "three"] and names[2:4] == ["block/a/kernel", "block/a/bias"] and len(names) == 10
    assert [v.name for v in block.non_trainable_weights] == ["three"]
    assert len(block.variables) == len(block.weights) + 1  # the seed of Dropout
    assert [v.name for v in block.variables if v.dtype == "uint32"] == ["seed_generator_state"]


def test_trainable_reaches_all_layers_and_can_be_undone():
    block = Block()
    block(X)
    count = len(block.trainable_weights)
    block.trainable = False
    assert block.trainable_weights == [] and len(block.non_trainable_weights) == 10
    assert not block.first.trainable
    block.trainable = True
    block.first.trainable = False
    assert len(block.trainable_weights) == count - 2
    assert "three" not in [v.name for v in block.trainable_weights]  # made not to be trained


def test_weights_go_out_and_in():
    layer = layers.Dense(2)
    layer.build((None, 3))
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel + 1, bias - 1])
    np.testing.assert_array_equal(layer.get_weights()[0], kernel + 1)
    with pytest.raises(ValueError, match="has 2 weights, set_weights got 1"):
        layer.set_weights([kernel])
    with pytest.raises(ValueError, match=r"shape \(3, 2\), set_weights got \(2, 3\)"):
        layer.set_weights([kernel.T, bias])
    np.testing.assert_array_equal(layer.get_weights()[0], kernel + 1)
    given = layers.Dense(2, weights=[kernel, bias + 5])
    given(X)
    np.testing.assert_array_equal(given.get_weights()[1], bias + 5)


@pytest.mark.parametrize(
    ("call", "factor"),
    [
        (lambda layer: layer(X), 1),
        (lambda layer: layer(X, training=True), 2),
        (lambda layer: Outer(layer)(X, training=True), 2),
        (lambda layer: Outer(layer)(X), 1),
        (lambda layer: Outer(layer, training=False)(X, training=True), 1),
    ],
)
def test_training_is_the_callers_unless_given(call, factor):
    np.testing.assert_array_equal(call(Scaled()), X * factor)


class Outer(keras.Layer):
    def __init__(self, inner, **options):
        super().__init__()
        self.inner, self.options = inner, options

    def call(self, inputs):
        return self.inner(inputs, **self.options)


def test_losses_are_those_of_the_last_call():
    layer = layers.Dense(2, activity_regularizer="l1", kernel_regularizer=keras.regularizers.L2(0.5))
    for _ in range(2):
        output = layer(X)
    activity, kernel = layer.losses
    np.testing.assert_allclose(activity, 0.01 * np.abs(output).sum() / 2, rtol=1e-5)
    np.testing.assert_allclose(kernel, 0.5 * np.square(layer.get_weights()[0]).sum(), rtol=1e-5)


def test_losses_in_a_program(numpy_target):
    class WithLoss(keras.Layer):
        def call(self, inputs):
            self.add_loss(ops.sum(inputs))
            return inputs

    layer = WithLoss()

    def step(x):
        layer(x)
        return ops.sum(ops.stack(layer.losses))

    assert StaticFunction(step)(X) == 15
    with Trace():
        assert layer.losses == []


def test_input_given_in_several_arguments_builds_by_name():
    class Two(keras.Layer):
        def build(self, query_shape, value_shape):
            self.shapes = (query_shape, value_shape)

        def call(self, query, value):
            return query + value

    layer = Two()
    layer(X, value=X)
    assert layer.shapes == ((2, 3), (2, 3))
    assert layer.get_build_config() == {"shapes_dict": {"query_shape": (2, 3), "value_shape": (2, 3)}}


def test_integers_stay_and_floats_are_cast():
    class Types(keras.Layer):
        def call(self, a, b):
            return a.dtype, b.dtype

    assert Types(dtype="float16")(X, b=np.arange(3)) == ("float16", "int64")


def test_the_layer_is_named_in_errors():
    layer = layers.Dense(4, name="hidden")
    layer(X)
    with pytest.raises(ValueError, match=r'Dense "hidden": input has shape \(32, 7\), but axis -1 must have size 3') as caught:
        layer(np.zeros((32, 7), np.float32))
    assert "kernel (3, 4), bias (4,)" in str(caught.value) and f"at {__file__}:" in str(caught.value)
    with pytest.raises(ValueError, match="must have at least 2 axes"):
        layer(np.zeros(3, np.float32))
    with pytest.raises(ValueError, match=r'Dense "hidden": only tensors and arrays may be given by position, got str'):
        layer("abc")
    with pytest.raises(TypeError, match="input has dtype <U1; a tensor is made of numbers"):
        layer(np.array([["a", "b", "c"]]))
    mine = MyLayer(4, name="mine")
    mine(X)
    with pytest.raises(ValueError, match="got 5 and 3") as caught:
        mine(np.zeros((2, 5), np.float32))
    assert 'in MyLayer "mine" called on float32[2,5] at' in caught.value.__notes__[0]
    assert len(caught.value.__notes__) == 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.Dense(0), "units must be a positive integer"),
        (lambda: layers.Dense(4, activation="rleu"), "Did you mean 'relu'"),
        (lambda: layers.Dense(4, kernel_initializer="glorot"), "is not the name of an initializer"),
        (lambda: layers.Dense(4, units_=3), "unknown argument units_"),
        (lambda: layers.Dense(4, name="a/b"), "without '/'"),
        (lambda: layers.Dropout(1.5), "rate must be a number from 0 to 1"),
        (lambda: layers.Add()(X), "is called on a list of tensors"),
        (lambda: layers.Concatenate()([X, np.zeros((3, 3))]), "must have equal sizes"),
        (lambda: layers.Reshape((4, 2))(X), "cannot be reshaped"),
        (lambda: layers.Dense(4)(keras.Input((None,))), "must have a known size"),
        (lambda: keras.Input(), "give shape"),
        (lambda: layers.Dense(4)(), "was called without inputs"),
        (lambda: layers.Dense(4)(X, foo=3), r"is called with \(inputs, training\): got an unexpected keyword argument 'foo'"),
        (lambda: keras.Layer()(X), "must define call"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises((ValueError, TypeError, NotImplementedError), match=message):
        make()


def test_a_layer_whose_arguments_cannot_be_saved_says_so():
    class Odd(keras.Layer):
        def __init__(self, thing):
            super().__init__()

    with pytest.raises(NotImplementedError, match=r"argument 'thing'.*Define get_config"):
        Odd(object()).get_config()

    class Plain(keras.Layer):
        def __init__(self, size, name=None):
            super().__init__(name=name)

    assert Plain(3, name="p").get_config() == {"size": 3, "name": "p"}


def test_a_forgotten_super_init_is_named():
    class Forgetful(keras.Layer):
        def __init__(self):
            self.units = 3

        def call(self, x):
            return x

    with pytest.raises(RuntimeError, match=r"Forgetful was not initialized: its __init__ must call super"):
        Forgetful()(X)


def test_compute_output_shape_leaves_no_trace_of_itself():
    class NoShape(keras.Layer):
        def build(self, input_shape):
            self.w = self.add_weight((input_shape[-1], 7))

        def call(self, x):
            return ops.matmul(x, self.w)

    layer = NoShape()
    assert layer.compute_output_shape((None, 5, 3)) == (None, 5, 7)
    assert layer._calls == []


def test_dropout_in_training():
    layer = layers.Dropout(0.25, seed=3)
    ones = np.ones((100, 100), np.float32)
    first, second = layer(ones, training=True), layer(ones, training=True)
    assert abs((first == 0).mean() - 0.25) < 0.02 and not np.array_equal(first, second)
    assert set(np.unique(first)) == {np.float32(0), np.float32(1 / 0.75)}
    np.testing.assert_array_equal(layers.Dropout(0.25, seed=3)(ones, training=True), first)
    rows = layers.Dropout(0.5, noise_shape=(None, 1))(ones, training=True)
    assert (rows == rows[:, :1]).all() and 0 < (rows[:, 0] == 0).mean() < 1
    assert not layers.Dropout(1)(ones, training=True).any()


def test_batch_normalization_follows_the_batch_only_when_trained():
    layer = layers.BatchNormalization(momentum=0.9)
    layer(X)
    np.testing.assert_array_equal(layer.moving_mean.numpy(), 0)
    layer(X, training=True)
    np.testing.assert_allclose(layer.moving_mean.numpy(), 0.1 * X.mean(0), rtol=1e-6)
    np.testing.assert_allclose(layer.moving_variance.numpy(), 0.9 + 0.1 * X.var(0), rtol=1e-6)
    layer.trainable = False
    before = layer.moving_mean.numpy()
    layer(X, training=True)
    np.testing.assert_array_equal(layer.moving_mean.numpy(), before)


def test_build_may_make_a_functional_model_and_compute_values():
    """Keras's Perceiver example builds its parts so."""

    class Inner(keras.layers.Layer):
        def build(self, input_shape):
            inputs = keras.Input(input_shape[1:])
            self.inner = keras.Model(inputs, keras.ops.relu(keras.layers.Dense(2, kernel_initializer="ones")(inputs)) * 2.0)
            self.offset = self.add_weight(shape=(), initializer="zeros")
            self.offset.assign(keras.ops.sum(keras.ops.ones((3,))))

        def call(self, x):
            return self.inner(x) + self.offset

    x = np.ones((2, 3), "float32")
    expected = np.full((2, 2), 9.0)
    np.testing.assert_array_equal(Inner()(x), expected)
    inputs = keras.Input((3,))
    layer = Inner()
    model = keras.Model(inputs, layer(inputs))
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
    layer.offset.assign(0.0)  # build's assignment is no part of the step
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected - 3)
    sequential = keras.Sequential([Inner()])
    sequential.compile("sgd", "mse")
    sequential.fit(x, expected, verbose=0)
    assert len(sequential.trainable_weights) == 3
