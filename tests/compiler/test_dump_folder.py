"""The dump folder holds every stage, and its graphs parse back."""

from types import SimpleNamespace

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler import dump_folder
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.executables.reference import NumpyExecutable
from graphkeras.compiler.executables.triton import TritonBackend
from graphkeras.compiler.figures import figures
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.journal import Entry
from graphkeras.compiler.parser import parse_graph
from graphkeras.compiler.pipeline import Stage, optimize
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType
from graphkeras.kernels.interpreter.device import InterpreterDevice

batch = Dim.symbol("batch")


def small_graph() -> Graph:
    x = Value(TensorType((batch, 3)), "x")
    return Graph.of([x], [ops.exp(x) + ops.exp(x)], name="small model", output_names=["y"])


def test_every_stage_is_written_and_parses_back(tmp_path):
    stages = optimize(small_graph(), "numpy")
    room = dump_folder.write(stages, NumpyExecutable(stages[-1].graph, {}), tmp_path / "dump")
    assert room == tmp_path / "dump" / "small_model"
    files = sorted(path.name for path in room.iterdir())
    assert files[: len(stages)] == [f"{number:02}_{stage.name}.txt" for number, stage in enumerate(stages)]
    assert files[len(stages) :] == ["journal.txt", "program.txt", "summary.txt"]
    for number, stage in enumerate(stages):
        text = (room / f"{number:02}_{stage.name}.txt").read_text().strip()
        assert str(parse_graph(text)) == text == str(stage.graph)
    assert "exp is computed already (same operands" in (room / "journal.txt").read_text()
    assert "27*batch" in (room / "summary.txt").read_text(), "for each of three elements, exp counts 8 and add 1"


def test_a_second_graph_of_that_name_gets_its_own_folder(tmp_path):
    stages = optimize(small_graph(), "numpy")
    executable = NumpyExecutable(stages[-1].graph, {})
    rooms = [dump_folder.write(stages, executable, tmp_path).name for _ in range(3)]
    assert rooms == ["small_model", "small_model_2", "small_model_3"]


def test_generated_kernels_are_written(tmp_path):
    stages = optimize(small_graph(), "numpy")
    texts = ["import triton\n", "import triton\n", "import triton  # other sizes\n"]
    executable = NumpyExecutable(stages[-1].graph, {})
    launches = [SimpleNamespace(kernel=SimpleNamespace(name="fused", source=text)) for text in texts]
    executable.programs = [SimpleNamespace(launches=launches)]
    room = dump_folder.write(stages, executable, tmp_path)
    written = {path.name: path.read_text() for path in (room / "kernels").iterdir()}
    assert written == {"fused.py": texts[0], "fused_2.py": texts[2]}, "every source once, none lost"


def test_the_journal_counts_equal_lines():
    entries = (Entry("x * 1 -> x", scope="dense"), Entry("x * 1 -> x", scope="dense"), Entry("fold", "too big", refused=True))
    text = dump_folder.journal_text([Stage("simplify", small_graph(), entries, 0.002)])
    assert text == "simplify: 3 nodes after it, 2.0 ms\n  x * 1 -> x  # dense  x2\n  not done: fold (too big)\n"


def test_figures_are_symbolic_in_the_batch():
    costs = figures(small_graph())
    assert costs.nodes == 3
    assert costs.ops == (("exp", 2), ("add", 1))
    assert costs.flops == batch * (8 * 3 * 2 + 3)
    assert costs.value_bytes == batch * 36
    assert costs.parameters == 0


def test_a_program_for_triton_is_written_though_its_sizes_are_open(tmp_path):
    stages = optimize(small_graph(), "triton")
    backend = TritonBackend(InterpreterDevice())
    room = dump_folder.write(stages, backend.load(stages[-1].graph, {}), tmp_path)
    assert "batch = 32" in (room / "program.txt").read_text()
    (kernel,) = (room / "kernels").iterdir()
    assert "@triton.jit" in kernel.read_text()
    assert "lowering:\n  fused exp into" in (room / "journal.txt").read_text()
