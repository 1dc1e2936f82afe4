"""Kernels over rows that add up columns on the way: gradients of norms, and of biases after a loss; results, launches, code."""

from __future__ import annotations

import numpy as np
import pytest

from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.pipeline import optimize
from graphkeras.compiler.registry import ops
from graphkeras.compiler.triton_lowering import column_sums, fusion
from graphkeras.compiler.triton_lowering.column_sums import part_length
from graphkeras.compiler.triton_lowering.lower import lower
from graphkeras.compiler.types import TensorType, numpy_dtype
from graphkeras.kernels.compile import compile_kernel
from graphkeras.kernels.program import Program
from graphkeras.kernels.quality import assess
from tests.compiler.triton.running import assert_close, run_both

SHAPES = [(300, 40), (7, 43, 24), (41, 7), (64, 1024)]


@pytest.fixture(autouse=True)
def few_are_enough(monkeypatch):
    """Also small arrays are added up on the way."""
    monkeypatch.setattr(column_sums, "LEAST_ELEMENTS", 100)
    monkeypatch.setattr(fusion, "SMALL", 64)


def norm_step(kind: str, shape: tuple[int, ...], dtype: str) -> Graph:
    """A norm and its gradients. 16-bit rows are normalized in float32, as `graphkeras.ops` does."""
    x, grad = Value(TensorType(shape, dtype), "x"), Value(TensorType(shape, dtype), "grad")
    wide = "float64" if dtype == "float64" else "float32"
    parameters = [Value(TensorType(shape[-1:], wide), name) for name in ("scale", "offset")]
    if kind == "layer":
        y = ops.layer_normalization(ops.cast(x, dtype=wide), *parameters, axis=-1, epsilon=1e-5)[0]
    else:
        y = ops.rms_normalization(ops.cast(x, dtype=wide), parameters.pop(0), axis=-1, epsilon=1e-5)[0]
        parameters = [y.node.inputs[1]]
    y = ops.cast(y, dtype=dtype)
    return Graph.of([x, grad, *parameters], [y, *gradients([y], [x, *parameters], [grad])])


def arrays_for(graph: Graph, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    types = [value.type for value in graph.inputs]
    return [rng.normal(0.5, 1, [int(dim) for dim in t.shape]).astype(numpy_dtype(t.dtype)) for t in types]


def planned(graph: Graph) -> Program:
    return lower(optimize(graph, "triton")[-1].graph, {}).program


@pytest.mark.parametrize("kind", ["layer", "rms"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_norm_and_its_gradients_are_two_launches(kind, dtype, shape):
    graph = norm_step(kind, shape, dtype)
    arrays = arrays_for(graph)
    actual, expected, executable = run_both(graph, arrays)
    for one, other in zip(actual, expected, strict=True):
        assert_close([one], [other], executable.source)
    assert executable.stats.launches == 2, executable.source
    assert "LENGTH" in executable.programs[0].launches[0].kernel.constants


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_runs_repeat_bit_for_bit_in_any_order(dtype):
    graph = norm_step("layer", (300, 40), dtype)
    arrays = arrays_for(graph)
    first, _, _ = run_both(graph, arrays)
    again, _, _ = run_both(graph, arrays, reverse=True)
    for one, other in zip(first, again, strict=True):
        assert one.tobytes() == other.tobytes()


def test_a_bias_before_a_loss_has_its_gradient_from_the_losses_kernel():
    logits, labels = (Value(TensorType((300, 50), "float32"), name) for name in ("logits", "labels"))
    bias = Value(TensorType((50,), "float32"), "bias")
    scores = ops.add(logits, bias)
    shifted = ops.subtract(scores, ops.max(scores, axis=(1,), keepdims=True))
    logsumexp = ops.log(ops.sum(ops.exp(shifted), axis=(1,), keepdims=True))
    loss = ops.sum(ops.multiply(ops.subtract(logsumexp, shifted), labels))
    graph = Graph.of([logits, labels, bias], [loss, *gradients([loss], [logits, bias])])
    actual, expected, executable = run_both(graph, arrays_for(graph))
    for one, other in zip(actual, expected, strict=True):
        assert_close([one], [other], executable.source)
    (walk,) = [launch for launch in executable.programs[0].launches if "LENGTH" in launch.kernel.constants]
    assert "exp" in walk.note, walk.note


def test_sums_that_no_row_kernel_has_at_hand_stay_as_they_are():
    x = Value(TensorType((300, 40), "float32"), "x")
    graph = Graph.of([x], [ops.sum(ops.square(x), axis=(0,))])
    assert all("LENGTH" not in launch.kernel.constants for launch in planned(graph).launches)


def test_what_nobody_reads_is_not_made():
    graph = norm_step("layer", (300, 40), "float32")
    graph = Graph.of(graph.inputs, graph.outputs[:2])
    assert len(planned(graph).launches) == 1


@pytest.mark.parametrize("rows, length", [(100, 8), (2112, 8), (2113, 16), (8192, 32), (10000, 40), (100_000, 384)])
def test_parts_are_about_two_for_each_multiprocessor(rows, length):
    assert part_length(rows) == length
    assert -(-rows // length) <= 264


@pytest.mark.parametrize("dtype, most", [("float32", 104e6), ("bfloat16", 54e6)])
def test_a_norm_moves_little_more_than_what_it_must(dtype, most):
    """Two arrays are read and two written: 100.7 MB of float32. The sums of the parts are 3 MB more."""
    program = planned(norm_step("layer", (8192, 768), dtype))
    sizes = {buffer.name: buffer.size * np.dtype(numpy_dtype(buffer.dtype)).itemsize for buffer in program.buffers}
    assert sum(sizes[argument.buffer] for launch in program.launches for argument in launch.arguments) <= most


@pytest.mark.parametrize("capability", [80, 90])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("width", [768, 4096])
def test_kernels_do_not_spill_and_move_sixteen_bytes(capability, dtype, width):
    launch, _ = planned(norm_step("layer", (8192, width), dtype)).launches
    quality = assess(compile_kernel(launch.kernel, capability))
    assert quality.spills == 0, quality.summary()
    assert quality.loads.get(128, 0) > 0, quality.summary()
