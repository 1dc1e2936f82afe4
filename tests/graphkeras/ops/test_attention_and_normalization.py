"""What the sample calls do not show: errors that say what to do, the ONNX operators that models get, few kernels on a GPU."""

import numpy as np
import onnx
import pytest

import graphkeras as keras
from graphkeras import Input, KerasTensor, Model, activations, layers, ops
from graphkeras.compiler import driver
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.registry import ops as graph_ops
from graphkeras.compiler.types import TensorType
from graphkeras.trace import Trace
from graphkeras.tracing import StaticFunction
from tests.compiler.conformance import interpreter

X, VECTOR = np.ones((2, 3, 4), np.float32), np.ones(4, np.float32)
QUERY, KEY = np.ones((2, 3, 4, 5), np.float32), np.ones((2, 7, 4, 5), np.float32)

WRONG = [
    (lambda x: ops.layer_normalization(x, np.ones(3, np.float32)), "gamma .* must have shape"),
    (lambda x: ops.layer_normalization(x, axis=3), "layer_normalization"),
    (lambda x: ops.batch_normalization(x, VECTOR, np.ones(3, np.float32), axis=-1), "variance must be a vector of shape"),
    (lambda x: ops.normalize(x, order=0), "order must be an integer of at least 1, got 0"),
    (lambda x: ops.normalize(x, order=1.5), "order must be an integer of at least 1, got 1.5"),
    (lambda x: ops.glu(x, axis=1), "axis 1 of x must have an even size"),
    (lambda x: ops.psnr(x, VECTOR, 1.0), "must have the same shape"),
    (lambda x: ops.dot_product_attention(x, x, x), "need 4 axes"),
    (lambda x: ops.ctc_loss(np.ones((5, 2), np.int32), x, [1], [1]), "target must be of shape"),
    (lambda x: ops.ctc_decode(x, [1, 1], strategy="best"), "strategy must be 'greedy' or 'beam_search', got 'best'"),
]


@pytest.mark.parametrize(("call", "message"), WRONG, ids=[message for _, message in WRONG])
def test_errors_are_the_same_on_symbols_and_arrays(call, message):
    for x in (X, KerasTensor((2, 3, 4))):
        with pytest.raises(ValueError, match=message):
            call(x)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"key": KEY[..., :3], "value": KEY}, "do not fit"),
        ({"key": KEY, "value": KEY[:, :2]}, "do not fit"),
        ({"key": KEY[:, :, :3], "value": KEY[:, :, :3]}, "must be a multiple of that of the key, got 4 and 3"),
        ({"key": KEY, "value": KEY, "mask": np.ones((2, 1, 7, 3), bool)}, "must broadcast to"),
        ({"key": KEY, "value": KEY, "attn_logits_soft_cap": 1.0}, "leave it None"),
    ],
)
def test_errors_of_attention(arguments, message):
    with pytest.raises(ValueError, match=message):
        ops.dot_product_attention(QUERY, **arguments)


def test_what_is_not_supported_says_so():
    with pytest.raises(ValueError, match="flash_attention=True takes float32"):
        ops.dot_product_attention(QUERY.astype("float64"), KEY.astype("float64"), KEY.astype("float64"), flash_attention=True)
    with pytest.raises(NotImplementedError, match="use strategy='greedy'"):
        ops.ctc_decode(X, [1, 1], strategy="beam_search")
    with pytest.raises(NotImplementedError, match="synchronized"):
        ops.moments(X, 0, synchronized=True)


def _onnx_operators(function, *shapes):
    """The ONNX operators of a function of float32 symbols with these shapes."""
    compiled = StaticFunction(function, "f").prepare(*(np.ones(shape, np.float32) for shape in shapes))
    return onnx.load_from_string(driver.export_onnx(compiled.graph, {})).graph.node


def test_layer_normalization_is_one_onnx_node_with_one_result():
    (node,) = _onnx_operators(lambda x: ops.layer_normalization(x, VECTOR, VECTOR), (2, 3, 4))
    assert node.op_type == "LayerNormalization" and len(node.output) == 1


