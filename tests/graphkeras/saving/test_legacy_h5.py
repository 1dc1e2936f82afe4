"""Files in the style of Keras 2: older spellings, nodes as nested lists, weight names with ``:0``."""

import json

import h5py
import numpy as np
import pytest

import graphkeras as keras
from graphkeras.saving.legacy_config import compile_config, from_legacy
from graphkeras.saving.legacy_h5 import ATTRIBUTE_LIMIT, _names, _write_names

RANDOM = np.random.default_rng(5)


def dense(name, units, inbound, activation="linear"):
    zeros = {"class_name": "Zeros", "config": {}}
    config = {"name": name, "trainable": True, "dtype": "float32", "units": units, "activation": activation, "use_bias": True}
    config["kernel_initializer"] = {"class_name": "GlorotUniform", "config": {"seed": None}}
    config["bias_initializer"] = zeros
    for key in ("kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint"):
        config[key] = None
    return {"class_name": "Dense", "config": config, "name": name, "inbound_nodes": [[[layer, 0, 0, {}] for layer in inbound]]}


def keras2_file(path, training):
    """x -> a, x -> b, a + b -> out, as tf.keras 2.11 would have written it."""
    source = {"batch_input_shape": [None, 4], "dtype": "float32", "sparse": False, "ragged": False, "name": "x"}
    add = {"class_name": "Add", "config": {"name": "add", "trainable": True, "dtype": "float32"}, "name": "add"}
    layers = [
        {"class_name": "InputLayer", "config": source, "name": "x", "inbound_nodes": []},
        dense("a", 5, ["x"], "relu"),
        dense("b", 5, ["x"]),
        {**add, "inbound_nodes": [[["a", 0, 0, {}], ["b", 0, 0, {}]]]},
        dense("out", 2, ["add"], "softmax"),
    ]
    config = {
        "name": "old",
        "trainable": True,
        "layers": layers,
        "input_layers": [["x", 0, 0]],
        "output_layers": [["out", 0, 0]],
    }
    arrays = {}
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = "2.11.0", "tensorflow"
        file.attrs["model_config"] = json.dumps({"class_name": "Functional", "config": config})
        file.attrs["training_config"] = json.dumps(training)
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = np.array([layer["name"].encode() for layer in layers])
        for layer in layers:
            inner = group.create_group(layer["name"])
            names = []
            if layer["class_name"] == "Dense":
                units = layer["config"]["units"]
                for kind, shape in (("kernel", (5 if layer["name"] == "out" else 4, units)), ("bias", (units,))):
                    names.append(f"{layer['name']}/{kind}:0")
                    arrays[names[-1]] = RANDOM.normal(size=shape).astype("float32")
                    inner[names[-1]] = arrays[names[-1]]
            inner.attrs["weight_names"] = np.array([name.encode() for name in names])
    return arrays


TRAINING = {
    "loss": {
        "class_name": "SparseCategoricalCrossentropy",
        "config": {"reduction": "auto", "name": "scce", "from_logits": False},
    },
    "metrics": [[{"class_name": "MeanMetricWrapper", "config": {"name": "accuracy", "fn": "sparse_categorical_accuracy"}}]],
    "weighted_metrics": None,
    "loss_weights": None,
    "optimizer_config": {
        "class_name": "SGD",
        "config": {"name": "SGD", "learning_rate": 0.05, "decay": 0.0, "momentum": 0.9, "nesterov": True},
    },
}


def test_a_keras2_file_loads_computes_and_trains(tmp_path):
    path = tmp_path / "old.h5"
    w = keras2_file(path, TRAINING)
    model = keras.models.load_model(path)
    x = RANDOM.normal(size=(7, 4)).astype("float32")
    hidden = np.maximum(x @ w["a/kernel:0"] + w["a/bias:0"], 0) + x @ w["b/kernel:0"] + w["b/bias:0"]
    logits = hidden @ w["out/kernel:0"] + w["out/bias:0"]
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-5)
    assert float(keras.backend.get_value(model.optimizer.learning_rate)) == pytest.approx(0.05)
    before = model.evaluate(x, np.zeros(7, "int32"), verbose=0)[0]
    model.fit(x, np.zeros(7, "int32"), epochs=3, verbose=0)
    assert model.evaluate(x, np.zeros(7, "int32"), verbose=0)[0] < before


