"""pad_sequences, split_dataset, timeseries_dataset_from_array, and what a Dataset can do."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras.data.dataset import Dataset, Samples
from graphkeras.utils import pad_sequences, split_dataset, timeseries_dataset_from_array

RAGGED = [[1], [2, 3], [], [4, 5, 6]]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [[0, 0, 1], [0, 2, 3], [0, 0, 0], [4, 5, 6]]),
        ({"padding": "post"}, [[1, 0, 0], [2, 3, 0], [0, 0, 0], [4, 5, 6]]),
        ({"maxlen": 2}, [[0, 1], [2, 3], [0, 0], [5, 6]]),
        ({"maxlen": 2, "truncating": "post", "value": 9}, [[9, 1], [2, 3], [9, 9], [4, 5]]),
        ({"maxlen": 4, "padding": "post"}, [[1, 0, 0, 0], [2, 3, 0, 0], [0, 0, 0, 0], [4, 5, 6, 0]]),
    ],
)
def test_pad_sequences(options, expected):
    padded = pad_sequences(RAGGED, **options)
    assert padded.dtype == np.int32
    np.testing.assert_array_equal(padded, expected)


def test_pad_sequences_of_vectors_and_words():
    padded = pad_sequences([np.ones((2, 3)), np.ones((1, 3))], dtype="float32")
    assert padded.shape == (2, 2, 3) and padded.dtype == np.float32 and not padded[1, 0].any()
    words = pad_sequences([["a"], ["b", "c"]], dtype=object, value="-")
    assert words.tolist() == [["-", "a"], ["b", "c"]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pad_sequences(RAGGED, padding="left"), "padding must be 'pre' or 'post', got 'left'"),
        (lambda: pad_sequences(RAGGED, truncating="left"), "truncating must be"),
        (lambda: pad_sequences(5), "must be a list of sequences, got int"),
        (lambda: pad_sequences([[1], 2]), "element 1 is no sequence: 2"),
        (lambda: pad_sequences([[[1, 2]], [[1]]]), "elements of sequence 1 have shape"),
        (lambda: pad_sequences([["a"]], value="x"), "needs dtype=object"),
    ],
)
def test_errors_of_pad_sequences(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_windows_of_a_series():
    """The example of Keras's documentation."""
    data = timeseries_dataset_from_array(np.arange(99), None, 10, sequence_stride=3, sampling_rate=2)
    (batch,) = data
    np.testing.assert_array_equal(batch[0], np.arange(0, 20, 2))
    np.testing.assert_array_equal(batch[1], np.arange(3, 23, 2))
    np.testing.assert_array_equal(batch[-1], np.arange(78, 98, 2))


def test_windows_with_targets_in_batches():
    series = np.arange(20, dtype=np.float32)[:, None] * [1, 10]
    data = timeseries_dataset_from_array(series[:-3], series[3:, 0], 3, batch_size=4, start_index=2, end_index=16)
    batches = list(data)
    assert [len(x) for x, _ in batches] == [4, 4, 4] and batches[0][0].shape == (4, 3, 2)
    x, y = (np.concatenate(parts) for parts in zip(*batches))
    np.testing.assert_array_equal(x[:, 0, 0], np.arange(2, 14))
    np.testing.assert_array_equal(y, x[:, 2, 0] + 1)


def test_shuffled_windows_come_in_another_order_each_pass():
    def starts(data):
        found = np.concatenate([batch[:, 0] for batch in data])
        data.on_epoch_end()
        return found

    data, again = (timeseries_dataset_from_array(np.arange(50), None, 4, batch_size=8, shuffle=True, seed=3) for _ in range(2))
    first, second = starts(data), starts(data)
    assert sorted(first) == sorted(second) == list(range(47))
    assert first.tolist() != second.tolist() != list(range(47))
    np.testing.assert_array_equal(first, starts(again))
    assert np.ndim(timeseries_dataset_from_array(np.arange(50), None, 4, batch_size=None)[0]) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start_index": 10}, "start_index must be at least 0 and less than the 10 data points, got 10"),
        ({"start_index": 5, "end_index": 5}, r"end_index must be greater than start_index \(5\)"),
        ({"end_index": 10}, "end_index must be greater"),
        ({"sampling_rate": 0}, "sampling_rate must be at least 1"),
        ({"sequence_stride": 10}, "sequence_stride must be at least 1 and less than"),
        ({"format": "torch"}, "format must be 'tf' or 'grain'"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
    ],
)
def test_errors_of_series(options, message):
    with pytest.raises(ValueError, match=message):
        timeseries_dataset_from_array(np.arange(10), None, 3, **options)


