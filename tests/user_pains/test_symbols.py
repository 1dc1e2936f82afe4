"""Pains 13 and 14: operations that refuse symbolic tensors, and shapes that are not known."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import ops, tree
from graphkeras.foreign_calls import RENAMED
from graphkeras.operation import OpFunction
from graphkeras.tools.coverage.calls import FAMILIES
from graphkeras.tools.coverage.symbols import arrays_of, with_arrays

layers = keras.layers


@pytest.mark.parametrize("family", FAMILIES)
def test_13_every_operation_takes_symbolic_tensors(family):
    """Pain: "A KerasTensor cannot be used as input to a function". Here every operation makes nodes, outside of layers, too."""
    for call in FAMILIES[family]:
        if call.eager or not arrays_of(call):
            continue
        made = with_arrays(call, lambda array: keras.KerasTensor(array.shape, array.dtype.name)).make(keras)
        assert all(isinstance(leaf, keras.KerasTensor) for leaf in tree.flatten(made)), call.label


def test_13_no_operation_is_left_out():
    """Those that work on arrays only are few, and they have a reason: sizes that depend on the numbers, complex numbers."""
    names = {name for name in dir(ops) if isinstance(getattr(ops, name), OpFunction)}
    on_symbols = {call.name for calls in FAMILIES.values() for call in calls if not call.eager and arrays_of(call)}
    eager = {call.name for calls in FAMILIES.values() for call in calls if call.eager} - on_symbols
    by_numbers = {"unique", "nonzero", "argwhere"}
    by_dtype = {"view_as_complex", "view_as_real", "polar"}  # graphs have no complex numbers
    assert eager <= by_numbers | by_dtype | {"eig", "nextafter"}
    without_arrays = {call.name for calls in FAMILIES.values() for call in calls if not arrays_of(call)}
    assert not names - on_symbols - eager - without_arrays


def test_13_operations_with_loops_inside_work_in_functional_models(random):
    """Their functions read the operation's own operands; the model runs on other numbers than those it was made for."""
    x = keras.Input((3,))
    shifted = x + 1.0
    grown = ops.fori_loop(0, 3, lambda k, total: total * 2.0 + ops.cast(k, "float32"), shifted)
    first = ops.switch(ops.convert_to_tensor(1), [lambda a: a, lambda a: a * 3.0], shifted)
    labels = keras.Input((2,), dtype="int32")
    scores = keras.Input((5, 4))
    lengths = ops.broadcast_to(2, (ops.shape(labels)[0],)), ops.broadcast_to(5, (ops.shape(labels)[0],))
    loss = ops.ctc_loss(labels, scores, *lengths, mask_index=0)
    model = keras.Model([x, labels, scores], [grown, first, loss])
    for size in (2, 3):
        a = random.normal(size=(size, 3)).astype("float32")
        b = random.integers(1, 4, (size, 2)).astype("int32")
        c = random.normal(size=(size, 5, 4)).astype("float32")
        found = model.predict_on_batch([a, b, c])
        np.testing.assert_allclose(found[0], (a + 1) * 8 + 4, rtol=1e-5)
        np.testing.assert_allclose(found[1], (a + 1) * 3, rtol=1e-5)
        expected = ops.ctc_loss(b, c, np.full(size, 2), np.full(size, 5), mask_index=0)
        np.testing.assert_allclose(found[2], expected, rtol=1e-4)


def test_13_a_function_that_reads_what_is_no_operand_is_refused():
    """The model could not exchange it."""
    x, other = keras.Input((3,)), keras.Input((3,))
    for read in (other, other * 2.0, x * 2.0):
        with pytest.raises(ValueError, match="Pass the tensor as an argument"):
            ops.fori_loop(0, 3, lambda k, total, read=read: total + read, x + 1.0)


NUMPY = {
    "mean": (np.mean, "mean"),
    "sum": (np.sum, "sum"),
    "concatenate": (lambda x: np.concatenate([x, x]), "concatenate"),
    "reshape": (lambda x: np.reshape(x, (2, 10)), "reshape"),
    "norm": (np.linalg.norm, "norm"),
    "exp": (np.exp, "exp"),
    "where": (lambda x: np.where(x, x, 0), "where"),
    "einsum": (lambda x: np.einsum("bij->bi", x), "einsum"),
}


@pytest.mark.parametrize("name", NUMPY)
def test_13_a_function_of_numpy_names_the_operation_to_use(name):
    """Where another library's function is called on a symbol, the error says what to write in its place."""
    function, replacement = NUMPY[name]
    with pytest.raises(TypeError, match=rf"numpy\.{name} needs numbers.*Use graphkeras\.ops\.{replacement}\."):
        function(keras.Input((4, 5)))


