"""Models made of symbolic tensors."""

import json

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import layers, models, ops
from graphkeras.models.functional import Functional
from graphkeras.tracing import StaticFunction

A, B = np.ones((2, 4), np.float32), np.arange(8, dtype=np.float32).reshape(2, 4)


def two_towers():
    """Two inputs, a shared layer, an op node, two outputs."""
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    shared = layers.Dense(5, name="shared")
    joined = layers.concatenate([shared(a), shared(b)]) * 2.0
    return keras.Model([a, b], {"out": layers.Dense(2, name="out")(joined), "joined": joined})


def test_numbers():
    model = two_towers()
    kernel, bias = model.get_layer("shared").get_weights()
    joined = np.concatenate([A @ kernel + bias, B @ kernel + bias], 1) * 2
    kernel, bias = model.get_layer("out").get_weights()
    result = model([A, B])
    np.testing.assert_allclose(result["joined"], joined, rtol=1e-5)
    np.testing.assert_allclose(result["out"], joined @ kernel + bias, rtol=1e-5)


def test_what_it_says_of_itself():
    model = two_towers()
    assert isinstance(model, Functional) and model.name.startswith("functional")
    assert [layer.name for layer in model.layers][:3] == ["a", "b", "shared"]
    assert model.input_shape == [(None, 4), (None, 4)]
    assert model.output_shape == {"out": (None, 2), "joined": (None, 10)}
    assert model.input_names == ["a", "b"] and len(model.outputs) == 2
    assert model.count_params() == 4 * 5 + 5 + 10 * 2 + 2
    assert len(model.weights) == 4
    with pytest.raises(ValueError, match=r"has no layer 'x'; it has a, b, shared"):
        model.get_layer("x")


@pytest.mark.parametrize("given", [[A, B], (A, B), {"b": B, "a": A}, {"a": A, "b": B, "extra": A}])
def test_inputs_by_order_and_by_name(given):
    model = two_towers()
    np.testing.assert_array_equal(model(given)["out"], model([A, B])["out"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([A], r"takes 2 inputs \(a, b\), got 1"),
        ([A, B, B], r"takes 2 inputs \(a, b\), got 3"),
        ({"a": A}, "no data for its input 'b'"),
        ([A, B[:, :3]], r"input 'b' must have shape \(None, 4\), got \(2, 3\)"),
        ([A, B[None]], r"input 'b' must have shape \(None, 4\), got \(1, 2, 4\)"),
    ],
)
def test_wrong_inputs_name_the_input_and_its_line(given, message):
    with pytest.raises(ValueError, match=message) as caught:
        two_towers()(given)
    assert __file__ in str(caught.value)


def test_a_last_axis_of_size_1_may_be_missing_or_added_and_dtypes_are_cast():
    model = keras.Model(x := keras.Input((1,)), x * 2)
    np.testing.assert_array_equal(model(np.array([1, 2])), [[2], [4]])
    vector = keras.Model(x := keras.Input(()), x * 2)
    np.testing.assert_array_equal(vector(np.array([[1.0], [2.0]])), [2, 4])
    numbers = keras.Model(x := keras.Input((2,), dtype="int32"), x * 2)
    assert numbers(np.ones((1, 2))).dtype == np.int32


