"""Convolutions run in onnxruntime's own layout, and compute what they did before."""

from __future__ import annotations

import zlib
from collections import Counter
from typing import Any

import numpy as np
import pytest

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler import driver
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.executables.onnxruntime import OnnxruntimeExecutable
from graphkeras.compiler.executables.onnxruntime_session import channel_block
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.ops.blocked_convolution import DOMAIN
from graphkeras.compiler.passes.channel_blocks import in_blocks
from graphkeras.compiler.passes.cse import eliminate_common_subexpressions
from graphkeras.compiler.passes.dce import eliminate_dead_code
from graphkeras.compiler.pipeline import optimize
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType
from graphkeras.compiler.verify import verify_same_meaning, verify_structure
from tests.compiler.conformance import difference

BATCH = Dim.symbol("batch")
BLOCK = 16
needs_blocks = pytest.mark.skipif(channel_block() == 0, reason="onnxruntime has no layout in blocks for this processor")

#: name -> shape of x, shape of the kernel, attributes
CASES: dict[str, tuple[tuple[Any, ...], tuple[int, ...], dict[str, Any]]] = {
    "dense": ((BATCH, 7, 6, 32), (3, 2, 32, 48), {"padding": "same"}),
    "dense, channels first": ((2, 32, 7, 6), (3, 3, 32, 32), {"padding": "valid", "channels_last": False}),
    "strides": ((BATCH, 9, 8, 32), (3, 3, 32, 32), {"padding": "same", "strides": 2}),
    "dilation": ((2, 9, 8, 32), (3, 2, 32, 32), {"padding": "same", "dilation": (1, 3)}),
    "few channels": ((BATCH, 9, 8, 3), (3, 3, 3, 32), {"padding": "same"}),
    "one channel": ((BATCH, 9, 8, 1), (5, 5, 1, 16), {}),
    "depthwise": ((BATCH, 7, 6, 32), (3, 3, 1, 32), {"padding": "same", "groups": 32}),
    "depthwise, strides": ((BATCH, 8, 9, 16), (3, 3, 1, 16), {"padding": "same", "groups": 16, "strides": 2}),
    "depthwise, strides without padding": ((3, 9, 9, 16), (3, 2, 1, 16), {"groups": 16, "strides": (2, 1)}),
    "depthwise, dilation": ((BATCH, 9, 8, 16), (3, 3, 1, 16), {"padding": "same", "groups": 16, "dilation": 2}),
    "depthwise, an unused rest": ((2, 8, 8, 16), (2, 2, 1, 16), {"groups": 16, "strides": 3}),
}


def of_case(name: str, gradient: bool) -> tuple[Graph, list[np.ndarray[Any, Any]]]:
    x_shape, kernel_shape, attrs = CASES[name]
    x, kernel = (Value(TensorType(shape, "float32"), "xk"[k]) for k, shape in enumerate((x_shape, kernel_shape)))
    y = ops.conv(x, kernel, **attrs)
    outputs = [y, *gradients([y], [x, kernel], [ops.square(y)])] if gradient else [y]
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    feeds = [
        rng.normal(size=[n if isinstance(n, int) else 3 for n in shape]).astype(np.float32) for shape in (x_shape, kernel_shape)
    ]
    return Graph.of([x, kernel], outputs), feeds


def blocked(graph: Graph) -> Graph:
    optimized = optimize(graph, "onnxruntime")[-1].graph
    made = eliminate_dead_code(eliminate_common_subexpressions(in_blocks(optimized, BLOCK)))
    verify_structure(made, "channel_blocks")
    verify_same_meaning(optimized, made, "channel_blocks")
    return made


def count(graph: Graph) -> Counter[str]:
    return Counter(node.op.name for node in graph.nodes)


@pytest.mark.parametrize("name", CASES)
def test_the_meaning_stays(name: str) -> None:
    found = count(blocked(of_case(name, gradient=True)[0]))
    assert found["blocked_conv"] >= 1 and found["conv"] == 0
    if "depthwise" in name and "rest" not in name and "without" not in name:
        assert found["blocked_depthwise_kernel_gradient"] == 1 and found["conv_kernel_gradient"] == 0


@needs_blocks
@pytest.mark.parametrize("name", CASES)
def test_onnxruntime_computes_the_same(name: str) -> None:
    graph, feeds = of_case(name, gradient=True)
    executable = driver.compile_graph(graph, {}, "onnxruntime").executable
    assert isinstance(executable, OnnxruntimeExecutable)
    assert any(node.domain == DOMAIN and node.op_type == "Conv" for node in executable.program.model.graph.node)
    for actual, expected in zip(executable.run(feeds), evaluate_graph(graph, feeds)[0], strict=True):
        assert difference(actual, expected) == ""


@pytest.mark.parametrize("name", CASES)
def test_files_have_standard_operators(name: str) -> None:
    graph, _ = of_case(name, gradient=False)
    assert DOMAIN.encode() not in driver.export_onnx(graph, {})


IMAGE, KERNEL, BIAS = (Value(TensorType(s, "float32")) for s in ((BATCH, 8, 8, 32), (3, 3, 32, 32), (32,)))


def layer(x: Any) -> Any:
    return ops.relu(ops.conv(x, KERNEL, padding="same") + BIAS)


def test_layouts_change_at_the_ends_only() -> None:
    found = count(blocked(Graph.of([IMAGE, KERNEL, BIAS], [layer(layer(layer(IMAGE)))])))
    assert (found["to_blocks"], found["from_blocks"], found["transpose"], found["add"]) == (1, 1, 0, 0)


def test_a_result_that_is_wanted_without_bias_is_not_computed_twice() -> None:
    y = ops.conv(IMAGE, KERNEL, padding="same")
    found = count(blocked(Graph.of([IMAGE, KERNEL, BIAS], [y, ops.relu(y + BIAS)])))
    assert (found["blocked_conv"], found["add"]) == (1, 1)


@pytest.mark.parametrize(
    ("shape", "kernel", "attrs"),
    [
        ((2, 8, 8, 32), (1, 1, 32, 32), {}),
        ((2, 8, 8, 20), (3, 3, 20, 32), {}),
        ((2, 8, 8, 32), (3, 3, 32, 20), {}),
        ((2, 8, 8, 32), (3, 3, 16, 32), {"groups": 2}),
        ((2, 8, 8, 32), (3, 3, 1, 64), {"groups": 32}),
        ((2, 8, 32), (3, 32, 32), {}),
    ],
)
def test_what_gains_nothing_or_does_not_fit_stays(shape: Any, kernel: Any, attrs: dict[str, Any]) -> None:
    x, weights = Value(TensorType(shape, "float32")), Value(TensorType(kernel, "float32"))
    y = ops.conv(x, weights, **attrs)
    found = count(blocked(Graph.of([x, weights], [y, *gradients([y], [x, weights], [y])])))
    assert not any("block" in name for name in found)


def test_nothing_changes_without_such_a_layout() -> None:
    graph = optimize(of_case("dense", gradient=True)[0], "onnxruntime")[-1].graph
    assert in_blocks(graph, 0) is graph
