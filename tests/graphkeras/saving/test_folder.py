"""A model as a plain folder instead of a `.keras` archive."""

import os
import subprocess
import textwrap

import numpy as np
import pytest

import graphkeras as keras
from graphkeras.layers import Dense, Input

KERAS = os.environ.get("GRAPHKERAS_KERAS_PYTHON")
X = np.random.default_rng(3).normal(size=(8, 6)).astype("float32")
Y = np.arange(8) % 3


def trained():
    model = keras.Sequential([Input((6,)), Dense(5, activation="tanh"), Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(X, Y, epochs=2, verbose=0)
    return model


def test_training_goes_on_from_a_folder(tmp_path):
    model = trained()
    model.save(tmp_path / "made" / "model", zipped=False)
    names = sorted(p.name for p in (tmp_path / "made" / "model").iterdir())
    assert names == ["config.json", "metadata.json", "model.weights.h5"]
    again = keras.models.load_model(tmp_path / "made" / "model")
    fresh = trained()
    fresh.load_weights(tmp_path / "made" / "model")
    for other in (again, fresh):
        np.testing.assert_array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))
    assert again.train_on_batch(X, Y) == model.train_on_batch(X, Y)


def test_a_folder_is_saved_over_and_other_files_stay(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError):
        trained().save(tmp_path, overwrite=False, zipped=False)
    for _ in range(2):
        model = trained()
        model.save(tmp_path, zipped=False)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    again = keras.models.load_model(tmp_path, compile=False)
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


def test_what_does_not_fit_is_named(tmp_path):
    with pytest.raises(ValueError, match="zipped=False writes a folder"):
        trained().save(tmp_path / "m.keras", zipped=False)
    with pytest.raises(ValueError, match="it is a folder"):
        keras.models.load_model(tmp_path)
    trained().save(tmp_path / "m", zipped=False)
    (tmp_path / "m" / "model.weights.h5").unlink()
    with pytest.raises(ValueError, match=r"holds no model.weights.h5"):
        keras.models.load_model(tmp_path / "m")


THEIR_SIDE = """
    import os, sys
    os.environ["KERAS_BACKEND"] = "jax"
    import keras, numpy as np
    model = keras.models.load_model("ours")
    x = np.load("x.npy")
    np.save("ours.npy", model.predict(x, verbose=0))
    model.train_on_batch(x, np.arange(8) % 3)
    model.save("theirs", zipped=False)
    np.save("theirs.npy", model.predict(x, verbose=0))
"""


@pytest.mark.slow
@pytest.mark.skipif(not KERAS, reason="no Keras here; set GRAPHKERAS_KERAS_PYTHON")
def test_keras_reads_ours_and_we_read_its(tmp_path):
    model = trained()
    model.save(tmp_path / "ours", zipped=False)
    np.save(tmp_path / "x.npy", X)
    command = [KERAS, "-c", textwrap.dedent(THEIR_SIDE)]
    environment = {**os.environ, "PYTHONPATH": ""}
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert result.returncode == 0, result.stderr[-3000:]
    np.testing.assert_allclose(np.load(tmp_path / "ours.npy"), model.predict(X, verbose=0), atol=1e-6)
    again = keras.models.load_model(tmp_path / "theirs")
    np.testing.assert_allclose(again.predict(X, verbose=0), np.load(tmp_path / "theirs.npy"), atol=1e-6)
    assert int(again.optimizer.iterations.numpy()) == 3
