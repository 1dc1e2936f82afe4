"""Attention whose scores are nowhere in memory: the same numbers as the reference, in kernels that neither spill nor wait."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler import config
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.pipeline import optimize
from graphkeras.compiler.registry import ops
from graphkeras.compiler.triton_lowering import attention
from graphkeras.compiler.triton_lowering.attention_blocks import AttentionBlocks, attention_choices
from graphkeras.compiler.triton_lowering.lower import lower
from graphkeras.compiler.types import TensorType
from graphkeras.kernels.build import compile_kernels, kernel_key
from graphkeras.kernels.compile import compile_kernel
from graphkeras.kernels.program import Launch, Program
from graphkeras.kernels.quality import Quality, assess
from tests.compiler.triton.running import assert_close, check, run_both, traced

RNG = np.random.default_rng(11)


def draw(*shape: int) -> Any:
    return RNG.normal(size=shape).astype(np.float32)


def layer(query: Any, key: Any, value: Any, *extras: Any, causal: bool = False) -> list[Any]:
    """Attention and its gradients by query, key and value."""
    y = ops.dot_product_attention(query, key, value, *extras, causal=causal)
    return [y, *gradients([ops.square(y)], [query, key, value])]


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that short sequences have several tiles, whose ends lie at different places for queries and keys."""
    blocks = {"flash_attention": (16, 32), "flash_attention_query_gradient": (32, 16), "flash_attention_key_gradient": (16, 32)}
    monkeypatch.setattr(attention, "attention_choices", lambda op, *_: [AttentionBlocks(*blocks[op], 4, 1)])


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("queries, keys", [(50, 70), (70, 50), (64, 64)])
@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.usefixtures("small_tiles")
def test_many_tiles(causal: bool, queries: int, keys: int, mask: bool) -> None:
    """Grouped queries, odd sizes of heads; some queries may look at nothing, or at later keys only."""
    seen = RNG.random((2, 1, queries, keys)) < 0.5
    seen[0, 0, queries // 2 : queries // 2 + 5] = False
    seen[1, 0, 1:, : queries - 10] = False
    extras = [seen] if mask else []
    arrays = draw(2, queries, 2, 20), draw(2, keys, 1, 20), draw(2, keys, 1, 24)
    check(lambda *xs: layer(*xs, causal=causal), *arrays, *extras, launches=4)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.usefixtures("small_tiles")
def test_sixteen_bits(dtype: str) -> None:
    arrays = [x.astype(np.dtype(dtype)) for x in (draw(1, 40, 2, 16), draw(1, 40, 2, 16), draw(1, 40, 2, 16))]
    check(lambda *xs: layer(*xs, causal=True), *arrays, launches=4)


@pytest.mark.usefixtures("small_tiles")
def test_a_bias_is_added_and_may_be_minus_infinity() -> None:
    bias = draw(2, 40, 50)
    bias[0, :, :40] = -np.inf
    check(layer, draw(1, 40, 2, 16), draw(1, 50, 2, 16), draw(1, 50, 2, 16), bias, launches=4)


@pytest.mark.usefixtures("small_tiles")
def test_a_padding_mask_is_computed_on_the_way() -> None:
    """It needs no array of its own."""

    def padded(query: Any, key: Any, value: Any, tokens: Any) -> Any:
        seen = ops.reshape(ops.not_equal(tokens, np.int32(0)), shape=(2, 1, 1, 40))
        return layer(query, key, value, seen)

    tokens = np.repeat(np.arange(40, dtype=np.int32)[None] % 7, 2, axis=0)
    check(padded, draw(2, 40, 2, 16), draw(2, 40, 2, 16), draw(2, 40, 2, 16), tokens, launches=4)


def test_heads_are_read_out_of_a_layers_result() -> None:
    """A reshape, and what is cheap before it, happens in the kernel."""

    def heads(x: Any) -> Any:
        query, key = (ops.reshape(ops.multiply(x, n), shape=(2, 20, 2, 16)) for n in (0.5, 1.5))
        value = ops.reshape(x, shape=(2, 20, 2, 16))
        return ops.dot_product_attention(query, key, value)

    check(heads, draw(2, 20, 32), launches=1)


def test_the_gradient_of_a_bias_is_made_of_the_scores() -> None:
    """Of which only the program that needs it has an array."""

    def biased(query: Any, key: Any, value: Any, bias: Any) -> Any:
        y = ops.dot_product_attention(query, key, value, bias)
        return [y, *gradients([ops.square(y)], [query, bias])]

    executable = check(biased, draw(1, 20, 2, 8), draw(1, 20, 2, 8), draw(1, 20, 2, 8), draw(2, 20, 20))
    assert "flash_attention" in executable.source
    assert "flash_attention_query_gradient" not in executable.source


def test_float64_and_very_large_heads_are_spelled_out() -> None:
    executable = check(layer, *(draw(1, 5, 1, 8).astype(np.float64) for _ in range(3)))
    assert "flash" not in executable.source
    executable = check(lambda *xs: ops.dot_product_attention(*xs), *(draw(1, 5, 1, 260) for _ in range(3)))
    assert "flash" not in executable.source


def test_nothing_to_attend_with_is_no_launch() -> None:
    check(lambda *xs: ops.dot_product_attention(*xs), draw(0, 5, 1, 8), draw(0, 5, 1, 8), draw(0, 5, 1, 8))
    check(layer, draw(2, 0, 1, 8), draw(2, 5, 1, 8), draw(2, 5, 1, 8))
    with pytest.raises(ValueError, match="max of nothing has no value"):
        check(layer, draw(2, 5, 1, 8), draw(2, 0, 1, 8), draw(2, 0, 1, 8))


def test_sizes_may_come_with_the_run() -> None:
    batch, length = Dim.symbol("batch"), Dim.symbol("length")
    query, key, value = (Value(TensorType((batch, length, 2, 8), "float32")) for _ in range(3))
    graph = Graph.of([query, key, value], layer(query, key, value, causal=True))
    for sizes in ((2, 5), (1, 20)):
        arrays = [draw(*sizes, 2, 8) for _ in range(3)]
        actual, expected, executable = run_both(graph, arrays)
        assert_close(actual, expected, executable.source)


def test_two_layers_and_their_gradients() -> None:
    """One value is query, key and value, and the gradients of all three are added up."""

    def layers(x: Any, kernel: Any) -> list[Any]:
        for _ in range(2):
            heads = ops.reshape(ops.matmul(x, kernel), shape=(2, 20, 2, 16))
            x = ops.reshape(ops.dot_product_attention(heads, heads, heads), shape=(2, 20, 32))
        return [x, *gradients([ops.square(x)], [kernel])]

    check(layers, draw(2, 20, 32), draw(32, 32) / 6)


def test_a_run_repeats_bit_for_bit_in_any_order() -> None:
    arrays = [draw(1, 70, 4, 16), draw(1, 70, 2, 16), draw(1, 70, 2, 16)]
    graph = traced(lambda *xs: layer(*xs, causal=True), arrays)
    forward, backward = (run_both(graph, arrays, reverse=reverse)[0] for reverse in (False, True))
    assert all(a.tobytes() == b.tobytes() for a, b in zip(forward, backward, strict=True))


# ---- memory and machine code ---------------------------------------------------------------------------------------------


@cache
def program(dtype: str, size: int, length: int = 1024) -> Program:
    query, key, value, grad = (Value(TensorType((2, length, 8, size), dtype)) for _ in range(4))
    y = ops.dot_product_attention(query, key, value, causal=True)
    graph = Graph.of([query, key, value, grad], [y, *gradients([y], [query, key, value], [grad])])
    return lower(optimize(graph, "triton")[-1].graph, {}).program


def test_no_array_is_as_large_as_the_scores() -> None:
    """2 x 8 x 1024 x 1024 scores would take 64 MiB in float32; all that is needed takes 16 MiB."""
    made = program("bfloat16", 64)
    assert made.arena_bytes <= 8 * 2**21 + 2 * 2**16


@cache
def compiled(dtype: str, size: int, capability: int) -> list[tuple[Launch, Quality]]:
    launches = [launch for launch in program(dtype, size).launches if "flash" in launch.kernel.name]
    artifacts = compile_kernels([launch.kernel for launch in launches], capability)
    return [(launch, assess(artifacts[kernel_key(launch.kernel, capability)])) for launch in launches]


@pytest.mark.parametrize(
    "dtype, size, capability",
    [("bfloat16", 64, 90), ("float16", 128, 90), ("bfloat16", 64, 80), ("float32", 128, 90)],
)
def test_kernels_do_not_spill_and_use_the_tensor_cores(dtype: str, size: int, capability: int) -> None:
    made = compiled(dtype, size, capability)
    assert len(made) == 3
    for _, quality in made:
        assert quality.spills == 0 and quality.stack_bytes == 0, quality.summary()
        if dtype != "float32":
            instruction = "HGMMA" if capability == 90 else "HMMA"
            assert quality.instructions[instruction] > 0, quality.summary()
            assert quality.copies.get(128, 0) > 0, quality.summary()


def test_float32_runs_on_the_tensor_cores_if_it_may() -> None:
    former = config.update(float32_matmul_precision="tf32")
    try:
        query, key, value = (Value(TensorType((2, 1024, 8, 64), "float32")) for _ in range(3))
        graph = optimize(Graph.of([query, key, value], [ops.dot_product_attention(query, key, value)]), "triton")[-1].graph
        (launch,) = lower(graph, {}).program.launches
    finally:
        config.update(float32_matmul_precision=former.float32_matmul_precision)
    quality = assess(compile_kernel(launch.kernel, 90))
    assert launch.kernel.constants["PRECISION"] == "tf32"
    assert quality.tensor_core > 0 and quality.spills == 0, quality.summary()


def test_tiles_shrink_with_short_sequences() -> None:
    assert attention_choices("flash_attention", 16, 64, 1024, 1024)[0] == AttentionBlocks(128, 128, 8, 2)
    assert attention_choices("flash_attention", 16, 64, 20, 100)[0] == AttentionBlocks(32, 128, 2, 2)
    assert attention_choices("flash_attention", 16, 64, 1, 1)[0] == AttentionBlocks(16, 16, 2, 2)
