"""The operations equal those of real Keras (JAX backend) in shape, dtype and numbers.

Needs a Python with keras and jax: the one of this environment, or the one that GRAPHKERAS_KERAS_PYTHON names.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from graphkeras import ops, tree
from tests.graphkeras.ops.cases import CASES

PYTHON = os.environ.get("GRAPHKERAS_KERAS_PYTHON") or (sys.executable if importlib.util.find_spec("keras") else "")
pytestmark = pytest.mark.skipif(not PYTHON, reason="no Keras here; install the extra 'parity' or set GRAPHKERAS_KERAS_PYTHON")

#: Where we differ on purpose: 64-bit integers that JAX does not have, or dtypes that NumPy's functions decide in Keras.
OTHER_DTYPE = {"arange", "diag", "logspace"}


@pytest.fixture(scope="module")
def keras_results(tmp_path_factory):
    out = tmp_path_factory.mktemp("keras") / "results.npz"
    script = Path(__file__).with_name("keras_side.py")
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([PYTHON, str(script), str(out)], env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    with np.load(out) as file:
        return dict(file)


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: CASES[number].label)
def test_like_keras(number, keras_results):
    case = CASES[number]
    expected = [array for key, array in keras_results.items() if key.startswith(f"{number}:")]
    if not expected or f"{number}:error" in keras_results:
        pytest.skip(f"Keras has no such call: {keras_results.get(f'{number}:error', 'no such function')}")
    found = [np.asarray(leaf) for leaf in tree.flatten(getattr(ops, case.name)(*case.args, **case.kwargs))]
    assert [x.shape for x in found] == [x.shape for x in expected]
    assert case.name in OTHER_DTYPE or [x.dtype.name for x in found] == [x.dtype.name for x in expected]
    for ours, theirs in zip(found, expected):
        np.testing.assert_allclose(ours.astype(np.float64), theirs.astype(np.float64), rtol=3e-5, atol=3e-6)