def test_optimizer_state_of_keras2_is_not_taken_over_and_a_warning_says_so(tmp_path):
    path = tmp_path / "old.h5"
    keras2_file(path, TRAINING)
    with h5py.File(path, "a") as file:
        group = file.create_group("optimizer_weights")
        group.attrs["weight_names"] = np.array([b"SGD/iter:0", b"SGD/a/kernel/momentum:0"])
        group["SGD/iter:0"], group["SGD/a/kernel/momentum:0"] = np.int64(17), np.ones((4, 5), "float32")
    with pytest.warns(UserWarning, match="training starts with a fresh optimizer"):
        model = keras.models.load_model(path)
    assert int(model.optimizer.iterations.numpy()) == 0


def test_weights_alone_of_keras2(tmp_path):
    """``model.save_weights("w.h5")`` of Keras 2: what is in ``model_weights``, at the root of the file."""
    arrays = keras2_file(tmp_path / "whole.h5", TRAINING)
    with h5py.File(tmp_path / "whole.h5") as whole, h5py.File(tmp_path / "w.h5", "w") as alone:
        for key, value in whole["model_weights"].attrs.items():
            alone.attrs[key] = value
        for name in whole["model_weights"]:
            whole.copy(f"model_weights/{name}", alone)
    for by_name in (False, True):
        x = keras.Input((4,))
        total = keras.layers.add([keras.layers.Dense(5, "relu", name="a")(x), keras.layers.Dense(5, name="b")(x)])
        model = keras.Model(x, keras.layers.Dense(2, "softmax", name="out")(total))
        model.load_weights(tmp_path / "w.h5", by_name=by_name)
        for layer in ("a", "b", "out"):
            np.testing.assert_array_equal(model.get_layer(layer).get_weights()[0], arrays[f"{layer}/kernel:0"])
    with pytest.raises(ValueError, match="it holds weights only"):
        keras.models.load_model(tmp_path / "w.h5")


def test_old_spellings_are_understood():
    optimizer = {"class_name": "Adam", "config": {"lr": 0.1, "decay": 0.5}}
    modern = compile_config({"optimizer_config": optimizer, "loss": "mse", "metrics": ["acc"], "sample_weight_mode": None})
    rate = modern["optimizer"]["config"]["learning_rate"]
    assert rate["class_name"] == "InverseTimeDecay"
    assert rate["config"] == {"initial_learning_rate": 0.1, "decay_steps": 1, "decay_rate": 0.5}
    assert "sample_weight_mode" not in modern
    node = {
        "class_name": "Foo",
        "config": {"name": "f"},
        "inbound_nodes": [[["a", 0, 0, {"mask": ["m", 0, 0], "training": True}]]],
    }
    arguments = from_legacy(node)["inbound_nodes"][0]
    assert arguments["kwargs"]["training"] is True
    assert arguments["kwargs"]["mask"]["config"]["keras_history"] == ["m", 0, 0]
    assert (
        from_legacy({"class_name": "Sequential", "config": [{**dense("a", 3, []), "inbound_nodes": []}]})["config"]["layers"][
            0
        ]["class_name"]
        == "Dense"
    )
    axis = from_legacy({"class_name": "BatchNormalization", "config": {"axis": [3]}})["config"]["axis"]
    assert axis == 3


def test_long_lists_of_names_are_split(tmp_path):
    names = [f"layer_{k}_with_a_rather_long_name" for k in range(5000)]
    with h5py.File(tmp_path / "names.h5", "w") as file:
        _write_names(file, "layer_names", names)
        assert "layer_names" not in file.attrs
        assert all(file.attrs[key].nbytes <= ATTRIBUTE_LIMIT for key in file.attrs)
    with h5py.File(tmp_path / "names.h5") as file:
        assert _names(file, "layer_names") == names
