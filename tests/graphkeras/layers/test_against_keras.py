"""The layers compute what real Keras computes with the same weights; their gradients and configs are the same.

`expected.npz` was made by real Keras: see `make_expected.py`.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import layers
from graphkeras.saving import deserialize_keras_object, serialize_keras_object
from graphkeras.tracing import StaticFunction
from tests.graphkeras.layers.cases import CASES, weights_for

with np.load(Path(__file__).with_name("expected.npz")) as file:
    EXPECTED = dict(file)

each_case = pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: CASES[number].label)


def expected(number, what):
    assert str(EXPECTED[f"{number}:case"]) == CASES[number].label, "expected.npz is out of date: run make_expected.py"
    return EXPECTED[f"{number}:{what}"]


def made(case):
    return getattr(layers, case.name)(**case.config, name="given")


@each_case
def test_numbers(number):
    case = CASES[number]
    layer = made(case)
    layer(case.inputs)
    layer.set_weights(weights_for([weight.shape for weight in layer.weights]))
    output = layer(case.inputs, **({} if case.training is None else {"training": case.training}))
    np.testing.assert_allclose(output, expected(number, "output"), rtol=2e-5, atol=3e-6)
    for k, weight in enumerate(layer.get_weights()):
        np.testing.assert_allclose(weight, expected(number, f"weight{k}"), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose([float(loss) for loss in layer.losses], expected(number, "loss"), rtol=1e-5)


@pytest.mark.parametrize(
    "number", [k for k in range(len(CASES)) if f"{k}:gradient0" in EXPECTED], ids=lambda number: CASES[number].label
)
def test_gradients(number, numpy_target):
    case = CASES[number]
    layer = made(case)
    layer(case.inputs)
    layer.set_weights(weights_for([weight.shape for weight in layer.weights]))
    options = {} if case.training is None else {"training": case.training}

    def gradients(x):
        return keras.gradients(keras.ops.sum(keras.ops.square(layer(x, **options))), layer.trainable_weights)

    for k, gradient in enumerate(StaticFunction(gradients)(case.inputs)):
        wanted = expected(number, f"gradient{k}")
        np.testing.assert_allclose(gradient, wanted, rtol=1e-4, atol=1e-5 * max(1, np.abs(wanted).max()))


@each_case
def test_configs(number):
    """Keras's config holds all of ours with the same values, and we read the whole of it."""
    ours = serialize_keras_object(made(CASES[number]))
    theirs = json.loads(str(expected(number, "entry")))
    assert (ours["module"], ours["class_name"]) == (theirs["module"], theirs["class_name"])
    assert _without_new_keys(theirs["config"], ours["config"]) == ours["config"]
    assert serialize_keras_object(deserialize_keras_object(theirs))["config"] == ours["config"]


def _without_new_keys(theirs, ours):
    """Keras 3.15 writes a few keys that older versions do not know; we leave them out, as their defaults apply."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return {key: _without_new_keys(theirs[key], ours[key]) for key in ours if key in theirs}
    return theirs
