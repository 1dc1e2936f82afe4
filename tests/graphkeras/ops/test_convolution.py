"""Convolution and pooling: what is refused, sizes known only at run time, and what an exported model holds."""

import numpy as np
import onnx
import pytest

import graphkeras as keras
from graphkeras import ops
from graphkeras.compiler import driver
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.types import TensorType
from graphkeras.trace import Trace

X, KERNEL = np.ones((2, 6, 5, 4), np.float32), np.ones((3, 3, 4, 8), np.float32)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: ops.conv(X, np.ones((3, 3, 3, 8))), "conv: inputs of shape .* have 4 channels, the kernel .* takes 3"),
        (lambda: ops.conv(X, np.ones((3, 3, 2, 5))), "5 filters.*filters a multiple of groups"),
        (lambda: ops.conv(X, np.ones((3, 4, 8))), "conv: inputs need a batch, channels and 1 to 3 spatial axes"),
        (lambda: ops.conv(X, np.ones((7, 3, 4, 8))), "conv: a kernel of size .*7, 3.* does not fit.*empty"),
        (lambda: ops.conv(X, KERNEL, padding="causal"), "conv: padding must be 'valid' or 'same', got 'causal'"),
        (lambda: ops.conv(X, KERNEL, strides=0), "conv: strides must be a number of at least 1.*got 0"),
        (lambda: ops.conv(X, KERNEL, strides=(1, 2, 3)), "conv: strides .* 2 axes, got .1, 2, 3."),
        (lambda: ops.conv(X, KERNEL, dilation_rate=-1), "conv: dilation must be .* got -1"),
        (lambda: ops.conv(X, KERNEL, data_format="NHWC"), "conv: data_format must be 'channels_last' or 'channels_first'"),
        (lambda: ops.depthwise_conv(X, np.ones((3, 3, 3, 2))), "depthwise_conv: inputs .* have 4 channels, .* has 3"),
        (lambda: ops.separable_conv(X, np.ones((3, 3, 3, 2)), np.ones((1, 1, 6, 2))), "separable_conv: inputs .* 4 channels"),
        (lambda: ops.conv_transpose(X, np.ones((3, 3, 4, 8))), "conv_transpose: .* 4 channels, the last axis .* is 8"),
        (lambda: ops.conv_transpose(X, np.ones((3, 3, 8, 4)), output_padding=-1), "output_padding must be .*at least 0"),
        (lambda: ops.max_pool(X, 0), "max_pool: pool_size must be a number of at least 1.*got 0"),
        (lambda: ops.max_pool(X, (2, 2, 2)), "max_pool: pool_size .* 2 spatial axes"),
        (lambda: ops.max_pool(X[0, 0], 2), "max_pool: inputs need a batch, channels and 1 to 3 spatial axes"),
        (lambda: ops.average_pool(X, 7), "average_pool: a window of size .*7, 7.* does not fit"),
        (lambda: ops.adaptive_max_pool(X, (2, 0)), "adaptive_max_pool: output_size must be"),
        (lambda: ops.depth_to_space(X, 3), "depth_to_space: 4 channels are no multiple of block_size"),
        (lambda: ops.space_to_depth(X, 4), "space_to_depth: 6 x 5 places are no multiple"),
        (lambda: ops.depth_to_space(X, 0), "depth_to_space: block_size must be an integer of at least 1, got 0"),
        (lambda: ops.fold(np.ones((2, 12, 7)), (6, 5), 2), "fold: x of shape .* 5 . 4 columns"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_unknown_sizes_are_named_where_they_must_be_known():
    with pytest.raises(ValueError, match="adaptive_average_pool: the spatial sizes must be known"):
        ops.adaptive_average_pool(keras.Input((None, 5, 4)), 2)


CALLS = {
    "same by 2": lambda x: ops.conv(x, KERNEL, strides=2, padding="same"),
    "valid by 3": lambda x: ops.conv(x, KERNEL, strides=3),
    "transposed": lambda x: ops.conv_transpose(x, np.ones((3, 3, 8, 4), np.float32), strides=2, padding="same"),
    "max": lambda x: ops.max_pool(x, 3, strides=2, padding="same"),
    "average": lambda x: ops.average_pool(x, (3, 2), strides=2, padding="same"),
    "depth": lambda x: ops.depth_to_space(x, 2),
}


@pytest.mark.parametrize("name", CALLS)
def test_spatial_sizes_may_be_unknown_until_the_run(name):
    """One program for images of all sizes, also of the gradient."""
    with Trace() as trace:
        sizes = (Dim.symbol("batch"), Dim.symbol("height"), Dim.symbol("width"), 4)
        x = trace.placeholder(TensorType(sizes, "float32"), "x")
        y = CALLS[name](x)
        (slope,) = keras.gradients(ops.square(y), [x])
    graph = trace.graph([y.value, slope.value])
    executable = driver.compile_graph(graph, {}, "onnxruntime").executable
    for shape in ((2, 8, 7, 4), (1, 5, 6, 4)):
        image = np.random.default_rng(0).normal(size=shape).astype(np.float32)
        eager = CALLS[name](image)
        expected, _ = evaluate_graph(graph, [image])
        for found, wanted in zip(executable.run([image]), [eager, expected[1]], strict=True):
            assert found.shape == wanted.shape
            np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


def test_a_functional_model_of_operations_is_exported_with_whole_operators(tmp_path):
    kernel = keras.Variable(np.ones((3, 3, 4, 8), np.float32), name="kernel")
    inputs = keras.Input((6, 6, 4))
    hidden = ops.max_pool(ops.relu(ops.conv(inputs, kernel, padding="same")), 2)
    transposed = np.linspace(-1, 1, 96, dtype=np.float32).reshape(2, 2, 3, 8)
    model = keras.Model(inputs, ops.average_pool(ops.conv_transpose(hidden, transposed, strides=2), 2))
    path = tmp_path / "model.onnx"
    model.export(path, format="onnx")
    kinds = [node.op_type for node in onnx.load(path).graph.node]
    assert {"Conv", "Relu", "MaxPool", "ConvTranspose", "AveragePool"} <= set(kinds)
    assert len(kinds) <= 9  # besides: one transpose at each end, and of each kernel


def test_a_trained_convolution_learns_its_kernel():
    """Gradient descent on onnxruntime, traced once, finds the kernel that made the data."""
    rng = np.random.default_rng(0)
    image, wanted = rng.normal(size=(4, 8, 8, 2)).astype(np.float32), rng.normal(size=(3, 3, 2, 3)).astype(np.float32)
    target = ops.conv(image, wanted)
    with Trace() as trace:
        x, y, kernel = (trace.placeholder(TensorType(a.shape, "float32"), n) for n, a in zip("xyk", (image, target, wanted)))
        loss = ops.mean(ops.square(ops.conv(x, kernel) - y))
        (slope,) = keras.gradients(loss, [kernel])
        new = kernel - slope * 0.3
    step = driver.compile_graph(trace.graph([new.value]), {}, "onnxruntime").executable
    found = np.zeros_like(wanted)
    for _ in range(200):
        (found,) = step.run([image, target, found])
    np.testing.assert_allclose(found, wanted, atol=1e-3)
