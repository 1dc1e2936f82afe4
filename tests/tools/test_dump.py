"""graphkeras-dump on saved models, ONNX files, texts of graphs and Python objects."""

import importlib
import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import graphkeras as keras
from graphkeras.compiler.parser import parse_graph
from graphkeras.layers import Dense, Dropout, Input
from graphkeras.tools import dump
from graphkeras.tools.dump import command

ROOT = Path(__file__).resolve().parents[2]

MODULE = """
import numpy as np
import graphkeras as keras
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType
from graphkeras.layers import Dense, Input
from graphkeras.tracing import StaticFunction


def build(loss="mse"):
    inputs = Input((4,), name="features")
    hidden = Dense(3, activation="relu", name="hidden")(inputs)
    model = keras.Model(inputs, Dense(2, name="scores")(hidden), name="small")
    model.compile("sgd", loss)
    return model


def needs_an_argument(loss):
    return build(loss)


def nested():
    a, b = Input((4,), name="a"), Input((3,), name="b")
    inner = keras.Sequential([Input((4,)), Dense(6), Dense(5)], name="inner")
    joined = keras.layers.Concatenate(name="joined")([inner(a), b])
    outputs = [Dense(1, name="yes")(joined), Dense(7, activation="softmax", name="which")(joined)]
    model = keras.Model([a, b], outputs, name="outer")
    model.compile("adam", {"yes": "mse", "which": "sparse_categorical_crossentropy"})
    return model


class Mine(keras.Model):
    def __init__(self):
        super().__init__(name="mine")
        self.dense = Dense(3, name="dense")

    def call(self, x):
        return self.dense(x)


def called_once():
    model = Mine()
    model.compile("sgd", "mse")
    model(np.zeros((2, 4), "float32"))
    return model


uncompiled = keras.Sequential([Input((4,)), Dense(3)], name="plain")
x = Value(TensorType((Dim.symbol("batch"), 2)), "x")
graph = Graph.of([x], [ops.relu(ops.relu(x) * 1.0)], name="tiny")
called, never_called = StaticFunction(lambda x: x + 1, "plus_one"), StaticFunction(lambda x: x, "same")
called.prepare(np.ones((2, 2), np.float32))
number = 3
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with a module of models in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dumped_models.py").write_text(MODULE)
    yield tmp_path
    sys.modules.pop("dumped_models", None)


@pytest.fixture
def digits(folder) -> Path:
    layers = [
        Dense(8, activation="relu", name="hidden"),
        Dropout(0.5, name="dropout"),
        Dense(10, activation="softmax", name="digit"),
    ]
    model = keras.Sequential([Input((64,), name="pixels"), *layers], name="digits")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.save(folder / "digits.keras")
    model.save(folder / "digits.h5")
    model.export(folder / "digits.onnx")
    return folder


def dumped(capsys, *arguments: str) -> str:
    """What the command prints; it must succeed."""
    assert dump.main(arguments) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def complaint(capsys, *arguments: str) -> str:
    """What the command complains about; it must fail, and print nothing else."""
    assert dump.main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("graphkeras-dump: ")
    return said.err


# ---- subjects


@pytest.mark.parametrize("name", ["digits.keras", "digits.h5"])
def test_a_saved_model(capsys, digits, name):
    text = dumped(capsys, name)
    assert text.startswith(f"digits ({name})\n")
    (hidden,) = (line for line in text.splitlines() if line.startswith("digits/hidden"))
    # 64*8 weights and 8 biases; for each sample 2*64*8 for the product, 8 for the bias, 8 for relu; 3 results of 8 floats
    assert hidden.split() == ["digits/hidden", "Dense", "float32(batch,", "8)", "3", "520", "1040*batch", "96*batch"]
    assert "graph digits(pixels: float32[batch,64]) -> (digit):" in text
    assert "digit: float32[batch,10] = softmax(" in text


OWN_LAYER = """
import graphkeras as keras


class Twice(keras.layers.Layer):
    def call(self, x):
        return x * 2.0
