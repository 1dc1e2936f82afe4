"""The examples run, in a process of their own, and show what they promise."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
from PIL import Image

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


def figure(pattern, output):
    """The number that the group of `pattern` matches in the output."""
    return float(re.search(pattern, output).group(1))


def test_the_digits_convnet(tmp_path):
    output = run(ROOT / "examples" / "digits_convnet.py", "--epochs", 6, "--folder", tmp_path, cwd=tmp_path)
    assert "Epoch 6/6" in output and re.search(r"The best of 6 epochs was epoch [3-6]:", output)
    assert figure(r"Test: loss [\d.]+, accuracy ([\d.]+)", output) >= 0.93
    assert figure(r"differs from predict by ([\d.e+-]+)", output) <= 1e-5
    assert (tmp_path / "digits_convnet.keras").exists()


def test_tabular_regression(tmp_path):
    output = run(ROOT / "examples" / "tabular_regression.py", "--folder", tmp_path, cwd=tmp_path)
    assert "{'[UNK]': 0, 'female': 1, 'male': 2}" in output
    r_squared = figure(r"Test: R² ([\d.]+)", output)
    assert r_squared >= 0.4, "a linear regression has 0.44, the mean 0"
    for name in ("bmi", "s5"):
        assert figure(rf"With {name} shuffled between the patients: R² (-?[\d.]+)", output) < r_squared - 0.05
    assert "loaded, it predicts the same: True" in output
    assert figure(r"differs from predict by ([\d.e+-]+)", output) <= 1e-3, "of a number between 25 and 346"


def test_the_text_classifiers(tmp_path):
    output = run(ROOT / "examples" / "text_classifier.py", "--epochs", 4, "--folder", tmp_path, cwd=tmp_path)
    assert figure(r"the largest package has (\d+)%", output) < 25
    for name in ("lstm", "transformer"):
        assert figure(rf"Test accuracy of the {name}: ([\d.]+)", output) >= 0.6
        assert (tmp_path / f"{name}.keras").exists() and (tmp_path / f"{name}.onnx").exists()
    assert output.count("  logging (") == output.count("  turtle (") == output.count("  asyncio (") == 2, output
    differences = re.findall(r"onnxruntime and the loaded model differ by ([\d.e+-]+)", output)
    assert len(differences) == 2 and all(float(difference) <= 1e-5 for difference in differences)


def test_the_language_model(tmp_path):
    arguments = ("--epochs", 2, "--steps", 120, "--folder", tmp_path)
    output = run(ROOT / "examples" / "language_model.py", *arguments, cwd=tmp_path)
    pairs = figure(r"from the letter before ([\d.]+)", output)
    assert figure(r"Test: ([\d.]+) nats per character", output) < pairs - 0.1, "it looks back further than one letter"
    written = re.findall(r"Temperature ([\d.]+): ['\"](.*)['\"]", output)
    assert [temperature for temperature, _ in written] == ["0.0", "0.5", "1.0"]
    assert all(text.startswith("The statement ") for _, text in written) and len({text for _, text in written}) == 3
    assert "onnxruntime and the loaded model write the same: True" in output


def test_the_variational_autoencoder(tmp_path):
    output = run(ROOT / "examples" / "vae.py", "--epochs", 60, "--folder", tmp_path, cwd=tmp_path)
    error = figure(r"given back from two numbers: ([\d.]+)", output)
    components = figure(r"with two principal components ([\d.]+)", output)
    assert error < 0.9 * components < figure(r"with the mean digit ([\d.]+)", output)
    assert figure(r"Epoch 60/60\n.* divergence: ([\d.]+)", output) > 1, "the codes carry something"
    assert figure(r"onnxruntime and the loaded decoder differ by ([\d.e+-]+)", output) <= 1e-5
    with Image.open(tmp_path / "digits.png") as picture:
        assert picture.size == (16 * 9 * 5, 16 * 9 * 5)
        assert picture.getextrema() == (0, 255)


def test_saliency_maps(tmp_path):
    output = run(ROOT / "examples" / "saliency.py", "--epochs", 2, "--folder", tmp_path, cwd=tmp_path)
    assert figure(r"Test accuracy ([\d.]+)", output) >= 0.8
    assert figure(r"divided by saliency on the decoys: ([\d.]+)", output) >= 4
    assert figure(r"before training ([\d.]+)", output) < 2, "it is training that makes the model look there"
    assert figure(r"onnxruntime and the loaded model differ by ([\d.e+-]+)", output) <= 1e-4
    assert "see the same digits: True" in output
    with Image.open(tmp_path / "saliency.png") as picture:
        assert picture.size == (3 * 74 * 6, 4 * 26 * 6)
        red, _, blue = (np.asarray(channel)[: 24 * 6, 24 * 6 : 48 * 6] for channel in picture.split())
        assert red.max() == 255 and blue.max() == 0, "the second of three strips shows saliency alone, in red"
