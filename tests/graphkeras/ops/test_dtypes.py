"""Every pair of dtypes gives the dtype, shape and numbers that real Keras on JAX gives: see `make_expected_dtypes.py`."""

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from graphkeras import ops, tree
from tests.graphkeras.ops.dtype_calls import calls

#: Calls left out, as no answer is right: (function, dtypes; "" for all that hold what follows).
LEFT_OUT = {
    "floor_divide": "bool",  # the operand has a False: division by 0
    "log_sigmoid": "uint",  # Keras negates unsigned numbers
    "softmax": "uint",
    "log_softmax": "uint",
    "one_hot": "float bfloat16 1.5",  # of floats we cut off the fraction; booleans are refused
    "take at": "bool",
    "take": "2 1.5",
}

#: How far numbers may be from Keras's, relative and absolute.
TOLERANCE = {"float64": 1e-9, "float32": 2e-5, "float16": 4e-3, "bfloat16": 3e-2}


def _expectations(file):
    """(function, dtypes) -> what Keras returned, or the error it raised, and the numbers."""
    found = {}
    with np.load(Path(__file__).parent / "expected" / file) as arrays:
        for key in arrays.files:
            name, _, part = key.rpartition(":")
            if part == "dtypes":
                rows = zip(arrays[key], arrays[f"{name}:types"], arrays[f"{name}:numbers"], strict=True)
                found |= {(name, str(dtypes)): (str(told), numbers) for dtypes, told, numbers in rows}
    return found


WIDE, NARROW = _expectations("by_dtype.npz"), _expectations("by_dtype_32.npz")
CALLS = defaultdict(list)
for name, dtypes, function in calls():
    CALLS[name].append((dtypes, function))


def _left_out(name, dtypes):
    """Whether a dtype of the call begins or ends with one of those left out for the function."""
    return any(
        dtype.startswith(part) or dtype.endswith(part) for part in LEFT_OUT.get(name, "").split() for dtype in dtypes.split()
    )


def _difference(found, expected, dtypes):
    """How a result differs from what Keras returned; "" if it does not. We may compute where Keras raises an error.

    Two differences are meant: where nothing of 64 bits comes in, or a weak default is used, we have 32 bits as Keras without
    JAX's 64-bit mode; and float64 stays float64 in every function, which Keras computes in float32 in some.
    """
    told, numbers = expected
    if not told.endswith("]"):
        return ""
    dtype = found.dtype.name
    shape = f" {list(found.shape)}"
    doubled = {"int32": "int64", "float32": "float64"}.get(dtype)
    kept = "float32" if dtype == "float64" and "float64" in dtypes else None
    if told not in (dtype + shape, f"{doubled}{shape}", f"{kept}{shape}"):
        return f"{dtype}{shape}, Keras {told}"
    tolerance = TOLERANCE.get("float32" if kept and told.startswith(kept) else dtype, 0.0)
    expected_numbers = numbers[: found.size]
    if not np.allclose(found.astype(np.float64).ravel(), expected_numbers, rtol=tolerance, atol=tolerance, equal_nan=True):
        return f"{found.ravel()}, Keras {expected_numbers}"
    return ""


@pytest.mark.parametrize("name", CALLS)
def test_every_dtype(name):
    wrong = {}
    for dtypes, function in CALLS[name]:
        expectations = [one for one in (WIDE[name, dtypes], NARROW.get((name, dtypes))) if one is not None]
        if _left_out(name, dtypes):
            continue
        with np.errstate(all="ignore"):
            try:
                found = np.asarray(tree.flatten(function(ops))[0])
            except (TypeError, ValueError) as error:
                if any(told.endswith("]") for told, _ in expectations):
                    wrong[dtypes] = f"{type(error).__name__}: {error}"
                continue
        differences = [_difference(found, expected, dtypes) for expected in expectations]
        if all(differences):
            wrong[dtypes] = differences[-1]
    assert not wrong
