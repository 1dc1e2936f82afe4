"""Each family of generated kernels on the interpreter, against the NumPy reference."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.triton_lowering.lower import lower
from graphkeras.compiler.types import DTYPES, FLOATS, TensorType, numpy_dtype
from tests.compiler.triton.running import check, run_both, traced

rng = np.random.default_rng(7)


def floats(*shape: int, dtype: str = "float32") -> np.ndarray:
    return rng.uniform(-2, 2, shape).astype(numpy_dtype(dtype))


# ---- pointwise


@pytest.mark.parametrize("shape", [(), (1,), (7,), (1000,), (3, 5, 7), (4097,), (0,), (3, 0, 2)])
def test_a_chain_is_one_kernel(shape):
    launches = 0 if 0 in shape else 1
    check(lambda x, y: ops.tanh(ops.exp(x) * y + 1.0) - x, floats(*shape), floats(*shape), launches=launches)


@pytest.mark.parametrize("dtype", FLOATS)
def test_float_dtypes(dtype):
    check(lambda x, y: ops.relu(x * y + x), floats(33, dtype=dtype), floats(33, dtype=dtype), launches=1)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_goes_in_and_out(dtype):
    array = rng.integers(0, 2, (5, 3)).astype(numpy_dtype(dtype))
    check(lambda x: ops.transpose(x), array, launches=1)


def test_broadcasting_and_several_results():
    def build(x, row, column, scalar):
        y = x * row + column
        return y, ops.sigmoid(y) * scalar

    check(build, floats(5, 7), floats(7), floats(5, 1), floats(), launches=1)


def test_views_are_index_maps():
    def build(x):
        y = ops.transpose(ops.reshape(ops.exp(x), shape=(4, 3, 5)), axes=(2, 0, 1))
        y = ops.slice(y, starts=(0, 1, 0), stops=(5, 4, 3), steps=(2, 1, 1))
        y = ops.pad(y, before=(1, 0, 2), after=(0, 1, 0), value=3)
        return ops.squeeze(ops.expand_dims(y, axis=(0,)), axis=(0,)) + 1.0

    check(build, floats(6, 10), launches=1)


def test_concatenate_and_take():
    def build(x, y, indices):
        return ops.take(ops.concatenate(x, y, axis=0), indices, axis=0)

    check(build, floats(3, 4), floats(2, 4), np.array([4, 0, 3, 3], np.int32), launches=1)


def test_an_index_out_of_range_reads_nothing():
    """The reference raises; on a device the read gives 0 instead of what lies beyond the array."""
    x, indices = floats(3, 4), np.array([2, 3, 1 << 20, -1], np.int32)
    graph = traced(lambda x, i: ops.take(x, i, axis=0), [x, np.zeros(4, np.int32)])
    _, _, executable = run_both(graph, [x, np.zeros(4, np.int32)])
    (result,) = executable.run([x, indices])
    np.testing.assert_array_equal(result, np.stack([x[2], x[2] * 0, x[2] * 0, x[2] * 0]))


def test_results_that_are_inputs_constants_or_the_same():
    def build(x):
        y = ops.exp(x)
        return x, y, ops.constant(value=np.arange(6, dtype=np.float32)), y, ops.reshape(y, shape=(4, 1))

    check(build, floats(4))


def test_a_cheap_value_is_computed_wherever_it_is_needed():
    """x - mean is read by two kernels; both subtract, and nothing is written between them."""

    def build(x, mean):
        centered = x - mean
        return ops.sum(ops.square(centered), axis=0), ops.matmul(centered, ops.transpose(x, axes=(1, 0)))

    executable = check(build, floats(9, 20), floats(20), launches=2)
    assert executable.source.count("subtract") >= 2
    assert not [buffer for program in executable.programs for buffer in program.buffers if buffer.kind == "temporary"]


# ---- reductions


@pytest.mark.parametrize("shape", [(3, 5), (33, 70), (2, 5000), (1, 140000), (70, 33), (5000, 2), (45000, 3)])
@pytest.mark.parametrize("axis", [0, 1, (0, 1)])
def test_sums_of_every_shape(shape, axis):
    check(lambda x: ops.sum(ops.square(x), axis=axis) * 0.5, floats(*shape))


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "min", "argmax", "argmin"])
@pytest.mark.parametrize("shape", [(3, 11, 4), (2, 6000, 2)])
def test_reductions_over_a_middle_axis(name, shape):
    x = rng.uniform(0.99, 1.01, shape).astype(np.float32)
    check(lambda x: getattr(ops, name)(x, axis=1 if name.startswith("arg") else (1,)), x, launches=1)


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "prod"])
def test_two_stages(name):
    x = rng.choice(np.float32([1, -1]), 150_001)
    executable = check(lambda x: getattr(ops, name)(x, axis=None), x, launches=2)
    assert any("two stages" in entry.what for entry in executable.entries)


def test_columns_are_summed_in_two_stages():
    check(lambda x: (ops.mean(x, axis=0), ops.sum(ops.square(x), axis=0)), floats(2100, 70), launches=2)


def test_columns_too_short_for_two_stages():
    check(lambda x: ops.sum(x, axis=0), floats(300, 512), launches=1)


def test_any_and_all_in_two_stages():
    x = np.zeros(150_001, bool)
    x[40_000] = True
    check(lambda x: (ops.any(x, axis=None), ops.all(x, axis=None)), x)


def test_stages_go_through_float32():
    x = np.full(140_000, 0.1, ml_dtypes.bfloat16)
    check(lambda x: ops.sum(x, axis=None), x)


@pytest.mark.parametrize("length", [5, 5000])
def test_nan_and_ties(length):
    x = np.zeros((4, length), np.float32)
    x[1, [2, 4]] = 3.0
    x[2, 3], x[2, 1] = np.nan, 7.0
    x[3] = -np.inf
    check(lambda x: (ops.max(x, axis=1), ops.min(x, axis=1), ops.argmax(x, axis=1)), x, launches=1)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "uint32", "int64"])
def test_integer_reductions(dtype):
    limits = np.iinfo(dtype)
    x = rng.integers(limits.min, limits.max, (5, 7), endpoint=True).astype(dtype)
    check(lambda x: [getattr(ops, name)(x, axis=(1,)) for name in ("sum", "max", "min", "prod")], x, launches=1)


def test_of_nothing():
    check(lambda x: ops.sum(x, axis=0) + 1.0, floats(0, 3), launches=1)
    check(lambda x: ops.prod(x, axis=1), floats(3, 0), launches=1)


@pytest.mark.parametrize("shape", [(5, 10), (33, 1000), (2, 3, 7)])
def test_softmax_is_one_kernel(shape):
    check(lambda x: ops.softmax(x * 2.0, axis=-1) * 3.0, floats(*shape), launches=1)


def test_a_row_that_does_not_fit_is_made_in_several_kernels():
    executable = check(lambda x: ops.softmax(x, axis=-1), floats(2, 9000))
    assert executable.stats.launches > 1
    assert any(entry.refused and "does not fit" in entry.why for entry in executable.entries)


def test_losses_with_their_gradient_are_one_kernel():
    def build(logits, targets):
        loss = ops.softmax_cross_entropy(logits, targets)
        return loss, (ops.softmax(logits, axis=-1) - targets) * 0.25

    check(build, floats(4, 10), np.eye(10, dtype=np.float32)[[1, 3, 9, 0]], launches=1)


@pytest.mark.parametrize("shape", [(6, 3), (6,), (6, 2, 3)])
def test_scatter_add_is_deterministic(shape):
    indices = np.array([3, 0, 3, 3, 1, 0], np.int64)
    check(lambda i, u: ops.scatter_add(i, u, size=5), indices, floats(*shape), launches=1)


# ---- products


@pytest.mark.parametrize("m, k, n", [(1, 1, 1), (5, 7, 3), (1, 100, 10), (65, 33, 70), (16, 0, 4), (130, 64, 32)])
def test_products(m, k, n):
    check(lambda a, b: ops.matmul(a, b), floats(m, k), floats(k, n), launches=1)


@pytest.mark.parametrize("dtype", [*FLOATS, "int32", "int8"])
def test_dtypes_of_products(dtype):
    a, b = (np.round(floats(*shape) * 4).astype(numpy_dtype(dtype)) for shape in ((9, 20), (20, 5)))
    check(lambda a, b: ops.matmul(a, b), a, b, launches=1)


@pytest.mark.parametrize("a, b", [((3, 5, 7), (3, 7, 4)), ((3, 5, 7), (7, 4)), ((5, 7), (3, 7, 4)), ((2, 1, 5, 7), (3, 7, 4))])
def test_batches(a, b):
    check(lambda a, b: ops.relu(ops.matmul(a, b)), floats(*a), floats(*b), launches=1)


def test_transposed_operands_are_index_maps():
    def build(a, b):
        return ops.matmul(ops.transpose(a, axes=(1, 0)), ops.transpose(b, axes=(1, 0)))

    check(build, floats(20, 9), floats(11, 20), launches=1)


def test_prologue_and_epilogue():
    def build(x, weights, bias, mask):
        y = ops.matmul(x * 2.0, weights) + bias
        return y, ops.gelu(y) * ops.cast(ops.greater(mask, 0.0), dtype="float32")

    check(build, floats(17, 20), floats(20, 12), floats(12), floats(17, 12), launches=1)


def test_a_prologue_is_zero_beyond_the_end():
    """exp(0) = 1 beyond the end of k must not be added."""
    check(lambda a, b: ops.matmul(ops.exp(ops.minimum(a, 0.0)) + 1.0, b), floats(5, 21), floats(21, 3))


def test_an_expensive_operand_is_computed_once():
    executable = check(lambda a, b: ops.matmul(ops.tanh(a), b), floats(5, 21), floats(21, 3), launches=2)
    assert any("every tile" in entry.why for entry in executable.entries if entry.refused)


def test_the_reshaped_rows_of_a_sequence():
    def build(x, weights, bias):
        return ops.reshape(ops.matmul(ops.reshape(x, shape=(12, 5)), weights), shape=(3, 4, 6)) + bias

    check(build, floats(3, 4, 5), floats(5, 6), floats(6), launches=1)


@pytest.mark.parametrize("rows, inputs, units", [(7, 5, 3), (70, 100, 33), (128, 64, 64)])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_the_gradients_of_weights_and_bias_are_one_kernel(rows, inputs, units, dtype):
    def build(x, grad):
        return ops.matmul(ops.transpose(x, axes=(1, 0)), grad), ops.sum(grad, axis=0)

    check(build, floats(rows, inputs, dtype=dtype), floats(rows, units, dtype=dtype), launches=1)


def test_a_large_product_is_not_delayed_by_a_sum():
    x, grad = (Value(TensorType((100, 4096)), name) for name in ("x", "grad"))
    graph = Graph.of([x, grad], [ops.matmul(ops.transpose(x, axes=(1, 0)), grad), ops.sum(grad, axis=0)])
    lowered = lower(graph, {})
    assert len(lowered.program.launches) == 2
    assert any(entry.refused and "delay" in entry.why for entry in lowered.entries)


def test_indices_beyond_two_billion_are_64_bits_wide():
    x, y = Value(TensorType((1 << 16, 1 << 16)), "x"), Value(TensorType((1 << 10, 1 << 10)), "y")
    for value, is_wide in ((x, True), (y, False)):
        (launch,) = lower(Graph.of([value], [ops.exp(value)]), {}).program.launches
        assert ("tl.program_id(0).to(tl.int64)" in launch.kernel.source) == is_wide


# ---- large graphs


def test_a_long_chain_is_cut_into_several_kernels():
    def build(x):
        for _ in range(150):
            x = ops.sin(x) + 0.125
        return x

    executable = check(build, floats(50))
    assert 3 <= executable.stats.launches <= 6


def test_a_long_chain_of_single_numbers_is_computed_once():
    def build(*arrays):
        total = ops.sum(ops.square(arrays[0]), axis=None)
        for number in range(1, 100):
            total = total + ops.sum(ops.square(arrays[number % len(arrays)]), axis=None) * float(number)
        return [array * ops.rsqrt(total) for array in arrays]

    executable = check(build, *(floats(size) for size in range(5, 25)))
    assert executable.stats.launches < 20 + 20 + 5


def test_a_view_of_a_view_of_a_view():
    def build(x):
        for _ in range(20):
            x = ops.reshape(ops.transpose(ops.reshape(x, shape=(4, 6)), axes=(1, 0)), shape=(24,))
        return x + 1.0

    executable = check(build, floats(24))
    assert 5 <= executable.stats.launches <= 10
    assert any("too long" in entry.why for entry in executable.entries)
