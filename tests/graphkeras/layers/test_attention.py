"""Attention, EinsumDense and kin: numbers, gradients, names of variables and configs are Keras's.

`expected_attention.npz` was made by real Keras: see `make_expected_attention.py`.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import layers
from graphkeras.saving import deserialize_keras_object
from tests.graphkeras.layers.attention_cases import CASES, X, computed

with np.load(Path(__file__).with_name("expected_attention.npz")) as file:
    EXPECTED = dict(file)

each_case = pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: CASES[number].label)


@each_case
def test_keras_computes_the_same(number):
    assert str(EXPECTED[f"{number}:case"]) == CASES[number].label, "run make_expected_attention.py"
    theirs = {name.partition(":")[2]: array for name, array in EXPECTED.items() if name.startswith(f"{number}:")}
    ours = computed(keras, CASES[number])
    assert ours.keys() == theirs.keys() - {"case"}
    for name, array in ours.items():
        if name.startswith(("output", "gradient")):
            np.testing.assert_allclose(array, theirs[name], rtol=1e-4, atol=3e-6, err_msg=name)
    assert list(ours["paths"]) == list(theirs["paths"])
    ours, theirs = json.loads(str(ours["entry"])), json.loads(str(theirs["entry"]))
    assert _without_new_keys(theirs, ours) == ours
    assert deserialize_keras_object(theirs).get_config() == deserialize_keras_object(ours).get_config()


def _without_new_keys(theirs, ours):
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return {key: _without_new_keys(theirs[key], ours[key]) for key in ours if key in theirs}
    return theirs


def test_query_and_value_masks():
    layer = layers.MultiHeadAttention(2, 3)
    seen = np.array([[True, True, False, False], [True, True, True, True]])
    whole = layer(X, X, attention_mask=seen[:, None, :] & np.ones((2, 4, 1), bool))
    np.testing.assert_allclose(layer(X, X, value_mask=seen), whole, atol=1e-6)
    np.testing.assert_allclose(layer(X, X, key_mask=seen), whole, atol=1e-6)
    np.testing.assert_allclose(layer(X, X, query_mask=seen, value_mask=seen)[seen], whole[seen], atol=1e-6)


def test_scores_are_trained_with_masks():
    """The mask of the scores is none of samples and steps, so losses must not see it."""
    x = keras.Input((4, 6))
    layer = layers.MultiHeadAttention(2, 3)
    model = keras.Model(x, layer(x, x, use_causal_mask=True, return_attention_scores=True))
    model.compile("sgd", ["mse", "mse"])
    outputs = model.predict(X, verbose=0)
    expected = sum(np.square(output).mean() for output in outputs)
    found = model.train_on_batch(X, [np.zeros_like(output) for output in outputs])
    np.testing.assert_allclose(found[0], expected, rtol=1e-5)


def test_values_of_another_size_attend_alike_with_and_without_scores():
    layer = layers.MultiHeadAttention(2, 3, value_dim=5)
    np.testing.assert_allclose(layer(X, X), layer(X, X, return_attention_scores=True)[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "layer", [layers.MultiHeadAttention(2, 3, dropout=0.5, seed=1), layers.GroupQueryAttention(3, 2, 1, dropout=0.5, seed=1)]
)
def test_dropout_acts_in_training_only(layer):
    plain = layer(X, X)
    np.testing.assert_array_equal(plain, layer(X, X, training=False))
    assert not np.allclose(plain, layer(X, X, training=True))


def test_kernels_start_scaled_by_the_equation():
    """Glorot's bound is sqrt(6 / (inputs + outputs)) with 64 inputs and 8 * 16 outputs."""
    layer = layers.EinsumDense("abc,cde->abde", (None, 8, 16), kernel_initializer=keras.initializers.GlorotUniform(seed=0))
    layer.build((None, 5, 64))
    bound = np.sqrt(6 / (64 + 128))
    assert 0.98 * bound < np.abs(layer.kernel.numpy()).max() <= bound


def test_errors_say_what_is_wanted():
    with pytest.raises(ValueError, match="num_heads must be a positive integer, got 0"):
        layers.MultiHeadAttention(0, 3)
    with pytest.raises(ValueError, match="multiple of num_key_value_heads, got 3 and 2"):
        layers.GroupQueryAttention(4, 3, 2)
    with pytest.raises(ValueError, match="flash_attention=True does not go with dropout"):
        layers.MultiHeadAttention(2, 3, flash_attention=True, dropout=0.1)
    with pytest.raises(ValueError, match="value and key must be alike"):
        layers.MultiHeadAttention(2, 3)(X, X, X[:, :3])
    with pytest.raises(ValueError, match="must be a list for"):
        layers.Attention()(X)
    with pytest.raises(ValueError, match="score_mode must be"):
        layers.Attention(score_mode="cosine")
    with pytest.raises(ValueError, match="must have the form"):
        layers.EinsumDense("ab->ba", 3)(X)
    with pytest.raises(ValueError, match="does not fit the equation"):
        layers.EinsumDense("abc,cd->abd", 3)(X)
