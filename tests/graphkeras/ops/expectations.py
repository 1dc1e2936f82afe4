"""The sample calls with what real Keras (JAX backend) made of them: see `make_expected.py`."""

from functools import cache
from pathlib import Path

import numpy as np

from graphkeras import tree
from graphkeras.tools.coverage.calls import FAMILIES

#: (family, place in it) of every call.
PLACES = [(family, number) for family, calls in FAMILIES.items() for number in range(len(calls))]

#: How far results may be from Keras's: relative, and absolute where the expected number is small.
TOLERANCE = {
    "float64": (1e-9, 1e-9),
    "complex64": (2e-5, 5e-6),
    "float32": (2e-5, 5e-6),
    "float16": (4e-3, 4e-3),
    "bfloat16": (3e-2, 3e-2),
}


def label(place):
    family, number = place
    return f"{family}-{number}-{FAMILIES[family][number].label}"


@cache
def _file(family):
    with np.load(Path(__file__).parent / "expected" / f"{family}.npz") as file:
        return dict(file)


def expected(place):
    """The arrays that Keras returned, flattened."""
    family, number = place
    stored = _file(family)
    name = FAMILIES[family][number].label
    assert str(stored.get(f"{number}:call")) == name, f"expected/{family}.npz is out of date: run make_expected.py {family}"
    count = sum(key.startswith(f"{number}:") for key in stored) - 1
    return [stored[f"{number}:{part}"] for part in range(count)]


def check(found, place):
    """Compare a result (any structure) with Keras's: dtypes, shapes and, where they are settled, numbers."""
    family, number = place
    leaves = [np.asarray(leaf) for leaf in tree.flatten(found)]
    arrays = expected(place)
    assert len(leaves) == len(arrays), f"{len(leaves)} results, Keras has {len(arrays)}"
    for leaf, array in zip(leaves, arrays):
        assert leaf.dtype.itemsize == array.dtype.itemsize and leaf.shape == array.shape, (leaf.dtype, leaf.shape, array.dtype)
        dtype = array.dtype
        if dtype.kind == "V":  # NumPy files do not know bfloat16
            array, dtype = array.view(leaf.dtype), leaf.dtype
        assert leaf.dtype == dtype, f"is {leaf.dtype}, expected {dtype}"
        if FAMILIES[family][number].values:
            rtol, atol = TOLERANCE.get(dtype.name, (0, 0))
            wide = np.complex128 if dtype.kind == "c" else np.float64
            np.testing.assert_allclose(leaf.astype(wide), array.astype(wide), rtol=rtol, atol=atol)
