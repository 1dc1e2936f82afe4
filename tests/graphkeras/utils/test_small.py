"""Interactive logging, the inputs of a tensor, names of dtypes."""

import logging

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import layers, utils


@pytest.fixture
def quiet():
    utils.disable_interactive_logging()
    yield
    utils.enable_interactive_logging()


@pytest.mark.usefixtures("quiet")
def test_progress_goes_to_the_logger(capsys, caplog):
    assert not keras.config.is_interactive_logging_enabled()
    model = keras.Sequential([layers.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    with caplog.at_level(logging.INFO, "graphkeras"):
        for verbose in (1, 2):
            model.fit(np.ones((4, 2)), np.ones((4, 1)), epochs=2, verbose=verbose)
    assert capsys.readouterr().out == ""
    lines = [record.getMessage() for record in caplog.records if record.name == "graphkeras"]
    assert [line for line in lines if line.startswith("Epoch")] == ["Epoch 1/2", "Epoch 2/2"] * 2
    assert sum("- loss:" in line for line in lines) == 4


def test_progress_is_printed(capsys):
    assert utils.is_interactive_logging_enabled()
    bar = utils.Progbar(2)
    bar.update(2, {"loss": 0.5})
    assert "2/2" in capsys.readouterr().out


def test_the_inputs_of_a_tensor():
    a, b, unused = layers.Input((2,)), layers.Input((2,)), layers.Input((2,))
    shared = layers.Dense(2)
    both = layers.Add()([shared(b), shared(a) * 2.0, b])
    assert unused is not None
    found = utils.get_source_inputs(both)
    assert len(found) == 2 and found[0] is b and found[1] is a
    assert utils.get_source_inputs(a)[0] is a
    deep = a
    for _ in range(1500):
        deep = deep + 1.0
    assert len(utils.get_source_inputs(deep)) == 1


@pytest.mark.parametrize(
    ("dtype", "name"), [(None, "float32"), (float, "float32"), (int, "int32"), (np.dtype("int8"), "int8"), ("bool", "bool")]
)
def test_names_of_dtypes(dtype, name):
    assert utils.standardize_dtype(dtype) == name


def test_an_unknown_dtype():
    with pytest.raises(ValueError, match="float31"):
        utils.standardize_dtype("float31")
