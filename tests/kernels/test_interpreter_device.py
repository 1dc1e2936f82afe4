"""The interpreter device runs programs right, the same every time, and stops a kernel that leaves its memory."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("triton", reason="the interpreter device is triton's interpreter")

from graphkeras.kernels.errors import KernelError
from graphkeras.kernels.interpreter import language
from graphkeras.kernels.interpreter.device import InterpreterDevice
from graphkeras.kernels.program import (
    Buffer,
    Carried,
    Kernel,
    Launch,
    Pointer,
    Program,
    Row,
    Turn,
    address_in,
    buffers_of,
    loops_of,
)
from tests.kernels.example_programs import ADD, EXAMPLES, HEADER, Example
from tests.kernels.running import check_example, run_example


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name):
    check_example(InterpreterDevice(), EXAMPLES[name])


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_order_of_program_instances_does_not_matter(name):
    forward, backward = (
        run_example(InterpreterDevice(), EXAMPLES[name]),
        run_example(InterpreterDevice(reverse=True), EXAMPLES[name]),
    )
    for one, other in zip(forward, backward, strict=True):
        assert one.tobytes() == other.tobytes()


TYPES = {"float32": "fp32", "bfloat16": "bf16", "int32": "i32", "uint32": "u32", "uint16": "u16", "bool": "i1"}


def one_launch(body: str, size: int = 8, reads: str = "float32", writes: str = "") -> Program:
    """A program of one kernel over one block `i` of `size` elements, from `x` to `out`."""
    writes = writes or reads
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    source = f"{HEADER}@triton.jit\ndef kernel(x, out):\n    i = tl.arange(0, {size})\n{lines}"
    buffers = (Buffer("x", reads, size, "input", 0), Buffer("out", writes, size, "output", 256))
    kernel = Kernel("kernel", source, {"x": f"*{TYPES[reads]}", "out": f"*{TYPES[writes]}"})
    return Program("one", buffers, (Launch(kernel, (1, 1, 1), (Pointer("x"), Pointer("out"))),), 512)


def run_once(program: Program, *inputs: np.ndarray) -> np.ndarray:
    loaded = InterpreterDevice().load(program, {})
    loaded.run(inputs)
    return loaded.outputs()[0]


def values(*numbers: float, dtype="float32") -> np.ndarray:
    return np.resize(np.array(numbers), 8).astype(np.dtype(dtype))


def test_float32_is_rounded_to_the_nearest_bfloat16():
    x = values(1.0, 1.003, 1.0039, -1.0059, 3.3895314e38, np.nan, np.inf, 1e-40)
    got = run_once(one_launch("tl.store(out + i, tl.load(x + i).to(tl.bfloat16))", writes="bfloat16"), x)
    assert got.tobytes() == x.astype("bfloat16").tobytes()


@pytest.mark.parametrize(
    "operation", ["a + 1.5", "a * a", "a - 3.0", "-a", "a / 3.0", "tl.maximum(a, 0.25)", "tl.fma(a, a, a)"]
)
def test_bfloat16_arithmetic_is_not_done_on_bits(operation):
    x = values(1.0, -2.5, 0.125, 7.0, 100.0, -0.5, 3.0, 0.0, dtype="bfloat16")
    a = x.astype(np.float32)
    one_rounding = {
        "a + 1.5": a + 1.5,
        "a * a": a * a,
        "a - 3.0": a - 3.0,
        "-a": 0 - a,
        "a / 3.0": a / np.float32(3),
        "tl.maximum(a, 0.25)": np.maximum(a, 0.25),
        "tl.fma(a, a, a)": a * a + a,
    }
    got = run_once(one_launch(f"a = tl.load(x + i)\ntl.store(out + i, ({operation}).to(tl.bfloat16))", reads="bfloat16"), x)
    np.testing.assert_array_equal(got.astype(np.float32), one_rounding[operation].astype("bfloat16").astype(np.float32))


def test_comparisons_make_masks():
    body = (
        "a = tl.load(x + i)\nmask = (a > 1.0) & (a < 7.0) & (tl.program_id(0) == 0)\ntl.store(out + i, tl.where(mask, a, -1.0))"
    )
    np.testing.assert_array_equal(run_once(one_launch(body), values(1, 2, 3, 4, 5, 6, 7, 8)), [-1, 2, 3, 4, 5, 6, -1, -1])


def test_tensor_core_products_of_float32_see_ten_bits_of_mantissa():
    body = """j = tl.arange(0, 4)[:, None] * 4 + tl.arange(0, 4)[None, :]
