"""The coverage tool tells what is there, and what is there stays: `coverage_gaps.txt` may only get shorter."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

import graphkeras
from graphkeras.compiler import config
from graphkeras.tools.coverage import api_list, command, exercise, survey
from graphkeras.tools.coverage.calls.call import Given, call
from graphkeras.tools.coverage.refusals import REFUSALS, is_refusal
from graphkeras.tools.coverage.signatures import difference, parameters

GAPS = Path(__file__).with_name("coverage_gaps.txt")
X = np.float32([[1, 2, 3], [4, 5, 7]])


@pytest.fixture(scope="module")
def findings():
    former = config.update(device="interpreter")
    yield survey.survey(api_list.read_list())
    config.update(device=former.device)


@pytest.fixture
def interpreter():
    former = config.update(device="interpreter")
    yield
    config.update(device=former.device)


@pytest.mark.slow
def test_no_new_gap(findings):
    """After closing gaps: python -m graphkeras.tools.coverage --gaps tests/tools/coverage_gaps.txt"""
    known = set(GAPS.read_text().splitlines())
    told = {f"{found.symbol.path} {column}": problem for found in findings for column, problem in found.gaps.items()}
    assert not {line: problem for line, problem in told.items() if line not in known}


@pytest.mark.slow
def test_refusals_are_real(findings):
    """What works by now stands in the list no more."""
    refused = {(found.symbol.name, way) for found in findings for way in found.refused}
    assert refused == {(name, way) for name, ways in REFUSALS.items() for way in ways}


def test_every_sample_call_is_of_a_known_name():
    known = {symbol.path for symbol in api_list.read_list()}
    ours = {path for path in survey.calls_by_path() if survey.lookup(path) is not None}
    assert set(survey.calls_by_path()) <= known | ours


@pytest.mark.parametrize(
    ("ours", "theirs", "told"),
    [
        (lambda x, axis=-1: 0, "(x, axis=-1)", ""),
        (lambda x, axis=None: 0, "(x, axis=-1)", "axis=None, Keras -1"),
        (lambda x: 0, "(x, axis=-1)", "no axis"),
        (lambda x, axis=-1, more=0: 0, "(x, axis=-1)", "own more"),
        (lambda x, **kwargs: 0, "(x, axis=-1)", ""),
        (lambda x, more=0: 0, "(x, **kwargs)", ""),
        (lambda axis, x: 0, "(x, axis)", "order axis, x"),
        (lambda *xs, axis: 0, "(*xs, axis)", ""),
        (lambda x: 0, "(/, *args, **kwargs)", ""),
    ],
)
def test_signatures(ours, theirs, told):
    assert difference(ours, theirs) == told


class Remembering:
    """An object that keeps the arguments that it was made with."""

    def __new__(cls, *args, **kwargs):
        made = super().__new__(cls)
        made.arguments = args, kwargs
        return made

    def __init__(self, axis=-1):
        self.axis = axis


def test_a_class_takes_what_its_constructor_takes():
    assert difference(Remembering, "(axis=-1)") == ""
    assert difference(Remembering, "(axis=0)") == "axis=-1, Keras 0"


def test_what_is_no_signature():
    with pytest.raises(ValueError, match="is no signature"):
        parameters("(x")


@pytest.fixture
def replace(monkeypatch):
    """Give graphkeras.ops another function under a name."""
    return lambda name, function: monkeypatch.setattr(graphkeras.ops, name, function, raising=False)


@pytest.mark.usefixtures("interpreter")
class TestExercise:
    def test_all_ways_work(self):
        assert exercise.exercise(call("add", X, X)) == dict.fromkeys(exercise.WAYS, "")

    def test_functions_as_arguments(self, replace):
        replace("applied", lambda function, x: function(x))
        told = exercise.exercise(call("applied", Given(lambda keras: lambda x: keras.ops.square(x)), X))
        assert told == dict.fromkeys(exercise.WAYS, "")

    def test_integers_have_no_gradient(self):
        assert "gradient" not in exercise.exercise(call("argmax", X, axis=1))

    def test_known_arguments_stay_arrays(self):
        assert not any(exercise.exercise(call("repeat", X, np.int64([1, 2, 0]), 1, known=(1,))).values())

    def test_an_operation_for_arrays_only(self, replace):
        replace("doubled", lambda x: np.asarray(x) * 2)
        told = exercise.exercise(call("doubled", X))
        assert told["eager"] == "" and told["onnxruntime"].startswith("TypeError")
        assert exercise.exercise(call("doubled", X, eager=True)) == {"eager": ""}

    def test_an_operation_that_fails(self):
        assert exercise.exercise(call("reshape", X, (5,)))["eager"].startswith("ValueError")

    def test_symbols_that_differ_from_arrays(self, replace):
        add = graphkeras.ops.add
        replace("add", lambda x, y: add(x, y) if isinstance(x, np.ndarray) else add(add(x, y), y))
        told = exercise.exercise(call("add", X, X))
        assert (
            told["symbolic"] == "" and "eager" in told["numpy"] and "eager" in told["onnxruntime"] and "eager" in told["triton"]
        )

    def test_another_type(self, replace):
        cast = graphkeras.ops.cast
        replace("same", lambda x: x if isinstance(x, np.ndarray) else cast(x, "float64"))
        assert exercise.exercise(call("same", X))["symbolic"] == "has type float64[2,3], eager float32[2,3]"

    def test_a_wrong_gradient(self, replace):
        """The gradient of x * x where one factor is held is half of what it should be."""
        ops = graphkeras.ops
        replace("square", lambda x: ops.multiply(x, ops.stop_gradient(x)))
        told = exercise.exercise(call("square", X))
        assert "by differences" in told.pop("gradient") and not any(told.values())


LIST = "symbol\ttier\tkind\tsignature\nkeras.ops.add\t1\tfunction\t(x1, x2)\nkeras.ops.nothing\t2\tfunction\t(x)\n"


@pytest.fixture
def two_names(tmp_path):
    path = tmp_path / "two.tsv"
    path.write_text(LIST)
    return path


def test_the_command(two_names, capsys, tmp_path):
    gaps = tmp_path / "gaps.txt"
    assert command.main(["--list", str(two_names), "--missing", "--gaps", str(gaps)]) == 0
    printed = capsys.readouterr().out
    assert "1/2" in printed and "keras.ops.nothing" in printed
    assert gaps.read_text() == "keras.ops.nothing exists\n"


def test_required_tiers(two_names, capsys):
    assert command.main(["--list", str(two_names), "--require", "1"]) == 0
    assert command.main(["--list", str(two_names), "--require", "1,2"]) == 1
    assert "keras.ops.nothing" in capsys.readouterr().err
    assert command.main(["--list", str(two_names), "--tier", "1", "--require", "1,2"]) == 0


def test_json(two_names, capsys):
    command.main(["--list", str(two_names), "--json", "--skip", "triton,gradient"])
    add, nothing = json.loads(capsys.readouterr().out)
    assert add["exists"] and add["onnxruntime"] == "" and "triton" not in add
    assert nothing == {
        "symbol": "keras.ops.nothing",
        "tier": 2,
        "kind": "function",
        "exists": False,
        "signature": "",
        "refused": [],
    }


def test_bad_options_and_lists(two_names, tmp_path, capsys):
    with pytest.raises(SystemExit):
        command.main(["--skip", "tritn"])
    assert "no way 'tritn'" in capsys.readouterr().err
    other = tmp_path / "other.tsv"
    other.write_text("name\tsignature\n")
    with pytest.raises(ValueError, match="no column 'symbol'"):
        api_list.read_list(other)


def test_only_clear_refusals_count():
    assert is_refusal("svd", "triton", "NotImplementedError: Triton cannot compute svd")
    assert is_refusal("qr", "gradient", "ValueError: qr has no gradient for")
    assert not is_refusal("svd", "triton", "KeyError: 'svd'")
    assert not is_refusal("svd", "numpy", "NotImplementedError: svd") and not is_refusal(
        "add", "triton", "NotImplementedError: no"
    )


def test_an_operation_without_a_call(monkeypatch):
    symbol = api_list.Symbol("keras.ops.add", 1, "function", "(x1, x2)")
    assert "no sample call" in survey.look_at(symbol, []).gaps["eager"]
    assert survey.look_at(dataclasses.replace(symbol, path="keras.ops.shape", signature="(x)"), []).gaps == {}
