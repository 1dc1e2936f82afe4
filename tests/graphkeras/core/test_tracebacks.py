"""Tracebacks show the user's lines only, unless told otherwise."""

import traceback

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import config, layers, ops


@pytest.fixture
def filtering():
    config.enable_traceback_filtering()
    yield
    config.disable_traceback_filtering()


class Wrong(keras.Layer):
    def call(self, x):
        return ops.reshape(x, (7, 7))  # the mistake


def model():
    made = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    made.compile("sgd", "mse")
    return made


CALLS = {
    "fit": lambda: model().fit(np.ones((4, 5)), np.ones((4, 2)), verbose=0),
    "predict": lambda: model().predict(np.ones((4, 5)), verbose=0),
    "operation": lambda: ops.matmul(np.ones((2, 3)), np.ones((2, 3))),
    "layer": lambda: layers.Dense(2)(keras.Input((None,))),
    "load": lambda: keras.saving.load_model("nowhere.keras"),
    "own layer": lambda: Wrong()(keras.Input((3,))),
}


@pytest.mark.parametrize("name", CALLS)
def test_only_the_lines_of_the_user_are_shown(filtering, name):
    with pytest.raises((ValueError, TypeError, FileNotFoundError)) as caught:
        CALLS[name]()
    files = {frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)}
    assert files == {__file__}
    shown = "".join(traceback.format_exception(caught.value))
    assert ("the mistake" in shown) == (name == "own layer")


def test_all_lines_are_shown_without_filtering():
    assert not config.is_traceback_filtering_enabled()  # in all tests, see tests/conftest.py
    with pytest.raises(ValueError, match="matmul") as caught:
        CALLS["operation"]()
    assert len(traceback.extract_tb(caught.value.__traceback__)) > 3


def test_mistakes_inside_graphkeras_show_all_lines(filtering):
    class Broken(keras.Layer):
        def call(self, x):
            raise KeyError("inside")

    with pytest.raises(KeyError) as caught:
        Broken()(np.ones(3))
    assert any("graphkeras/layers" in frame.filename for frame in traceback.extract_tb(caught.value.__traceback__))