a = tl.load(x + j)
tl.store(out + j, tl.dot(a, (j % 5 == 0).to(tl.float32), input_precision="PRECISION"))"""
    x = np.float32(1) + np.float32(2) ** -np.arange(3, 19, dtype=np.float32)
    exact = run_once(one_launch(body.replace("PRECISION", "ieee"), size=16), x)
    np.testing.assert_array_equal(exact, x)
    rounded = run_once(one_launch(body.replace("PRECISION", "tf32"), size=16), x)
    np.testing.assert_array_equal(rounded, [*x[:8], *[1 + 2**-10] * 1, *[1] * 7])


def test_maximum_drops_nan_as_hardware_does():
    body = "a = tl.load(x + i)\ntl.store(out + i, tl.maximum(a, 0.0) + tl.max(a, axis=0))"
    np.testing.assert_array_equal(run_once(one_launch(body), values(np.nan, 2, -3, np.nan)), [2, 4, 2, 2] * 2)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("tl.sum(a, axis=0)", 36),
        ("a.sum(0)", 36),
        ("tl.min(a, axis=0)", 1),
        ("tl.argmax(a, axis=0)", 7),
        ("tl.argmin(a, axis=0)", 0),
        ("tl.reduce(a, 0, product)", 40320),
        ("tl.sum(tl.reduce(tl.reshape(a, [2, 4]), 0, product), axis=0)", 5 + 12 + 21 + 32),
        ("tl.sum(tl.sum(tl.reshape(a, [2, 4]), axis=1, keep_dims=True).reshape([2]), axis=0)", 36),
        ("tl.max(tl.cumsum(a, axis=0), axis=0)", 36),
        ("tl.max(tl.associative_scan(a, 0, product), axis=0)", 40320),
        ("tl.sum(tl.associative_scan(a, 0, product, reverse=True) * (i == 6).to(tl.float32), axis=0)", 56),
        ("tl.sum(libdevice.expm1(a - a), axis=0)", 0),
        ("tl.sum(libdevice.pow(a, 2.0), axis=0)", 204),
    ],
)
def test_reductions(expression, expected):
    body = f"a = tl.load(x + i)\ntl.store(out + i, tl.zeros([8], tl.float32) + {expression})"
    program = one_launch(body)
    kernel = program.launches[0].kernel
    source = kernel.source.replace("@triton.jit", "@triton.jit\ndef product(a, b):\n    return a * b\n\n\n@triton.jit", 1)
    program = replace(program, steps=(replace(program.launches[0], kernel=replace(kernel, source=source)),))
    np.testing.assert_array_equal(run_once(program, values(1, 2, 3, 4, 5, 6, 7, 8)), np.full(8, expected, np.float32))


@pytest.mark.parametrize("function", ["reduce", "associative_scan"])
def test_the_order_of_a_reduction_is_kept(function):
    """Applying x -> slope * x + offset one after the other is associative, but not commutative."""
    body = f"""slope = tl.load(x + i)
