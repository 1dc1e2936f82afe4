"""The scenarios give the numbers, names and order that real Keras gives (expected.npz, written by make_expected.py)."""

from pathlib import Path

import numpy as np
import pytest

import graphkeras
from graphkeras import config
from tests.graphkeras.training.scenarios import SCENARIOS

EXPECTED = np.load(Path(__file__).parent / "expected.npz")


@pytest.fixture(params=["numpy", "onnxruntime"])
def target(request):
    before = config.target()
    config.set_target(request.param)
    yield request.param
    config.set_target(before)


@pytest.mark.filterwarnings("ignore:The loss does not depend on second/kernel")
@pytest.mark.parametrize("name", SCENARIOS)
def test_the_numbers_of_keras(name, target):
    graphkeras.utils.clear_session()
    found = SCENARIOS[name](graphkeras)
    keys = [key for key in EXPECTED.files if key.startswith(f"{name}/")]
    assert {f"{name}/{key}" for key in found} == set(keys)
    for key in keys:
        mine, expected = found[key.removeprefix(f"{name}/")], EXPECTED[key]
        if expected.dtype.kind == "U":
            assert mine.tolist() == expected.tolist()
        else:
            np.testing.assert_allclose(mine, expected, rtol=2e-4, atol=2e-5, err_msg=key)
