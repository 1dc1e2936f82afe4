"""The operations equal those of real Keras (JAX backend) in shape, dtype and numbers.

`expected.npz` was made by real Keras: see `make_expected.py`.
"""

from pathlib import Path

import numpy as np
import pytest

from graphkeras import ops, tree
from tests.graphkeras.ops.cases import CASES

with np.load(Path(__file__).with_name("expected.npz")) as file:
    EXPECTED = dict(file)


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: CASES[number].label)
def test_like_keras(number):
    case = CASES[number]
    assert str(EXPECTED.get(f"{number}:case")) == case.label, "expected.npz is out of date: run make_expected.py"
    found = [np.asarray(leaf) for leaf in tree.flatten(getattr(ops, case.name)(*case.args, **case.kwargs))]
    expected = [EXPECTED[f"{number}:{part}"] for part in range(len(found))]
    assert f"{number}:{len(found)}" not in EXPECTED
    assert [x.shape for x in found] == [x.shape for x in expected]
    assert [x.dtype.name for x in found] == [x.dtype.name for x in expected]
    for ours, theirs in zip(found, expected):
        np.testing.assert_allclose(ours.astype(np.float64), theirs.astype(np.float64), rtol=3e-5, atol=3e-6)
