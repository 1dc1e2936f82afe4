"""`name_scope` and `device`."""

from __future__ import annotations

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import layers
from graphkeras.compiler import config as compiler_config
from graphkeras.kernels.cuda.probe import gpu_available


def test_name_scopes_are_part_of_paths():
    with keras.name_scope("encoder"):
        with keras.name_scope("block"):
            assert keras.Variable(0.0, name="v").path == "encoder/block/v"
        layer = layers.Dense(2, name="dense")
        layer.build((None, 3))
    assert layer.kernel.path == "encoder/dense/kernel"
    assert keras.Variable(0.0, name="v").path == "v"


def test_the_same_scope_of_the_same_caller_is_entered_once():
    caller = object()
    with keras.name_scope("a", caller), keras.name_scope("a", caller):
        assert keras.Variable(0.0, name="v").path == "a/v"
    with keras.name_scope("a", caller), keras.name_scope("a", caller, deduplicate=False):
        assert keras.Variable(0.0, name="v").path == "a/a/v"
    with keras.name_scope("a", caller), keras.name_scope("a", object()), keras.name_scope("b", caller):
        assert keras.Variable(0.0, name="v").path == "a/a/b/v"
    with keras.name_scope("a"), keras.name_scope("b", override_parent="x/y"), keras.name_scope("c", override_parent=""):
        assert keras.Variable(0.0, name="v").path == "c/v"
    with keras.name_scope("a"), keras.name_scope("b", override_parent="x/y"):
        assert keras.Variable(0.0, name="v").path == "x/y/b/v"
    for wrong in ("a/b", "", 3):
        with pytest.raises(ValueError, match="a name is a string without '/'"):
            keras.name_scope(wrong)


def test_models_run_on_the_cpu_inside_device():
    former = compiler_config.current()
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    x = np.ones((2, 3), np.float32)
    keras.config.set_target("numpy")
    try:
        with keras.device("cpu:0"):
            assert keras.config.target() == "onnxruntime"
            inside = model.predict(x, verbose=0)
        assert keras.config.target() == "numpy"
        assert np.allclose(model.predict(x, verbose=0), inside)
        with pytest.raises(KeyError), keras.device("cpu"):
            raise KeyError
        assert keras.config.target() == "numpy"
    finally:
        compiler_config.update(target=former.target, device=former.device)


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("tpu:0", ValueError, "must be 'cpu' or 'gpu'"),
        ("cpu:1", NotImplementedError, "on the first device"),
        (0, ValueError, "got 0"),
    ],
)
def test_wrong_devices(name, error, words):
    with pytest.raises(error, match=words), keras.device(name):
        pass


@pytest.mark.skipif(gpu_available(), reason="there is a GPU")
def test_a_gpu_that_does_not_answer():
    with pytest.raises(RuntimeError, match="no CUDA GPU answers"), keras.device("gpu:0"):
        pass