def test_13_a_function_without_counterpart_says_so():
    with pytest.raises(TypeError, match=r"Write it with the operations of graphkeras\.ops"):
        np.interp(keras.Input((4,)), [0, 1], [0, 1])


def test_13_torch_and_tensorflow_are_answered_in_their_own_way():
    """They ask a method of the argument: __torch_function__(function, ...) and __tf_tensor__(dtype, name)."""
    x = keras.Input((4, 5))

    def cat(tensors):
        return tensors

    with pytest.raises(TypeError, match=r"torch\.cat needs numbers.*Use graphkeras\.ops\.concatenate\."):
        type(x).__torch_function__(cat, (type(x),), ([x],), {})
    with pytest.raises(TypeError, match=r"was passed to TensorFlow.*graphkeras\.ops"):
        x.__tf_tensor__()


def test_13_the_named_replacements_exist():
    assert [name for name in set(RENAMED.values()) if not hasattr(ops, name)] == []


def test_13_variables_still_have_numbers():
    """A variable is no symbol: NumPy's functions work on it."""
    variable = keras.Variable(np.arange(4.0), name="v")
    assert np.mean(variable) == 1.5 and np.concatenate([variable, variable]).shape == (8,)
    assert (np.ones(4, "float32") + keras.Input((4,))).shape == (None, 4)


def test_14_sizes_that_are_not_known_can_be_computed_with(random):
    """Pain: `ops.shape` gives None, and `reshape` refuses it. Here sizes are symbols with arithmetic, in every operation."""
    x = keras.Input((None, 6))
    batch, length, width = ops.shape(x)
    flat = ops.reshape(x, (batch * length, width))
    doubled = ops.reshape(x, (batch, length * 2, 3))
    back = ops.reshape(doubled, (batch, length * 2 * 3 // width, width))
    halves = x[:, : length // 2]
    ramp = ops.broadcast_to(ops.reshape(ops.arange(length), (1, length)), (batch, length))
    filled = ops.zeros((batch, length - 1))
    model = keras.Model(x, [flat, doubled, back, halves, ramp, filled, ops.cast(length, "int32")])
    for size in ((2, 5), (3, 4), (4, 9)):
        data = random.normal(size=(*size, 6)).astype("float32")
        got = model.predict_on_batch(data)
        expected = [data.reshape(-1, 6), data.reshape(size[0], -1, 3), data, data[:, : size[1] // 2]]
        for found, right in zip(got, expected):
            np.testing.assert_array_equal(found, right)
        np.testing.assert_array_equal(got[4], np.tile(np.arange(size[1]), (size[0], 1)))
        assert got[5].shape == (size[0], size[1] - 1) and int(got[6]) == size[1]


def test_14_layers_keep_open_sizes_open(random):
    """Pain: Reshape freezes -1, a Lambda cannot tell its shape. Here both follow the data."""
    x = keras.Input((None, 6))
    pairs = layers.Reshape((-1, 2))(x)
    lambda_ = layers.Lambda(lambda t: ops.reshape(t, (ops.shape(t)[0], -1, 3)))(x)
    model = keras.Model(x, [pairs, lambda_])
    assert pairs.shape == (None, None, 2) and lambda_.shape == (None, None, 3)
    for length in (2, 5, 8):
        data = random.normal(size=(3, length, 6)).astype("float32")
        first, second = model.predict(data, verbose=0)
        np.testing.assert_array_equal(first, data.reshape(3, -1, 2))
        np.testing.assert_array_equal(second, data.reshape(3, -1, 3))


def test_14_a_model_with_open_sizes_exports_them(tmp_path, random):
    """The .onnx file takes every length, too."""
    onnxruntime = pytest.importorskip("onnxruntime")
    x = keras.Input((None, 6), name="x")
    model = keras.Model(x, ops.reshape(x, (ops.shape(x)[0], -1, 3)))
    model.export(tmp_path / "open.onnx", verbose=False)
    session = onnxruntime.InferenceSession(tmp_path / "open.onnx", providers=["CPUExecutionProvider"])
    for size in ((1, 2), (3, 7)):
        data = random.normal(size=(*size, 6)).astype("float32")
        np.testing.assert_array_equal(session.run(None, {"x": data})[0], data.reshape(size[0], -1, 3))


def test_14_a_size_is_no_number_before_the_run():
    """What cannot work says why, and what to do."""
    length = ops.shape(keras.Input((None, 6)))[1]
    with pytest.raises(TypeError, match=r"is symbolic: its size is known only when the program runs.*graphkeras\.ops"):
        range(length)
