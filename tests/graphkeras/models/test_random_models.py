"""Random functional models: their configs come back, and real Keras reads them with the same layers, order and numbers."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import graphkeras as keras
from tests.graphkeras.models.random_models import COUNT, data_for, random_model, set_known_weights

PYTHON = os.environ.get("GRAPHKERAS_KERAS_PYTHON") or (sys.executable if importlib.util.find_spec("keras") else "")


def outputs_of(model):
    data = data_for(len(model.inputs))
    return keras.tree.flatten(model(data if len(data) > 1 else data[0]))


@pytest.mark.parametrize("seed", range(COUNT))
def test_config_round_trip(seed):
    model = random_model(seed)
    again = keras.Model.from_config(json.loads(json.dumps(model.get_config())))
    assert again.get_config() == model.get_config()
    for each in (model, again):
        set_known_weights(each.weights)
    for one, other in zip(outputs_of(again), outputs_of(model)):
        np.testing.assert_array_equal(one, other)


@pytest.mark.skipif(not PYTHON, reason="no Keras here; install the extra 'parity' or set GRAPHKERAS_KERAS_PYTHON")
def test_keras_sees_the_same_models(tmp_path):
    models = [random_model(seed) for seed in range(COUNT)]
    (tmp_path / "models.json").write_text(json.dumps([keras.saving.serialize_keras_object(model) for model in models]))
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    script = Path(__file__).with_name("keras_side.py")
    command = [PYTHON, str(script), str(tmp_path / "models.json"), str(tmp_path / "out.json")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    for model, seen in zip(models, json.loads((tmp_path / "out.json").read_text()), strict=True):
        assert [layer.name for layer in model.layers] == seen["layers"]
        assert [weight.path for weight in model.weights] == seen["weights"]
        assert calls_in(model.get_config()) == calls_in(seen["config"])
        set_known_weights(model.weights)
        for ours, theirs in zip(outputs_of(model), seen["outputs"], strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def calls_in(config):
    """Names, calls and ends of a functional config; Keras also writes the mode that a layer has by default."""
    layers = [(layer["name"], layer["inbound_nodes"]) for layer in config["layers"]]
    text = json.dumps([layers, config["input_layers"], config["output_layers"]])
    return text.replace('"kwargs": {"training": false}', '"kwargs": {}')
