"""Data sets of sound files, on files that the tests make."""

import wave

import numpy as np
import pytest

from graphkeras.data.audio import read_wav
from graphkeras.utils import audio_dataset_from_directory


def write(path, samples, rate=8000, width=2):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples.astype({1: "u1", 2: "<i2"}[width]).tobytes())


@pytest.fixture
def sounds(tmp_path):
    for number, (folder, length) in enumerate([("cat", 5), ("cat", 9), ("dog", 7)]):
        write(tmp_path / folder / f"{number}.wav", np.full((length, 2), 1000 * (number + 1)))
    return tmp_path


def test_batches_are_as_long_as_the_longest(sounds, capsys):
    data = audio_dataset_from_directory(sounds, shuffle=False)
    assert capsys.readouterr().out == "Found 3 files belonging to 2 classes.\n"
    ((x, y),) = list(data)
    assert (x.shape, x.dtype, data.class_names) == ((3, 9, 2), np.float32, ["cat", "dog"])
    np.testing.assert_array_equal(y, [0, 0, 1])
    np.testing.assert_array_equal(x[:, :, 0].sum(1) * 32768, [5000, 18000, 21000])
    assert (x[0, 5:] == 0).all()


def test_a_given_length_single_sounds_and_splits(sounds):
    for length in (6, 12):
        x, _ = next(iter(audio_dataset_from_directory(sounds, shuffle=False, output_sequence_length=length, verbose=False)))
        assert x.shape == (3, length, 2)
    single = audio_dataset_from_directory(sounds, labels=None, batch_size=None, shuffle=False, verbose=False)
    assert [sound.shape for sound in single] == [(5, 2), (9, 2), (7, 2)]
    split = {"validation_split": 0.34, "subset": "both", "seed": 1, "verbose": False}
    first, last = audio_dataset_from_directory(sounds, sampling_rate=8000, **split)
    assert len(first.file_paths) + len(last.file_paths) == 3


@pytest.mark.parametrize(
    ("error", "options", "words"),
    [
        (ValueError, {"sampling_rate": 16000}, "has 8000 samples a second"),
        (ValueError, {"sampling_rate": 0.5}, "positive integer"),
        (ValueError, {"output_sequence_length": 0}, "positive integer"),
        (ValueError, {"label_mode": "words"}, "label_mode must be"),
        (NotImplementedError, {"ragged": True}, "filled up with zeros"),
    ],
)
def test_errors_teach(sounds, error, options, words):
    with pytest.raises(error, match=words):
        list(audio_dataset_from_directory(sounds, verbose=False, **options))


def test_other_files_are_refused(tmp_path):
    (tmp_path / "no.wav").write_bytes(b"RIFF of nothing")
    with pytest.raises(ValueError, match="not a readable WAV file"):
        read_wav(tmp_path / "no.wav")
    write(tmp_path / "bytes.wav", np.full((4, 1), 9), width=1)
    with pytest.raises(ValueError, match="samples of 8 bits"):
        read_wav(tmp_path / "bytes.wav")
