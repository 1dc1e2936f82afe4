"""An unknown name lists what it may have meant."""

import pytest

from graphkeras import activations, constraints, initializers, losses, metrics, regularizers
from graphkeras.lookup import lookup

TABLE = {"relu": 1, "gelu": 2, "softmax": 3, "MeanSquaredError": 4}


def test_finds_the_entry():
    assert lookup("activation", "gelu", TABLE) == 2


def test_unknown_name_lists_near_matches_and_all_names():
    with pytest.raises(ValueError, match=r"'rellu' is not the name of an activation. Did you mean 'relu'") as error:
        lookup("activation", "rellu", TABLE)
    assert "Known names: gelu, MeanSquaredError, relu, softmax." in str(error.value)


def test_near_matches_ignore_case():
    with pytest.raises(ValueError, match="Did you mean 'MeanSquaredError'"):
        lookup("loss", "meansquarederror", TABLE)


def test_nothing_near_gives_no_suggestion():
    with pytest.raises(ValueError, match=r"not the name of a loss\. Known names"):
        lookup("loss", "zzzzzz", TABLE)


@pytest.mark.parametrize("module", [activations, constraints, initializers, losses, metrics, regularizers])
def test_custom_objects_are_known_while_something_is_read(module):
    def mine(*tensors):
        return tensors[0]

    assert module.deserialize("mine", custom_objects={"mine": mine}) is mine
