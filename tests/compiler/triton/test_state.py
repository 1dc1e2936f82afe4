"""Variables: new values land in the variables' own memory, and nobody sees them too early."""

from __future__ import annotations

import numpy as np
import pytest

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler import config
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.executables.reference import NumpyCell
from graphkeras.compiler.executables.triton import TritonBackend, open_device
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType
from graphkeras.kernels.errors import CudaError
from graphkeras.kernels.interpreter.device import InterpreterDevice
from tests.compiler.triton.running import assert_close, run_both, traced

rng = np.random.default_rng(3)


def floats(*shape: int) -> np.ndarray:
    return rng.uniform(-1, 1, shape).astype(np.float32)


def run(build, arrays, states, reverse=False):
    graph = traced(build, arrays, states)
    actual, expected, executable = run_both(graph, arrays, states, reverse)
    assert_close(actual, expected, executable.source)
    return executable


@pytest.mark.parametrize("size", [(3,), (), (5000,)])
def test_variables_can_be_swapped(size):
    def build(a, b):
        return ops.add(a, b), {"a": b, "b": a}

    run(build, [], {"a": floats(*size), "b": floats(*size)})


@pytest.mark.parametrize("size", [(3,), (5000,)])
@pytest.mark.parametrize("reverse", [False, True])
def test_variables_move_in_a_ring(size, reverse):
    def build(a, b, c):
        return ops.exp(a), {"a": b * 2.0, "b": c, "c": ops.transpose(a)}

    run(build, [], {name: floats(*size) for name in "abc"}, reverse)


@pytest.mark.parametrize("reverse", [False, True])
def test_a_variable_is_read_by_others_before_it_changes(reverse):
    def build(x, w):
        y = ops.matmul(x, w)
        return y, {"w": w - ops.matmul(ops.transpose(x), y) * 0.1}

    run(build, [floats(9, 40)], {"w": floats(40, 70)}, reverse)


@pytest.mark.parametrize("reverse", [False, True])
def test_a_variable_that_moves_within_itself(reverse):
    """Elements are written where other program instances still read: the new value is made elsewhere and copied."""

    def build(w):
        return ops.sum(w, axis=None), {"w": ops.transpose(w)}

    executable = run(build, [], {"w": floats(100, 100)}, reverse)
    assert any("copied at the end" in entry.what for entry in executable.entries)


def test_a_small_variable_that_moves_within_itself_needs_a_barrier():
    def build(key):
        first = ops.slice(key, starts=(0,), stops=(1,))
        second = ops.slice(key, starts=(1,), stops=(2,))
        return (), {"key": ops.concatenate(second + np.uint32(1), first, axis=0)}

    executable = run(build, [], {"key": np.array([5, 2**32 - 1], np.uint32)})
    assert executable.stats.launches == 1
    assert "tl.debug_barrier()" in executable.source


def test_a_counter_is_read_and_counted_in_the_same_step():
    def build(x, count):
        new = count + np.int64(1)
        return x * ops.cast(new, dtype="float32"), {"count": new}

    executable = run(build, [floats(3000)], {"count": np.array(4, np.int64)})
    assert executable.stats.launches == 2


def test_two_variables_with_the_same_new_value_and_one_that_is_returned():
    def build(x, a, b):
        new = a + x
        return new, {"a": new, "b": new}

    run(build, [floats(7)], {"a": floats(7), "b": floats(7)})


def test_variables_of_different_sizes_are_updated_in_one_launch():
    def build(rate, **weights):
        return rate, {name: weight - weight * weight * rate for name, weight in weights.items()}

    sizes = {"a": (3, 5), "b": (), "c": (4096, 2), "d": (7,), "e": (1, 1)}
    states = {"rate": floats(), **{name: floats(*shape) for name, shape in sizes.items()}}
    executable = run(build, [], states)
    notes = [launch.note for program in executable.programs for launch in program.launches]
    assert sum("3 arrays in one launch" in note for note in notes) == 1, notes  # the single numbers have another one


def test_one_launch_computes_the_same_bits_as_many():
    def build(rate, **weights):
        return rate, {name: ops.sqrt(ops.abs(weight)) * rate + weight / 3.0 for name, weight in weights.items()}

    states = {"rate": floats(), "a": floats(50), "b": floats(9000)}
    together, _, _ = run_both(traced(build, [], states), [], states)
    for name in "ab":
        alone = {"rate": states["rate"], name: states[name]}
        graph = traced(build, [], alone)
        actual, _, _ = run_both(graph, [], alone)
        index = [*states].index(name) + 1
        np.testing.assert_array_equal(actual[-1], together[index])


def test_states_stay_from_run_to_run_and_can_be_written():
    backend = TritonBackend(InterpreterDevice())
    graph = traced(lambda total: (total, {"total": total + 1.0}), [], {"total": np.float32(0)})
    cells = {"total": backend.new_cell(TensorType(()), np.float32(0))}
    executable = backend.load(graph, cells)
    executable.run([])
    executable.run([])
    assert executable.read_state("total") == 2
    executable.write_state("total", np.float32(10))
    assert executable.run([]) == [10]
    assert cells["total"].read() == 11
    with pytest.raises(KeyError, match="there are total"):
        executable.read_state("count")


def test_every_size_gets_a_program_once():
    x = Value(TensorType((Dim.symbol("batch"), 3)), "x")
    executable = TritonBackend(InterpreterDevice()).load(Graph.of([x], [x * 2.0]), {})
    assert executable.programs == []
    for size in (4, 1, 4, 0):
        feed = floats(size, 3)
        np.testing.assert_array_equal(executable.run([feed])[0], feed * 2)
    assert len(executable.programs) == 3
    with pytest.raises(ValueError, match=r"got \(5, 4\)"):
        executable.run([floats(5, 4)])


def test_cells_of_another_target_are_refused():
    graph = traced(lambda w: (w, {"w": w * 2.0}), [], {"w": floats(3)})
    backend = TritonBackend(InterpreterDevice())
    with pytest.raises(TypeError, match="NumpyCell"):
        backend.load(graph, {"w": NumpyCell(TensorType((3,)), floats(3))})


def test_without_a_gpu_the_error_says_what_to_do(monkeypatch):
    def no_gpu(name, cache=None):
        raise CudaError("no CUDA driver")

    monkeypatch.setattr("graphkeras.compiler.executables.triton.get_device", no_gpu)
    with pytest.raises(RuntimeError, match=r"GRAPHKERAS_TARGET=onnxruntime.*GRAPHKERAS_DEVICE=interpreter"):
        open_device(config.current().device)
