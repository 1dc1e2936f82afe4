"""Small programs written by hand, each with inputs and what must come out. Every device runs the same ones."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import ml_dtypes
import numpy as np

from graphkeras.kernels.program import Buffer, Carried, Kernel, Launch, Loop, Pointer, Program, Row

HEADER = "import triton\nimport triton.language as tl\nfrom triton.language.extra import libdevice\n\n\n"
GENERATOR = np.random.default_rng(7)

ADD = Kernel(
    name="add",
    source=HEADER
    + '''@triton.jit
def add(x, y, out, size, BLOCK: tl.constexpr):
    """out = x + y"""
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = index < size
    tl.store(out + index, tl.load(x + index, mask=mask) + tl.load(y + index, mask=mask), mask=mask)
''',
    signature={"x": "*fp32", "y": "*fp32", "out": "*fp32", "size": "i32"},
    constants={"BLOCK": 256},
    aligned=frozenset({"x", "y", "out"}),
)

ROW_SUM = Kernel(
    name="row_sum",
    source=HEADER
    + '''@triton.jit
def row_sum(x, out, columns: tl.constexpr, BLOCK: tl.constexpr):
    """out[row] = sum of exp(x[row] - max), one program per row"""
    row = tl.program_id(0)
    index = tl.arange(0, BLOCK)
    values = tl.load(x + row * columns + index, mask=index < columns, other=float("-inf"))
    tl.store(out + row, tl.sum(tl.exp(values - tl.max(values, axis=0)), axis=0))
''',
    signature={"x": "*fp32", "out": "*fp32"},
    constants={"columns": 100, "BLOCK": 128},
    aligned=frozenset({"x", "out"}),
)

MATMUL_SOURCE = (
    HEADER
    + '''@triton.jit
def matmul(a, b, out, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr,
           BK: tl.constexpr, PRECISION: tl.constexpr):
    """out[M, N] = a[M, K] @ b[K, N], summed in float32"""
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    columns = tl.program_id(1) * BN + tl.arange(0, BN)
    total = tl.zeros([BM, BN], tl.float32)
    for start in range(0, K, BK):
        inner = start + tl.arange(0, BK)
        left = tl.load(a + rows[:, None] * K + inner[None, :], mask=(rows[:, None] < M) & (inner[None, :] < K), other=0.0)
        right = tl.load(b + inner[:, None] * N + columns[None, :], mask=(inner[:, None] < K) & (columns[None, :] < N), other=0)
        total = tl.dot(left, right, total, input_precision=PRECISION)
    mask = (rows[:, None] < M) & (columns[None, :] < N)
    tl.store(out + rows[:, None] * N + columns[None, :], total.to(out.dtype.element_ty), mask=mask)
'''
)

DECAY = Kernel(
    name="decay",
    source=HEADER
    + '''@triton.jit
def decay(weight, step, gradient, rate, size, BLOCK: tl.constexpr):
    """weight -= rate * gradient / (1 + step), in place"""
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = index < size
    value = tl.load(weight + index, mask=mask)
    change = rate * tl.load(gradient + index, mask=mask) / (1 + tl.load(step)).to(tl.float32)
    tl.store(weight + index, value - change, mask=mask)
''',
    signature={"weight": "*fp32", "step": "*i64", "gradient": "*fp32", "rate": "fp32", "size": "i32"},
    constants={"BLOCK": 256},
    aligned=frozenset({"weight", "step", "gradient"}),
)

COUNT = Kernel(
    name="count",
    source=HEADER
    + '''@triton.jit
def count(step, out):
    """step += 1; out = step"""
    value = tl.load(step) + 1
    tl.store(step, value)
    tl.store(out, value)
''',
    signature={"step": "*i64", "out": "*i64"},
    num_warps=1,
)

SCALE_ALL = Kernel(
    name="scale_all",
    source=HEADER
    + '''@triton.jit
def scale_all(table, sizes, factor, BLOCK: tl.constexpr):
    """every array of the table *= factor; one program per array"""
    array = tl.program_id(0)
    pointer = tl.load(table + array).to(tl.pointer_type(tl.float32))
    size = tl.load(sizes + array)
    for start in range(0, size, BLOCK):
        index = start + tl.arange(0, BLOCK)
        mask = index < size
        tl.store(pointer + index, tl.load(pointer + index, mask=mask) * factor, mask=mask)
''',
    signature={"table": "*u64", "sizes": "*i32", "factor": "fp32"},
    constants={"BLOCK": 128},
)


@dataclass(frozen=True)
class Example:
    """A program, the contents of its states, and the inputs of two runs with the outputs and states expected after each."""

    program: Program
    inputs: tuple[list[np.ndarray], ...]
    outputs: tuple[list[np.ndarray], ...]
    states: dict[str, np.ndarray] = field(default_factory=dict)
    states_after: dict[str, np.ndarray] = field(default_factory=dict)
    tolerance: float = 1e-6


def vector_add() -> Example:
    size, aligned_bytes = 1003, 4096
    buffers = (
        Buffer("x", "float32", size, "input", 0),
        Buffer("y", "float32", size, "input", aligned_bytes),
        Buffer("out", "float32", size, "output", 2 * aligned_bytes),
    )
    launch = Launch(ADD, (4, 1, 1), (Pointer("x"), Pointer("y"), Pointer("out"), size), "out = x + y")
    runs = tuple([normal(size), normal(size)] for _ in range(2))
    return Example(Program("vector_add", buffers, (launch,), 3 * aligned_bytes), runs, tuple([x + y] for x, y in runs))


def row_sum() -> Example:
    rows, columns = 5, 100
    buffers = (Buffer("x", "float32", rows * columns, "input", 0), Buffer("out", "float32", rows, "output", 2048))
    launch = Launch(ROW_SUM, (rows, 1, 1), (Pointer("x"), Pointer("out")))
    runs = tuple([normal(rows, columns)] for _ in range(2))
    expected = tuple([np.exp(x - x.max(1, keepdims=True)).sum(1)] for (x,) in runs)
    return Example(Program("row_sum", buffers, (launch,), 2048 + 256), runs, expected)


def matmul_kernel(element: str, precision: str, block: int = 32) -> Kernel:
    return Kernel(
        name="matmul",
        source=MATMUL_SOURCE,
        signature={"a": f"*{element}", "b": f"*{element}", "out": f"*{element}"},
        constants={"M": 48, "N": 40, "K": 72, "BM": block, "BN": block, "BK": block, "PRECISION": precision},
        num_stages=3,
        aligned=frozenset({"a", "b", "out"}),
    )


def matmul(dtype: str, element: str, precision: str, tolerance: float) -> Example:
    buffers = (
        Buffer("a", dtype, 48 * 72, "input", 0),
        Buffer("b", dtype, 72 * 40, "input", 16384),
        Buffer("out", dtype, 48 * 40, "output", 32768),
    )
    launch = Launch(matmul_kernel(element, precision), (2, 2, 1), (Pointer("a"), Pointer("b"), Pointer("out")))
    numbers = np.dtype(getattr(ml_dtypes, dtype, dtype))
    runs = tuple([normal(48, 72).astype(numbers), normal(72, 40).astype(numbers)] for _ in range(2))
    expected = tuple([(a.astype(np.float64) @ b.astype(np.float64)).astype(np.float32)] for a, b in runs)
    program = Program(f"matmul_{dtype}_{precision}", buffers, (launch,), 65536)
    return Example(program, runs, expected, tolerance=tolerance)


def state_update() -> Example:
    size = 300
    buffers = (
        Buffer("gradient", "float32", size, "input", 0),
        Buffer("weight", "float32", size, "state"),
        Buffer("step", "int64", 1, "state"),
        Buffer("steps_done", "int64", 1, "output", 2048),
    )
    launches = (
        Launch(DECAY, (2, 1, 1), (Pointer("weight"), Pointer("step"), Pointer("gradient"), 0.5, size)),
        Launch(COUNT, (1, 1, 1), (Pointer("step"), Pointer("steps_done"))),
    )
    weight, gradients = normal(size), [normal(size), normal(size)]
    after = weight - np.float32(0.5) * gradients[0] - np.float32(0.5) * gradients[1] / 2
    return Example(
        Program("state_update", buffers, launches, 4096),
        tuple([gradient] for gradient in gradients),
        ([np.array([1])], [np.array([2])]),
        {"weight": weight, "step": np.array([0])},
        {"weight": after, "step": np.array([2])},
    )


def pointer_table() -> Example:
    sizes = (7, 300, 129)
    arrays = {f"w{number}": normal(size) for number, size in enumerate(sizes)}
    buffers = (
        *(Buffer(name, "float32", array.size, "state") for name, array in arrays.items()),
        Buffer("sizes", "int32", 3, "constant", data=np.array(sizes, np.int32)),
        Buffer("table", "uint64", 3, "table", entries=tuple(arrays)),
    )
    launch = Launch(SCALE_ALL, (3, 1, 1), (Pointer("table"), Pointer("sizes"), 0.25))
    after = {name: array * np.float32(1 / 16) for name, array in arrays.items()}
    return Example(Program("pointer_table", buffers, (launch,), 0), ([], []), ([], []), arrays, after)


def loop(name: str, is_reverse: bool) -> Example:
    """h = h + x[round], five rounds: h goes to and fro between two arrays; h + start goes to a row of its own."""
    size, rounds, room = 300, 5, 8192
    buffers = (
        Buffer("start", "float32", size, "input", 0),
        Buffer("xs", "float32", rounds * size, "input", room),
        Buffer("sums", "float32", rounds * size, "output", 2 * room),
        Buffer("last", "float32", size, "output", 3 * room),
        Buffer("spare", "float32", size, "temporary", 4 * room),
    )
    h = Carried("rounds", Pointer("start"), Pointer("last"), Pointer("spare"))
    steps = (
        Launch(ADD, (2, 1, 1), (h, Pointer("start"), Row(Pointer("sums"), "rounds", size), size)),
        Launch(ADD, (2, 1, 1), (h, Row(Pointer("xs"), "rounds", size), replace(h, is_new=True), size)),
    )
    program = Program(name, buffers, (Loop("rounds", rounds, steps, is_reverse),), 5 * room)
    runs, expected = [], []
    for _ in range(2):
        start, xs = normal(size), normal(rounds, size)
        sums, last = np.zeros_like(xs), start
        for number in range(rounds)[::-1] if is_reverse else range(rounds):
            sums[number], last = last + start, last + xs[number]
        runs.append([start, xs])
        expected.append([sums, last])
    return Example(program, tuple(runs), tuple(expected))


def normal(*shape: int) -> np.ndarray:
    return GENERATOR.standard_normal(shape).astype(np.float32)


EXAMPLES = {
    example.program.name: example
    for example in (
        vector_add(),
        row_sum(),
        matmul("float32", "fp32", "ieee", 1e-6),
        matmul("float32", "fp32", "tf32", 2e-3),
        matmul("float16", "fp16", "ieee", 1e-3),
        matmul("bfloat16", "bf16", "ieee", 8e-3),
        state_update(),
        pointer_table(),
        loop("loop", False),
        loop("reverse_loop", True),
    )
}
