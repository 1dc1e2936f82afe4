"""The CPU benchmark: its own row runs here; frameworks that are missing or wrong get no figures."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from graphkeras.tools.bench import cpu


def test_graphkeras_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cpu, "ROWS", (cpu.Row("tiny", (6, 5, 3), 4, 3),))
    output = tmp_path / "figures.json"
    assert cpu.main(["--rows", "tiny", "--peers", "", "--rounds", "2", "--seconds", "0.01", "--json", str(output)]) == 0
    text = capsys.readouterr().out
    assert "tiny: 6-5-3, Adam, batch 4" in text and "graphkeras" in text
    (result,) = json.loads(output.read_text())["tiny"]
    assert result["error"] == ""
    assert len(result["losses"]) == 3 and result["first_step_seconds"] > 0
    assert {name: len(seconds) for name, seconds in result["seconds"].items()} == dict.fromkeys(cpu.MEASURES, 2)


def test_frameworks_that_are_missing_are_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cpu, "PEERS", (cpu.PEERS[0], cpu.Peer("Nothing", "peer_nothing", ("no_such_module",))))
    assert cpu.main(["--rows", "", "--peers", "Nothing"]) == 0
    assert "Nothing: not installed" in capsys.readouterr().out


def test_a_framework_that_fails_says_why() -> None:
    process = cpu.Process(cpu.Peer("Nothing", "peer_nothing", ()), sys.executable, threads=1)
    assert process.ask("versions") == {"error": "ModuleNotFoundError: No module named 'peer_nothing'"}
    assert "ModuleNotFoundError" in process.ask("build", data="", batch_size=1)["error"]
    process.close()


def test_a_process_that_ends_says_its_last_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no such interpreter >&2\n")
    broken.chmod(0o755)
    process = cpu.Process(cpu.PEERS[0], str(broken), threads=0)
    assert process.ask("versions") == {"error": "the process ended: no such interpreter"}
    process.close()


def test_losses_that_differ_make_a_row_invalid() -> None:
    assert cpu.loss_difference([2.0, 1.0005], [2.0, 1.0]) == ""
    assert cpu.loss_difference([2.0, 1.01], [2.0, 1.0]) == "INVALID: loss of step 1 is 1.010000, ours 1.000000"
    assert cpu.loss_difference([float("nan")], [2.0]) == "INVALID: loss of step 0 is nan, ours 2.000000"


def test_ratios_are_of_the_same_round() -> None:
    assert cpu.cell_text([0.002, 0.004, 0.006], [0.001, 0.001, 0.004]) == "4.000 (2.00x, 1.50-4.00)"
    assert cpu.cell_text([], [0.001]) == "-"
    assert cpu.cell_text([0.001], []) == "1.000"
