"""Tiles chosen by a clock: every candidate is timed once, the fastest runs, and later processes read it from the table."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("triton", reason="triton is the compiler")

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler import config
from graphkeras.compiler.executables.triton import TritonBackend
from graphkeras.compiler.graph import Graph, StateSlot, Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.triton_lowering.lower import lower
from graphkeras.compiler.types import TensorType
from graphkeras.kernels import tuning
from graphkeras.kernels.interpreter.device import InterpreterDevice
from graphkeras.kernels.tuning import ROUNDS, TuningTable, tuned
from tests.kernels.stand_in import library

ROOT = Path(__file__).resolve().parents[2]


class ClockedInterpreter(InterpreterDevice):
    """An interpreter whose clock says what `times` says, one time for each candidate."""

    def __init__(self, times):
        super().__init__()
        self.times, self.looks = list(times), 0

    def seconds(self, work):
        work()
        self.looks += 1
        return self.times[(self.looks - 1) // ROUNDS]


@pytest.fixture
def autotune(tmp_path, monkeypatch):
    """The setting is on; the interpreter launches as little as can be."""
    monkeypatch.setattr(tuning, "LAUNCHES", 1)
    monkeypatch.setattr(tuning, "WARM_UP", 1)
    former = config.update(autotune=True, cache=tmp_path)
    yield tmp_path
    config.update(autotune=former.autotune, cache=former.cache)


def product(dtype="float32", size=96):
    a, b = (Value(TensorType((size, size), dtype), name) for name in "ab")
    return Graph.of([a, b], [ops.relu(ops.matmul(a, b))])


def tile_of(executable):
    (launch,) = executable.programs[0].launches
    return tuple(launch.kernel.constants[name] for name in ("BLOCK_M", "BLOCK_N", "BLOCK_K"))


def run(executable, size=96):
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=(size, size)).astype(np.float32) for _ in range(2))
    (y,) = executable.run([a, b])
    np.testing.assert_allclose(y, np.maximum(a @ b, 0), rtol=0, atol=1e-4)


def test_the_fastest_tile_runs_and_is_remembered(autotune):
    device = ClockedInterpreter([0.3, 0.1])
    executable = TritonBackend(device).load(product(), {})
    assert tile_of(executable) == (64, 64, 32)  # the table's first choice would be 32x32x64
    assert device.looks == 2 * ROUNDS
    run(executable)
    entries = json.loads((autotune / "tuning.json").read_text())["entries"]
    assert [[c["seconds"] for c in entry["candidates"]] for entry in entries.values()] == [[0.3, 0.1]]
    later = ClockedInterpreter([])
    assert tile_of(TritonBackend(later).load(product(), {})) == (64, 64, 32)
    assert later.looks == 0


def test_the_first_choice_may_be_the_fastest(autotune):
    assert tile_of(TritonBackend(ClockedInterpreter([0.1, 0.3])).load(product(), {})) == (32, 32, 64)


def test_shapes_dtypes_and_devices_are_measured_apart(autotune):
    TritonBackend(ClockedInterpreter([0.3, 0.1])).load(product(), {})
    for graph in (product(size=80), product(dtype="bfloat16")):
        device = ClockedInterpreter([0.1] * 9)
        TritonBackend(device).load(graph, {})
        assert device.looks > 0
    other = ClockedInterpreter([0.1, 0.3])
    other.name = "another GPU"
    assert tile_of(TritonBackend(other).load(product(), {})) == (32, 32, 64)
    assert other.looks == 2 * ROUNDS


def test_without_the_setting_nothing_is_measured():
    device = ClockedInterpreter([])
    executable = TritonBackend(device).load(product(), {})
    assert tile_of(executable) == (32, 32, 64)
    assert device.looks == 0
    assert all(not launch.alternatives for launch in executable.programs[0].launches)


def test_a_device_without_a_clock_takes_the_first_choice(autotune):
    executable = TritonBackend(InterpreterDevice()).load(product(), {})
    assert tile_of(executable) == (32, 32, 64)
    run(executable)
    assert not (autotune / "tuning.json").exists()
    with pytest.raises(TypeError, match="a device with a clock, such as a CUDA GPU, not on 'interpreter'"):
        tuned(executable.programs[0], InterpreterDevice(), TuningTable(autotune))


def test_variables_are_not_touched_while_tiles_are_measured(autotune):
    x, w = Value(TensorType((96, 96), "float32"), "x"), Value(TensorType((96, 96), "float32"), "w")
    graph = Graph.of([x], [ops.sum(x)], [StateSlot("w", w, ops.add(ops.matmul(x, x), w))])
    backend = TritonBackend(ClockedInterpreter([0.3, 0.1] * 4))
    cells = {"w": backend.new_cell(w.type, np.ones((96, 96), np.float32))}
    backend.load(graph, cells)
    np.testing.assert_array_equal(cells["w"].read(), 1)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 0, "entries": {}}', '{"version": 1, "entries": []}'])
def test_a_damaged_table_is_measured_again(autotune, text):
    (autotune / "tuning.json").write_text(text)
    device = ClockedInterpreter([0.3, 0.1])
    assert tile_of(TritonBackend(device).load(product(), {})) == (64, 64, 32)
    assert TuningTable(autotune).path.read_text().startswith('{\n "entries"')
    assert [path.name for path in autotune.iterdir() if path.name.startswith(".")] == []


def test_entries_of_others_stay(tmp_path):
    one, other = TuningTable(tmp_path), TuningTable(tmp_path)
    one.put("a", {"fastest": "x"})
    other.put("b", {"fastest": "y"})
    assert (one.fastest("a"), one.fastest("b"), one.fastest("c")) == ("x", "y", None)


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"Cannot keep the measured tiles in .*GRAPHKERAS_CACHE.*GRAPHKERAS_AUTOTUNE=0"):
        TuningTable(tmp_path / "file").put("a", {})


def test_the_setting_comes_from_the_environment():
    assert config.from_environment({"GRAPHKERAS_AUTOTUNE": "1"}).autotune
    assert not config.from_environment({}).autotune
    with pytest.raises(ValueError, match="a switch must be 0 or 1, got 'yes'"):
        config.from_environment({"GRAPHKERAS_AUTOTUNE": "yes"})


def softmax():
    x = Value(TensorType((300, 40), "float32"), "x")
    return Graph.of([x], [ops.softmax(x, axis=1)])


def attention():
    query, key, value = (Value(TensorType((1, 64, 2, 32), "float32"), name) for name in ("query", "key", "value"))
    return Graph.of([query, key, value], [ops.dot_product_attention(query, key, value, causal=True)])


@pytest.mark.parametrize("build, count", [(product, 2), (softmax, 3), (attention, 3)])
def test_candidates_compute_the_same(autotune, build, count):
    """All tiles give the same numbers up to the order of additions."""
    program = lower(build(), {}).program
    (launch,) = program.launches
    rng = np.random.default_rng(1)
    feeds = [rng.normal(size=b.size).astype(np.float32) for b in program.buffers if b.kind == "input"]
    results = []
    for candidate in (launch, *launch.alternatives):
        loaded = InterpreterDevice().load(replace(program, steps=(replace(candidate, alternatives=()),)), {})
        loaded.run(feeds)
        results.append(loaded.outputs()[0])
    assert len(results) == count
    for result in results[1:]:
        np.testing.assert_allclose(result, results[0], rtol=0, atol=1e-4)


@pytest.mark.skipif(library.COMPILER is None, reason="no C compiler (cc or gcc) to build the stand-in")
def test_on_the_stand_in(tmp_path):
    built = library.build(tmp_path)
    code = ["-m", "tests.kernels.stand_in.tuning", str(built), str(tmp_path / "cache")]
    done = subprocess.run([sys.executable, "-W", "error", *code], capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
