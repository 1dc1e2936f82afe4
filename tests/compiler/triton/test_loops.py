"""Loops on the interpreter: a `scan` whose rounds are launches of the same kernels, against the reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.graph import Graph, StateSlot, Value
from graphkeras.compiler.ops.body_rules import as_tuple
from graphkeras.compiler.ops.scan_gradient import saving_scan
from graphkeras.compiler.passes import unroll
from graphkeras.compiler.pipeline import optimize
from graphkeras.compiler.registry import OPS, ops
from graphkeras.compiler.triton_lowering import lower as lowering
from graphkeras.compiler.triton_lowering.lower import lower
from graphkeras.compiler.types import TensorType, numpy_dtype
from graphkeras.kernels.build import compile_kernels
from graphkeras.kernels.checks import IN_ARENA, buffer_bytes
from graphkeras.kernels.program import Loop, Pointer, Program
from graphkeras.kernels.quality import assess
from tests.compiler.conformance import SIZES, cases, graph_of
from tests.compiler.random_graphs import feeds_for, graphs
from tests.compiler.triton.running import Array, assert_close, run_both

rng = np.random.default_rng(11)


@pytest.fixture(autouse=True)
def nothing_is_unrolled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unroll, "MAX_NODES", 0)


def value(name: str, *shape: int, dtype: str = "float32") -> Value:
    return Value(TensorType(shape, dtype), name)


def arrays_for(values: tuple[Value, ...]) -> list[Array]:
    shapes = [(tuple(int(dim) for dim in each.type.shape), each.type.dtype) for each in values]
    return [rng.uniform(-0.6, 0.6, shape).astype(numpy_dtype(dtype)) for shape, dtype in shapes]


def check(graph: Graph, arrays: list[Array] | None = None, states: dict[str, Array] | None = None) -> Program:
    """The same as the reference, with program instances in either order; returns the program."""
    arrays = arrays_for(graph.inputs) if arrays is None else arrays
    for reverse in (False, True):
        actual, expected, executable = run_both(graph, arrays, states, reverse)
        assert_close(actual, expected, executable.source)
    (program,) = executable.programs
    check_plan(program)
    return program


def check_plan(program: Program) -> None:
    """Seen from all launches in order: between a write of an array and a read of it nobody writes to its place."""
    buffers = {buffer.name: buffer for buffer in program.buffers}
    owner = np.full(program.arena_bytes, "", object)
    spans = {b.name: slice(b.offset, b.offset + buffer_bytes(b)) for b in program.buffers if b.kind in IN_ARENA}
    for name, span in spans.items():
        if buffers[name].kind == "input":
            owner[span] = name
    for launch in program.launches:
        pointers = [(key, a.buffer) for key, a in zip(launch.kernel.signature, launch.arguments) if isinstance(a, Pointer)]
        for key, name in pointers:
            if key.startswith("in") and name in spans:
                assert set(owner[spans[name]]) <= {name}, (name, launch.note)
        for key, name in pointers:
            if key.startswith("out") and name in spans:
                owner[spans[name]] = name
    for buffer in program.buffers:
        if buffer.kind == "output":
            assert set(owner[spans[buffer.name]]) <= {buffer.name}


def loops_of(program: Program) -> list[Loop]:
    return [step for step in program.steps if isinstance(step, Loop)]


# ---- what is carried


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("length", [2, 3, 7])
def test_carries_that_change_places_stay_or_are_kept(length, reverse):
    """Of each way a carry can go: swapped with another, unchanged, given out, kept as the round found it."""
    a, b, same, x = value("a", 5), value("b", 5), value("same", 3), value("x", 5)
    new = ops.sin(a + b * 0.5) + x
    body = Graph.of([a, b, same, x], [b, new, same, new, a, b, b, same * 2.0], name="mixed")
    start, xs = [value("a0", 5), value("b0", 5), value("c0", 3)], value("xs", length, 5)
    made = ops.scan(*start, xs, body=body, carries=3, sequences=1, length=length, reverse=reverse)
    program = check(Graph.of([*start, xs], made))
    assert [loop.rounds for loop in loops_of(program)] == [length]


def test_a_kept_carry_lives_in_the_array_that_keeps_it():
    """No launch of a round copies it, and there is no second array for it."""
    h, x, w = value("h", 4, 8), value("x", 4, 8), value("w", 8, 8)
    body = Graph.of([h, x, w], [ops.tanh(ops.matmul(h, w) + x), h], name="kept")
    start, xs = value("h0", 4, 8), value("xs", 9, 4, 8)
    program = check(Graph.of([start, xs, w], ops.scan(start, xs, w, body=body, carries=1, sequences=1, length=9)))
    assert [len(loop.steps) for loop in loops_of(program)] == [1]
    assert not [buffer for buffer in program.buffers if "carry" in buffer.name]
    assert len(program.launches) == 1 + 9  # the first row is a copy of h0


def test_rounds_share_kernels_and_temporaries():
    h = value("h", 6, 16)
    body = Graph.of([h], [ops.softmax(ops.matmul(h, ops.transpose(h, axes=(1, 0))) @ h, axis=-1)], name="steps")
    start = value("h0", 6, 16)
    programs = [
        check(Graph.of([start], [ops.scan(start, body=body, carries=1, sequences=0, length=length)])) for length in (2, 20)
    ]
    assert programs[0].arena_bytes == programs[1].arena_bytes
    assert [kernel.source for kernel in programs[0].kernels] == [kernel.source for kernel in programs[1].kernels]
    assert len(programs[1].launches) == 10 * len(programs[0].launches)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "int8", "int64", "bool"])
def test_dtypes(dtype):
    """Rows of three elements do not begin at multiples of 16 bytes: kernels are told."""
    h, x = value("h", 3, dtype=dtype), value("x", 3, dtype=dtype)
    new = ops.where(x, ops.logical_not(h), h) if dtype == "bool" else ops.add(ops.multiply(h, x), x)
    body = Graph.of([h, x], [new, new, h])
    start, xs = value("h0", 3, dtype=dtype), value("xs", 5, 3, dtype=dtype)
    program = check(Graph.of([start, xs], ops.scan(start, xs, body=body, carries=1, sequences=1, length=5)))
    (kernel,) = {id(launch.kernel): launch.kernel for step in loops_of(program) for launch in step.steps}.values()
    assert len(kernel.aligned) < len(kernel.signature)


def test_what_has_no_elements():
    h, x = value("h", 0), value("x", 0)
    body = Graph.of([h, x], [h + x, ops.sum(h)])
    start, xs = value("h0", 0), value("xs", 4, 0)
    check(Graph.of([start, xs], ops.scan(start, xs, body=body, carries=1, sequences=1, length=4)))


# ---- loops and what is around them


def test_operands_that_are_views_and_results_that_are_needed_elsewhere():
    x, w = value("x", 4, 6, 5), value("w", 5, 5)
    rows = ops.transpose(x, axes=(1, 0, 2))
    h, row, matrix = value("h", 4, 5), value("row", 4, 5), value("matrix", 5, 5)
    body = Graph.of([h, row, matrix], [ops.tanh(ops.matmul(h, matrix) + row), ops.square(h)])
    zeros = ops.broadcast_to(ops.constant(value=np.float32(0)), shape=(4, 5))
    turned = ops.transpose(w, axes=(1, 0))
    last, squares = ops.scan(zeros, rows, turned, body=body, carries=1, sequences=1, length=6)
    back, _ = ops.scan(
        last, ops.reshape(squares, shape=(6, 4, 5)), w, body=body, carries=1, sequences=1, length=6, reverse=True
    )
    check(Graph.of([x, w], [last, squares + rows, zeros, ops.sum(turned, axis=0), ops.matmul(back, turned), rows]))


def test_variables_that_a_loop_reads_and_replaces():
    """A new value goes straight to the variable, unless the loop still reads the old one."""
    h, add = value("h", 4), value("add", 4)
    body = Graph.of([h, add], [h * 0.5 + add, h])
    first, second, x = value("first", 4), value("second", 4), value("x", 4)
    one, _ = ops.scan(first, x, body=body, carries=1, sequences=0, length=5)
    other, kept = ops.scan(x, first, body=body, carries=1, sequences=0, length=4)
    slots = [StateSlot("first", first, one), StateSlot("second", second, other), StateSlot("third", t := value("t", 4), other)]
    graph = Graph.of([x], [one, kept, ops.sum(second), other, t], slots)
    states = {name: rng.normal(size=4).astype("float32") for name in ("first", "second", "third")}
    check(graph, None, states)


def nested(reverse: bool) -> Graph:
    """The inner loop begins with a row of the outer one's sequence, goes over another, and gives rows to the outer one."""
    s, x, w = value("s", 3), value("x", 3), value("w", 3)
    inner = Graph.of([s, x, w], [s * w + x, ops.sin(s), s], name="inner")
    total, first, seq, weight = value("total", 3), value("first", 3), value("seq", 5, 3), value("weight", 3)
    last, waves, kept = ops.scan(first, seq, weight, body=inner, carries=1, sequences=1, length=5, reverse=not reverse)
    again = ops.scan(total, last, body=Graph.of([s, w], [s + w * s]), carries=1, sequences=0, length=3)
    outer = Graph.of([total, first, seq, weight], [again, waves, last, kept, ops.sum(waves, axis=0)], name="outer")
    start, firsts, seqs, weights = value("t0", 3), value("firsts", 4, 3), value("seqs", 4, 5, 3), value("ws", 3)
    made = ops.scan(start, firsts, seqs, weights, body=outer, carries=1, sequences=2, length=4, reverse=reverse)
    return Graph.of([start, firsts, seqs, weights], made)


