"""Files that Keras 3.15.1 itself wrote: loaded, they predict what Keras predicted and learn what Keras learned.

``mlp_sequential`` was trained for one epoch with Adam. Beside the model, the .npz files hold its input, Keras's output, the
loss of the next training step on the whole input, and all weights after it.
"""

import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

import graphkeras as keras
from graphkeras.layers import Dense, Dropout, Input

FILES = Path(__file__).parent / "files"
RECORDED = np.load(FILES / "mlp_sequential.npz")
AFTER = np.load(FILES / "mlp_sequential_after_next_step.npz")


def check_next_step(model):
    loss = model.train_on_batch(RECORDED["input_0"], RECORDED["target_0"])
    np.testing.assert_allclose(np.ravel(loss)[0], RECORDED["next_train_on_batch_loss"], rtol=1e-5)
    for mine, key in zip(model.get_weights(), sorted(AFTER), strict=True):
        np.testing.assert_allclose(mine, AFTER[key], atol=1e-5, err_msg=key)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_model_predicts_evaluates_and_trains_on_as_in_keras(suffix):
    model = keras.models.load_model(FILES / f"mlp_sequential{suffix}")
    np.testing.assert_allclose(model.predict(RECORDED["input_0"], verbose=0), RECORDED["output_0"], atol=1e-5)
    logs = model.evaluate(RECORDED["input_0"], RECORDED["target_0"], verbose=0, return_dict=True)
    np.testing.assert_allclose(logs["loss"], RECORDED["eval_loss"], rtol=1e-5)
    np.testing.assert_allclose(logs["accuracy"], RECORDED["eval_accuracy"], rtol=1e-6)
    check_next_step(model)


def test_dropout_leaky_relu_and_auc():
    recorded = np.load(FILES / "dropout_auc.npz")
    model = keras.models.load_model(FILES / "dropout_auc.keras")
    np.testing.assert_allclose(model.predict(recorded["input_0"], verbose=0), recorded["output_0"], atol=1e-5)
    logs = model.evaluate(recorded["input_0"], recorded["target_0"], verbose=0, return_dict=True)
    for name, value in logs.items():
        np.testing.assert_allclose(value, recorded[f"eval_{name}"], rtol=1e-5, err_msg=name)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_transformer_predicts_and_trains_on_as_in_keras(suffix):
    """Causal MultiHeadAttention, operations in the graph, AdamW with a schedule; Keras cannot load the .h5 of it."""
    recorded, after = np.load(FILES / "transformer_mha.npz"), np.load(FILES / "transformer_mha_after_next_step.npz")
    model = keras.models.load_model(FILES / f"transformer_mha{suffix}")
    np.testing.assert_allclose(model.predict(recorded["input_0"], verbose=0), recorded["output_0"], atol=1e-5)
    loss = model.train_on_batch(recorded["input_0"], recorded["target_0"])
    np.testing.assert_allclose(np.ravel(loss)[0], recorded["next_train_on_batch_loss"], rtol=1e-5)
    for mine, key in zip(model.get_weights(), sorted(after), strict=True):
        np.testing.assert_allclose(mine, after[key], atol=1e-5, err_msg=key)


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".weights.h5"])
def test_operations_sharing_nesting_dicts_and_schedules(suffix):
    """Two inputs and two outputs by name; Keras itself cannot load the .h5 of this model."""
    recorded = np.load(FILES / "two_towers.npz")
    inputs = {name: recorded[name] for name in ("left", "right")}
    targets = {name: recorded[f"target_{name}"] for name in ("first", "second")}
    if suffix == ".weights.h5":
        model = keras.models.load_model(FILES / "two_towers.keras")
        for variable in (*model.weights, *model.optimizer.variables):
            variable.assign(np.zeros(variable.shape, variable.dtype))
        model.load_weights(FILES / "two_towers.weights.h5")
    else:
        model = keras.models.load_model(FILES / f"two_towers{suffix}")
    for name, output in model.predict(inputs, verbose=0).items():
        np.testing.assert_allclose(output, recorded[name], atol=1e-5, err_msg=name)
    for name, value in model.evaluate(inputs, targets, verbose=0, return_dict=True).items():
        np.testing.assert_allclose(value, recorded[f"eval_{name}"], rtol=1e-5, err_msg=name)
    for name, value in model.train_on_batch(inputs, targets, return_dict=True).items():
        np.testing.assert_allclose(value, recorded[f"next_{name}"], rtol=1e-5, err_msg=name)
    for number, array in enumerate(model.get_weights()):
        np.testing.assert_allclose(array, recorded[f"after_{number:02}"], atol=1e-5, err_msg=str(number))


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".weights.h5"])
def test_a_recurrent_model_predicts_evaluates_and_trains_on_as_in_keras(suffix):
    """Embedding whose mask reaches LSTM, GRU and SimpleRNN; two outputs."""
    recorded, after = np.load(FILES / "rnn_lstm_gru.npz"), np.load(FILES / "rnn_lstm_gru_after_next_step.npz")
    x, targets = recorded["input_0"], [recorded["target_0"], recorded["target_1"]]
    if suffix == ".weights.h5":
        model = keras.models.load_model(FILES / "rnn_lstm_gru.keras")
        for variable in (*model.weights, *model.optimizer.variables):
            variable.assign(np.zeros(variable.shape, variable.dtype))
        model.load_weights(FILES / "rnn_lstm_gru.weights.h5")
    else:
        model = keras.models.load_model(FILES / f"rnn_lstm_gru{suffix}")
    for k, output in enumerate(keras.tree.flatten(model.predict(x, verbose=0))):
        np.testing.assert_allclose(output, recorded[f"output_{k}"], atol=1e-5)
    logs = model.evaluate(x, targets, verbose=0, return_dict=True)
    assert len(logs) == 5
    for name, value in logs.items():
        np.testing.assert_allclose(value, recorded[f"eval_{name}"], rtol=1e-5, err_msg=name)
    np.testing.assert_allclose(model.train_on_batch(x, targets)[0], recorded["next_train_on_batch_loss"], rtol=1e-5)
    for mine, key in zip(model.get_weights(), sorted(after), strict=True):
        np.testing.assert_allclose(mine, after[key], atol=1e-5, err_msg=key)


