"""Weights in several files; real Keras reads ours, and we read its."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import graphkeras as keras
from graphkeras.layers import Dense, Dropout, Input
from graphkeras.saving.sharded import shard_names

KERAS = os.environ.get("GRAPHKERAS_KERAS_PYTHON")
X = np.random.default_rng(3).normal(size=(8, 6)).astype("float32")
Y = np.arange(8) % 3
KB = 1 / 1024**2  # of a GB


def mlp(units=30):
    layers = [Input((6,)), Dense(units, activation="tanh"), Dropout(0.5), Dense(units), Dense(3, activation="softmax")]
    model = keras.Sequential(layers)
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def trained():
    model = mlp()
    model.fit(X, Y, epochs=2, verbose=0)
    return model


def test_a_resumed_run_goes_on_as_if_it_had_not_stopped(tmp_path):
    model, again = trained(), mlp()
    model.save_weights(tmp_path / "x.weights.json", max_shard_size=4 * KB)
    again.load_weights(tmp_path / "x.weights.json")
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    assert again.train_on_batch(X, Y) == model.train_on_batch(X, Y)  # optimizer and dropout too
    for ours, theirs in zip(again.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(ours, theirs)


def test_the_files(tmp_path):
    path = tmp_path / "x.weights.json"
    trained().save_weights(path, max_shard_size=4 * KB)
    found = json.loads(path.read_text())
    names = sorted(p.name for p in tmp_path.glob("*.h5"))
    assert names == [f"x_{k:05}.weights.h5" for k in range(len(names))] == shard_names(path)
    assert len(names) > 2
    assert {"/layers/dense/vars", "/layers/dense_1/vars", "/optimizer/vars"} <= found["weight_map"].keys()
    assert isinstance(found["weight_map"]["/optimizer/vars"], list)
    weights = 4 * (6 * 30 + 30 + 30 * 30 + 30 + 30 * 3 + 3)
    assert 3 * weights < found["metadata"]["total_size"] < 3 * weights + 100  # Adam has two slots each, and two numbers


def test_a_smaller_save_removes_the_shards_of_the_last_and_nothing_else(tmp_path):
    path, model = tmp_path / "x.weights.json", trained()
    (tmp_path / "x_99999.weights.h5").write_text("mine")
    model.save_weights(path, max_shard_size=4 * KB)
    model.save_weights(path, max_shard_size=1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.weights.json", "x_00000.weights.h5", "x_99999.weights.h5"]
    mlp().load_weights(path)


def test_a_save_that_fails_leaves_the_old_files(tmp_path):
    path, model = tmp_path / "x.weights.json", trained()
    model.save_weights(path, max_shard_size=4 * KB)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    with pytest.raises(ValueError, match=r"/layers/dense_1/vars/0 has 3,600 bytes.*larger max_shard_size"):
        model.save_weights(path, max_shard_size=1 * KB)
    with pytest.raises(FileExistsError):
        model.save_weights(path, overwrite=False, max_shard_size=1)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_names_and_sizes_that_do_not_fit(tmp_path):
    model = mlp()
    with pytest.raises(ValueError, match=r"ends with .weights.json"):
        model.save_weights(tmp_path / "x.weights.h5", max_shard_size=1)
    with pytest.raises(ValueError, match="give max_shard_size"):
        model.save_weights(tmp_path / "x.weights.json")
    with pytest.raises(ValueError, match="above 0"):
        model.save_weights(tmp_path / "x.weights.json", max_shard_size=0)


def test_damaged_sets_of_files(tmp_path):
    path, model = tmp_path / "x.weights.json", trained()
    model.save_weights(path, max_shard_size=4 * KB)
    with pytest.raises(ValueError, match="has shape"):
        mlp(31).load_weights(path)
    with pytest.raises(ValueError, match="by_name"):
        model.load_weights(path, by_name=True)
    (tmp_path / "x_00001.weights.h5").unlink()
    with pytest.raises(FileNotFoundError, match=r"missing beside it: x_00001.weights.h5"):
        model.load_weights(path)
    path.write_text(json.dumps({"weight_map": {"/vars": "../x_00000.weights.h5"}}))
    with pytest.raises(ValueError, match="must lie beside"):
        model.load_weights(path)
    path.write_text("[]")
    with pytest.raises(ValueError, match="not a map"):
        model.load_weights(path)
    with pytest.raises(FileNotFoundError):
        model.load_weights(tmp_path / "y.weights.json")


THEIR_SIDE = """
    import os, sys
    os.environ["KERAS_BACKEND"] = "jax"
    import keras, numpy as np
    from pathlib import Path
    folder = Path(sys.argv[1])
    x = np.load(folder / "x.npy")
    L = keras.layers
    model = keras.Sequential([keras.Input((6,)), L.Dense(30, activation="tanh"), L.Dropout(0.5), L.Dense(30),
                              L.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.optimizer.build(model.trainable_variables)  # Keras restores only a built optimizer
    model.load_weights(folder / "ours.weights.json")
    np.save(folder / "ours.npy", model.predict(x, verbose=0))
    model.fit(x, np.arange(8) % 3, epochs=2, verbose=0)
    model.save_weights(folder / "theirs.weights.json", max_shard_size=4 / 1024**2)
    np.save(folder / "theirs.npy", model.predict(x, verbose=0))
"""


@pytest.mark.slow
@pytest.mark.skipif(not KERAS, reason="no Keras here; set GRAPHKERAS_KERAS_PYTHON")
def test_keras_reads_ours_and_we_read_its(tmp_path: Path) -> None:
    model = trained()
    model.save_weights(tmp_path / "ours.weights.json", max_shard_size=4 * KB)
    np.save(tmp_path / "x.npy", X)
    command = [KERAS or sys.executable, "-c", textwrap.dedent(THEIR_SIDE), tmp_path]
    result = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ""})
    assert result.returncode == 0, result.stderr[-3000:]
    np.testing.assert_allclose(np.load(tmp_path / "ours.npy"), model.predict(X, verbose=0), atol=1e-6)
    again = mlp()
    again.load_weights(tmp_path / "theirs.weights.json")
    np.testing.assert_allclose(again.predict(X, verbose=0), np.load(tmp_path / "theirs.npy"), atol=1e-6)
    assert int(again.optimizer.iterations.numpy()) == 4
