"""A run whose process is killed in the middle of an epoch, and resumed, ends with the same bits as one that was not."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import graphkeras as keras

SCRIPT = Path(__file__).with_name("interrupted_run.py")
X = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")


def run(folder, seed, kind, fate):
    folder.mkdir(exist_ok=True)
    return subprocess.run([sys.executable, str(SCRIPT), str(folder), str(seed), kind, fate], capture_output=True, text=True)


@pytest.mark.parametrize("kind", ["arrays", "dataset", "generator"])
def test_a_killed_run_ends_as_if_it_had_not_been_killed(kind, tmp_path):
    """The resumed process starts from another seed: weights, dropout masks and the order of samples come from the backup."""
    assert run(tmp_path / "killed", 1, kind, "die").returncode == -signal.SIGKILL
    assert [path.name for path in (tmp_path / "killed" / "backup").iterdir()] == ["latest.npz"]
    resumed, whole = run(tmp_path / "killed", 2, kind, "live"), run(tmp_path / "whole", 1, kind, "live")
    assert resumed.returncode == 0, resumed.stderr
    assert whole.returncode == 0, whole.stderr
    found, expected = np.load(tmp_path / "killed" / "end.npz"), np.load(tmp_path / "whole" / "end.npz")
    assert int(found["epochs"]) == 2 and int(expected["epochs"]) == 3
    for name in set(expected.files) - {"epochs"}:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


def linear():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
    return model


class Fail(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


@pytest.mark.parametrize("save_freq", ["epoch", 4, 100])
def test_a_run_that_was_stopped_between_epochs(save_freq, tmp_path):
    keras.utils.set_random_seed(3)
    whole = linear()
    start = whole.get_weights()
    whole.fit(X, X[:, :1], batch_size=8, epochs=4, shuffle=False, verbose=0)
    backup = keras.callbacks.BackupAndRestore(tmp_path / "b", save_freq, double_checkpoint=True)
    stopped = linear()
    stopped.set_weights(start)
    with pytest.raises(KeyboardInterrupt):
        stopped.fit(X, X[:, :1], batch_size=8, epochs=4, shuffle=False, verbose=0, callbacks=[backup, Fail()])
    resumed = linear()
    resumed.set_weights(start)
    history = resumed.fit(X, X[:, :1], batch_size=8, epochs=4, shuffle=False, verbose=0, callbacks=[backup])
    assert history.epoch == ([2, 3] if save_freq != 100 else [0, 1, 2, 3])
    for a, b in zip(whole.get_weights(), resumed.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_a_backup_of_a_finished_run_gives_its_weights(tmp_path):
    backup = keras.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
    first, second = linear(), linear()
    first.fit(X, X[:, :1], epochs=2, verbose=0, callbacks=[backup])
    second.fit(X, X[:, :1], epochs=2, verbose=0, callbacks=[backup])
    np.testing.assert_array_equal(first.get_weights()[0], second.get_weights()[0])


def test_a_backup_of_another_model_is_refused(tmp_path):
    backup = keras.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
    linear().fit(X, X[:, :1], epochs=1, verbose=0, callbacks=[backup])
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    other.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
    with pytest.raises(ValueError, match="made by another model; delete it"):
        other.fit(X, X[:, :2], epochs=2, verbose=0, callbacks=[backup])


def test_wrong_arguments():
    with pytest.raises(ValueError, match="backup_dir is empty"):
        keras.callbacks.BackupAndRestore("")
    with pytest.raises(ValueError, match="save_freq must be"):
        keras.callbacks.BackupAndRestore("x", save_freq=0)
