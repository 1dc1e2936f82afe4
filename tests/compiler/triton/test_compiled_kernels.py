"""Every kernel of a training step compiled ahead of time: its machine code shows without a GPU when a kernel got worse."""

from __future__ import annotations

from functools import cache

import pytest

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.pipeline import optimize
from graphkeras.compiler.registry import ops
from graphkeras.compiler.triton_lowering.lower import lower
from graphkeras.compiler.types import TensorType
from graphkeras.kernels.build import compile_kernels, kernel_key
from graphkeras.kernels.compile import compile_kernel
from graphkeras.kernels.program import Launch
from graphkeras.kernels.quality import Quality, assess
from tests.compiler.training_steps import mlp_step


@cache
def compiled(capability: int, batch: int, sizes: tuple[int, ...], normalized: bool) -> list[tuple[Launch, Quality]]:
    """The launches of a step, with the figures of their kernels."""
    graph = optimize(mlp_step(sizes, normalized=normalized), "triton")[-1].graph
    launches = lower(graph, {"batch": batch}).program.launches
    artifacts = compile_kernels([launch.kernel for launch in launches], capability)
    return [(launch, assess(artifacts[kernel_key(launch.kernel, capability)])) for launch in launches]


@pytest.mark.parametrize(
    "capability, batch, sizes, normalized",
    [(80, 128, (784, 512, 10), False), (90, 128, (784, 512, 10), False), (90, 13, (64, 30, 10), True)],
)
def test_no_kernel_spills(capability, batch, sizes, normalized):
    for launch, quality in compiled(capability, batch, sizes, normalized):
        assert quality.spills == 0, quality.summary()
        assert quality.stack_bytes == 0, quality.summary()
        assert quality.threads == 32 * launch.kernel.num_warps


@pytest.mark.parametrize("capability", [80, 90])
def test_products_copy_sixteen_bytes_at_a_time(capability):
    """Where rows are aligned; the last layer has 10 units, whose rows cannot be."""
    found = 0
    for launch, quality in compiled(capability, 128, (784, 512, 10), False):
        if "matmul" in launch.kernel.name and "10]" not in launch.note:
            assert set(quality.copies) | set(quality.loads) <= {128, 64}, quality.summary()
            assert quality.copies.get(128, 0) > 0, quality.summary()
            found += 1
    assert found == 2


@pytest.mark.parametrize("capability", [80, 90])
def test_the_update_of_all_weights_is_vectorized(capability):
    """Whole blocks: four arrays read and three written, 16 bytes at a time."""
    ((launch, quality),) = [
        (launch, quality)
        for launch, quality in compiled(capability, 128, (784, 512, 10), False)
        if "in one launch" in launch.note
    ]
    per_thread = launch.kernel.constants["BLOCK"] // quality.threads // 4
    assert quality.loads[128] >= 4 * per_thread, quality.summary()
    assert quality.stores[128] >= 3 * per_thread, quality.summary()


def test_the_loss_and_its_gradient_are_one_small_kernel():
    (quality,) = [q for launch, q in compiled(90, 128, (784, 512, 10), False) if "exp" in launch.note or "log" in launch.note]
    assert quality.occupancy >= 0.25, quality.summary()


@pytest.mark.parametrize("capability", [80, 90])
@pytest.mark.parametrize("is_transposed", [False, True])
def test_sixteen_bit_products_use_the_tensor_cores(capability, is_transposed):
    a = Value(TensorType((512, 256) if is_transposed else (256, 512), "bfloat16"), "a")
    b, bias = Value(TensorType((512, 256), "bfloat16"), "b"), Value(TensorType((256,), "bfloat16"), "bias")
    rows = ops.transpose(a, axes=(1, 0)) if is_transposed else a
    (launch,) = lower(Graph.of([a, b, bias], [ops.relu(ops.matmul(rows, b) + bias)]), {}).program.launches
    quality = assess(compile_kernel(launch.kernel, capability))
    assert quality.tensor_core > 0, quality.summary()
    assert set(quality.copies) == {128}, quality.summary()
    assert quality.spills == 0, quality.summary()
