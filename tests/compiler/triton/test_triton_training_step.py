"""A whole training step of a dense network with Adam as one program: the same losses as the reference, in few launches."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from graphkeras.compiler import config
from graphkeras.compiler.driver import compile_graph, new_cell
from graphkeras.compiler.executables.base import Executable
from graphkeras.compiler.executables.triton import TritonBackend
from graphkeras.compiler.graph import Graph
from graphkeras.compiler.pipeline import optimize
from graphkeras.compiler.types import numpy_dtype
from graphkeras.kernels.interpreter.device import InterpreterDevice
from tests.compiler.training_steps import mlp_step

STEPS = 20


def initial_states(graph: Graph) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    states = {}
    for slot in graph.state:
        shape = tuple(int(dim) for dim in slot.input.type.shape)
        name = slot.name.rpartition("/")[2]
        if name == "rate":
            value = np.asarray(0.01)
        elif name.startswith("kernel") and not name.endswith(("momentum", "velocity")):
            value = rng.normal(0, 0.1, shape)
        else:
            value = np.full(
                shape, float(name.startswith(("gamma", "variance")) and not name.endswith(("momentum", "velocity")))
            )
        states[slot.name] = value.astype(numpy_dtype(slot.input.type.dtype))
    return states


def batches(count: int, classes: int = 10, features: int = 64):
    rng = np.random.default_rng(1)
    for step in range(count):
        size = 13 if step % 7 == 6 else 32  # the last batch of an epoch is smaller
        x = rng.normal(size=(size, features)).astype(np.float32)
        labels = np.eye(classes, dtype=np.float32)[rng.integers(0, classes, size)]
        yield [x, labels, rng.uniform(0.5, 1.5, size).astype(np.float32)]


def losses(executable: Executable) -> list[float]:
    return [float(executable.run(feeds)[0]) for feeds in batches(STEPS)]


def load_triton(graph: Graph, states: Mapping[str, np.ndarray], reverse: bool = False):
    backend = TritonBackend(InterpreterDevice(reverse=reverse))
    cells = {slot.name: backend.new_cell(slot.input.type, states[slot.name]) for slot in graph.state}
    return backend.load(optimize(graph, "triton")[-1].graph, cells), cells


def load(graph: Graph, states: Mapping[str, np.ndarray], target: str):
    cells = {slot.name: new_cell(slot.input.type, states[slot.name], target) for slot in graph.state}
    return compile_graph(graph, cells, target).executable, cells


@pytest.mark.parametrize("kind, launches", [("plain", 8), ("clipped", 8), ("normalized", 12)])
def test_losses_are_those_of_the_reference(kind, launches):
    graph = mlp_step((64, 32, 10), normalized=kind == "normalized", clipped_softmax=kind == "clipped")
    states = initial_states(graph)
    executable, cells = load_triton(graph, states)
    reference, reference_cells = load(graph, states, "numpy")
    np.testing.assert_allclose(losses(executable), losses(reference), rtol=0, atol=1e-5)
    assert executable.stats.launches == launches, executable.source
    assert len(executable.programs) == 2  # one for each batch size
    assert cells["optimizer/iterations"].read() == STEPS
    for name in ("metrics/total", "metrics/count", "kernel_0", "kernel_1"):
        np.testing.assert_allclose(cells[name].read(), reference_cells[name].read(), rtol=0, atol=1e-4, err_msg=name)


def test_losses_are_those_of_onnxruntime():
    graph = mlp_step((64, 32, 10))
    states = initial_states(graph)
    executable, _ = load_triton(graph, states)
    other, _ = load(graph, states, "onnxruntime")
    np.testing.assert_allclose(losses(executable), losses(other), rtol=0, atol=1e-5)


def test_a_run_repeats_bit_for_bit_in_any_order_of_program_instances():
    graph = mlp_step((64, 32, 10))
    states = initial_states(graph)
    results = []
    for reverse in (False, True):
        executable, cells = load_triton(graph, states, reverse)
        values = losses(executable)[:5]
        results.append((values, {name: cell.read() for name, cell in cells.items()}))
    assert results[0][0] == results[1][0]
    for name, value in results[0][1].items():
        np.testing.assert_array_equal(value, results[1][1][name], err_msg=name)


def test_all_weights_are_updated_in_one_launch():
    graph = mlp_step((64, 32, 16, 10))
    executable, _ = load_triton(graph, initial_states(graph))
    executable.run(next(batches(1)))
    (program,) = executable.programs
    updates = [launch for launch in program.launches if "in one launch" in launch.note]
    assert len(updates) == 1
    assert "6 arrays" in updates[0].note


def test_the_journal_says_what_was_fused_and_why_not():
    graph = mlp_step((64, 32, 10))
    executable, _ = load_triton(graph, initial_states(graph))
    executable.run(next(batches(1)))
    fused = [entry for entry in executable.entries if not entry.refused]
    refused = [entry for entry in executable.entries if entry.refused]
    assert any(entry.what.startswith("fused matmul into") and entry.scope == "model/dense_0" for entry in fused)
    assert any("one launch" in entry.why for entry in refused)
    assert all(entry.why for entry in refused)
    assert all("training_steps.py" in entry.source for entry in refused)


def test_the_source_can_be_read():
    graph = mlp_step((64, 32, 10))
    executable, _ = load_triton(graph, initial_states(graph))
    assert "no program yet" in executable.source
    executable.run(next(batches(1)))
    text = executable.source
    for part in (
        "train_step for batch = 32",
        "state/kernel_0",
        "# launch 0: matmul_add_relu",
        "def matmul_add_relu(",
        "model/dense_0",
    ):
        assert part in text


def test_the_driver_chooses_the_device(monkeypatch):
    graph = mlp_step((8, 4, 3))
    former = config.update(device="interpreter")
    monkeypatch.setattr("graphkeras.compiler.driver._BACKENDS", {})
    try:
        executable, _ = load(graph, initial_states(graph), "triton")
        x, labels, weights = next(batches(1, 3, 8))
        assert np.isfinite(executable.run([x, labels, weights])[0])
    finally:
        config.update(device=former.device)


def test_layers_that_are_alike_share_kernels():
    graph = mlp_step((64, 32, 32, 32, 32, 10))
    executable, _ = load_triton(graph, initial_states(graph))
    executable.run(next(batches(1)))
    (program,) = executable.programs
    assert len({launch.kernel.source for launch in program.launches}) <= len(program.launches) - 6
    assert executable.stats.details["kernels"] == len({id(launch.kernel) for launch in program.launches})
