"""Exported models: checked, small in assumptions, and the same numbers in onnxruntime."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest

import graphkeras as keras
from graphkeras import ops
from graphkeras.layers import Dense, Dropout, Input

X = np.random.default_rng(2).normal(size=(9, 6)).astype("float32")


def run(path, **feeds):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, feeds)


def mlp():
    return keras.Sequential(
        [
            Input((6,), name="features"),
            Dense(8, activation="gelu", name="hidden"),
            Dropout(0.5),
            Dense(3, activation="softmax", name="classes"),
        ]
    )


def test_the_file_is_a_checked_model_with_a_free_batch_size(tmp_path):
    model, path = mlp(), tmp_path / "m.onnx"
    model.export(path)
    loaded = onnx.load(path)
    onnx.checker.check_model(loaded, full_check=True)
    assert loaded.ir_version == 8
    assert {entry.domain: entry.version for entry in loaded.opset_import} == {"": 18}
    assert loaded.producer_name == "graphkeras"
    assert loaded.producer_version == keras.__version__
    (source,) = loaded.graph.input
    assert source.name == "features"
    assert source.type.tensor_type.shape.dim[0].dim_param == "batch"
    assert [output.name for output in loaded.graph.output] == ["classes"]
    expected = model.predict(X, verbose=0)
    np.testing.assert_allclose(run(path, features=X)[0], expected, atol=1e-5)
    np.testing.assert_allclose(run(path, features=X[:1])[0], expected[:1], atol=1e-5)


def test_nodes_say_where_they_come_from(tmp_path):
    mlp().export(tmp_path / "m.onnx")
    nodes = [{entry.key: entry.value for entry in node.metadata_props} for node in onnx.load(tmp_path / "m.onnx").graph.node]
    products = [node for node in nodes if node["op"] == "matmul"]
    assert [node["namespace"].split("/")[-1] for node in products] == ["hidden", "classes"]
    assert [node["flops"] for node in products] == ["96*batch", "48*batch"]
    assert all(node["source"].startswith("test_export.py:") for node in nodes)


def test_several_inputs_and_outputs_keep_their_names(tmp_path):
    left, right = Input((6,), name="left"), Input((6,), name="right")
    shared = Dense(4, name="shared")
    a, b = shared(left), shared(right)
    model = keras.Model([left, right], [Dense(2, name="first")(a + b), ops.sum(a * b, axis=-1, keepdims=True)])
    model.export(tmp_path / "m.onnx")
    expected = model.predict([X, X[::-1].copy()], verbose=0)
    found = run(tmp_path / "m.onnx", left=X, right=X[::-1].copy())
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)
    assert onnx.load(tmp_path / "m.onnx").graph.output[0].name == "first"


def test_a_model_of_ones_own_class(tmp_path):
    class Twice(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = Dense(3)

        def call(self, x):
            return self.dense(x) * 2.0

    model = Twice()
    with pytest.raises(ValueError, match=r"Cannot export .* inputs are not known.*input_signature"):
        model.export(tmp_path / "m.onnx")
    model.export(tmp_path / "m.onnx", input_signature=[keras.KerasTensor((None, 6), "float32")])
    expected = model.predict(X, verbose=0)
    np.testing.assert_allclose(run(tmp_path / "m.onnx", input_0=X)[0], expected, atol=1e-5)
    model.export(tmp_path / "again.onnx")  # by now it knows
    np.testing.assert_allclose(run(tmp_path / "again.onnx", input_0=X[:4])[0], expected[:4], atol=1e-5)


def test_a_model_of_ones_own_class_takes_the_dtypes_that_it_was_called_on(tmp_path):
    class Tokens(keras.Model):
        def __init__(self):
            super().__init__()
            self.embedding = keras.layers.Embedding(5, 3)

        def call(self, inputs):
            return self.embedding(inputs["tokens"]) * inputs["scale"][..., None]

    model = Tokens()
    data = {"tokens": np.array([[1, 4, 0]], "int32"), "scale": np.ones((1, 3), "float32")}
    expected = model.predict(data, verbose=0)
    model.export(tmp_path / "tokens.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "tokens.onnx", providers=["CPUExecutionProvider"])
    scale, tokens = sorted(session.get_inputs(), key=lambda entry: entry.type)
    assert (scale.type, tokens.type) == ("tensor(float)", "tensor(int32)")
    (found,) = session.run(None, {scale.name: data["scale"], tokens.name: data["tokens"]})
    np.testing.assert_array_equal(found, expected)


def test_a_training_step_trains_in_a_stock_onnxruntime(tmp_path):
    """Ten steps with dropout: the losses and the weights are those of graphkeras."""
    labels = np.random.default_rng(3).integers(0, 3, size=9).astype("int32")
    model, path = mlp(), tmp_path / "step.onnx"
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    with pytest.raises(ValueError, match=r"it has not made one.*train_on_batch first"):
        model.export(path, training=True)
    model.train_on_batch(X, labels)
    model.export(path, training=True)
    stored = onnx.load(path)
    onnx.checker.check_model(stored, full_check=True)
    next_of = json.loads({entry.key: entry.value for entry in stored.metadata_props}["graphkeras.state"])
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # it warns of inputs that have defaults
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    data_x, data_y = [entry.name for entry in session.get_inputs() if entry.name not in next_of]
    figures = {name: np.zeros((), "float32") for name in next_of if name.startswith(("loss/", "accuracy/"))}
    assert len(figures) == 4
    state = {}
    for _ in range(10):
        state.update(figures)  # train_on_batch forgets the batch before, too
        names = [output.name for output in session.get_outputs()]
        found = dict(zip(names, session.run(None, {data_x: X, data_y: labels, **state}), strict=True))
        state = {name: found[new] for name, new in next_of.items()}
        expected = model.train_on_batch(X, labels, return_dict=True)
        np.testing.assert_allclose(found["loss"], expected["loss"], rtol=1e-5)
    kernel = next(name for name in state if name.endswith("hidden/kernel"))
    np.testing.assert_allclose(state[kernel], model.get_weights()[0], atol=1e-6)


def test_other_formats_and_opsets(tmp_path):
    with pytest.raises(ValueError, match="the only format is 'onnx'"):
        mlp().export(tmp_path / "m", format="tf_saved_model")
    model = mlp()
    model.export(tmp_path / "m.onnx", opset_version=20)
    assert onnx.load(tmp_path / "m.onnx").opset_import[0].version == 20
    np.testing.assert_allclose(run(tmp_path / "m.onnx", features=X)[0], model.predict(X, verbose=0), atol=1e-5)
