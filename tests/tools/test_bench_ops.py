"""The benchmark of operations: our rows run here; the others have a function for every row; wrong results get no time."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from graphkeras.tools.bench import op_rows, ops

FOLDER = Path(ops.__file__).parent


def test_graphkeras_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(ops, "PEERS", ops.PEERS[:1])
    output = tmp_path / "figures.json"
    assert ops.main(["--rows", "embedding,one_hot", "--rounds", "2", "--seconds", "0.01", "--json", str(output)]) == 0
    assert "embedding" in capsys.readouterr().out
    timings = json.loads(output.read_text())["timings"]
    assert [(one["name"], one["gradient"]) for one in timings] == [
        ("embedding", False),
        ("embedding", True),
        ("one_hot", False),
    ]
    for one in timings:
        assert one["errors"] == {} and len(one["seconds"]["graphkeras"]) == 2


def test_frameworks_that_are_missing_are_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(ops, "PEERS", (ops.PEERS[0], ops.Peer("Nothing", "ops_of_nothing", ("no_such_module",))))
    assert ops.main(["--rows", "none"]) == 0
    assert "Nothing: not installed" in capsys.readouterr().out


@pytest.mark.parametrize("file", ["ops_of_graphkeras.py", "ops_of_torch.py", "ops_of_jax.py"])
def test_every_row_has_a_function_everywhere(file: str) -> None:
    names = {row.name for row in op_rows.ROWS}
    assert len(names) == len(op_rows.ROWS)
    tables = [
        node.value
        for node in ast.parse((FOLDER / file).read_text()).body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "FUNCTIONS"
    ]
    assert len(tables) == 1 and isinstance(tables[0], ast.Dict)
    assert {ast.literal_eval(key) for key in tables[0].keys if key is not None} == names


def test_figures_that_differ_make_a_framework_invalid() -> None:
    assert ops.figure_difference([2.0, 1.001], [2.0, 1.0]) == ""
    assert ops.figure_difference([2.0, 1.01], [2.0, 1.0]).startswith("INVALID: mean magnitude of result 1")
    assert ops.figure_difference([float("nan")], [2.0]).startswith("INVALID")
    assert ops.figure_difference([2.0], [2.0, 1.0]) == "INVALID: 1 results, ours 2"


def test_ratios_are_of_the_same_round_and_the_better_of_the_others() -> None:
    timing = ops.Timing("family", "row", False, {"graphkeras": [2.0, 3.0], "torch": [1.0, 6.0], "JAX": [4.0, 3.0]})
    assert timing.ratios == [2.0, 1.0]
    assert ops.ratio_text(timing.ratios) == "1.50 (1.00-2.00)"
    assert ops.ratio_text([1.6]) == "[red]1.60 (1.60-1.60)[/]" and ops.ratio_text([]) == "-"
    assert ops.Timing("family", "row", False, {"graphkeras": [2.0]}).ratios == []
