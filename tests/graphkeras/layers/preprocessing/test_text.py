"""Texts as numbers. Real Keras needs TensorFlow for this layer; the numbers follow its documented rules."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras.layers import TextVectorization


def test_words_of_a_given_vocabulary():
    layer = TextVectorization(vocabulary=["earth", "wind", "and", "fire"], output_sequence_length=4)
    out = layer([["Earth, wind & fire!"], ["fire  and\nwater earth wind"]])
    assert out.dtype == np.int64
    np.testing.assert_array_equal(out, [[2, 3, 5, 0], [5, 4, 1, 2]])
    assert layer.get_vocabulary() == ["", "[UNK]", "earth", "wind", "and", "fire"]
    np.testing.assert_array_equal(layer("wind"), [3, 0, 0, 0])


def test_adapt_and_count():
    layer = TextVectorization(max_tokens=4, output_mode="count", pad_to_max_tokens=True)
    layer.adapt(["a b b", "B c c.", "a b"])
    assert layer.get_vocabulary() == ["[UNK]", "b", "c", "a"]
    np.testing.assert_array_equal(layer(["b b a z", "", "c"]), [[1, 2, 0, 1], [0, 0, 0, 0], [0, 0, 1, 0]])


def test_tf_idf_counts_documents():
    layer = TextVectorization(output_mode="tf_idf")
    layer.adapt(["a b", "a a", "c"])
    weights = dict(zip(layer.get_vocabulary(False), layer._lookup_layer.idf_weights[1:], strict=True))
    assert weights == pytest.approx({"a": np.log(2), "b": np.log(2.5), "c": np.log(2.5)})


def test_ngrams_characters_and_functions():
    words = ["a", "b", "c", "a b", "b c"]
    np.testing.assert_array_equal(TextVectorization(ngrams=2, vocabulary=words)(["a b c"]), [[2, 3, 4, 5, 6]])
    np.testing.assert_array_equal(TextVectorization(ngrams=(2,), vocabulary=words)(["a b c"]), [[5, 6]])
    np.testing.assert_array_equal(TextVectorization(split="character", vocabulary=["x", "y"])(["Xy", "y"]), [[2, 3], [3, 0]])
    layer = TextVectorization(
        standardize=np.char.upper, split=lambda texts: [t.split("-") for t in texts], vocabulary=["A", "B"]
    )
    np.testing.assert_array_equal(layer(["a-b", "b"]), [[2, 3], [3, 0]])
    tokens = TextVectorization(standardize=None, split=None, vocabulary=["New York", "Rome"])
    np.testing.assert_array_equal(tokens([["New York", "Rome"], ["rome", "Rome"]]), [[2, 3], [1, 3]])


def test_only_ascii_counts_as_letters_and_white_space():
    """TensorFlow's strings.lower and strings.split, which Keras calls, know no other letters and spaces."""
    layer = TextVectorization(vocabulary=["\u00c4pfel", "a\u00a0b", "\u00e4pfel"])
    np.testing.assert_array_equal(layer(["\u00c4PFEL\tA\u00a0B\x0b\u00e4pfel"]), [[2, 3, 4]])


def test_standardize_modes():
    vocabulary = ["don't", "dont", "Don't", "Dont"]
    for mode, expected in (("lower", 2), ("lower_and_strip_punctuation", 3), (None, 4), ("strip_punctuation", 5)):
        layer = TextVectorization(standardize=mode, vocabulary=vocabulary)
        assert TextVectorization.from_config(layer.get_config())(["Don't"]).tolist() == [[expected]]


def test_a_model_behind_it():
    layer = TextVectorization(vocabulary=["good", "bad"], output_mode="multi_hot")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    assert model.predict(layer(["good film", "bad film"]), verbose=0).shape == (2, 1)


@pytest.mark.parametrize(
    ("error", "make", "words"),
    [
        (ValueError, lambda: TextVectorization()(["a"]), "no vocabulary"),
        (ValueError, lambda: TextVectorization(split="words"), "split must be one of"),
        (ValueError, lambda: TextVectorization(ragged=True), "no ragged tensors"),
        (ValueError, lambda: TextVectorization(vocabulary=["a"])([["a", "b"]]), "split=None"),
        (ValueError, lambda: TextVectorization(output_mode="count", output_sequence_length=3), "needs output_mode='int'"),
        (ValueError, lambda: TextVectorization(ngrams="2"), "ngrams must be an integer"),
    ],
)
def test_errors_teach(error, make, words):
    with pytest.raises(error, match=words):
        make()