"""


def test_a_saved_model_with_a_layer_of_ones_own(capsys, folder, monkeypatch):
    (folder / "dumped_layers.py").write_text(OWN_LAYER)
    monkeypatch.syspath_prepend(folder)
    twice = importlib.import_module("dumped_layers").Twice
    keras.Sequential([Input((3,)), twice(name="twice")], name="own").save(folder / "own.keras")
    assert "--import their module" in complaint(capsys, "own.keras")
    assert "own/twice  Twice" in dumped(capsys, "own.keras", "--import", "dumped_layers")
    assert "There is no module 'no_layers'" in complaint(capsys, "own.keras", "--import", "no_layers")


def test_an_onnx_file(capsys, digits):
    text = dumped(capsys, "digits.onnx")
    assert "parameters  610" in text
    assert "2 MatMul" in text
    assert "digit = Softmax(" in text
    summary = json.loads(dumped(capsys, "digits.onnx", "--json"))["summary"]
    assert summary["opset"] == {"ai.onnx": 18}
    assert summary["flops"].endswith("*batch")


def test_a_function_that_builds_a_model(capsys, folder):
    text = dumped(capsys, "dumped_models:build")
    assert "small/hidden" in text
    assert "# small/hidden | dumped_models.py:14" in text, "the user's line, from the current folder"


def test_a_graph_and_a_static_function(capsys, folder):
    assert "v2: float32[batch,2] = multiply(v0, v1)" in dumped(capsys, "dumped_models:graph")
    assert "graph plus_one(x: float32[batch,2])" in dumped(capsys, "dumped_models:called")


def test_what_is_written_can_be_read_again(capsys, folder):
    assert dumped(capsys, "dumped_models:build", "--full", "-o", "small.txt") == ""
    written = (folder / "small.txt").read_text()
    graph = parse_graph(written[written.index("graph small") :])
    again = dumped(capsys, "small.txt")
    assert str(graph) in again
    assert "small/hidden" in again


# ---- stages


def test_every_stage_that_is_listed_can_be_shown(capsys, folder):
    for target in ("numpy", "onnxruntime", "triton"):
        listed = dumped(capsys, "dumped_models:graph", "--list-stages", "--target", target).splitlines()[1:]
        names = [line.split()[0] for line in listed]
        assert names[0] == "traced"
        assert names[-1] == "program"
        for name in names:
            text = dumped(capsys, "dumped_models:graph", "--stage", name, "--target", target)
            if name == "eliminate_dead_code":
                assert "multiply" not in text.partition("graph tiny")[2], "relu(relu(x) * 1) is relu(x)"
                assert text.count("relu(") == 1


def test_the_program_of_each_target(capsys, folder):
    assert "Relu(x)" in dumped(capsys, "dumped_models:graph", "--stage", "program", "--target", "onnxruntime")
    text = dumped(capsys, "dumped_models:graph", "--stage", "program", "--target", "triton")
    assert "for batch = 32 (choose with --batch)" in text
    assert "@triton.jit" in text
    text = dumped(capsys, "dumped_models:graph", "--stage", "program", "--target", "triton", "--batch", "7")
    assert "choose with" not in text
    assert "float32[14]" in text


def test_the_training_step(capsys, digits):
    text = dumped(capsys, "digits.keras", "--train", "--batch", "16")
    assert "gradient FLOPs" in text
    assert "data_1: int32[16]" in text, "a sparse loss takes class numbers"
    assert "| d matmul" in text
    assert "/iteration" in text
    total = next(line for line in text.splitlines() if line.startswith("total"))
    assert "batch" not in total


def test_the_training_step_of_a_dense_loss(capsys, folder):
    assert "data_1: float32[batch,2]" in dumped(capsys, "dumped_models:build", "--train")


def test_the_training_step_of_several_inputs_and_losses(capsys, folder):
    text = dumped(capsys, "dumped_models:nested", "--train")
    assert "data_1_which: int32[batch], data_1_yes: float32[batch,1]" in text
    (inner,) = (line for line in text.splitlines() if line.startswith("outer/inner"))
    assert inner.split()[5] == str(4 * 6 + 6 + 6 * 5 + 5), "the parameters of the layers inside count for the nested model"


def test_a_model_of_ones_own_class(capsys, folder):
    assert "mine/dense  Dense" in dumped(capsys, "dumped_models:called_once")
    text = dumped(capsys, "dumped_models:called_once", "--train")
    assert "data_0: float32[batch,4], data_1: float32[batch,3]" in text


def test_a_trained_model_shows_the_step_that_ran(capsys, folder, monkeypatch):
    monkeypatch.syspath_prepend(folder)
    module = importlib.import_module("dumped_models")
    module.trained = module.build()
    module.trained.train_on_batch(np.ones((2, 4), "float32"), np.ones((2, 2), "float32"), sample_weight=np.ones(2, "float32"))
    assert "data_2: float32[batch]" in dumped(capsys, "dumped_models:trained", "--train"), "with sample weights"


def test_values_keep_their_names_from_stage_to_stage(capsys, folder):
    options = ("--train", "--target", "triton", "--stage")
    traced, optimized = (
        [line for line in dumped(capsys, "dumped_models:build", *options, name).splitlines() if "matmul(" in line]
        for name in ("traced", "eliminate_dead_code")
    )
    assert len(traced) == 5
    assert [line.partition(":")[0] for line in traced] == [line.partition(":")[0] for line in optimized]
    assert traced[0] == optimized[0], "its operands are inputs"


def test_the_diff_says_what_changed_and_why(capsys, folder):
    text = dumped(capsys, "dumped_models:graph", "--diff", "--target", "triton")
    section = text.partition("==== simplify:")[2].partition("====")[0]
    assert "  * x * 1 -> x  # dumped_models.py:" in section
    assert "-  v2: float32[batch,2] = multiply(v0, v1)" in section
    assert "nothing changed" in text
    text = dumped(capsys, "dumped_models:build", "--diff", "--target", "triton").partition("==== lowering")[2]
    assert "* fused " in text
    assert "* not done: " in text


def test_json(capsys, digits):
    told = json.loads(dumped(capsys, "digits.keras", "--json", "--stage", "program", "--target", "triton", "--batch", "4"))
    assert told["target"] == "triton"
    assert told["sizes"] == {"batch": 4}
    assert told["summary"]["total"]["parameters"] == 610
    assert told["stages"][0]["name"] == "traced"
    assert any("spelled out softmax" in entry["what"] for stage in told["stages"] for entry in stage["entries"])
    assert "@triton.jit" in told["program"]
    node = next(node for node in told["graph"]["nodes"] if node["op"] == "matmul")
    assert node["scope"] == "digits/hidden"
    assert node["flops"] == 2 * 4 * 64 * 8
    assert list(told["graph"]["outputs"]) == ["digit"]


def test_on_a_terminal_the_summary_is_a_table(capsys, folder, monkeypatch):
    screen = StringIO()
    monkeypatch.setattr(command, "Console", lambda: Console(file=screen, force_terminal=True, width=120))
    text = dumped(capsys, "dumped_models:build")
    assert text.startswith("# as traced\n"), "the table has been printed already"
    assert "small/hidden" in screen.getvalue()
    assert "\x1b[1m" in screen.getvalue(), "the sum is bold"
    assert "dumped_models:build" in screen.getvalue()


# ---- complaints


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.keras"], "There is no file 'missing.keras'."),
        (["some/folder:x"], "There is no file"),
        (["dumped_models"], "For an object of a module, name both, such as dumped_models:model."),
        (["no_such_module:model"], "There is no module 'no_such_module'"),
        (["dumped_models:biuld"], "dumped_models has no 'biuld'. Near: build"),
        (["dumped_models:number"], "is a int; it must be a Model, a Graph or a StaticFunction"),
        (["dumped_models:needs_an_argument"], "is called without arguments, but: missing a required argument: 'loss'."),
        (["dumped_models:never_called"], "has not been called yet"),
        (["dumped_models:uncompiled", "--train"], "The model 'plain' is not compiled: --train needs model.compile("),
        (
            ["dumped_models:Mine"],
            "The model 'mine' has not been built: the shapes of its inputs are not known.",
        ),
        (["dumped_models:graph", "--train"], "is a Graph; --train needs a model"),
        (["dumped_models:graph", "--stage", "simplfy"], "there are traced, drop_unused_results, "),
        (["dumped_models:graph", "--stage", "simplfy"], "Did you mean simplify?"),
        (["dumped_models.py"], "nor the text of a graph. Line 1: expected 'graph"),
        (["broken.onnx"], "broken.onnx is not an ONNX model"),
        (["broken.keras"], "broken.keras cannot be loaded"),
        (["dumped_models:graph", "-o", "no/such/folder.txt"], "No such file or directory: no/such/folder.txt"),
    ],
)
def test_a_complaint_says_what_to_do(capsys, folder, arguments, message):
    (folder / "broken.onnx").write_bytes(b"\x00\x01 not a model")
    (folder / "broken.keras").write_bytes(b"PK\x03\x04 cut off")
    assert message in complaint(capsys, *arguments)


@pytest.mark.parametrize("options", [["--train"], ["--diff"], ["--stage", "simplify"]])
def test_an_onnx_file_has_one_stage(capsys, digits, options):
    complaint(capsys, "digits.onnx", *options)


def test_a_mistake_inside_the_users_module_is_shown_as_it_is(folder):
    (folder / "dumped_broken.py").write_text("import there_is_no_such_library\n")
    with pytest.raises(ModuleNotFoundError, match="there_is_no_such_library"):
        dump.main(["dumped_broken:model"])


@pytest.mark.parametrize("batch", ["0", "-1", "many"])
def test_the_batch_is_a_positive_number(capsys, folder, batch):
    with pytest.raises(SystemExit):
        dump.main(["dumped_models:graph", "--batch", batch])
    assert "must be a positive whole number" in capsys.readouterr().err


def test_as_a_command(folder):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "graphkeras.tools.dump", "dumped_models:graph", "--stage", "eliminate_dead_code"]
    run = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, check=True)
    assert run.stderr == ""
    assert "= relu(x)" in run.stdout


# ---- the documentation


def documented_commands() -> list[str]:
    """The commands of docs/dump.md about the example."""
    lines = (ROOT / "docs" / "dump.md").read_text().splitlines()
    commands = [
        line.partition("#")[0].split() for line in lines if line.startswith("    graphkeras-dump examples.digits:build")
    ]
    return [" ".join(words[1:]) for words in commands]


@pytest.mark.parametrize("command_line", documented_commands())
def test_documented_commands_work(capsys, monkeypatch, command_line):
    monkeypatch.chdir(ROOT)
    assert dumped(capsys, *command_line.split())


def test_documented_output_is_real(capsys, monkeypatch):
    """But for line numbers, which move."""
    monkeypatch.chdir(ROOT)
    documented = (ROOT / "docs" / "dump.md").read_text()
    actual = dumped(capsys, "examples.digits:build")
    table = actual.partition("# as traced")[0].strip()
    assert table in documented
    for line in actual.splitlines():
        assert line.rpartition(":")[0] in documented