@pytest.mark.parametrize("reverse", [False, True])
def test_loops_in_loops(reverse):
    program = check(nested(reverse))
    (loop,) = loops_of(program)
    assert sum(isinstance(step, Loop) for step in loop.steps) == 2


def test_second_derivatives():
    x, h = value("x", 3), value("h", 3)
    body = Graph.of([h, x], [ops.sin(h * x), ops.square(h)])
    start, xs = value("h0", 3), value("xs", 4, 3)
    made = saving_scan(start, xs, body=body, carries=1, sequences=1, length=4)
    first = gradients([ops.sum(made[0], axis=None)], [start, xs])
    second = gradients([ops.sum(ops.square(each), axis=None) for each in first], [start, xs])
    check(Graph.of([start, xs], [*made, *first, *second]))


@pytest.mark.parametrize("name", ["scan", "while_loop", "simple_rnn", "lstm", "gru"])
def test_every_sample_as_a_loop(name):
    """Where a while_loop has a maximum."""
    chosen = [one for one in cases(OPS[name]) if one.sample.attrs.get("maximum", 1) is not None]
    assert chosen
    graph, feeds = graph_of(chosen)
    check(graph.bind(SIZES), feeds)


QUIET = {"deadline": None, "derandomize": True, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}


@settings(max_examples=20, **QUIET)
@given(graph=graphs("float64", 12), carried=st.integers(0, 2), reverse=st.booleans(), length=st.integers(2, 4))
def test_random_bodies(graph, carried, reverse, length):
    """Inputs of which a result has the type are carried, the others are sequences."""
    feeds, (weight,) = feeds_for(graph)
    sources = graph.bind({"batch": 5}).sources
    bound = graph.bind({"batch": 5})
    sources, results = list(bound.sources), list(bound.results)
    pairs = [(v, next((r for r in results if r.type == v.type), None)) for v in sources]
    pairs = [(v, r) for v, r in pairs if r is not None][:carried]
    carries = [v for v, _ in pairs]
    rest = [v for v in sources if v not in carries]
    body = Graph.of([*carries, *rest], [*(r for _, r in pairs), *results], name="random")
    outer = [Value(v.type, v.name) for v in carries] + [Value(v.type.with_shape((length, *v.type.shape)), v.name) for v in rest]
    attrs = {"carries": len(carries), "sequences": len(rest), "length": length, "reverse": reverse}
    given_arrays = dict(zip(sources, [*feeds, weight], strict=True))
    arrays = [given_arrays[v] for v in carries]
    arrays += [np.stack([given_arrays[v]] * length) for v in rest]
    with np.errstate(all="ignore"):
        check(Graph.of(outer, as_tuple(ops.scan(*outer, body=body, **attrs))), arrays)


