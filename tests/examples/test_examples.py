"""The examples run, in a process of their own, and show what they promise."""

import os
import re
import subprocess
import sys
from pathlib import Path

import onnx

ROOT = Path(__file__).resolve().parent.parent.parent


def run(*arguments, cwd):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": ""}
    command = [sys.executable, "-W", "error", *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=cwd)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-4000:]
    return result.stdout


def test_the_demo(tmp_path):
    output = run(ROOT / "examples" / "digits.py", "--folder", tmp_path, cwd=tmp_path)
    assert "Epoch 20/20" in output
    accuracy = float(re.search(r"Test: loss [\d.]+, accuracy ([\d.]+) on 360 digits", output).group(1))
    assert accuracy >= 0.95
    assert f"loaded again: loss {re.search(r'Test: loss ([0-9.]+)', output).group(1)}" in output
    difference = float(re.search(r"onnxruntime differs from predict by ([\d.e+-]+)", output).group(1))
    assert difference <= 1e-5
    assert re.search(r"graph digits\(pixels: float32\[batch,64\]\) -> \(digit\):", output)
    assert re.search(r"hidden_1: float32\[batch,64\] = relu\(v1\)  # digits/hidden_1 \| .*digits\.py:\d+", output)
    onnx.checker.check_model(tmp_path / "digits.onnx", full_check=True)


def test_a_layer_of_ones_own(tmp_path):
    output = run(ROOT / "examples" / "custom_layer.py", cwd=tmp_path)
    assert float(re.search(r"'accuracy': (?:np\.float\d+\()?([\d.]+)", output).group(1)) > 0.8
    assert "predicts the same: True" in output
    assert re.search(r"exported \d+ bytes", output)


def test_training_with_onnxruntime_alone(tmp_path):
    output = run(ROOT / "examples" / "train_elsewhere.py", cwd=tmp_path)
    losses = [float(loss) for loss in re.findall(r"epoch \d+: loss ([\d.]+)", output)]
    assert len(losses) == 20
    assert losses[-1] < losses[0] / 5
    assert float(re.search(r"test accuracy ([\d.]+)", output).group(1)) >= 0.95
