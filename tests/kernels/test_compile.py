"""Kernels become machine code for sm_90 and sm_80 without a GPU, and the machine code is as good as it was."""

import linecache
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("triton", reason="triton is the compiler")

from graphkeras.kernels.build import compile_kernels, kernel_key
from graphkeras.kernels.compile import compile_kernel
from graphkeras.kernels.cubin import read_cubin
from graphkeras.kernels.errors import KernelError
from graphkeras.kernels.interpreter.device import InterpreterDevice
from graphkeras.kernels.program import Kernel
from graphkeras.kernels.quality import assess, resident_blocks
from graphkeras.kernels.source import source_name
from tests.kernels.example_programs import ADD, EXAMPLES, HEADER, matmul_kernel
from tests.kernels.running import check_example

KERNELS = {kernel_key(launch.kernel, 90): launch.kernel for e in EXAMPLES.values() for launch in e.program.launches}


@pytest.mark.parametrize("capability", [90, 80])
def test_every_example_compiles_without_spills(capability):
    artifacts = compile_kernels(KERNELS.values(), capability, threads=2)
    assert len(artifacts) == len(KERNELS)
    for artifact in artifacts.values():
        info, quality = read_cubin(artifact.cubin), assess(artifact)
        assert info.name == artifact.name
        assert info.threads == artifact.threads
        assert list(info.parameter_bytes) == artifact.parameter_sizes()
        assert quality.spills == quality.stack_bytes == 0
        assert f".target sm_{capability}" in artifact.ptx


def test_machine_code_is_the_same_every_time():
    moved = replace(ADD, source="# another line\n" + ADD.source)
    assert compile_kernel(ADD, 90).cubin == compile_kernel(ADD, 90).cubin == compile_kernel(moved, 90).cubin


def test_loads_are_as_wide_as_alignment_allows():
    constant_size = replace(
        ADD,
        signature={name: type_name for name, type_name in ADD.signature.items() if name != "size"},
        constants={"size": 4096, "BLOCK": 1024},
    )
    quality = assess(compile_kernel(constant_size, 90))
    assert set(quality.loads) == set(quality.stores) == {128}
    assert set(assess(compile_kernel(replace(constant_size, aligned=frozenset()), 90)).loads) == {32}
    assert "128 bit" in quality.summary()


@pytest.mark.parametrize(("capability", "instruction"), [(90, "HGMMA"), (80, "HMMA")])
def test_bfloat16_products_use_the_tensor_cores(capability, instruction):
    quality = assess(compile_kernel(matmul_kernel("bf16", "ieee", 64), capability))
    assert quality.tensor_core == quality.instructions[instruction] > 0
    assert set(quality.copies) == {128}


def test_float32_products_in_full_precision_use_no_tensor_cores():
    quality = assess(compile_kernel(matmul_kernel("fp32", "ieee"), 90))
    assert quality.tensor_core == 0
    assert quality.instructions["FFMA"] == 32 * 32 * 32 // 128  # of the loop over K, by each thread


def test_contraction_is_as_the_kernel_says():
    source = HEADER + (
        "@triton.jit\ndef kernel(x, out):\n    i = tl.arange(0, 32)\n    v = tl.load(x + i)\n"
        "    tl.store(out + i, v * v + 3.0)\n"
    )
    kernel = Kernel("kernel", source, {"x": "*fp32", "out": "*fp32"}, num_warps=1)
    assert assess(compile_kernel(kernel, 90)).instructions["FFMA"] == 1
    assert "FFMA" not in assess(compile_kernel(replace(kernel, fast_math=False), 90)).instructions