# ---- recurrent layers


def training_step(op: str, length: int, units: int = 64, features: int = 32, batch: int = 16) -> Graph:
    """One step of gradient descent on a recurrent layer."""
    gates, states = {"lstm": (4, 2), "gru": (3, 1), "simple_rnn": (1, 1)}[op]
    x, y = value("x", batch, length, features), value("y", batch, units)
    bias = (2, gates * units) if op == "gru" else (gates * units,)
    weights = [value("kernel", features, gates * units), value("recurrent", units, gates * units), value("bias", *bias)]
    zeros = [ops.broadcast_to(ops.constant(value=np.float32(0)), shape=(batch, units)) for _ in range(states)]
    loss = ops.mean(ops.square(getattr(ops, op)(x, *zeros, *weights, residuals=True)[1] - y), axis=None)
    slopes = gradients([loss], weights)
    slots = [StateSlot(w.name, w, w - 0.01 * slope) for w, slope in zip(weights, slopes, strict=True)]
    return Graph.of([x, y], [loss], slots, name="train_step")


@pytest.mark.parametrize("op", ["lstm", "gru", "simple_rnn"])
def test_a_training_step_of_a_recurrent_layer(op):
    graph = training_step(op, 13, 8, 5, 4)
    states = dict(zip([slot.name for slot in graph.state], arrays_for(tuple(slot.input for slot in graph.state)), strict=True))
    program = check(graph, None, states)
    assert [loop.rounds for loop in loops_of(program)] == [13, 13]


