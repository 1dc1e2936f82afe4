"""The progress bar in a terminal and in a file."""

import io
import re
import sys

import numpy as np
import pytest

import graphkeras as keras
from graphkeras.utils import Progbar

X = np.ones((32, 2), "float32")


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def model():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def written(monkeypatch, stream, act):
    monkeypatch.setattr(sys, "stdout", stream)
    act()
    monkeypatch.undo()
    return stream.getvalue()


def test_a_file_gets_whole_lines_without_control_characters(model, monkeypatch):
    text = written(monkeypatch, io.StringIO(), lambda: model.fit(X, X[:, :1], epochs=2, batch_size=8, validation_split=0.25))
    assert "\r" not in text and "\x1b" not in text and "\b" not in text
    lines = text.splitlines()
    assert lines[0] == "Epoch 1/2" and lines[2] == "Epoch 2/2" and len(lines) == 4
    pattern = (
        r"3/3 [━=]{20} \d+s \d+(s|ms|us)/step - loss: [\d.e+-]+ - mae: [\d.e+-]+ - val_loss: [\d.e+-]+ - val_mae: [\d.e+-]+"
    )
    assert re.fullmatch(pattern, lines[1]), lines[1]


def test_one_line_for_each_epoch(model, monkeypatch):
    text = written(monkeypatch, io.StringIO(), lambda: model.fit(X, X[:, :1], batch_size=8, verbose=2))
    assert re.fullmatch(r"4/4 - \d+s - \d+(s|ms|us)/step - loss: [\d.e+-]+ - mae: [\d.e+-]+\n", text), text


def test_silence(model, monkeypatch):
    def act():
        model.fit(X, X[:, :1], verbose=0)
        model.evaluate(X, X[:, :1], verbose=0)
        model.predict(X, verbose=0)

    assert written(monkeypatch, io.StringIO(), act) == ""


def test_a_terminal_is_drawn_over(monkeypatch):
    def act():
        bar = Progbar(3, interval=0.0)
        for step in (1, 2, 3):
            bar.update(step, {"loss": 1.0 / step})

    text = written(monkeypatch, Terminal(), act)
    drawings = text.split("\r")[1:]
    assert len(drawings) == 3 and text.endswith("\n") and text.count("\n") == 1
    assert drawings[0].startswith("1/3 ━━━━━━──────────────") and "loss: 0.3333" in drawings[2]


def test_a_long_line_is_cut_to_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    text = written(
        monkeypatch, Terminal(), lambda: Progbar(2, interval=0.0).update(1, {"a_very_long_name": 1.0, "another": 2.0})
    )
    assert len(text.split("\r")[1]) <= 39


def test_drawings_are_throttled(monkeypatch):
    def act():
        bar = Progbar(1000, interval=100.0)
        for step in range(1, 1000):
            bar.update(step)

    assert written(monkeypatch, Terminal(), act).count("\r") == 1


def test_a_stream_that_cannot_write_the_bar_gets_another(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    Progbar(2).update(2)
    stream.flush()
    text = stream.buffer.getvalue().decode()
    monkeypatch.undo()
    assert text.startswith("2/2 ====================")


def test_an_unknown_number_of_steps(model, monkeypatch):
    data = [(X[:8], X[:8, :1])] * 3
    text = written(monkeypatch, io.StringIO(), lambda: model.fit(iter(data)))
    assert text.startswith("3/3 ")


def test_means_over_steps():
    bar = Progbar(4, verbose=0, stateful_metrics=["kept"])
    bar.update(1, {"averaged": 1.0, "kept": 1.0})
    bar.update(2, {"averaged": 3.0, "kept": 3.0})
    assert bar._shown_values() == "- averaged: 2.0000 - kept: 3.0000"
    bar.add(1, {"averaged": 2.0})
    assert bar._shown_values().startswith("- averaged: 2.0000")


def test_which_values_are_averaged():
    """As in Keras: all, unless one of two lists says which; the last step shows its own values."""
    for lists, second in (({}, "2.0000"), ({"stateless_metrics": ()}, "3.0000"), ({"stateless_metrics": ["x"]}, "2.0000")):
        bar = Progbar(3, verbose=0, **lists)
        bar.update(1, [("x", 1.0)])
        bar.update(2, [("x", 3.0)])
        assert bar._shown_values() == f"- x: {second}"
        bar.update(3, [("x", 5.0)])
        assert bar._shown_values() == "- x: 5.0000"
    with pytest.raises(ValueError, match="not both"):
        Progbar(3, stateful_metrics=["x"], stateless_metrics=["y"])


@pytest.mark.parametrize("verbose", [1, 2])
def test_what_other_callbacks_log_is_shown(model, monkeypatch, verbose):
    """As in Keras, the bar is behind the callbacks that the user gives."""

    class Logs(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["mine"] = 7.0

    callbacks = [keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.5), Logs()]
    text = written(monkeypatch, io.StringIO(), lambda: model.fit(X, X[:, :1], verbose=verbose, callbacks=callbacks))
    assert text.rstrip().endswith("- learning_rate: 0.5000 - mine: 7.0000"), text
    assert {"learning_rate", "mine"} <= model.history.history.keys()
