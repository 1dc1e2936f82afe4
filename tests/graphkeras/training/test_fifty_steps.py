"""Fifty steps of training follow real Keras: losses and metrics of every step, evaluation, predictions, weights.

The numbers of Keras are in expected_fifty_steps.npz, written by make_expected_fifty_steps.py.
"""

from pathlib import Path

import numpy as np
import pytest

import graphkeras as keras
from tests.graphkeras.training.fifty_steps import MODELS, STEPS, figures

EXPECTED = np.load(Path(__file__).parent / "expected_fifty_steps.npz")


@pytest.mark.parametrize("name", MODELS)
def test_fifty_steps_follow_keras(name):
    """The bound is 1e-3, relative; float32 sums in another order, and fifty steps carry the differences on."""
    keras.utils.clear_session()
    found = figures(keras, name)
    names = EXPECTED[f"{name}/names"].tolist()
    assert found["names"].tolist() == names
    loss = names.index("loss")
    expected = EXPECTED[f"{name}/steps"]
    assert expected.shape[0] == STEPS and expected[-5:, loss].mean() < 0.8 * expected[:5, loss].mean(), "it learns nothing"
    np.testing.assert_allclose(found["steps"], expected, rtol=1e-3, err_msg=f"{name}: {names}")
    for key in ("evaluated", "norms"):
        np.testing.assert_allclose(found[key], EXPECTED[f"{name}/{key}"], rtol=1e-3, err_msg=f"{name}: {key}")
    np.testing.assert_allclose(found["predicted"], EXPECTED[f"{name}/predicted"], rtol=1e-2, atol=1e-3)
