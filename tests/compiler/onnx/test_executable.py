"""The onnxruntime executable: resident state, shared cells, any batch size from one session."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from graphkeras.compiler import config
from graphkeras.compiler.driver import compile_graph, new_cell
from graphkeras.compiler.executables import onnxruntime as target
from graphkeras.compiler.executables import onnxruntime_session
from graphkeras.compiler.executables.base import StateCell
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.graph import Graph, StateSlot, Value
from graphkeras.compiler.provenance import scope
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType
from tests.compiler.onnx.examples import BATCH, Array, batch_of, cells_of, counter, initial_state, training_step, value


def load(graph: Graph, cells: dict[str, StateCell]) -> target.OnnxruntimeExecutable:
    executable = compile_graph(graph, cells, "onnxruntime").executable
    assert isinstance(executable, target.OnnxruntimeExecutable)
    return executable


def test_twenty_training_steps_equal_the_reference() -> None:
    graph = training_step()
    state = initial_state(graph)
    executable = load(graph, cells_of(state))
    expected = [state[slot.name] for slot in graph.state]
    losses = []
    for step in range(20):
        feeds = batch_of(7 if step % 4 else 4, seed=step % 3)
        (loss,), expected = evaluate_graph(graph, feeds, expected)
        (actual,) = executable.run(feeds)
        losses.append(float(actual))
        np.testing.assert_allclose(actual, loss, rtol=1e-5, atol=1e-6)
    for slot, array in zip(graph.state, expected, strict=True):
        np.testing.assert_allclose(executable.read_state(slot.name), array, rtol=1e-4, atol=1e-5, err_msg=slot.name)
    assert losses[-1] < losses[0]


def test_one_session_serves_all_batch_sizes() -> None:
    executable = load(counter(), cells_of({"total": np.zeros((), np.float32)}))
    sizes = [3, 1, 8, 3, 0, *range(target.MAX_PLANS + 2)]
    for size in sizes:
        x = np.ones((size, 2), np.float32)
        np.testing.assert_array_equal(executable.run([x])[1], 2 * x)
    assert executable.read_state("total") == 2 * sum(sizes)
    assert len(executable._sessions) == 1


def test_programs_share_cells_and_take_turns() -> None:
    """Three programs update different sets of variables, so that their current buffers come in many arrangements."""
    a, b, c, x = (value(name, 2) for name in "abcx")
    cells = cells_of({name: np.zeros(2, np.float32) for name in "abc"})
    programs = [
        load(Graph.of([x], [a + b], [StateSlot("a", a, a + x), StateSlot("b", b, b)], "first"), cells),
        load(
            Graph.of([x], [c], [StateSlot("b", b, b + 10 * x), StateSlot("c", c, c + a), StateSlot("a", a, a)], "second"), cells
        ),
        load(Graph.of([x], [a], [StateSlot("a", a, a * 2), StateSlot("c", c, c - x)], "third"), cells),
    ]
    expected = {name: np.zeros(2, np.float32) for name in "abc"}
    one = np.ones(2, np.float32)
    for turn in np.random.default_rng(0).integers(0, 3, 60):
        old = dict(expected)
        if turn == 0:
            expected["a"] = old["a"] + one
            answer = old["a"] + old["b"]
        elif turn == 1:
            expected |= {"b": old["b"] + 10 * one, "c": old["c"] + old["a"]}
            answer = old["c"]
        else:
            expected |= {"a": old["a"] * 2, "c": old["c"] - one}
            answer = old["a"]
        np.testing.assert_array_equal(programs[turn].run([one])[0], answer)
        for name, array in expected.items():
            np.testing.assert_array_equal(cells[name].read(), array)


def test_many_arrangements_are_forgotten_and_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime_session, "MAX_BINDINGS", 2)
    variables = {name: value(name) for name in "abc"}
    cells = cells_of({name: np.zeros((), np.float32) for name in variables})
    singles = {name: load(Graph.of([], [], [StateSlot(name, v, v + 1)]), cells) for name, v in variables.items()}
    a, b, c = variables.values()
    total = load(Graph.of([], [a + b + c], [StateSlot(name, v, v) for name, v in variables.items()]), cells)
    for number, name in enumerate("abcacbabcbcaab"):
        singles[name].run([])
        assert total.run([])[0] == number + 1
        assert len(total._sessions[1].bindings) <= 2


def test_threads_look_for_work_only_briefly() -> None:
    executable = load(counter(), cells_of({"total": np.ones((), np.float32)}))
    options = executable._sessions[1]._session.get_session_options()
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "1"
    assert int(options.get_session_config_entry("session.intra_op.spin_duration_us")) <= 100


def test_written_values_are_read_by_the_next_run_and_reads_are_copies() -> None:
    executable = load(counter(), cells_of({"total": np.ones((), np.float32)}))
    x = np.ones((1, 2), np.float32)
    assert executable.run([x])[0] == 1
    executable.write_state("total", np.array(40, np.float32))
    read = executable.read_state("total")
    assert executable.run([x])[0] == 40
    assert read == 40
    read[...] = 7
    assert executable.read_state("total") == 42


def test_outputs_survive_the_next_run() -> None:
    executable = load(counter(), cells_of({"total": np.zeros((), np.float32)}))
    first = executable.run([np.ones((2, 2), np.float32)])
    executable.run([np.full((2, 2), 5, np.float32)])
    np.testing.assert_array_equal(first[1], np.full((2, 2), 2, np.float32))


def test_variables_may_change_places() -> None:
    a, b = value("a", 3), value("b", 3)
    graph = Graph.of([], [a, a], [StateSlot("a", a, b), StateSlot("b", b, a)], "swap", ["first", "again"])
    executable = load(graph, cells_of({"a": np.zeros(3, np.float32), "b": np.ones(3, np.float32)}))
    for step in range(3):
        for output in executable.run([]):
            np.testing.assert_array_equal(output, np.full(3, step % 2, np.float32))
    np.testing.assert_array_equal(executable.read_state("a"), np.ones(3, np.float32))


def test_one_new_value_may_go_to_an_output_and_to_two_variables() -> None:
    a, b = value("a", 2), value("b", 2)
    new = a + 1
    graph = Graph.of([], [new], [StateSlot("a", a, new), StateSlot("b", b, new)], "spread")
    executable = load(graph, cells_of({"a": np.zeros(2, np.float32), "b": np.zeros(2, np.float32)}))
    for step in range(3):
        np.testing.assert_array_equal(executable.run([])[0], np.full(2, step + 1, np.float32))
        np.testing.assert_array_equal(executable.read_state("b"), executable.read_state("a"))


def test_feeds_need_not_be_contiguous_and_may_be_reused() -> None:
    executable = load(counter(), cells_of({"total": np.zeros((), np.float32)}))
    x = np.arange(8, dtype=np.float32).reshape(2, 4).T[:, ::1]
    assert not x.flags.c_contiguous
    np.testing.assert_array_equal(executable.run([x])[1], 2 * x)
    x[:] = 1
    np.testing.assert_array_equal(executable.run([x])[1], 2 * x)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64", "int64", "uint32", "bool"])
def test_state_and_feeds_of_any_dtype(dtype: str) -> None:
    x, kept = value("x", BATCH, 3, dtype=dtype), value("kept", 3, dtype=dtype)
    new = ops.logical_xor(kept, ops.any(x, axis=0)) if dtype == "bool" else kept + ops.sum(x, axis=0)
    graph = Graph.of([x], [ops.identity(x)], [StateSlot("kept", kept, new)], "accumulate")
    numpy_type = ml_dtypes.bfloat16 if dtype == "bfloat16" else np.dtype(dtype)
    start = np.zeros(3, numpy_type)
    executable = load(graph, cells_of({"kept": start}))
    feed = np.array([[1, 0, 1], [0, 0, 1]], numpy_type)
    (output,) = executable.run([feed])
    assert output.dtype == feed.dtype
    np.testing.assert_array_equal(output, feed)
    np.testing.assert_array_equal(executable.read_state("kept"), evaluate_graph(graph, [feed], [start])[1][0])


def test_wrong_feeds_are_refused_and_leave_the_state() -> None:
    executable = load(counter(), cells_of({"total": np.array(3, np.float32)}))
    with pytest.raises(ValueError, match=r"Input 'x' of count has shape \(batch, 2\) with batch = 4, got \(4, 3\)"):
        executable.run([np.ones((4, 3), np.float32)])
    with pytest.raises(TypeError, match=r"Input 'x' of count is float32\[batch,2\], got dtype float64"):
        executable.run([np.ones((4, 2))])
    with pytest.raises(ValueError, match=r"count takes 1 inputs \(x\), got 0"):
        executable.run([])
    assert executable.read_state("total") == 3


def test_cells_of_another_target_are_refused() -> None:
    cell = new_cell(TensorType(()), np.float32(0), "numpy")
    with pytest.raises(TypeError, match=r"'total' is in the memory of another target \(NumpyCell\)"):
        load(counter(), {"total": cell})


def test_the_second_buffer_is_made_only_for_variables_that_are_updated() -> None:
    w, x = value("w", 3), value("x", 3)
    cells = cells_of({"w": np.ones(3, np.float32)})
    load(Graph.of([x], [x * w], [StateSlot("w", w, w)], "predict"), cells).run([np.ones(3, np.float32)])
    cell = cells["w"]
    assert isinstance(cell, target.OnnxruntimeCell)
    assert len(cell._buffers) == 1


def test_threads_are_those_of_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1 <= target.thread_count() <= 1024
    monkeypatch.setattr(config, "_current", config.Config(threads=3))
    assert target.thread_count() == 3


def test_small_runs_take_one_thread_and_large_ones_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "_current", config.Config(threads=2))
    executable = load(counter(), cells_of({"total": np.zeros((), np.float32)}))  # 4 operations for each sample
    assert set(executable._sessions) == {1}
    for size in (3, target.SMALL_RUN // 4, 3):
        x = np.ones((size, 2), np.float32)
        np.testing.assert_array_equal(executable.run([x])[1], 2 * x)
    assert set(executable._sessions) == {1, 2}
    assert executable.read_state("total") == 2 * (6 + target.SMALL_RUN // 4)


def test_source_shows_layer_and_line() -> None:
    graph = training_step()
    executable = load(graph, cells_of(initial_state(graph)))
    assert "MatMul(" in executable.source
    assert "# model/dense_0 " in executable.source
    assert "training_steps.py:" in executable.source
    assert executable.stats.launches == 1 and executable.stats.nodes > 50


def test_buffers_begin_at_multiples_of_64_bytes() -> None:
    for shape in ((), (0, 3), (5,), (3, 7)):
        array: Array = onnxruntime_session.aligned_empty(shape, np.dtype(np.float32))
        assert array.shape == shape
        assert array.size == 0 or array.ctypes.data % 64 == 0


def test_a_bad_index_names_layer_and_line_and_leaves_the_state(capfd: pytest.CaptureFixture[str]) -> None:
    indices, table, runs = value("indices", BATCH, dtype="int32"), value("table", 5, 3), value("runs")
    with scope("model/embedding"):
        rows = ops.take(table, indices, axis=0)
    graph = Graph.of([indices], [rows], [StateSlot("table", table, table), StateSlot("runs", runs, runs + 1)], "predict")
    executable = load(graph, cells_of({"table": np.zeros((5, 3), np.float32), "runs": np.zeros((), np.float32)}))
    with pytest.raises(
        IndexError, match=r"predict: take of layer 'model/embedding', written at .*test_executable.py:\d+ failed"
    ) as caught:
        executable.run([np.array([1, 7], np.int32)])
    assert "idx=7" in str(caught.value) and "Labels and indices must be at least 0" in str(caught.value)
    assert executable.read_state("runs") == 0
    assert executable.run([np.array([1, 4], np.int32)])[0].shape == (2, 3)
    assert executable.read_state("runs") == 1
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_bounds_behind_relu_in_every_precision(dtype: str) -> None:
    """onnxruntime 1.31.1 ends with an error where it fuses Relu with a Clip of doubles."""
    x = Value(TensorType((3, 5), dtype), "x")
    outputs = [ops.minimum(ops.relu(x), np.asarray(0.5, dtype)), ops.clip(ops.relu(x * 2), low=0.25, high=0.75)]
    graph, array = Graph.of([x], outputs), np.linspace(-2, 2, 15).reshape(3, 5).astype(dtype)
    found = compile_graph(graph, {}, "onnxruntime").executable.run([array])
    for one, wanted in zip(found, evaluate_graph(graph, [array])[0], strict=True):
        np.testing.assert_array_equal(one, wanted)
