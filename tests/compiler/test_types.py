import itertools

import numpy as np
import pytest

from graphkeras.compiler.dims import Dim
from graphkeras.compiler.types import DTYPES, TensorType, broadcast, normalize_axes, promote

batch = Dim.symbol("batch")


def test_text():
    assert str(TensorType((batch, 784))) == "float32[batch,784]"
    assert str(TensorType((), "int64")) == "int64[]"


@pytest.mark.parametrize("shapes", [((2, 3), (3,)), ((2, 1, 5), (4, 1)), ((), (7,)), ((0, 3), (1, 3)), ((1,), (0,))])
def test_broadcasting_is_numpys(shapes):
    assert broadcast(*shapes) == np.broadcast_shapes(*shapes)


def test_broadcasting_with_symbols():
    assert broadcast((batch, 1), (1, 5)) == (batch, 5)
    assert broadcast((batch, 3), (batch, 3)) == (batch, 3)
    with pytest.raises(ValueError, match=r"\(batch, 3\) and \(4, 3\) cannot be broadcast .* axis -2"):
        broadcast((batch, 3), (4, 3))


@pytest.mark.parametrize(
    ("dtypes", "result"),
    [
        (("float32", "float16"), "float32"),
        (("bfloat16", "float16"), "float32"),
        (("int64", "float16"), "float16"),
        (("int32", "float32"), "float32"),
        (("uint8", "int8"), "int16"),
        (("uint32", "int32"), "int64"),
        (("uint64", "int8"), "float32"),
        (("bool", "int8"), "int8"),
        (("bool", "int"), "int32"),
        (("uint8", "int"), "uint8"),
        (("int8", "float"), "float32"),
        (("float16", "float"), "float16"),
        (("int",), "int32"),
        (("float",), "float32"),
        (("int", "float"), "float32"),
        (("bool", "float32"), "float32"),
    ],
)
def test_promotion_is_keras(dtypes, result):
    assert promote(*dtypes) == result


def test_promotion_is_commutative_and_idempotent():
    for a, b in itertools.product(DTYPES, DTYPES):
        assert promote(a, b) == promote(b, a)
        assert promote(promote(a, b), b) == promote(a, b)


def test_axes():
    assert normalize_axes(None, 3) == (0, 1, 2)
    assert normalize_axes((-1, 0), 3) == (0, 2)
    with pytest.raises(ValueError, match="axis 3 is out of range for a tensor with 3 axes"):
        normalize_axes(3, 3, "sum")
    with pytest.raises(ValueError, match="twice"):
        normalize_axes((0, -3), 3)