total, offset = tl.{function}((slope, slope + 1.0), 0, compose)
tl.store(out + i, tl.where(i == 0, tl.max(total, axis=0) if {function == "associative_scan"} else total, offset))"""
    compose = "def compose(s1, o1, s2, o2):\n    return s1 * s2, s2 * o1 + o2\n\n\n@triton.jit"
    program = one_launch(body)
    kernel = program.launches[0].kernel
    kernel = replace(kernel, source=kernel.source.replace("@triton.jit", f"@triton.jit\n{compose}", 1))
    slope, offset, offsets = 1.0, 0.0, []
    for factor in (1, 2, 3, 1, 2, 1, 3, 2):
        slope, offset = slope * factor, offset * factor + factor + 1
        offsets.append(offset)
    if function == "reduce":
        offsets = [offset] * 8
    got = run_once(with_launch(program, kernel=kernel), values(1, 2, 3, 1, 2, 1, 3, 2))
    np.testing.assert_array_equal(got, [slope, *offsets[1:]])


def test_unsigned_integers_wrap_and_shift():
    x = values(1, 2**32 - 1, 2**31, 77, dtype="uint32")
    body = "a = tl.load(x + i)\ntl.store(out + i, ((a * 2654435769) >> 15) ^ tl.umulhi(a, a))"
    with np.errstate(over="ignore"):
        expected = ((x * np.uint32(2654435769)) >> np.uint32(15)) ^ ((x.astype(np.uint64) ** 2) >> np.uint64(32)).astype(
            np.uint32
        )
    np.testing.assert_array_equal(run_once(one_launch(body, reads="uint32"), x), expected)


def test_integers_become_bfloat16_by_their_value():
    x = values(1, 2, 300, 65535, dtype="uint16")
    got = run_once(one_launch("tl.store(out + i, tl.load(x + i).to(tl.bfloat16))", reads="uint16", writes="bfloat16"), x)
    assert got.tobytes() == x.astype("bfloat16").tobytes()


@pytest.mark.parametrize("dtype", ["uint16", "uint32", "int32", "bool"])
def test_all_bits_are_turned(dtype):
    x = values(1, 0, 1, 77 if dtype != "bool" else 1, dtype=dtype)
    np.testing.assert_array_equal(run_once(one_launch("tl.store(out + i, ~tl.load(x + i))", reads=dtype), x), ~x)


def test_booleans_are_bytes():
    x = values(1, 0, 0, 1, dtype="bool")
    got = run_once(one_launch("a = tl.load(x + i)\ntl.store(out + i, tl.where(a, False, True))", reads="bool"), x)
    np.testing.assert_array_equal(got, ~x)


def test_a_kernel_that_leaves_its_buffers_is_stopped():
    example: Example = EXAMPLES["vector_add"]
    launch = example.program.launches[0]
    program = replace(example.program, steps=(replace(launch, arguments=(*launch.arguments[:3], 1004)),))
    with pytest.raises(KernelError) as failure:
        InterpreterDevice().load(program, {}).run(example.inputs[0])
    text = str(failure.value)
    assert "Kernel add failed in program instance (3, 0, 0) of grid (4, 1, 1)" in text
    assert "load of 4 bytes" in text and "4012 bytes into buffer 'x' of 4012 bytes" in text
    assert "tl.store(out + index" in text.splitlines()[failure.value.line]
    assert failure.value.source == ADD.source


def test_memory_that_nobody_wrote_is_not_a_number():
    program = one_launch("tl.store(out + i, tl.load(x + i), mask=i < 3)")
    np.testing.assert_array_equal(run_once(program, values(5)), [5, 5, 5, *[np.nan] * 5])


def test_nothing_is_left_in_the_arena_from_the_run_before():
    loaded = InterpreterDevice().load(one_launch("a = tl.load(x + i)\ntl.store(out + i, a, mask=a > 0)"), {})
    loaded.run([values(1)])
    loaded.run([values(2, -2)])
    np.testing.assert_array_equal(loaded.outputs()[0], [2, np.nan] * 4)


def test_reverse_order_uncovers_program_instances_that_race():
    program = with_launch(one_launch("tl.store(out + i, tl.program_id(0).to(tl.float32))"), grid=(5, 1, 1))
    results = []
    for reverse in (False, True):
        loaded = InterpreterDevice(reverse=reverse).load(program, {})
        loaded.run([values(0)])
        results.append(loaded.outputs()[0][0])
    assert results == [4, 0]


def test_an_error_inside_a_kernel_shows_the_line():
    with pytest.raises(KernelError, match=r"(?s)ValueError.*> +9 \|     tl.store\(out \+ i, tl.arange\(0, 3\)\)"):
        run_once(one_launch("tl.store(out + i, tl.arange(0, 3))"), values(1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: replace(p, buffers=(*p.buffers, p.buffers[0])), "two buffers are called 'x'"),
        (lambda p: replace(p, arena_bytes=280), "'out': its 32 bytes at offset 256 are not inside the arena of 280"),
        (lambda p: replace(p, buffers=(p.buffers[0], replace(p.buffers[1], dtype="float64"))), r"\*fp32 cannot point to"),
        (lambda p: replace(p, buffers=(replace(p.buffers[0], kind="state"), p.buffers[1])), "no state memory of that name"),
        (lambda p: with_launch(p, arguments=(Pointer("x"),)), "1 arguments for the 2 parameters"),
        (lambda p: with_launch(p, arguments=(Pointer("x"), Pointer("y"))), "no buffer 'y'"),
        (lambda p: with_launch(p, arguments=(Pointer("x"), 3)), r"a pointer \*fp32 cannot be 3"),
        (lambda p: with_launch(p, grid=(0, 1, 1)), "the grid"),
    ],
)
def test_a_program_that_contradicts_itself_is_refused(change, message):
    program = change(one_launch("tl.store(out + i, tl.load(x + i))"))
    with pytest.raises(ValueError, match=message):
        InterpreterDevice().load(program, {})


def with_launch(program: Program, **changes) -> Program:
    return replace(program, steps=(replace(program.launches[0], **changes),))


def test_a_kernel_that_is_not_in_its_source_is_refused():
    program = one_launch("tl.store(out + i, tl.load(x + i))")
    kernel = replace(program.launches[0].kernel, name="other")
    with pytest.raises(KernelError, match=r"defines no @triton\.jit function"):
        InterpreterDevice().load(with_launch(program, kernel=kernel), {})
    kernel = replace(program.launches[0].kernel, constants={"BLOCK": 3})
    with pytest.raises(KernelError, match="has the parameters"):
        InterpreterDevice().load(with_launch(program, kernel=kernel), {})


def test_inputs_are_checked():
    loaded = InterpreterDevice().load(EXAMPLES["vector_add"].program, {})
    with pytest.raises(ValueError, match="2 inputs, but 1 arrays"):
        loaded.run([np.zeros(1003, np.float32)])
    with pytest.raises(ValueError, match="'y' of program vector_add must be 1003 numbers of float32, got shape"):
        loaded.run([np.zeros(1003, np.float32), np.zeros(1003, np.float64)])


def test_the_language_is_itself_again_after_a_run():
    def state():
        return [{name: id(value) for name, value in vars(place).items()} for place in language._PLACES]

    before = state()
    check_example(InterpreterDevice(), EXAMPLES["row_sum"])
    assert state() == before
    with language.interpreting():
        assert state() != before


def test_programs_and_devices_do_not_need_triton():
    code = (
        "import sys, graphkeras, graphkeras.kernels.program, graphkeras.kernels.device, graphkeras.kernels.devices;"
        "sys.exit('triton' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0


# ---- loops


def addresses(address, rounds, is_reverse=False):
    return [address_in(address, {"a": Turn(done, rounds, is_reverse)}) for done in range(rounds)]


@pytest.mark.parametrize("rounds", [1, 2, 5])
def test_what_is_carried_is_read_where_the_round_before_has_left_it(rounds):
    """Ends where it shall, never overwrites what it reads; in rows, each round finds its own."""
    rows = Row(Pointer("kept"), "a", 10)
    for is_reverse in (False, True):
        for found in (
            Carried("a", Pointer("before"), Pointer("after"), Pointer("spare")),
            Carried("a", Pointer("before"), Pointer("after"), None, rows),
        ):
            reads = addresses(found, rounds, is_reverse)
            writes = addresses(replace(found, is_new=True), rounds, is_reverse)
            assert reads[0] == Pointer("before") and writes[-1] == Pointer("after")
            assert reads[1:] == writes[:-1]
            assert all(one != other for one, other in zip(reads, writes, strict=True))
        assert reads[1:] == addresses(rows, rounds, is_reverse)[1:]


def test_rows_of_rows():
    inner = Row(Row(Pointer("x", 3), "a", 20), "b", 5)
    turns = {"a": Turn(1, 3), "b": Turn(0, 4, True)}
    assert address_in(inner, turns) == Pointer("x", 3 + 20 + 15)
    assert loops_of(inner) == {"a", "b"} and buffers_of(inner) == {"x"}


def loop_of(**changes) -> Program:
    program = EXAMPLES["loop"].program
    return replace(program, steps=(replace(program.steps[0], **changes),))


@pytest.mark.parametrize(
    "program, message",
    [
        (loop_of(rounds=0), "loop 'rounds': it must have at least one round, not 0"),
        (
            loop_of(name="others"),
            r"loop 'others': a launch of add has arguments of the loops \['rounds'\], which are not around",
        ),
        (loop_of(steps=EXAMPLES["loop"].program.steps), "loop 'rounds': a loop around it has the same name"),
        (loop_of(rounds=9), "parameter .*: points to element 1800 of buffer 'sums', which has 1500"),
        (
            replace(EXAMPLES["loop"].program, steps=EXAMPLES["loop"].program.steps[0].steps),
            "parameter x: Carried.* belongs to a loop, but no loop is around the launch",
        ),
    ],
)
def test_wrong_loops_are_told(program, message):
    with pytest.raises(ValueError, match=message):
        InterpreterDevice().load(program, {})
