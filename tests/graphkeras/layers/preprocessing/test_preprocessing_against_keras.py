"""The preprocessing layers give what real Keras gives, with the same configs; stored by make_preprocessing_expected.py."""

import json
from pathlib import Path

import numpy as np
import pytest

import graphkeras as keras
from tests.graphkeras.layers.preprocessing.preprocessing_cases import ADAPTED, CASES, label

with np.load(Path(__file__).with_name("preprocessing_expected.npz")) as file:
    EXPECTED = dict(file)

each_case = pytest.mark.parametrize("number", range(len(CASES)), ids=label)


@each_case
def test_numbers(number):
    name, config, inputs = CASES[number]
    assert str(EXPECTED[f"{number}:case"]) == label(number), "out of date: run make_preprocessing_expected.py"
    expected = EXPECTED[f"{number}:output"]
    output = getattr(keras.layers, name)(**config)(inputs)
    assert output.dtype == expected.dtype
    if output.dtype == np.uint8:  # where the number before rounding is k + 1/2, up to rounding errors, either is right
        wrong = np.abs(output.astype(int) - expected.astype(int))
        assert wrong.max() <= 1
        assert wrong.sum() <= 1
    elif "Spectrogram" in name:  # Keras computes the cosines and the bands in float32
        np.testing.assert_allclose(output, expected, rtol=5e-4, atol=5e-5)
    else:
        np.testing.assert_allclose(output, expected, rtol=2e-5, atol=3e-6)


@each_case
def test_configs(number):
    name, config, _ = CASES[number]
    layer = getattr(keras.layers, name)(**config, name="given")
    ours, theirs = json.loads(json.dumps(layer.get_config())), json.loads(str(EXPECTED[f"{number}:config"]))
    assert ours == theirs
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()


@each_case
def test_functional_model_on_disk_and_as_onnx(number, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    name, config, inputs = CASES[number]
    if len(inputs.shape) in (1, 3) and name not in ("Discretization", "STFTSpectrogram"):
        inputs = inputs[None]
    given = keras.Input(inputs.shape[1:], dtype=str(inputs.dtype))
    model = keras.Model(given, getattr(keras.layers, name)(**config)(given))
    expected = model.predict(inputs, verbose=0)
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras").predict(inputs, verbose=0), expected)
    model.export(tmp_path / "model.onnx", format="onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    (result,) = session.run(None, {session.get_inputs()[0].name: inputs})
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("number", range(len(ADAPTED)))
def test_adapted_boundaries(number):
    config, data = ADAPTED[number]
    layer = keras.layers.Discretization(**config)
    layer.adapt(iter(np.array_split(data, 2)))
    np.testing.assert_allclose(layer.bin_boundaries, EXPECTED[f"adapted{number}"], rtol=1e-6)
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    np.testing.assert_array_equal(again(data), layer(data))


def test_weighted_counts_of_lists():
    layer = keras.layers.CategoryEncoding(3, output_mode="count")
    weights = np.array([[0.5, 2.0], [1.0, 3.0]])
    np.testing.assert_allclose(layer([[0, 1], [2, 2]], count_weights=weights), [[0.5, 2, 0], [0, 0, 4]])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: keras.layers.CategoryEncoding(3)([[3]]), "from 0 to num_tokens - 1 = 2"),
        (lambda: keras.layers.CategoryEncoding(), "IntegerLookup"),
        (lambda: keras.layers.CategoryEncoding(3, output_mode="int"), "output_mode must be one of"),
        (lambda: keras.layers.CategoryEncoding(3, sparse=True), "no sparse tensors"),
        (lambda: keras.layers.Discretization(), "either bin_boundaries or num_bins"),
        (lambda: keras.layers.Discretization(num_bins=3)([1.0]), "adapt"),
        (lambda: keras.layers.Discretization([1.0]).adapt(np.ones(3)), "num_bins"),
        (lambda: keras.layers.CenterCrop(2, 2)(np.ones((3, 3), np.float32)), "3 axes"),
        (lambda: keras.layers.STFTSpectrogram("power"), "mode must be one of"),
        (lambda: keras.layers.STFTSpectrogram(frame_step=300), "from 1 to frame_length=256"),
        (lambda: keras.layers.STFTSpectrogram(fft_length=128), "at least frame_length=256"),
        (lambda: keras.layers.STFTSpectrogram(padding="full"), "'valid' or 'same'"),
        (lambda: keras.layers.MelSpectrogram(fft_length=64, sequence_length=65), "at least sequence_length=65"),
        (lambda: keras.initializers.STFT("both"), "'real' or 'imag'"),
        (lambda: keras.initializers.STFT(window="tukey"), "known are hann"),
        (lambda: keras.initializers.STFT(scaling="sum"), "scaling must be"),
        (lambda: keras.initializers.STFT()((4, 3)), "time, 1, frequencies"),
        (lambda: keras.initializers.STFT(window=[1.0, 2.0])((3, 1, 3)), "3 numbers"),
    ],
)
def test_errors_teach(make, words):
    with pytest.raises(ValueError, match=words):
        make()