@pytest.mark.parametrize("op, most", [("lstm", 5), ("gru", 8), ("simple_rnn", 5)])
def test_a_long_sequence_takes_no_more_kernels(op, most):
    """LSTM: the product and the gates forward; backward three launches for each time step."""
    short, long = (lower(optimize(training_step(op, length), "triton")[-1].graph, {}).program for length in (40, 2000))
    assert sum(len(loop.steps) for loop in loops_of(long)) <= most
    assert [len(loop.steps) for loop in loops_of(long)] == [len(loop.steps) for loop in loops_of(short)]
    assert len(long.kernels) < 30  # with those that cut long sums into parts
    assert len(long.launches) <= 2000 * most + 20


@pytest.mark.parametrize("capability", [80, 90])
@pytest.mark.parametrize("op", ["lstm", "gru"])
def test_kernels_of_a_round_do_not_spill(op, capability):
    program = lower(optimize(training_step(op, 100), "triton")[-1].graph, {}).program
    for artifact in compile_kernels(program.kernels, capability).values():
        quality = assess(artifact)
        assert quality.spills == 0 and quality.stack_bytes == 0, quality.summary()


# ---- limits and text


def test_a_loop_of_too_many_launches_is_refused(monkeypatch):
    monkeypatch.setattr(lowering, "MAX_LAUNCHES", 99)
    h = value("h", 3)
    start, body = value("start", 3), Graph.of([h], [ops.sin(h)], name="waves")
    graph = Graph.of([start], [ops.scan(start, body=body, carries=1, sequences=0, length=100)], name="long")
    with pytest.raises(
        NotImplementedError, match=r"long would take 100 launches, 100 of them for the loop waves over 100 rounds"
    ):
        lower(graph, {})


def test_the_text_of_a_program_shows_loops_once():
    graph = nested(False)
    _, _, executable = run_both(graph, arrays_for(graph.inputs))
    text = executable.source
    assert "# loop: 4 rounds one after the other: outer over 4 rounds" in text
    assert "#     loop: 5 rounds from the last to the first: inner over 5 rounds" in text
    assert "now(input/0/t0 |" in text and "input/2/seqs[r * 15][r * 3]" in text
    assert text.count("\n# ---- launch") == len(executable.programs[0].kernels)
