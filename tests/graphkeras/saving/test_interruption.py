"""A save that does not end well leaves the old file as it was: full disk, file-size limit, kill."""

import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import graphkeras as keras
from graphkeras.layers import Dense, Input

MODEL = """
    import numpy as np
    import graphkeras as keras
    from graphkeras.layers import Dense, Input
    keras.config.set_target("numpy")
    keras.utils.set_random_seed(1)
    model = keras.Sequential([Input((64,)), Dense(512), Dense(512)])
"""


def run(script):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(MODEL) + textwrap.dedent(script)],
        capture_output=True,
        text=True,
        env=environment,
    )


def small_model():
    model = keras.Sequential([Input((3,)), Dense(2)])
    return model, model.predict(np.ones((1, 3), "float32"), verbose=0)


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "model.onnx", "model.weights.h5"])
def test_a_full_disk_keeps_the_old_file(tmp_path, name):
    """The process may write 200 kB to a file; the model needs over 1 MB."""
    path = tmp_path / name
    path.write_bytes(b"the old file")
    result = run(
        f"""
        import resource, signal, sys
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        save = {{"keras": model.save, "onnx": model.export}}.get({name!r}.split(".")[-1], model.save)
        if {name!r}.endswith(".weights.h5"):
            save = model.save_weights
        try:
            save({str(path)!r})
        except OSError as error:
            print("failed as it should:", error)
            sys.exit(7)
        """
    )
    assert result.returncode == 7, result.stderr
    assert path.read_bytes() == b"the old file"
    assert [file.name for file in tmp_path.iterdir()] == [name], "nothing is left behind"


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_kill_in_the_middle_keeps_the_old_file(tmp_path, name):
    """The process dies when the new file is written but not renamed yet, the last moment at which it could go wrong."""
    model, expected = small_model()
    path = tmp_path / name
    model.save(path)
    result = run(
        f"""
        import os, signal
        os.replace = lambda *names: os.kill(os.getpid(), signal.SIGKILL)
        model.save({str(path)!r})
        """
    )
    assert result.returncode == -signal.SIGKILL, result.stderr
    again = keras.models.load_model(path)
    np.testing.assert_array_equal(again.predict(np.ones((1, 3), "float32"), verbose=0), expected)


def test_an_object_that_cannot_be_saved_keeps_the_old_file(tmp_path):
    class Broken(keras.layers.Layer):
        def call(self, x):
            return x

        def get_config(self):
            return {**super().get_config(), "socket": object()}

    model, expected = small_model()
    path = tmp_path / "model.keras"
    model.save(path)
    with pytest.raises(TypeError, match="Cannot save"):
        keras.Sequential([Input((3,)), Broken()]).save(path)
    np.testing.assert_array_equal(keras.models.load_model(path).predict(np.ones((1, 3), "float32"), verbose=0), expected)


def test_a_missing_folder_is_named(tmp_path):
    model, _ = small_model()
    with pytest.raises(FileNotFoundError, match="nowhere does not exist"):
        model.save(tmp_path / "nowhere" / "model.keras")