def test_nested_models_and_models_of_inner_tensors():
    inner = two_towers()
    x = keras.Input((4,), name="x")
    both = inner([x, x * 3])
    outer = keras.Model(x, both["out"] + 1)
    np.testing.assert_allclose(outer(A), inner([A, A * 3])["out"] + 1, rtol=1e-6)
    assert len(outer.weights) == 4 and outer.layers[1] is inner
    features = keras.Model(inner.inputs, inner.get_layer("shared").output)
    assert features([A, B]).shape == (2, 5)
    from_the_middle = keras.Model(inner.output["joined"], inner.output["out"])
    joined = inner([A, B])["joined"]
    np.testing.assert_allclose(from_the_middle(joined), inner([A, B])["out"], rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda x, y: keras.Model(x, y + x), "depend on the input 'y' .*not among the model's inputs: x"),
        (lambda x, y: keras.Model(x, np.ones(3)), "outputs of a model must be symbolic tensors, got ndarray"),
        (lambda x, y: keras.Model([], x), "at least one tensor as inputs"),
        (lambda x, y: keras.Model(x, keras.KerasTensor((None, 3))), "does not lead back to an Input"),
        (lambda x, y: keras.Model(x), "both or none"),
    ],
)
def test_what_is_no_model(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make(keras.Input((3,), name="x"), keras.Input((3,), name="y"))


def test_the_models_mode_counts_more_than_the_recorded_one_as_in_keras():
    class Scaled(keras.Layer):
        def call(self, inputs, training=False):
            return inputs * (2 if training else 1)

    x = keras.Input((4,))
    model = keras.Model(x, [Scaled()(x), Scaled()(x, training=False), Scaled()(x, training=True)])
    for training, expected in ((None, [1, 1, 2]), (False, [1, 1, 1]), (True, [2, 2, 2])):
        assert [float(y[0, 0]) for y in model(A, training=training)] == expected


def test_sources_and_scopes_of_a_replayed_call(numpy_target):
    x = keras.Input((4,))
    model = keras.Model(x, layers.Dense(3, name="hidden")(x), name="net")
    line = model.get_layer("hidden")._calls[0].source
    graph = StaticFunction(lambda data: model(data), "predict").prepare(A).graph
    products = [node for node in graph.nodes if node.op.name == "matmul"]
    assert [(node.origin.scope, node.origin.source) for node in products] == [("net/hidden", line)]
    assert line.startswith(__file__)


def test_config_round_trip_through_json():
    model = two_towers()
    again = models.Model.from_config(json.loads(json.dumps(model.get_config())))
    assert again.get_config() == model.get_config()
    assert [w.path for w in again.weights] == [w.path for w in model.weights]
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again([A, B])["out"], model([A, B])["out"])


def test_config_of_op_nodes_calls_and_nested_models():
    x = keras.Input((4,))
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    y = ops.concatenate([inner(x), ops.square(x)[:, :2], x - 1.0], axis=-1)
    y = layers.Dropout(0.5)(y, training=False)
    y = layers.Add()([y, ops.mean(y, axis=1, keepdims=True)])
    model = keras.Model(x, y)
    config = json.loads(json.dumps(model.get_config()))
    again = models.Model.from_config(config)
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again(B), model(B))
    dropout = next(entry for entry in config["layers"] if entry["class_name"] == "Dropout")
    assert dropout["inbound_nodes"][0]["kwargs"] == {"training": False}
    assert again.get_config() == model.get_config()


def test_a_subclass_made_of_tensors_keeps_its_class():
    class Custom(keras.Model):
        def train_step(self, data):
            raise NotImplementedError

    x = keras.Input((4,))
    model = Custom(x, layers.Dense(2)(x), name="custom")
    assert type(model) is Custom and model.name == "custom"
    assert model(A).shape == (2, 2) and model.output_shape == (None, 2)
    again = Custom.from_config(model.get_config())
    assert type(again) is Custom and again.count_params() == 10


def test_symbolic_sizes_in_recorded_calls_are_those_of_the_new_inputs(numpy_target):
    x = keras.Input((None, 4), name="x")
    batch, length, _ = ops.shape(x)
    y = ops.reshape(x, (batch * length, 4))[: batch * 2]
    model = keras.Model(x, [y, ops.zeros((batch, 2 * length))])
    data = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    for result in (model(data), model.predict_on_batch(data)):
        np.testing.assert_array_equal(result[0], data.reshape(6, 4)[:4])
        assert result[1].shape == (2, 6)
    assert [y.shape for y in model(keras.Input(batch_shape=(5, 3, 4)))] == [(10, 4), (5, 6)]


def test_random_calls_draw_again_in_every_run(numpy_target):
    x = keras.Input((3,))
    generator = keras.random.SeedGenerator(5)
    noise = keras.random.normal((ops.shape(x)[0], 3), seed=generator)
    model = keras.Model(x, [x + noise, keras.random.dropout(x, 0.5, seed=3)])
    ones = np.ones((4, 3), np.float32)
    results = [model(ones), model(ones), model.predict(ones, verbose=0), model.predict(ones, verbose=0)]
    assert len({result[0].tobytes() for result in results}) == 4
    assert len({result[1].tobytes() for result in results}) == 1


def test_a_fixed_batch():
    x = keras.Input(batch_shape=(2, 4))
    model = keras.Model(x, layers.Flatten()(layers.Reshape((2, 2))(x)))
    assert model.output_shape == (2, 4)
    np.testing.assert_array_equal(model(B), B)