def build():
    return keras.Sequential(
        [
            Input((10,)),
            Dense(16, activation="relu"),
            Dropout(0.0),
            Dense(8, activation="gelu", kernel_regularizer=keras.regularizers.L2(0.001)),
            Dense(3, activation="softmax"),
        ]
    )


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".weights.h5"])
def test_weights_go_into_a_model_built_here(suffix):
    model = build()
    model.load_weights(FILES / f"mlp_sequential{suffix}")
    np.testing.assert_allclose(model.predict(RECORDED["input_0"], verbose=0), RECORDED["output_0"], atol=1e-5)


def test_the_optimizer_state_comes_with_a_weights_file():
    model = build()
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.load_weights(FILES / "mlp_sequential.weights.h5")
    check_next_step(model)


def test_our_files_have_the_places_that_keras_reads(tmp_path):
    """Every dataset and every config key of Keras's file is in ours."""
    model = keras.models.load_model(FILES / "mlp_sequential.keras")
    model.save(tmp_path / "mlp_sequential.keras")
    model.save(tmp_path / "mlp_sequential.h5")
    model.save_weights(tmp_path / "mlp_sequential.weights.h5")
    for name in ("mlp_sequential.weights.h5", "mlp_sequential.h5"):
        theirs, mine = datasets(FILES / name), datasets(tmp_path / name)
        if name.endswith(".weights.h5"):
            assert set(theirs) <= set(mine)
            for key, array in theirs.items():
                np.testing.assert_array_equal(mine[key], array)
                assert mine[key].dtype == array.dtype
        else:
            assert len([key for key in mine if not key.startswith("graphkeras/")]) == len(theirs)
    with zipfile.ZipFile(tmp_path / "mlp_sequential.keras") as archive:
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        mine = json.loads(archive.read("config.json"))
    with zipfile.ZipFile(FILES / "mlp_sequential.keras") as archive:
        theirs = json.loads(archive.read("config.json"))
    assert [layer["class_name"] for layer in mine["config"]["layers"]] == [
        layer["class_name"] for layer in theirs["config"]["layers"]
    ]
    for my_layer, their_layer in zip(mine["config"]["layers"], theirs["config"]["layers"]):
        assert my_layer["module"] == their_layer["module"]
        unknown = set(my_layer["config"]) - set(their_layer["config"])
        assert not unknown, f"Keras refuses the keys {unknown} of {my_layer['class_name']}"
    assert mine["compile_config"] == theirs["compile_config"]


def datasets(path):
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_layer_that_graphkeras_does_not_have_is_named(tmp_path, suffix):
    path = tmp_path / f"future{suffix}"
    entry = {"class_name": "Dense9D", "config": {"name": "dense9d", "trainable": True, "dtype": "float32"}}
    if suffix == ".keras":
        entry.update(module="keras.layers", registered_name=None)
        model = {
            "module": "keras",
            "class_name": "Sequential",
            "config": {"name": "m", "layers": [entry]},
            "registered_name": None,
        }
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", json.dumps(model))
        message = r"uses Dense9D of keras\.layers, which this version of graphkeras does not have\. Near names: .*Dense"
    else:
        with h5py.File(path, "w") as file:
            file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"name": "m", "layers": [entry]}})
        message = "uses Dense9D, which this version of graphkeras does not have and which is not registered"
    with pytest.raises(ValueError, match=message):
        keras.models.load_model(path)
