"""Scans and sorts of rows on the interpreter, against the reference; and their machine code."""

from __future__ import annotations

import numpy as np
import pytest

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.graph import Graph, StateSlot, Value
from graphkeras.compiler.pipeline import optimize
from graphkeras.compiler.registry import OPS, ops
from graphkeras.compiler.triton_lowering import row_sort, split_scan
from graphkeras.compiler.triton_lowering.lower import lower
from graphkeras.compiler.types import DTYPES, FLOATS, TensorType, numpy_dtype
from graphkeras.kernels.compile import compile_kernel
from graphkeras.kernels.program import Loop
from graphkeras.kernels.quality import assess
from tests.compiler.conformance import SIZES, cases, graph_of
from tests.compiler.triton.running import Array, assert_close, check, run_both, traced

rng = np.random.default_rng(5)


def floats(*shape: int, dtype: str = "float32") -> Array:
    return rng.uniform(-2, 2, shape).astype(numpy_dtype(dtype))


def signs(*shape: int) -> Array:
    return rng.choice(np.array([-1, 1, 1], np.float32), shape)


# ---- running sums and products


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    "shape, axis", [((5, 37), 1), ((37, 5), 0), ((3, 70, 33), 1), ((2, 9000), 1), ((4100, 2), 0), ((7,), 0)]
)
def test_scans_are_one_launch(shape, axis, reverse):
    """Also of rows longer than a tile, which carry their sum on; the operand is computed on the way."""
    check(lambda x: ops.cumsum(ops.square(x) - 0.5, axis=axis, reverse=reverse), floats(*shape), launches=1)
    check(lambda x: ops.cumprod(x, axis=axis, reverse=reverse), signs(*shape), launches=1)


@pytest.mark.parametrize("dtype", [dtype for dtype in DTYPES if dtype != "bool"])
def test_scans_of_every_dtype(dtype):
    x = floats(3, 50, dtype=dtype) if dtype in FLOATS else rng.integers(0, 90, (3, 50)).astype(dtype)
    check(lambda x: ops.cumsum(x, axis=1), x, launches=1)
    check(lambda x: ops.cumprod(x, axis=0), x, launches=1)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("shape, axis", [((1, 50_001), 1), ((5_000, 3), 0)])
def test_few_long_rows_are_scanned_in_parts(shape, axis, reverse):
    executable = check(lambda x: ops.cumsum(x, axis=axis, reverse=reverse), floats(*shape))
    assert any("cumsum made in" in entry.what for entry in executable.entries)
    check(lambda x: ops.cumprod(x, axis=axis, reverse=reverse), signs(*shape))


def test_parts_of_sixteen_bit_floats_go_through_float32(monkeypatch):
    monkeypatch.setattr(split_scan, "TILE", 100)
    check(lambda x: ops.cumsum(x, axis=1), np.full((1, 1000), 0.1, np.float16))


def test_gradients_of_scans():
    def build(x, weights):
        total = ops.sum(ops.cumsum(ops.exp(x), axis=1) * weights + ops.cumprod(x, axis=0), axis=None)
        return gradients([total], [x])

    check(build, floats(9, 40), floats(9, 40))


def test_a_repeated_row_and_a_variable():
    """The operand has the same elements in every row; the result replaces a variable that it is made of."""

    def build(x, total):
        after = ops.cumsum(total + ops.broadcast_to(x, shape=(4, 60)), axis=1)
        return (ops.sum(total, axis=None),), {"total": after}

    states = {"total": floats(4, 60)}
    arrays = [floats(60)]
    graph = traced(build, arrays, states)
    actual, expected, executable = run_both(graph, arrays, states)
    assert_close(actual, expected, executable.source)


# ---- sorting


def mixed(dtype: str, *shape: int) -> Array:
    """Numbers of which many are equal, with the largest and the smallest, NaN, infinities and both zeros."""
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if dtype not in FLOATS:
        limits = np.iinfo(dtype)
        x = rng.integers(0, 9, shape).astype(dtype)
        return np.where(rng.random(shape) < 0.3, rng.choice(np.array([limits.min, limits.max], dtype), shape), x)
    special = rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0], shape)
    return np.where(rng.random(shape) < 0.4, special, rng.normal(size=shape).round(1)).astype(numpy_dtype(dtype))


