"""What the documents say is true: their commands exist, their code runs, their files are there."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.journal import recording
from graphkeras.compiler.parser import parse_graph
from graphkeras.compiler.registry import OPS, ops
from graphkeras.compiler.rewrite import apply_rules
from graphkeras.compiler.types import TensorType

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
RECIPES = dict(re.findall(r"<!-- recipe: (\S+) -->\n```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL))


def run_recipe(file):
    """The recipe's names, after running it as if it stood in `file`."""
    house, *folders = Path(file).parts[:-1]
    scope = {"__package__": ".".join(["graphkeras", house, *folders]), "__name__": f"graphkeras.{house}.recipe"}
    exec(compile(RECIPES[file], file, "exec"), scope)
    return scope


@pytest.fixture
def registry():
    """Ops that a recipe adds are taken out again."""
    before = dict(OPS)
    yield
    OPS.clear()
    OPS.update(before)


@pytest.mark.parametrize(
    ("file", "name", "reference", "slope"),
    [
        ("compiler/ops/activation.py", "softsign", lambda x: x / (1 + abs(x)), lambda x: 1 / (1 + abs(x)) ** 2),
        ("compiler/ops/hard_swish.py", "hard_swish", lambda x: x * (x / 6 + 0.5), lambda x: x / 3 + 0.5),
    ],
)
def test_the_recipe_for_an_op(registry, file, name, reference, slope):
    run_recipe(file)
    assert list(OPS[name].samples())
    numbers = np.linspace(-1, 1, 7, dtype="float64")
    x = Value(TensorType((7,), "float64"), "x")
    y = getattr(ops, name)(x)
    (gradient,) = gradients([ops.sum(y)], [x])
    found = evaluate_graph(Graph.of([x], [y, gradient]), [numbers])
    outputs = found[0] if isinstance(found, tuple) else found
    np.testing.assert_allclose(outputs[0], reference(numbers), rtol=1e-12)
    np.testing.assert_allclose(outputs[1], slope(numbers), rtol=1e-12)


def test_the_recipe_for_a_rule():
    rules = run_recipe("compiler/passes/rules/functions.py")["RULES"]
    x = Value(TensorType((2, 3), "float32"), "x")
    result = apply_rules(Graph.of([x], [ops.tanh(-x)]), rules).outputs[0]
    assert result.node.op.name == "negative"
    assert result.node.inputs[0].node.op.name == "tanh"
    near = Graph.of([x], [-ops.tanh(x)])
    assert apply_rules(near, rules).outputs == near.outputs


def test_the_recipe_for_a_pass():
    drop_identities = run_recipe("compiler/passes/drop_identities.py")["drop_identities"]
    x = Value(TensorType((2, 3), "float32"), "x")
    with recording() as entries:
        result = drop_identities(Graph.of([x], [ops.relu(ops.identity(x))]))
    assert result.outputs[0].node.inputs == (x,)
    assert [entry.what for entry in entries] == ["identity(x) -> x"]


def test_every_recipe_is_checked():
    assert set(RECIPES) == {
        "compiler/ops/activation.py",
        "compiler/ops/hard_swish.py",
        "compiler/passes/rules/functions.py",
        "compiler/passes/drop_identities.py",
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_exist(page):
    """Names with a slash or a known suffix in backticks; the recipes' own new file is an example."""
    names = re.findall(r"`((?:graphkeras|compiler|kernels|tools|tests|examples|docs)/[\w./]*)`", page.read_text())
    missing = [name for name in names if not (ROOT / name).exists()]
    assert not missing


def test_the_map_names_files_that_are_there():
    """The first column of each table, in the folder that the heading above names."""
    house, folder, missing, count = "", ROOT, [], 0
    for line in (ROOT / "ARCHITECTURE.md").read_text().splitlines():
        if heading := re.match(r"(##|###) (\w+)/", line):
            house = heading[2] if heading[1] == "##" else house
            folder = ROOT / house if heading[1] == "##" else ROOT / house / heading[2]
        elif line.startswith("| `"):
            for name in re.findall(r"`([\w/]+(?:\.py|/))`", line.split(" | ")[0]):
                count += 1
                if not (folder / name).exists():
                    missing.append(str(folder / name))
    assert count > 80
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_targets_that_a_page_names_exist(page):
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake (\w+)\s*(?:#|`|$)", page.read_text(), re.MULTILINE)) <= targets


def test_the_samples_of_coming_from_keras_run(tmp_path):
    """They are one program, in the order of the page."""
    page = (ROOT / "docs" / "coming_from_keras.md").read_text()
    samples = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(samples) > 8 and all(len(sample.splitlines()) <= 12 for sample in samples)
    (tmp_path / "samples.py").write_text("\n".join(samples))
    run(["-W", "error", "samples.py"], tmp_path)


# ---- the README -----------------------------------------------------------------------------------------------------------

README = (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """A folder in which the README's example has run."""
    folder = tmp_path_factory.mktemp("readme")
    name, code = re.search(r"<!-- example: (\S+) -->\n```python\n(.*?)```", README, re.DOTALL).groups()
    (folder / name).write_text(code)
    assert len([line for line in code.splitlines() if line.strip()]) <= 15
    run([name], folder)
    return folder


def run(arguments, folder):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    result = subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, f"{arguments}\n{result.stdout[-1000:]}\n{result.stderr[-3000:]}"
    return result.stdout


COMMANDS = re.findall(r"^    graphkeras-dump (.*?)\s*#", README, re.MULTILINE)


def test_the_readmes_example_leaves_its_files(example):
    assert {"digits.keras", "digits.onnx"} <= {path.name for path in example.iterdir()}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readmes_dump_commands(example, command):
    assert "digits" in run(["-m", "graphkeras.tools.dump", *shlex.split(command)], example)


def test_the_readmes_graph_is_a_real_one(example):
    shown = re.search(r"<!-- graph -->\n```\n(.*?)```", README, re.DOTALL).group(1)
    assert shown.strip() in run(["-m", "graphkeras.tools.dump", "digits:model"], example)
    assert str(parse_graph(shown)) == shown.strip()


def test_the_commands_without_make_are_those_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text().replace("$(BIN)", ".venv/bin").replace("$(PYTHON)", "python3")
    block = re.search(r"The same without make:\n\n((?:    .*\n)+)", README).group(1)
    for command in block.split("\n"):
        assert command.strip().replace("pip install", "pip install --quiet") in makefile, command


def test_every_room_of_graphkeras_is_in_the_table_of_the_architecture():
    table = (ROOT / "ARCHITECTURE.md").read_text().partition("## graphkeras/")[2].partition("\n#")[0]
    rooms = [
        f"{path.name}/" if path.is_dir() else path.name
        for path in (ROOT / "graphkeras").iterdir()
        if path.name != "__init__.py" and (path.suffix == ".py" or (path / "__init__.py").is_file())
    ]
    assert [room for room in sorted(rooms) if f"`{room}`" not in table] == []
