"""Hashing and HashedCrossing. Real Keras needs TensorFlow for them; the numbers are those that Keras's own tests expect."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras.layers import HashedCrossing, Hashing

WORDS = [["omar"], ["stringer"], ["marlo"], ["wire"], ["skywalker"]]
FIRST, SECOND = np.array(["A", "B", "A", "B", "A"]), np.array([101, 101, 101, 102, 102])


@pytest.mark.parametrize(
    ("options", "inputs", "expected"),
    [
        ({"num_bins": 3}, [["A"], ["B"], ["C"], ["D"], ["E"]], [[1], [0], [1], [1], [2]]),
        ({"num_bins": 1}, WORDS, [[0]] * 5),
        ({"num_bins": 2}, WORDS, [[0], [0], [1], [0], [0]]),
        ({"num_bins": 3, "mask_value": ""}, WORDS, [[1], [1], [2], [1], [1]]),
        ({"num_bins": 3, "mask_value": "omar"}, WORDS, [[0], [1], [2], [1], [1]]),
        ({"num_bins": 2, "salt": [133, 137]}, WORDS, [[0], [1], [0], [1], [0]]),
        ({"num_bins": 2, "salt": (211, 137)}, WORDS, [[1], [0], [1], [0], [1]]),
        ({"num_bins": 3}, [0, 1, 2, 3, 4], [1, 0, 1, 0, 2]),
        ({"num_bins": 3, "salt": [133, 137]}, [[0], [1], [2], [3], [4]], [[1], [1], [2], [0], [1]]),
        ({"num_bins": 2}, [[[1], [2]], [[2], [3]]], [[[1], [1]], [[1], [1]]]),
        ({"num_bins": 3, "output_mode": "one_hot"}, [0, 1, 4], [[0, 1, 0], [1, 0, 0], [0, 0, 1]]),
        ({"num_bins": 3, "output_mode": "multi_hot"}, [[0, 1, 2, 3]], [[1, 1, 0]]),
        ({"num_bins": 3, "output_mode": "count"}, [[0, 1, 2, 3, 4]], [[2, 2, 1]]),
    ],
)
def test_bins(options, inputs, expected):
    layer = Hashing(**options)
    out = layer(inputs)
    np.testing.assert_array_equal(out, expected)
    assert out.dtype == (np.int64 if options.get("output_mode", "int") == "int" else np.float32)
    again = Hashing.from_config(layer.get_config())
    np.testing.assert_array_equal(again(inputs), expected)
    assert again.get_config() == layer.get_config()
    array = np.array(inputs)
    if array.ndim > 1:
        given = keras.Input(array.shape[1:], dtype="string" if array.dtype.kind == "U" else "int64")
        model = keras.Model(given, layer(given))
        assert model.output_shape == (None, *out.shape[1:])
        found = model.predict(array, verbose=0)
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == out.dtype


def test_numbers_hash_as_their_decimal_digits_and_masks_are_values():
    np.testing.assert_array_equal(Hashing(50)([7, -12]), Hashing(50)(["7", "-12"]))
    np.testing.assert_array_equal(Hashing(50)(np.array([7.9, -12.0])), Hashing(50)(["7", "-12"]))
    np.testing.assert_array_equal(Hashing(50)(np.array(["é"])), Hashing(50)(np.array(["é".encode()])))
    masked = Hashing(50, mask_value=7)([7, 8])
    assert masked[0] == 0
    assert masked[1] == Hashing(49)([8])[0] + 1
    assert Hashing(50, dtype="int32")([1]).dtype == np.int32


def test_crossing():
    layer = HashedCrossing(5)
    np.testing.assert_array_equal(layer((FIRST, SECOND)), [1, 4, 1, 1, 3])
    np.testing.assert_array_equal(layer([FIRST[:, None], SECOND[:, None]]), [[1], [4], [1], [1], [3]])
    one_hot = HashedCrossing.from_config(HashedCrossing(5, output_mode="one_hot", name="x").get_config())
    np.testing.assert_array_equal(one_hot((FIRST, SECOND)), np.eye(5)[[1, 4, 1, 1, 3]])
    assert one_hot.name == "x"
    first, second = keras.Input((1,), dtype="string"), keras.Input((1,), dtype="int32")
    model = keras.Model([first, second], keras.layers.HashedCrossing(5, output_mode="one_hot")([first, second]))
    np.testing.assert_array_equal(model.predict([FIRST, SECOND], verbose=0), np.eye(5)[[1, 4, 1, 1, 3]])


def test_a_crossing_of_hashed_features_runs_on_the_host_as_a_whole():
    first, second = keras.Input((1,), dtype="string"), keras.Input((1,), dtype="int64")
    hashed = Hashing(1000)(first)
    crossing = HashedCrossing(40)
    model = keras.Model([first, second], crossing([hashed, second]))
    expected = crossing([Hashing(1000)(FIRST[:, None]), SECOND[:, None]])
    np.testing.assert_array_equal(model.predict([FIRST, SECOND], verbose=0), expected)


def _behind_weights():
    given = keras.Input((2,))
    keras.Model(given, Hashing(2)(keras.layers.Dense(2)(given))).predict(np.ones((1, 2)), verbose=0)


def test_numbers_that_the_graph_computes_from_the_data():
    words, number = keras.Input((1,), dtype="string"), keras.Input((1,), dtype="int64")
    index = keras.layers.IntegerLookup(vocabulary=[101, 102])(number)
    model = keras.Model([words, number], HashedCrossing(30)([words, index]))
    expected = HashedCrossing(30)([FIRST[:, None], SECOND[:, None] - 100])
    np.testing.assert_array_equal(model.predict([FIRST, SECOND], verbose=0), expected)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Hashing(0), "at least 1"),
        (lambda: Hashing(None), "at least 1"),
        (lambda: Hashing(2, salt="x"), "an integer or two"),
        (lambda: Hashing(2, salt=[1, 2, 3]), "an integer or two"),
        (lambda: Hashing(2, output_mode="tf_idf"), "output_mode must be one of"),
        (lambda: Hashing(2, output_mode="count", sparse=True), "no sparse tensors"),
        (lambda: Hashing(2, dtype="float32"), "'int32' or 'int64'"),
        (lambda: HashedCrossing(2)([FIRST]), "two features or more"),
        (lambda: HashedCrossing(2)([FIRST, SECOND[:2]]), "one shape"),
        (lambda: HashedCrossing(2)([np.ones((2, 2), int), np.ones((2, 2), int)]), "one shape"),
        (lambda: HashedCrossing(2)([FIRST, np.ones(5)]), "strings or integers"),
        (lambda: HashedCrossing(2, output_mode="count"), "output_mode must be one of"),
        (lambda: _behind_weights(), "depend on weights"),
    ],
)
def test_errors_teach(make, words):
    with pytest.raises(ValueError, match=words):
        make()
