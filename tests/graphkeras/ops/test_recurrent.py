"""`simple_rnn`, `lstm`, `gru` and `rnn` equal real Keras's layers, and their gradients those of JAX, on every target."""

from functools import cache
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

import graphkeras as keras
from graphkeras import KerasTensor, ops
from graphkeras.compiler import driver
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.registry import ops as compiler_ops
from graphkeras.compiler.types import type_of
from graphkeras.ops import recurrent
from graphkeras.trace import Trace
from graphkeras.tracing import StaticFunction
from tests.compiler.conformance import interpreter
from tests.graphkeras.ops.recurrent_cases import CASES, MASK, UNITS, arrays, numbers

each_case = pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: CASES[number].label)


@cache
def _stored():
    with np.load(Path(__file__).with_name("recurrent.npz")) as file:
        return dict(file)


def stored(number, kind):
    assert str(_stored()[f"{number}:call"]) == CASES[number].label, "recurrent.npz is out of date: run make_recurrent.py"
    return [array for key, array in _stored().items() if key.startswith(f"{number}:{kind}")]


def call(case, values):
    """Outputs and last states, as Keras's layers return them."""
    count = 2 if case.layer == "lstm" else 1
    x, states, weights = values[0], values[1 : 1 + count], values[1 + count :]
    options = {key: value for key, value in case.options.items() if key != "use_bias"}
    bias = weights[2] if len(weights) > 2 else None
    function = getattr(recurrent, case.layer)
    last, outputs, after = function(x, *states, MASK if case.masked else None, weights[0], weights[1], bias, **options)
    return [outputs, *after], last


def operands(case):
    x, states, kernel, recurrent_kernel, bias = arrays(case)
    return [x, *states, kernel, recurrent_kernel, *([] if bias is None else [bias])]


@each_case
def test_on_arrays_like_keras(number):
    (outputs, *states), last = call(CASES[number], operands(CASES[number]))
    for found, expected in zip([outputs, *states], stored(number, "result"), strict=True):
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=3e-6)
    np.testing.assert_array_equal(last, outputs[:, -1])


def graph_of(case, with_gradients):
    values = operands(case)
    with Trace() as trace:
        inputs = [trace.placeholder(type_of(array), f"x{k}") for k, array in enumerate(values)]
        results = [leaf.value for leaf in call(case, inputs)[0]]
        if not with_gradients:
            return trace.graph(results), values
        weights = [np.cos(np.arange(r.type.size)).reshape(r.type.shape).astype("float32") for r in results]
        seeds = [compiler_ops.constant(value=weight) for weight in weights]
        return trace.graph([*results, *gradients(results, [x.value for x in inputs], seeds)]), values


