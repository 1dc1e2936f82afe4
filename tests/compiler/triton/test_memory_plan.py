from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from graphkeras.compiler.pipeline import optimize
from graphkeras.compiler.triton_lowering.lower import lower
from graphkeras.compiler.triton_lowering.memory import ALIGNMENT, Lifetime, plan_arena
from graphkeras.kernels.checks import IN_ARENA, buffer_bytes
from graphkeras.kernels.program import Pointer
from tests.compiler.training_steps import mlp_step

lifetimes = st.lists(
    st.tuples(st.integers(0, 5000), st.integers(0, 20), st.integers(0, 6)).map(lambda t: (t[0], t[1], t[1] + t[2])), max_size=30
)


@given(lifetimes)
def test_what_lives_at_the_same_time_does_not_overlap(parts):
    arrays = [Lifetime(f"a{number}", *part) for number, part in enumerate(parts)]
    offsets, total = plan_arena(arrays)
    assert set(offsets) == {array.name for array in arrays}
    for array in arrays:
        assert offsets[array.name] % ALIGNMENT == 0
        assert offsets[array.name] + array.nbytes <= total
        for other in arrays:
            if array is not other and array.first <= other.last and other.first <= array.last:
                apart = offsets[array.name] + array.nbytes <= offsets[other.name]
                assert apart or offsets[other.name] + other.nbytes <= offsets[array.name]


def test_memory_is_used_again():
    chain = [Lifetime(f"a{number}", 1000, number, number + 1) for number in range(10)]
    _, total = plan_arena(chain)
    assert total == 2 * 1024


def test_a_gap_is_used_that_fits_best():
    arrays = [
        Lifetime("large", 4096, 0, 9),
        Lifetime("early", 2048, 0, 1),
        Lifetime("late", 1024, 2, 9),
        Lifetime("more", 1024, 3, 9),
    ]
    _, total = plan_arena(arrays)
    assert total == 4096 + 2048


def test_buffers_of_a_training_step():
    """Looked at from the finished program: whatever is between its first write and its last read is not written by others."""
    graph = optimize(mlp_step((64, 32, 16, 10), normalized=True), "triton")[-1].graph
    program = lower(graph, {"batch": 16}).program
    buffers = {buffer.name: buffer for buffer in program.buffers}
    uses: dict[str, list[int]] = {}
    for number, launch in enumerate(program.launches):
        names = [argument.buffer for argument in launch.arguments if isinstance(argument, Pointer)]
        for used in names + [entry for name in names for entry in buffers[name].entries]:
            uses.setdefault(used, []).append(number)
    arena = [buffer for buffer in program.buffers if buffer.kind in IN_ARENA]
    spans = {}
    for buffer in arena:
        first = -1 if buffer.kind == "input" else min(uses[buffer.name])
        last = len(program.launches) if buffer.kind == "output" else max(uses.get(buffer.name, [0]))
        spans[buffer.name] = (first, last, buffer.offset, buffer.offset + buffer_bytes(buffer))
    for name, (first, last, start, end) in spans.items():
        assert end <= program.arena_bytes
        for other, (other_first, other_last, other_start, other_end) in spans.items():
            if name != other and first <= other_last and other_first <= last:
                assert end <= other_start or other_end <= start, (name, other)
    assert program.arena_bytes < sum(end - start for _, _, start, end in spans.values())
