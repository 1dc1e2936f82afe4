"""Convolutions and pooling in kernels: products of windows that are nowhere in memory, with what follows them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.ops.convolution_phases import phases_of
from graphkeras.compiler.pipeline import optimize
from graphkeras.compiler.registry import ops
from graphkeras.compiler.triton_lowering.lower import lower
from graphkeras.compiler.triton_lowering.split_product import part_count
from graphkeras.compiler.types import TensorType
from graphkeras.kernels.build import compile_kernels, kernel_key
from graphkeras.kernels.program import Launch, Program
from graphkeras.kernels.quality import Quality, assess
from tests.compiler.triton.running import check

RNG = np.random.default_rng(5)


def draw(*shape: int) -> Any:
    return RNG.normal(size=shape).astype(np.float32)


def network(x: Any, first: Any, bias: Any, second: Any) -> list[Any]:
    """Two convolutions with pooling between them, and the gradients of their weights."""
    hidden = ops.max_pool(ops.relu(ops.conv(x, first, padding="same") + bias), size=3, strides=2, padding="same")
    y = ops.average_pool(ops.tanh(ops.conv(hidden, second, strides=2, padding="same")), size=2)
    return [y, *gradients([ops.square(y)], [first, bias, second])]


def test_a_network_and_its_gradients() -> None:
    check(network, draw(2, 9, 8, 3), draw(3, 3, 3, 8), draw(8), draw(3, 2, 8, 4))


@pytest.mark.parametrize("channels_last", [True, False])
def test_a_convolution_is_one_kernel_with_what_follows(channels_last: bool) -> None:
    x = draw(2, 6, 5, 4) if channels_last else draw(2, 4, 6, 5)

    def layer(x: Any, kernel: Any, bias: Any) -> Any:
        y = ops.conv(x, kernel, padding="same", channels_last=channels_last)
        return ops.relu(y + (bias if channels_last else ops.reshape(bias, shape=(8, 1, 1))))

    check(layer, x, draw(3, 3, 4, 8), draw(8), launches=1 if channels_last else None)


def test_what_is_pooled_is_computed_on_the_way() -> None:
    check(lambda x: ops.max_pool(ops.relu(x * 2.0), size=2), draw(2, 6, 6, 8), launches=1)


def test_the_largest_tap_is_found_once() -> None:
    """Not anew for each of the windows that an element is in."""

    def pooled(x: Any, grad: Any) -> Any:
        return ops.max_pool_gradient(x, grad, size=3, strides=1, padding="same")

    executable = check(pooled, draw(2, 5, 6, 4), draw(2, 5, 6, 4), launches=2)
    assert "argmax" in executable.source


def test_ties_go_to_the_first_tap() -> None:
    check(lambda x, g: ops.max_pool_gradient(x, g, size=2), np.zeros((1, 4, 4, 2), np.float32), draw(1, 2, 2, 2))


def test_depthwise_convolutions_make_no_products_of_matrices() -> None:
    def layer(x: Any, kernel: Any) -> list[Any]:
        y = ops.conv(x, kernel, groups=6, padding="same")
        return [y, *gradients([y], [x, kernel])]

    executable = check(layer, draw(2, 5, 5, 6), draw(3, 3, 1, 6))
    assert "tl.dot" not in executable.source


def test_nor_do_those_with_several_filters_for_a_channel() -> None:
    def layer(x: Any, kernel: Any) -> list[Any]:
        y = ops.conv(x, kernel, groups=4, padding="same", strides=2)
        return [y, *gradients([ops.square(y)], [x, kernel])]

    executable = check(layer, draw(2, 5, 6, 4), draw(3, 2, 1, 12))
    assert "tl.dot" not in executable.source


@pytest.mark.parametrize(
    "size, stride, dilation, before", [(3, 2, 1, 1), (1, 2, 1, 0), (4, 3, 2, 3), (5, 4, 6, 0), (2, 3, 3, 1)]
)
def test_phases_meet_every_pair_of_tap_and_window_once(size: int, stride: int, dilation: int, before: int) -> None:
    found = set()
    for phase, each in enumerate(phases_of(size, stride, dilation, before)):
        for element in range(8):
            pairs = [(tap, each.start + element + number * each.step) for number, tap in enumerate(each.taps)]
            assert all(window * stride + tap * dilation - before == phase + element * stride for tap, window in pairs)
            found |= {(tap, window) for tap, window in pairs if window >= 0}
    reached = {
        (tap, window)
        for tap in range(size)
        for window in range(9)
        if 0 <= window * stride + tap * dilation - before < 8 * stride
    }
    assert reached <= found


def test_the_input_gradient_of_strides_multiplies_no_zeros() -> None:
    """Of a 3x3 kernel by steps of 2 the phases meet 4 + 2 + 2 + 1 taps."""
    constants = [launch.kernel.constants for launch in program("3x3 by 2", "bfloat16").launches]
    lengths = [each["K"] for each in constants if each.get("N") == 64 and each.get("M") == 8 * 14 * 14]
    assert sorted(lengths) == [128, 256, 256, 512]


def test_a_long_sum_is_made_in_parts() -> None:
    check(lambda a, b: ops.matmul(a, b), draw(20, 2048), draw(2048, 30), launches=2)
    check(lambda a, b: ops.matmul(a, b), draw(2, 20, 1100), draw(2, 1100, 30), launches=2)
    check(lambda a, b: ops.matmul(a, b), draw(20, 1000), draw(1000, 30), launches=1)


def test_parts_are_equal_and_not_too_short() -> None:
    assert part_count(100352, 9) == 16
    assert part_count(1021 * 1031, 1) == 1  # no number of parts up to 192 divides it
    assert part_count(2048, 1) == 4
    assert part_count(100352, 64) == 4
    assert part_count(100352, 132) == 1
    assert part_count(0, 1) == 1


# ---- machine code --------------------------------------------------------------------------------------------------------

SHAPES = {
    "3x3": ((8, 28, 28, 64), (3, 3, 64, 64), {"padding": "same"}),
    "3x3 by 2": ((8, 28, 28, 64), (3, 3, 64, 128), {"padding": "same", "strides": 2}),
    "the first of an image": ((8, 64, 64, 3), (7, 7, 3, 64), {"padding": "same", "strides": 2}),
    "1x1": ((8, 14, 14, 256), (1, 1, 256, 64), {}),
    "depthwise": ((8, 28, 28, 64), (3, 3, 1, 64), {"padding": "same", "groups": 64}),
}


@cache
def program(name: str, dtype: str) -> Program:
    shape, size, attrs = SHAPES[name]
    x, kernel, bias = (Value(TensorType(dims, dtype)) for dims in (shape, size, size[-1:]))
    y = ops.relu(ops.conv(x, kernel, **attrs) + bias)
    grad = Value(y.type)
    graph = Graph.of([x, kernel, bias, grad], [y, *gradients([y], [x, kernel, bias], [grad])])
    return lower(optimize(graph, "triton")[-1].graph, {}).program


@cache
def compiled(name: str, dtype: str, capability: int) -> list[tuple[Launch, Quality]]:
    launches = program(name, dtype).launches
    artifacts = compile_kernels([launch.kernel for launch in launches], capability)
    return [(launch, assess(artifacts[kernel_key(launch.kernel, capability)])) for launch in launches]


@pytest.mark.parametrize(
    "name, dtype, capability",
    [
        ("3x3", "bfloat16", 90),
        ("3x3", "float32", 80),
        ("3x3 by 2", "bfloat16", 80),
        ("the first of an image", "bfloat16", 90),
        ("1x1", "bfloat16", 90),
        ("depthwise", "bfloat16", 90),
    ],
)
def test_no_kernel_spills(name: str, dtype: str, capability: int) -> None:
    for _, quality in compiled(name, dtype, capability):
        assert quality.spills == 0 and quality.stack_bytes == 0, quality.summary()


@pytest.mark.parametrize("name", ["3x3", "1x1"])
def test_windows_are_copied_sixteen_bytes_at_a_time_to_the_tensor_cores(name: str) -> None:
    made = [(launch, quality) for launch, quality in compiled(name, "bfloat16", 90) if "matmul" in launch.kernel.name]
    assert len(made) == 3  # the convolution and its two gradients
    for _, quality in made:
        assert quality.tensor_core > 0, quality.summary()
        assert set(quality.copies) <= {128} and quality.copies.get(128, 0) + quality.loads.get(128, 0) > 0, quality.summary()


@pytest.mark.parametrize("name", SHAPES)
def test_windows_are_nowhere_in_memory(name: str) -> None:
    """No array is larger than the largest operand or result."""
    made = program(name, "float32")
    outside = max(buffer.size for buffer in made.buffers if buffer.kind in ("input", "output"))
    assert all(buffer.size <= outside for buffer in made.buffers)