def test_split_of_arrays():
    x, y = np.arange(20).reshape(10, 2), np.arange(10)
    left, right = split_dataset((x, y), left_size=0.8)
    assert (len(left), len(right)) == (8, 2)
    np.testing.assert_array_equal(right[0][0], [16, 17])
    batch_x, batch_y = left.batch(5)[1]
    np.testing.assert_array_equal(batch_x, x[5:8])
    np.testing.assert_array_equal(batch_y, y[5:8])
    left, right = split_dataset(y, left_size=3, right_size=4)
    assert [int(k) for k in left] == [0, 1, 2] and [int(k) for k in right] == [6, 7, 8, 9]


def test_split_of_a_data_set_and_shuffling():
    whole = Samples(lambda numbers: {"n": numbers * 10}, 9, None)
    left, right = split_dataset(whole, right_size=0.3, shuffle=True, seed=1)
    found = [int(element["n"]) for element in (*left, *right)]
    assert sorted(found) == list(range(0, 90, 10)) and found != sorted(found) and len(right) == 3
    assert left.batch(4)[0]["n"].shape == (4,)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"dataset": np.arange(5)}, ValueError, "left_size or right_size must be given"),
        ({"dataset": np.arange(5), "left_size": 5}, ValueError, "between 1 and 4"),
        ({"dataset": np.arange(5), "left_size": 1.5}, ValueError, "a share between 0 and 1, got 1.5"),
        ({"dataset": np.arange(5), "left_size": "a"}, TypeError, "must be an int or a float, got str"),
        ({"dataset": np.arange(5), "left_size": 0.7, "right_size": 0.7}, ValueError, "at most 1"),
        ({"dataset": np.arange(5), "left_size": 3, "right_size": 3}, ValueError, "more than the 5"),
        ({"dataset": np.arange(5), "left_size": 0.01}, ValueError, "one side would get none"),
        ({"dataset": [np.arange(5), np.arange(4)], "left_size": 2}, ValueError, "arrays of one length"),
        ({"dataset": iter([1]), "left_size": 2}, TypeError, "or a Dataset, got list_iterator"),
    ],
)
def test_errors_of_split_dataset(arguments, error, message):
    with pytest.raises(error, match=message):
        split_dataset(**arguments)


def numbers(count=7, batch_size=None, **options):
    return Samples(lambda places: (places, places * 2.0), count, batch_size, **options)


def test_what_a_data_set_can_do():
    data = numbers().map(lambda x, y: (x + 1, y))
    assert isinstance(data, Dataset) and len(data) == 7
    assert [int(x) for x, _ in data.take(2)] == [1, 2] and [int(x) for x, _ in data.skip(5)] == [6, 7]
    assert len(data.take(-1)) == 7 and len(data.take(99)) == 7 and len(data.skip(99)) == 0
    assert [len(x) for x, _ in data.batch(3)] == [3, 3, 1] and len(data.batch(3, drop_remainder=True)) == 2
    np.testing.assert_array_equal(numbers().batch(3)[1][1], [6, 8, 10])
    np.testing.assert_array_equal(numbers(batch_size=4)[-1][0], [4, 5, 6])
    mixed = data.shuffle(10, seed=0)
    first = [int(x) for x, _ in mixed]
    mixed.on_epoch_end()
    assert sorted(first) == list(range(1, 8)) and first != [int(x) for x, _ in mixed]
    assert data.prefetch(2) is data


def test_a_cached_element_is_made_once():
    made = []
    data = numbers().map(lambda x, y: made.append(int(x)) or x).cache()
    for _ in range(2):
        assert [int(x) for x in data] == list(range(7))
        data.on_epoch_end()
    assert made == list(range(7))


def test_elements_that_are_not_there():
    with pytest.raises(IndexError, match="no element 7 in a data set of 7"):
        numbers()[7]
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        numbers().batch(0).batch(0)


def test_fit_takes_a_data_set(numpy_target):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 4)).astype(np.float32)
    y = (x @ [[1.0], [-2.0], [0.5], [3.0]]).astype(np.float32)
    train, rest = split_dataset((x, y), left_size=0.75)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.1), "mse")
    history = model.fit(train.shuffle(48, seed=0).batch(16), validation_data=rest.batch(8), epochs=30, verbose=0)
    assert history.history["val_loss"][-1] < 0.05 * history.history["val_loss"][0]
    assert model.predict(rest.batch(8).map(lambda x, y: x), verbose=0).shape == (16, 1)
