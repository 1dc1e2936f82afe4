"""What tests of user pains share."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

import graphkeras as keras
from graphkeras.compiler import config as compiler_config
from graphkeras.compiler import driver


@pytest.fixture(autouse=True)
def a_fresh_session(monkeypatch):
    """Names and random numbers as in a new process; settings afterwards as they were."""
    monkeypatch.setattr(keras.config, "_settings", keras.config._settings)
    compiler_settings = compiler_config.current()
    keras.utils.clear_session()
    keras.utils.set_random_seed(1)
    yield
    compiler_config.update(**{field.name: getattr(compiler_settings, field.name) for field in fields(compiler_settings)})


@pytest.fixture
def compilations(monkeypatch):
    """A list that gets the name of every graph that is compiled."""
    names = []
    compile_graph = driver.compile_graph

    def counted(graph, *args, **kwargs):
        names.append(graph.name)
        return compile_graph(graph, *args, **kwargs)

    monkeypatch.setattr(driver, "compile_graph", counted)
    return names


@pytest.fixture
def classifier():
    """A small compiled model: 8 features, 4 classes."""
    model = keras.Sequential(
        [keras.Input((8,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(4, activation="softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture
def resident_bytes():
    """A function: the memory of this process that is in use now."""
    page = 4096
    status = Path("/proc/self/statm")
    if not status.exists():
        pytest.skip("needs /proc/self/statm, which Linux has")
    return lambda: int(status.read_text().split()[1]) * page


@pytest.fixture
def random():
    return np.random.default_rng(3)
