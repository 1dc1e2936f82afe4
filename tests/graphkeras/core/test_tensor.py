"""Symbolic tensors."""

import numpy as np
import pytest

from graphkeras import Input, KerasTensor, ops
from graphkeras.tracing import StaticFunction


def test_shapes_have_none_where_the_graph_has_symbols():
    x = Input((None, 8), name="words")
    assert (x.shape, x.dtype, x.ndim, x.name) == ((None, None, 8), "float32", 3, "words")
    assert [str(dim) for dim in ops.shape(x)] == ["batch", "words_axis_1", "8"]


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: x + 1,
        lambda x: 1 - x,
        lambda x: 2 * x / 3,
        lambda x: x // 2,
        lambda x: x % 2,
        lambda x: x**2,
        lambda x: 2**x,
        lambda x: -x,
        lambda x: abs(x),
        lambda x: x > 0,
        lambda x: x <= 0,
        lambda x: (x > 0) & (x < 1),
        lambda x: ~(x > 0),
        lambda x: x != 1,
        lambda x: x @ np.ones((3, 2), np.float32),
        lambda x: np.ones((1, 3), np.float32) + x,
        lambda x: x[:, 1],
        lambda x: x[None, ..., ::2],
        lambda x: x.T,
    ],
)
def test_operators_equal_numpys(compute, numpy_target):
    array = np.array([[-2, 0, 1], [3, -1, 2]], np.float32)
    np.testing.assert_allclose(StaticFunction(compute, "f")(array), compute(array), rtol=1e-6)


def test_keras_arguments_that_have_one_value_here():
    assert KerasTensor((2, None), "int32", False, False, True, "ids").name == "ids"
    assert KerasTensor((2,)).dtype == "float32"
    for given in ({"sparse": True}, {"ragged": True}, {"record_history": False}):
        with pytest.raises(NotImplementedError, match="tensors are dense and their history is recorded"):
            KerasTensor((2,), **given)


def test_what_a_symbol_cannot_do_is_explained():
    x = KerasTensor((None, 3))
    with pytest.raises(TypeError, match=r"no truth value.*ops\.where"):
        bool(x > 0)
    with pytest.raises(TypeError, match="cannot become a NumPy array"):
        np.asarray(x)
    with pytest.raises(TypeError, match="not known before the run"):
        list(x)
    with pytest.raises(TypeError, match=r"ops\.cast"):
        float(x)
    with pytest.raises(TypeError, match=r"numpy\.exp needs numbers.*Use graphkeras\.ops\.exp"):
        np.exp(x)
    assert len(list(KerasTensor((2, 3)))) == 2


def test_calls_outside_of_layers_are_remembered():
    x = Input((3,))
    y = (x + 1.0) * 2.0
    call = y.history.call
    assert (call.operation.function_name, call.args[1], y.history.tensor_index) == ("multiply", 2.0, 0)
    assert call.source.startswith(__file__)
    assert call.inputs[0].history.operation.function_name == "add"