@pytest.mark.parametrize("largest", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_sorting_is_stable_and_puts_nan_last(dtype, largest):
    check(lambda x: ops.top_k(x, k=45, axis=1, largest=largest), mixed(dtype, 3, 45), launches=1)


@pytest.mark.parametrize(
    "shape, axis, k", [((70, 33), 1, 33), ((33, 70), 0, 20), ((2, 64, 3), 1, 64), ((1, 1025), 1, 1025), ((2, 2048), 1, 600)]
)
def test_rows_of_every_shape(shape, axis, k):
    check(lambda x: ops.top_k(x, k=k, axis=axis, largest=False), floats(*shape), launches=1)


def test_one_of_both_results_and_a_computed_operand():
    check(lambda x: ops.top_k(ops.sin(x) * ops.exp(x), k=40, axis=1)[1], floats(3, 40), launches=2)
    check(lambda x: ops.top_k(ops.transpose(x, axes=(1, 0)), k=40, axis=1)[0] * 2.0, floats(40, 3), launches=2)


def test_sorting_in_a_loop():
    """Its scratch memory is the same in every round."""
    x = Value(TensorType((2, 50)), "x")
    body = Graph.of([x], [ops.sin(ops.top_k(x, k=50, axis=1, largest=False)[0] * 3.0), x], name="sorting")
    start = Value(TensorType((2, 50)), "start")
    graph = Graph.of([start], ops.scan(start, body=body, carries=1, sequences=0, length=30))
    actual, expected, executable = run_both(graph, arrays := [floats(2, 50)])
    assert_close(actual[1:], expected[1:], executable.source)
    assert len([b for b in executable.programs[0].buffers if "scratch" in b.name]) == 1 and arrays


def test_short_rows_are_counted():
    executable = check(lambda x: ops.top_k(x, k=20, axis=1), mixed("float32", 2, 20))
    assert "row + reduced" not in executable.source


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "uint8", "bool"])
@pytest.mark.parametrize("largest", [False, True])
def test_long_rows_are_sorted_in_steps_of_one_kernel(dtype, largest, monkeypatch):
    """One launch for every step of the network, and one kernel for all of them."""
    monkeypatch.setattr("graphkeras.compiler.triton_lowering.prepare.LARGEST_ROW", 64)
    x = np.swapaxes(mixed(dtype, 2, 300, 1), 0, 2)
    executable = check(lambda x: ops.top_k(x, k=200, axis=1, largest=largest), x)
    (loop,) = [step for step in executable.programs[0].steps if isinstance(step, Loop)]
    assert (loop.rounds, len(loop.steps)) == (45, 1)


@pytest.mark.parametrize("name", ["cumsum", "cumprod", "top_k"])
def test_every_sample(name, monkeypatch):
    """With sorts of rows of any length."""
    monkeypatch.setattr("graphkeras.compiler.triton_lowering.prepare.LEAST_ROW", 0)
    graph, feeds = graph_of(list(cases(OPS[name])))
    actual, expected, executable = run_both(graph.bind(SIZES), feeds)
    for one, other in zip(actual, expected, strict=True):
        assert_close([one], [other], executable.source)


# ---- machine code


def kernel_of(build, *types: TensorType):
    inputs = [Value(type_, f"x{k}") for k, type_ in enumerate(types)]
    made = build(*inputs)
    graph = optimize(Graph.of(inputs, made if isinstance(made, tuple) else (made,)), "triton")[-1].graph
    (launch,) = lower(graph, {}).program.launches
    return launch.kernel


@pytest.mark.parametrize("capability", [80, 90])
@pytest.mark.parametrize(
    "build, type_",
    [
        (lambda x: ops.cumsum(x, axis=1), TensorType((512, 1024))),
        (lambda x: ops.cumprod(x, axis=0), TensorType((300, 4096), "bfloat16")),
        (lambda x: ops.top_k(x, k=1000, axis=1), TensorType((512, 1000))),
        (lambda x: ops.top_k(x, k=row_sort.LARGEST_ROW, axis=1, largest=False), TensorType((64, row_sort.LARGEST_ROW))),
        (lambda x: ops.top_k(x, k=20, axis=1), TensorType((512, 70), "int64")),
    ],
    ids=["cumsum", "cumprod", "sort", "largest_sort", "int64"],
)
def test_no_kernel_spills(build, type_, capability):
    quality = assess(compile_kernel(kernel_of(build, type_), capability))
    assert quality.spills == 0 and quality.stack_bytes == 0, quality.summary()
    if "cum" in quality.summary():
        assert set(quality.loads) <= {128, 64}, quality.summary()


def test_a_new_value_of_a_variable_may_be_a_sort():
    x = Value(TensorType((1, 60)), "x")
    graph = Graph.of([], [], [StateSlot("x", x, ops.top_k(x, k=60, axis=1)[0])])
    actual, expected, executable = run_both(graph, [], {"x": floats(1, 60)})
    assert_close(actual, expected, executable.source)
