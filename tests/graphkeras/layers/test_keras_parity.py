"""Real Keras loads the configs of our layers, and with the same weights computes the same.

Needs a Python with keras and jax: the one of this environment, or the one that GRAPHKERAS_KERAS_PYTHON names.
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from graphkeras import layers
from graphkeras.saving import deserialize_keras_object, serialize_keras_object
from tests.graphkeras.layers.cases import CASES, weights_for

PYTHON = os.environ.get("GRAPHKERAS_KERAS_PYTHON") or (sys.executable if importlib.util.find_spec("keras") else "")
pytestmark = pytest.mark.skipif(not PYTHON, reason="no Keras here; install the extra 'parity' or set GRAPHKERAS_KERAS_PYTHON")


def called(case):
    layer = getattr(layers, case.name)(**case.config)
    options = {} if case.training is None else {"training": case.training}
    layer(case.inputs)
    layer.set_weights(weights_for([weight.shape for weight in layer.weights]))
    return layer, layer(case.inputs, **options)


@pytest.fixture(scope="module")
def keras_results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keras")
    configs = [serialize_keras_object(called(case)[0]) for case in CASES]
    (folder / "configs.json").write_text(json.dumps(configs))
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    command = [PYTHON, str(Path(__file__).with_name("keras_side.py")), str(folder / "configs.json"), str(folder / "out.npz")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    with np.load(folder / "out.npz") as file:
        return dict(file)


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: f"{CASES[number].name}{CASES[number].config}")
def test_like_keras(number, keras_results):
    layer, output = called(CASES[number])
    np.testing.assert_allclose(output, keras_results[f"{number}:output"], rtol=2e-5, atol=3e-6)
    for k, weight in enumerate(layer.get_weights()):
        np.testing.assert_allclose(weight, keras_results[f"{number}:weight{k}"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose([float(loss) for loss in layer.losses], keras_results[f"{number}:loss"], rtol=1e-5)


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: f"{CASES[number].name}{CASES[number].config}")
def test_config_is_kerass(number, keras_results):
    """What Keras writes for the layer holds our config, and we read it."""
    ours = serialize_keras_object(getattr(layers, CASES[number].name)(**CASES[number].config, name="given").get_config())
    theirs = json.loads(str(keras_results[f"{number}:config"]))
    assert set(ours) <= set(theirs)
    for key in set(ours) - {"name"}:
        assert _without_new_keys(theirs[key], ours[key]) == ours[key], key
    entry = {"module": "keras.layers", "class_name": CASES[number].name, "config": theirs, "registered_name": None}
    again = deserialize_keras_object(entry).get_config()
    assert {**again, "name": "given"} == {
        **getattr(layers, CASES[number].name)(**CASES[number].config).get_config(),
        "name": "given",
    }


def _without_new_keys(theirs, ours):
    """Keras 3.15 writes a few keys that older versions do not know; we leave them out, as their defaults apply."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return {key: _without_new_keys(theirs[key], ours[key]) for key in ours if key in theirs}
    return theirs