def test_batch_normalization_of_channels_first_is_one_onnx_node():
    channels = np.ones(3, np.float32)
    (node,) = _onnx_operators(lambda x: ops.batch_normalization(x, channels, channels, axis=1), (2, 3, 4))
    assert node.op_type == "BatchNormalization"


def test_mean_and_deviation_of_layer_normalization_are_used_again_backward():
    x, scale, weights = (Value(TensorType(shape), "x") for shape in ((64, 32), (32,), (64, 32)))
    y = graph_ops.layer_normalization(x, scale, axis=1, epsilon=1e-3)[0]
    graph = Graph.of([x, scale, weights], [y, *gradients([y], [x, scale], [weights])])
    model = onnx.load_from_string(driver.compile_graph(graph, {}, "onnxruntime").executable.model)
    operators = [node.op_type for node in model.graph.node]
    assert operators.count("LayerNormalization") == 1 and "Sqrt" not in operators


@pytest.mark.parametrize(
    ("function", "forward", "both"),
    [
        (lambda x, s: graph_ops.layer_normalization(x, s, s, axis=1, epsilon=1e-3)[0], 1, 3),
        (lambda x, s: graph_ops.rms_normalization(x, s, axis=1, epsilon=1e-3)[0], 1, 2),
        (lambda x, s: graph_ops.softmax(x * s, axis=1), 1, 2),
    ],
    ids=["layer_normalization", "rms_normalization", "softmax"],
)
def test_rows_are_normalized_in_one_kernel_and_one_more_for_each_parameter(function, forward, both, monkeypatch):
    monkeypatch.setitem(driver._BACKENDS, "triton", interpreter())
    x, scale = Value(TensorType((256, 128)), "x"), Value(TensorType((128,)), "s")
    y = function(x, scale)
    seed = Value(y.type, "w")
    for graph, most in (
        (Graph.of([x, scale], [y]), forward),
        (Graph.of([x, scale, seed], [y, *gradients([y], [x, scale], [seed])]), both),
    ):
        executable = driver.compile_graph(graph, {}, "triton").executable
        executable.run([np.ones(value.type.shape, np.float32) for value in graph.inputs])
        assert sum(len(program.launches) for program in executable.programs) <= most


def test_mish_in_a_functional_model_is_made_of_operations_that_keras_knows():
    inputs = Input((4,))
    model = Model(inputs, activations.mish(inputs))
    assert [layer["class_name"] for layer in model.get_config()["layers"]] == ["InputLayer", "Softplus", "Tanh", "Multiply"]
    np.testing.assert_allclose(model.predict(VECTOR[None], verbose=0), layers.Activation("mish")(VECTOR[None]), rtol=1e-6)


def test_flash_attention_can_be_left_out():
    """The graph then has products and a softmax in its place; the numbers are the same."""

    def traced(flash):
        with Trace() as trace:
            q, k = (trace.placeholder(TensorType(x.shape, "float32"), "x") for x in (QUERY, KEY))
            graph = trace.graph([ops.dot_product_attention(q, k, k, is_causal=True, flash_attention=flash).value])
        return graph, evaluate_graph(graph, [QUERY, KEY])[0][0]

    (whole, first), (parts, second) = traced(True), traced(False)
    assert [node.op.name for node in whole.nodes] == ["dot_product_attention"]
    assert {"matmul", "softmax"} <= {node.op.name for node in parts.nodes}
    np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-6)
    assert keras.config.is_flash_attention_enabled()
    keras.config.disable_flash_attention()
    try:
        assert not keras.config.is_flash_attention_enabled()
        assert [node.op.name for node in traced(None)[0].nodes] == [node.op.name for node in parts.nodes]
    finally:
        keras.config.enable_flash_attention()
    assert [node.op.name for node in traced(None)[0].nodes] == ["dot_product_attention"]
