"""The table of `summary`."""

import pytest

import graphkeras as keras
from graphkeras import layers
from graphkeras.models.summary import memory_text


def text_of(model, **options):
    lines = []
    model.summary(print_fn=lines.append, **options)
    return "\n".join(lines)


def test_sequential():
    model = keras.Sequential([layers.Dense(32, input_dim=784, name="hidden"), layers.Dense(10, name="out")], name="mlp")
    model.layers[1].trainable = False
    text = text_of(model)
    assert text.splitlines()[0] == 'Model: "mlp"'
    assert "Layer (type)" in text and "Output Shape" in text and "Param #" in text and "Connected to" not in text
    hidden = next(line for line in text.splitlines() if "hidden" in line)
    assert [part.strip() for part in hidden.split("│")[1:-1]] == ["hidden (Dense)", "(None, 32)", "25,120"]
    assert " Total params: 25,450 (99.41 KB)" in text
    assert " Trainable params: 25,120 (98.12 KB)" in text
    assert " Non-trainable params: 330 (1.29 KB)" in text


def test_branches_show_connections_and_nested_models_can_be_opened():
    x = keras.Input((4,), name="x")
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="deep")], name="inner")
    y = layers.concatenate([inner(x), x], name="join")
    text = text_of(keras.Model(x, y), show_trainable=True)
    assert "Connected to" in text and "inner[0][0], x[0][0]" in text and "deep" not in text
    assert "deep (Dense)" in text_of(keras.Model(x, y), expand_nested=True)


def test_before_it_is_built():
    text = text_of(keras.Sequential([layers.Dense(3)]))
    assert "0 (unbuilt)" in text and "?" in text


def test_a_range_of_layers():
    model = keras.Sequential([layers.Dense(3, name=name, **({"input_dim": 2} if name == "a" else {})) for name in "abc"])
    text = text_of(model, layer_range=("b", "c"))
    assert "a (Dense)" not in text and "b (Dense)" in text
    with pytest.raises(ValueError, match="layer_range names 'z'"):
        text_of(model, layer_range=("b", "z"))


@pytest.mark.parametrize(("size", "text"), [(0, "0.00 B"), (1023, "1023.00 B"), (35604, "34.77 KB"), (3 * 2**30, "3.00 GB")])
def test_units_of_memory(size, text):
    assert memory_text(size) == text


def test_the_optimizer_counts_from_its_first_step():
    model = keras.Sequential([keras.Input((2,)), layers.Dense(3)])
    model.compile("adam", "mse")
    lines = []
    model.summary(print_fn=lines.append)
    assert " Total params: 9 " in "\n".join(lines) and "Optimizer params" not in "\n".join(lines)
    model.optimizer.build(model.trainable_variables)
    model.summary(print_fn=lines.append)
    assert "Optimizer params: 20 " in "\n".join(lines), "two slots for each weight, the iterations and the learning rate"
