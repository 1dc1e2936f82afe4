"""compile_graph: targets, the dump folder, which modules are imported when."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from graphkeras.compiler import config, driver
from graphkeras.compiler.executables.reference import NumpyExecutable
from tests.compiler.onnx.examples import cells_of, counter


@pytest.mark.parametrize("target", ["numpy", "onnxruntime"])
def test_targets_agree(target: str) -> None:
    cells = cells_of({"total": np.zeros((), np.float32)}, target)
    compiled = driver.compile_graph(counter(), cells, target)
    assert compiled.target == target and compiled.seconds > 0
    assert compiled.stages[0].name == "traced"
    x = np.arange(6, dtype=np.float32).reshape(3, 2)
    for run in range(3):
        before, doubled = compiled.executable.run([x])
        assert before == 15 * run
        np.testing.assert_array_equal(doubled, 2 * x)


def test_the_configured_target_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "_current", config.Config(target="numpy"))
    compiled = driver.compile_graph(counter(), cells_of({"total": np.zeros((), np.float32)}, "numpy"))
    assert isinstance(compiled.executable, NumpyExecutable)


def test_the_dump_folder_holds_every_stage_and_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "_current", config.Config(dump=tmp_path))
    compiled = driver.compile_graph(counter(), cells_of({"total": np.zeros((), np.float32)}), "onnxruntime")
    files = sorted(path.name for path in (tmp_path / "count").iterdir())
    assert files[: len(compiled.stages)] == [f"{k:02}_{stage.name}.txt" for k, stage in enumerate(compiled.stages)]
    assert {"journal.txt", "model.onnx", "program.txt", "summary.txt"} <= set(files)
    onnx.checker.check_model(onnx.load(tmp_path / "count" / "model.onnx"), full_check=True)


def test_targets_are_imported_when_they_are_chosen() -> None:
    code = "import sys, graphkeras.compiler.driver; print([m for m in ('onnx', 'onnxruntime', 'triton') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(("gpu", "expected"), [(False, "onnxruntime"), (True, "triton")])
def test_auto_is_triton_where_a_gpu_answers(gpu: bool, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "gpu_available", lambda: gpu)
    monkeypatch.setattr(driver.importlib.util, "find_spec", lambda name: "found")
    assert driver._best_target.__wrapped__() == expected


def test_a_gpu_without_triton_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "gpu_available", lambda: True)
    monkeypatch.setattr(driver.importlib.util, "find_spec", lambda name: None)
    with pytest.warns(UserWarning, match="There is a GPU, but triton is not installed"):
        assert driver._best_target.__wrapped__() == "onnxruntime"


def test_a_named_target_asks_for_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "gpu_available", lambda: 1 / 0)
    assert driver.resolve_target("numpy") == "numpy"
