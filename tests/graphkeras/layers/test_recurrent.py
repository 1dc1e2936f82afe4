"""Recurrent layers compute what real Keras computes, with the same gradients and configs (`make_expected_recurrent.py`)."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import layers
from graphkeras.compiler.graph import topological
from graphkeras.saving import deserialize_keras_object, serialize_keras_object
from graphkeras.saving.walk import layers_of
from tests.graphkeras.layers import recurrent_cases as cases

ort = pytest.importorskip("onnxruntime")

with np.load(Path(__file__).with_name("expected_recurrent.npz")) as file:
    EXPECTED = dict(file)

each_case = pytest.mark.parametrize("case", cases.CASES, ids=lambda case: case.label)


def expected(case, what):
    return [EXPECTED[key] for key in EXPECTED if key.startswith(f"{case.label}:{what}")]


def ready(case):
    layer = case.make(layers)
    if not layer.built:
        layer.build((None, *case.inputs.shape[1:]))
    layer.set_weights(cases.weights_for([weight.shape for weight in layer.weights]))
    return layer


def options_of(case):
    options = {"mask": cases.MASK} if case.masked else {}
    return {**options, "initial_state": case.initial_state} if case.states else options


@each_case
def test_numbers(case):
    outputs = keras.tree.flatten(ready(case)(case.inputs, **options_of(case)))
    wanted = expected(case, "output")
    assert len(outputs) == len(wanted) > 0
    for ours, theirs in zip(outputs, wanted):
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=3e-6)


@each_case
def test_gradients(case):
    layer = ready(case)
    inputs = [keras.Input(case.inputs.shape[1:])]
    given = {"mask": keras.Input(cases.MASK.shape[1:], dtype="bool")} if case.masked else {}
    if case.states:
        given["initial_state"] = [keras.Input(case.state_shape) for _ in case.states]
    inputs += keras.tree.flatten(given)
    outputs = keras.tree.flatten(layer(inputs[0], **given))
    places = [keras.Input(y.shape[1:]) for y in outputs]
    loss = sum(keras.ops.sum(y * place) for y, place in zip(outputs, places, strict=True))
    model = keras.Model([*inputs, *places], keras.gradients(loss, layer.trainable_weights))
    factors = [np.cos(np.arange(y.size).reshape(y.shape)).astype(np.float32) for y in expected(case, "output")]
    found = model.predict_on_batch([case.inputs, *keras.tree.flatten(options_of(case)), *factors])
    for ours, theirs in zip(keras.tree.flatten(found), expected(case, "gradient"), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@each_case
def test_configs(case):
    ours = serialize_keras_object(case.make(layers))
    theirs = json.loads(str(expected(case, "entry")[0]))
    assert (ours["module"], ours["class_name"]) == (theirs["module"], theirs["class_name"])
    known = without_new_keys(theirs["config"], ours["config"])
    assert without_names(known) == without_names(ours["config"])
    assert set(theirs["config"]) == set(ours["config"])
    assert without_names(serialize_keras_object(deserialize_keras_object(theirs))["config"]) == without_names(ours["config"])


def without_new_keys(theirs, ours):
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return {key: without_new_keys(theirs[key], ours[key]) for key in ours if key in theirs}
    if isinstance(theirs, list) and isinstance(ours, list):
        return [without_new_keys(one, other) for one, other in zip(theirs, ours)]
    return theirs


def without_names(config):
    if isinstance(config, dict):
        return {key: without_names(value) for key, value in config.items() if key != "name"}
    return [without_names(value) for value in config] if isinstance(config, list) else config


LAYERS = {
    "SimpleRNN": lambda: layers.SimpleRNN(4, dropout=0.2),
    "LSTM": lambda: layers.LSTM(4, dropout=0.2),
    "GRU": lambda: layers.GRU(4, dropout=0.2),
    "Bidirectional": lambda: layers.Bidirectional(layers.LSTM(4), merge_mode="sum"),
    "TimeDistributed": lambda: layers.TimeDistributed(layers.Dense(4)),
    "stacked": lambda: layers.RNN([layers.LSTMCell(3), layers.GRUCell(4)]),
}


@pytest.mark.parametrize("name", LAYERS)
def test_files_and_exports(name, tmp_path):
    x = keras.Input((None, 2))
    model = keras.Model(x, layers.Dense(1)(LAYERS[name]()(x)))
    model.compile("rmsprop", "mse")
    model.fit(cases.X, np.ones(model.predict(cases.X, verbose=0).shape, np.float32), verbose=0)
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        keras.models.load_model(tmp_path / "model.keras").predict(cases.X, verbose=0), model.predict(cases.X, verbose=0)
    )
    model.export(tmp_path / "model.onnx", format="onnx", verbose=False)
    session = ort.InferenceSession(tmp_path / "model.onnx")
    for rows in (1, 3):
        (found,) = session.run(None, {session.get_inputs()[0].name: cases.X[:rows]})
        np.testing.assert_allclose(found, model.predict(cases.X[:rows], verbose=0), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_a_stateful_layer_goes_on(name):
    layer = getattr(layers, name)(4, stateful=True, return_sequences=True)
    layer.build((3, 4, 2))
    layer.set_weights(cases.weights_for([weight.shape for weight in layer.weights]))
    first, second = layer(cases.X[:, :2]), layer(cases.X[:, 2:])
    layer.reset_state()
    np.testing.assert_allclose(np.concatenate([first, second], 1), layer(cases.X), rtol=1e-5, atol=1e-6)
    layer.reset_state()
    model = keras.Sequential([keras.Input(batch_shape=(3, 2, 2)), layer])
    model.predict(cases.X[:, :2], batch_size=3, verbose=0)
    np.testing.assert_allclose(model.predict(cases.X[:, 2:4], batch_size=3, verbose=0), second[:, :2], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("option", ["dropout", "recurrent_dropout"])
@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_dropout_acts_in_training_only(name, option):
    layer = getattr(layers, name)(16, **{option: 0.5})
    layer(cases.X)
    assert np.abs(layer(cases.X, training=True) - layer(cases.X)).max() > 1e-3
    np.testing.assert_array_equal(layer(cases.X, training=False), layer(cases.X))


@pytest.mark.parametrize("name, gates", [("SimpleRNNCell", 1), ("LSTMCell", 4), ("GRUCell", 3)])
def test_each_gate_has_masks_of_its_own_with_recurrent_dropout(name, gates):
    """As in Keras; with `dropout` alone one mask is for all gates."""
    x, h = cases.X[:, 0], cases.state(0, (3,))
    both, one = getattr(layers, name)(3, dropout=0.5, recurrent_dropout=0.5), getattr(layers, name)(3, dropout=0.5)
    for cell in (both, one):
        cell.build((None, 2))
        cell.draw_masks(x, h, True)
    assert {kind: len(masks) for kind, masks in one._masks.items()} == {"inputs": 1}
    assert {kind: len(masks) for kind, masks in both._masks.items()} == {"inputs": gates, "state": gates}
    masks = both._masks["state"]
    assert gates == 1 or any((masks[0] != mask).any() for mask in masks)
    kernel = both.recurrent_kernel.numpy()
    by_gate = [(h * mask) @ part for mask, part in zip(masks, np.split(kernel, gates, axis=1), strict=True)]
    found = both.for_gates("state", h, both.recurrent_kernel, gates)
    np.testing.assert_allclose(found, np.concatenate(by_gate, axis=1), rtol=1e-5, atol=1e-6)
    both.forget_masks()
    states = [h] * (2 if name == "LSTMCell" else 1)
    plain, dropped = both(x, states)[0], both(x, states, training=True)[0]  # by itself, not in a layer
    assert np.abs(dropped - plain).max() > 1e-3 and not both._masks


def test_unroll_writes_the_cell_once_for_each_time_step():
    def ops_of(layer):
        return Counter(node.op.name for node in topological([layer(keras.Input((5, 2))).value]))

    loop, chain = ops_of(layers.LSTM(3)), ops_of(layers.LSTM(3, unroll=True))
    assert loop["lstm"] == 1 and "lstm" not in chain and chain["tanh"] == 10
    loop, chain = (ops_of(layers.RNN(layers.GRUCell(3), unroll=unroll)) for unroll in (False, True))
    assert loop["scan"] == 1 and "scan" not in chain and chain["tanh"] == 5
    with pytest.raises(ValueError, match="unroll=True needs a known number of time steps"):
        layers.GRU(2, unroll=True)(keras.Input((None, 2)))


def test_films_go_on_and_are_exported(tmp_path):
    """A stateful ConvLSTM; and one in an ONNX file with another batch size and another number of images."""
    x = cases.films(3, 4, 2)
    layer = layers.ConvLSTM2D(2, 2, stateful=True, return_sequences=True)
    layer.build((3, 2, 3, 4, 2))
    first, second = layer(x[:, :2]), layer(x[:, 2:])
    layer.reset_state()
    np.testing.assert_allclose(np.concatenate([first, second], 1), layer(x), rtol=1e-5, atol=1e-6)
    model = keras.Sequential([keras.Input((None, 3, 4, 2)), layers.ConvLSTM2D(2, 2, padding="same", recurrent_dropout=0.2)])
    model.compile("sgd", "mse")
    model.fit(x, np.ones((3, 3, 4, 2), np.float32), verbose=0)
    model.export(tmp_path / "model.onnx", format="onnx", verbose=False)
    session = ort.InferenceSession(tmp_path / "model.onnx")
    for given in (x[:1], x[:, :4]):
        (found,) = session.run(None, {session.get_inputs()[0].name: given})
        np.testing.assert_allclose(found, model.predict(given, verbose=0), rtol=1e-5, atol=1e-6)


def test_where_files_hold_the_weights():
    """FORMATS.md, section 2."""
    model = keras.Sequential(
        [
            keras.Input((5, 2)),
            layers.Bidirectional(layers.LSTM(2, return_sequences=True)),
            layers.TimeDistributed(layers.Dense(1)),
        ]
    )
    paths = {part.path for part in layers_of(model) if part.target._trainable_variables}
    assert paths == {
        "layers/bidirectional/forward_layer/cell",
        "layers/bidirectional/backward_layer/cell",
        "layers/time_distributed/layer",
    }


def test_errors_teach():
    with pytest.raises(ValueError, match="units must be a positive integer"):
        layers.LSTM(0)
    with pytest.raises(ValueError, match="stateful=True needs a batch of known size"):
        layers.GRU(2, stateful=True)(keras.Input((5, 2)))
    with pytest.raises(ValueError, match="a cell needs"):
        layers.RNN("lstm")
    with pytest.raises(ValueError, match="images and channels must have known sizes"):
        layers.ConvLSTM2D(2, 3)(keras.Input((5, None, 4, 1)))
    with pytest.raises(ValueError, match="padding must be one of valid, same; got 'causal'"):
        layers.ConvLSTM1D(2, 3, padding="causal")
    with pytest.raises(ValueError, match="cannot both be above 1"):
        layers.ConvLSTM1D(2, 3, strides=2, dilation_rate=2)