def test_spills_are_seen():
    source = HEADER + (
        "@triton.jit\ndef kernel(x, out):\n    i = tl.arange(0, 16384)\n    v = tl.load(x + i)\n"
        "    tl.store(out + i, v - tl.max(v, axis=0))\n"
    )
    kernel = Kernel("kernel", source, {"x": "*fp32", "out": "*fp32"}, num_warps=1)
    quality = assess(compile_kernel(kernel, 90))
    assert quality.spills > 0 and quality.stack_bytes > 0
    assert "SPILLS" in quality.summary()


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ((90, 16, 0, 128), (16, "warps")),
        ((90, 255, 0, 128), (2, "registers")),
        ((90, 64, 100000, 128), (2, "shared memory")),
        ((90, 8, 0, 32), (32, "blocks")),
    ],
)
def test_occupancy(figures, expected):
    assert resident_blocks(*figures) == expected


def broken(body: str) -> Kernel:
    source = (
        f"{HEADER}@triton.jit\ndef helper(x):\n    return x\n\n\n@triton.jit\ndef kernel(x):\n    i = tl.arange(0, 8)\n{body}\n"
    )
    return Kernel("kernel", source, {"x": "*fp32"})


def test_an_error_of_the_compiler_shows_the_line():
    with pytest.raises(KernelError, match=r"does not compile for compute capability 9\.0") as failure:
        compile_kernel(broken("    tl.store(x + i, unknown)"), 90)
    assert failure.value.line == 14
    assert failure.value.source.splitlines()[13] == "    tl.store(x + i, unknown)"
    assert ">  14 |     tl.store(x + i, unknown)" in str(failure.value)


def test_an_error_of_ptxas_shows_the_assembly_and_prints_nothing(capfd):
    assembly = 'tl.inline_asm_elementwise("nonsense.f32 $0, $1;", "=r,r", [tl.load(x + i)], tl.float32, True, 1)'
    with pytest.raises(KernelError) as failure:
        compile_kernel(broken(f"    tl.store(x + i, {assembly})"), 90)
    assert "nonsense.f32" in str(failure.value) and ".visible .entry kernel" in str(failure.value)
    printed = capfd.readouterr()
    assert printed.out == printed.err == ""


def test_what_others_print_while_kernels_compile_is_let_through(capsys):
    from graphkeras.kernels.compile import _settings

    stdout = sys.stdout
    with _settings.on():
        talker = threading.Thread(target=print, args=("from another thread",))
        talker.start()
        talker.join()
        print("from the compiler")
        assert _settings.printed() == "from the compiler"
        assert sys.stdout.encoding == stdout.encoding
    assert capsys.readouterr().out == "from another thread\n"
    assert sys.stdout is stdout


def test_compilation_and_interpretation_take_turns():
    failures = []

    def interpret():
        try:
            for name in ("vector_add", "row_sum", "matmul_float32_ieee") * 3:
                check_example(InterpreterDevice(), EXAMPLES[name])
        except BaseException as error:  # told to the main thread below
            failures.append(error)

    threads = [threading.Thread(target=interpret) for _ in range(2)]
    for thread in threads:
        thread.start()
    sizes = {len(compile_kernel(replace(ADD, constants={"BLOCK": 128}, num_warps=2), 90).cubin) for _ in range(8)}
    for thread in threads:
        thread.join()
    assert not failures and len(sizes) == 1


def test_the_source_of_a_kernel_is_registered_for_tracebacks():
    compile_kernel(ADD, 90)
    assert linecache.getline(source_name(ADD.source), 7).startswith("def add(")


@pytest.mark.parametrize("damage", [b"", b"not an elf file at all", b"\x7fELF\x02" + bytes(59)])
def test_a_cubin_that_is_none_is_refused(damage):
    with pytest.raises(ValueError, match="cubin"):
        read_cubin(damage)


def test_a_cubin_that_is_cut_short_is_refused():
    cubin = compile_kernel(ADD, 90).cubin
    generator = np.random.default_rng(0)
    for length in generator.integers(64, len(cubin) - 64, 20):
        try:
            info = read_cubin(cubin[:length])
        except ValueError:
            continue
        assert info == read_cubin(cubin)
