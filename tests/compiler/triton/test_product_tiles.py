"""Which tiles products of matrices get, how float32 is multiplied, and what comes out of the compiler."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler import config
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.pipeline import optimize
from graphkeras.compiler.registry import ops
from graphkeras.compiler.triton_lowering import matmul_blocks as tiles
from graphkeras.compiler.triton_lowering.lower import lower
from graphkeras.compiler.triton_lowering.matmul_blocks import Blocks, matmul_choices
from graphkeras.compiler.triton_lowering.spaces import Product
from graphkeras.compiler.types import TensorType
from graphkeras.kernels.compile import compile_kernel
from graphkeras.kernels.program import Launch
from graphkeras.kernels.quality import Quality, assess
from tests.compiler.triton.running import check, run_both, traced

RNG = np.random.default_rng(6)


def draw(*shape: int, dtype: Any = np.float32) -> Any:
    return RNG.normal(size=shape).astype(dtype)


@pytest.fixture
def precision(request: pytest.FixtureRequest) -> Iterator[str]:
    former = config.update(float32_matmul_precision=request.param)
    yield request.param
    config.update(float32_matmul_precision=former.float32_matmul_precision)


def product(m: int, n: int, k: int, batch: int = 1) -> Product:
    lead = (batch,) if batch > 1 else ()
    return Product.of((*lead, m, k), (*lead, k, n), (*lead, m, n))


@pytest.mark.parametrize(
    "shape, dtype, is_plain, expected",
    [
        ((16384, 768, 3072), "bfloat16", True, Blocks(128, 256, 64, 8)),
        ((16384, 768, 3072), "bfloat16", False, Blocks(128, 128, 64, 8)),
        ((16384, 768, 256), "bfloat16", True, Blocks(128, 128, 64, 8)),
        ((768, 3072, 768), "float16", True, Blocks(128, 128, 64, 8)),
        ((1024, 1024, 1024), "bfloat16", True, Blocks(64, 128, 64, 4)),
        ((512, 1024, 1024), "bfloat16", True, Blocks(64, 64, 64, 4)),
        ((128, 512, 784), "bfloat16", True, Blocks(32, 32, 64, 4)),
        ((16384, 10, 768), "bfloat16", True, Blocks(64, 16, 32, 4)),
        ((16384, 50257, 768), "bfloat16", True, Blocks(64, 64, 32, 4)),
        ((16384, 768, 3072), "float32", True, Blocks(64, 64, 32, 4)),
        ((128, 64, 784), "float32", True, Blocks(32, 32, 64, 4)),
        ((8, 3, 5), "float32", True, Blocks(16, 16, 16, 2)),
    ],
)
def test_the_tile_of_each_class_of_shapes(shape: Any, dtype: str, is_plain: bool, expected: Blocks) -> None:
    assert matmul_choices(product(*shape), dtype, "ieee", is_plain)[0] == expected


def test_a_batch_makes_more_programs() -> None:
    assert matmul_choices(product(128, 128, 64, batch=8), "bfloat16", "ieee", False)[0] == Blocks(32, 32, 64, 4)
    assert matmul_choices(product(128, 128, 64, batch=128), "bfloat16", "ieee", False)[0] == Blocks(128, 128, 64, 8)


def test_tf32_has_tiles_for_the_tensor_cores() -> None:
    assert matmul_choices(product(4096, 4096, 1024), "float32", "tf32", True)[0] == Blocks(128, 128, 32, 8)
    assert matmul_choices(product(4096, 4096, 1024), "float32", "tf32x3", True)[0] == Blocks(64, 64, 32, 4)


@pytest.mark.parametrize("wide", [False, True])
def test_large_tiles_compute_the_same(monkeypatch: pytest.MonkeyPatch, wide: bool) -> None:
    """Sizes that the tile does not divide."""
    monkeypatch.setattr(tiles, "ENOUGH_PROGRAMS", 1)
    a, b, bias = (draw(*shape, dtype=ml_dtypes.bfloat16) for shape in ((136, 512), (512, 264), (264,)))
    residual = draw(136, 264, dtype=ml_dtypes.bfloat16)

    def layer(a: Any, b: Any, bias: Any, residual: Any) -> Any:
        return ops.matmul(a, b) if wide else ops.matmul(a, b) + bias + residual

    executable = check(layer, a, b, bias, residual)
    assert f"BLOCK_N={256 if wide else 128}" in executable.source


def test_parts_of_a_sum_are_not_rounded_to_sixteen_bits() -> None:
    """What the second kernel adds up is float32."""
    executable = check(
        ops.matmul, draw(32, 4096, dtype=ml_dtypes.bfloat16), draw(4096, 32, dtype=ml_dtypes.bfloat16), launches=2
    )
    (parts,) = [buffer for buffer in executable.programs[0].buffers if buffer.kind == "temporary"]
    assert (parts.dtype, parts.size) == ("float32", 8 * 32 * 32)


@pytest.mark.parametrize("precision", ["ieee", "tf32", "tf32x3"], indirect=True)
def test_the_program_shows_the_precision(precision: str) -> None:
    a, b = draw(40, 24), draw(24, 40)
    (y,), (expected,), executable = run_both(traced(ops.matmul, [a, b]), [a, b])
    assert f"PRECISION={precision}" in executable.source
    error = np.abs(y - expected).max()
    low, high = (1e-4, 2e-2) if precision == "tf32" else (0, 1e-5)  # the interpreter rounds as the tensor cores do
    assert low <= error < high
    halves = check(ops.matmul, draw(40, 24, dtype=np.float16), draw(24, 40, dtype=np.float16))
    assert "PRECISION=ieee" in halves.source


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(ValueError, match="Unknown float32_matmul_precision 'high'; it must be one of ieee, tf32, tf32x3"):
        config.update(float32_matmul_precision="high")
    with pytest.raises(ValueError, match="Unknown float32_matmul_precision"):
        config.from_environment({"GRAPHKERAS_FLOAT32_MATMUL_PRECISION": "exact"})


# ---- machine code --------------------------------------------------------------------------------------------------------


@cache
def compiled(kind: str, dtype: str, capability: int, precision: str = "ieee") -> tuple[Launch, Quality]:
    """The kernel of a layer of 16384 x 768 -> 3072."""
    former = config.update(float32_matmul_precision=precision)
    try:
        x, kernel, bias, residual = (Value(TensorType(s, dtype)) for s in ((16384, 768), (768, 3072), (3072,), (16384, 3072)))
        y = ops.matmul(x, kernel)
        y = y if kind == "plain" else ops.relu(y + bias) + residual
        graph = optimize(Graph.of([x, kernel, bias, residual], [y]), "triton")[-1].graph
        (launch,) = lower(graph, {}).program.launches
    finally:
        config.update(float32_matmul_precision=former.float32_matmul_precision)
    return launch, assess(compile_kernel(launch.kernel, capability))


@pytest.mark.parametrize(
    "kind, capability, wide", [("plain", 90, True), ("plain", 80, True), ("residual", 90, False), ("residual", 80, False)]
)
def test_large_tiles_fit_into_registers(kind: str, capability: int, wide: bool) -> None:
    launch, quality = compiled(kind, "bfloat16", capability)
    assert launch.kernel.constants["BLOCK_N"] == (256 if wide else 128)
    assert quality.spills == 0 and quality.stack_bytes == 0, quality.summary()
    assert quality.instructions["HGMMA" if capability == 90 else "HMMA"] > 0, quality.summary()
    assert set(quality.copies) == {128}, quality.summary()


@pytest.mark.parametrize("precision, capability", [("ieee", 90), ("tf32", 90), ("tf32", 80), ("tf32x3", 90)])
def test_float32_uses_the_tensor_cores_if_it_may(precision: str, capability: int) -> None:
    _, quality = compiled("plain", "float32", capability, precision)
    assert (quality.tensor_core > 0) == (precision != "ieee"), quality.summary()
    assert quality.spills == 0 and quality.stack_bytes == 0, quality.summary()