@pytest.mark.parametrize("target", ["numpy", "onnxruntime"])
@each_case
def test_results_and_gradients_in_a_graph(number, target):
    graph, values = graph_of(CASES[number], with_gradients=True)
    found = driver.compile_graph(graph, {}, target).executable.run(values)
    expected = stored(number, "result") + stored(number, "slope")
    for actual, array in zip(found, expected, strict=True):
        np.testing.assert_allclose(actual, array, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("number", [k for k, case in enumerate(CASES) if case.options in ({}, {"reset_after": False})][:5])
def test_results_and_gradients_in_kernels(number, monkeypatch):
    monkeypatch.setitem(driver._BACKENDS, "triton", interpreter())
    graph, values = graph_of(CASES[number], with_gradients=True)
    found = driver.compile_graph(graph, {}, "triton").executable.run(values)
    expected = stored(number, "result") + stored(number, "slope")
    for actual, array in zip(found, expected, strict=True):
        np.testing.assert_allclose(actual, array, rtol=1e-3, atol=2e-4)


@pytest.mark.parametrize(("layer", "operator"), [("lstm", "LSTM"), ("gru", "GRU"), ("simple_rnn", "RNN")])
def test_inference_stays_whole_on_onnx_and_training_becomes_two_scans(layer, operator):
    case = next(case for case in CASES if case.layer == layer and not case.options and not case.masked)
    """In files; a run of simple_rnn takes a loop, which is faster (`passes/pooling_forms.py`)."""
    for with_gradients, wanted in ((False, {operator: 1}), (True, {"Scan": 2})):
        graph, _ = graph_of(case, with_gradients)
        kinds = [node.op_type for node in onnx.load_from_string(driver.export_onnx(graph, {})).graph.node]
        assert {kind: kinds.count(kind) for kind in (operator, "Scan") if kind in kinds} == wanted


@pytest.mark.parametrize("number", [k for k, case in enumerate(CASES) if case.layer == "lstm"][:4])
def test_any_cell_goes_through_rnn(number):
    """The LSTM written by hand."""
    case = CASES[number]
    x, states, kernel, recurrent_kernel, bias = arrays(case)

    def cell(x, before):
        h, c = before
        i, f, g, o = ops.split(ops.matmul(x, kernel) + ops.matmul(h, recurrent_kernel) + bias, 4, axis=-1)
        c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
        h = ops.sigmoid(o) * ops.tanh(c)
        return h, (h, c)

    def run(x, h, c, mask):
        last, outputs, after = recurrent.rnn(cell, x, [h, c], mask=mask, **case.options)
        return [outputs, *after, last]

    mask = MASK if case.masked else None
    for results in (run(x, *states, mask), StaticFunction(run)(x, *states, mask)):
        for found, expected in zip(results, stored(number, "result"), strict=False):
            np.testing.assert_allclose(found, expected, rtol=2e-5, atol=3e-6)
        np.testing.assert_array_equal(results[-1], np.asarray(results[0])[:, -1])


def test_rnn_with_constants_nested_states_and_time_first():
    x = numbers(4, 2, 3, seed=0)

    def step(x, states):
        state, shift = states
        after = {"sum": state["sum"] + x, "count": state["count"] + 1}
        return after["sum"] * shift, [after]

    start = [{"sum": np.zeros((2, 3), "float32"), "count": np.int32(0)}]
    last, outputs, states = recurrent.rnn(step, x, start, constants=[np.float32(2)], time_major=True)
    np.testing.assert_allclose(outputs, 2 * np.cumsum(x, 0), rtol=1e-6)
    np.testing.assert_allclose(last, outputs[-1])
    assert int(states[0]["count"]) == 4


def test_errors_say_what_fits():
    case = CASES[0]
    x, states, kernel, recurrent_kernel, bias = arrays(case)
    with pytest.raises(ValueError, match=r"simple_rnn: the kernel must have shape \(4, 6\).*got \(6, 6\)"):
        recurrent.simple_rnn(x, *states, None, recurrent_kernel, recurrent_kernel, bias)
    with pytest.raises(ValueError, match=r"activation must be one of tanh, sigmoid, .*Use rnn for others"):
        recurrent.simple_rnn(x, *states, None, kernel, recurrent_kernel, bias, activation="gelu")
    assert recurrent.activation_name(ops.tanh) == "tanh" and recurrent.activation_name(ops.gelu) is None
    assert isinstance(recurrent.simple_rnn(KerasTensor(x.shape), *states, None, kernel, recurrent_kernel, bias)[0], KerasTensor)
    assert kernel.shape[1] == UNITS


@pytest.mark.parametrize("layer", ["lstm", "gru", "simple_rnn"])
def test_exported_weights_are_stored_as_onnx_wants_them(layer, tmp_path):
    case = next(case for case in CASES if case.layer == layer and not case.options and not case.masked)
    x, states, kernel, recurrent_kernel, bias = arrays(case)

    class Layer(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.kept = [keras.Variable(array, name=f"w{k}") for k, array in enumerate((kernel, recurrent_kernel, bias))]

        def call(self, inputs):
            start = [ops.zeros((ops.shape(inputs)[0], UNITS)) for _ in states]
            return getattr(recurrent, layer)(inputs, *start, None, *self.kept)[1]

    inputs = keras.Input(x.shape[1:])
    model = keras.Model(inputs, Layer()(inputs))
    model.export(tmp_path / "model.onnx")
    exported = onnx.load(tmp_path / "model.onnx")
    assert [node.op_type for node in exported.graph.node].count("Split") == 0
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    (found,) = session.run(None, {session.get_inputs()[0].name: x})
    np.testing.assert_allclose(found, model.predict(x, verbose=0), rtol=1e-5, atol=1e-6)
