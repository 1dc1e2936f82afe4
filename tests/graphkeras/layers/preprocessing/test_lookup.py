"""Tokens as indices. Real Keras needs TensorFlow for these layers; the numbers follow its documented rules."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras.layers import IntegerLookup, StringLookup


def test_integers():
    layer = IntegerLookup(vocabulary=[12, 36, 1138, 42])
    out = layer([[12, 1138, 42], [42, 1000, 36]])
    assert out.dtype == np.int64
    np.testing.assert_array_equal(out, [[1, 3, 4], [4, 0, 2]])
    assert layer.get_vocabulary() == [-1, 12, 36, 1138, 42]


def test_unknown_integers_go_by_the_remainder_and_the_mask_is_zero():
    layer = IntegerLookup(vocabulary=[12, 36], num_oov_indices=2, mask_token=0)
    np.testing.assert_array_equal(layer([0, 12, 36, 7, 8, -1]), [0, 3, 4, 2, 1, 2])


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("one_hot", [[[0, 1, 0], [1, 0, 0]], [[0, 0, 1], [0, 0, 1]]]),
        ("multi_hot", [[1, 1, 0], [0, 0, 1]]),
        ("count", [[1, 1, 0], [0, 0, 2]]),
    ],
)
def test_encodings(mode, expected):
    np.testing.assert_array_equal(IntegerLookup(vocabulary=[5, 9], output_mode=mode)([[5, 7], [9, 9]]), expected)
    np.testing.assert_array_equal(StringLookup(vocabulary=["5", "9"], output_mode=mode)([["5", "7"], ["9", "9"]]), expected)


def test_masked_tokens_are_not_counted():
    layer = IntegerLookup(vocabulary=[5, 9], output_mode="multi_hot", mask_token=0)
    np.testing.assert_array_equal(layer([[5, 0], [0, 0]]), [[0, 1, 0], [0, 0, 0]])


def test_tf_idf():
    layer = StringLookup(
        vocabulary=["a", "b"], idf_weights=[0.25, 0.75], output_mode="tf_idf", max_tokens=5, pad_to_max_tokens=True
    )
    np.testing.assert_allclose(layer([["a", "a", "z"], ["b", "a", "a"]]), [[0.5, 0.5, 0, 0, 0], [0, 0.5, 0.75, 0, 0]])
    np.testing.assert_allclose(StringLookup.from_config(layer.get_config())([["b", "z"]]), [[0.5, 0, 0.75, 0, 0]])
    adapted = IntegerLookup(output_mode="tf_idf")
    adapted.adapt(np.array([[1, 1, 2], [1, 3, 3], [1, 3, 4]]))
    assert adapted.get_vocabulary() == [-1, 1, 3, 4, 2]
    weights = np.log(1 + 3 / (1 + np.array([3, 2, 1, 1])))
    np.testing.assert_allclose(adapted.idf_weights, [weights.mean(), *weights], rtol=1e-6)


def test_inverse():
    np.testing.assert_array_equal(IntegerLookup(vocabulary=[12, 36], invert=True)([[1, 2], [0, 9]]), [[12, 36], [-1, -1]])
    words = StringLookup(vocabulary=["a", "b"], invert=True, mask_token="")
    assert words([[2, 3], [0, 1]]).tolist() == [["a", "b"], ["", "[UNK]"]]


def test_adapt_ranks_by_count_then_in_descending_order():
    layer = StringLookup(max_tokens=4)
    layer.adapt(["d", "a", "a", "c", "c", "b"])
    assert layer.get_vocabulary() == ["[UNK]", "c", "a", "d"]
    layer.adapt(iter([np.array(["x", "x"]), np.array(["y"])]))
    assert layer.get_vocabulary(include_special_tokens=False) == ["x", "y"]
    assert StringLookup.from_config(layer.get_config()).get_vocabulary() == ["[UNK]"]  # as in Keras: files hold it as an asset


def test_adapt_takes_data_sets_generators_and_lists_of_documents():
    words = [["b", "a"], ["a", "c"], ["a", "b"]]
    batches = keras.utils.PyDataset

    class Batches(batches):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return np.array([words[index]])

    found = []
    for data in (words, np.array(words), Batches(), (np.array([row]) for row in words), ([row] for row in words)):
        layer = StringLookup(output_mode="tf_idf")
        layer.adapt(data)
        found.append((layer.get_vocabulary(), layer.idf_weights.tolist()))
    assert found[0][0] == ["[UNK]", "a", "b", "c"]
    assert all(one == found[0] for one in found)
    layer = StringLookup()
    layer.adapt((np.array([word]) for word in "xyz"), steps=2)
    assert layer.get_vocabulary() == ["[UNK]", "y", "x"]


def test_several_indices_for_unknown_tokens():
    """The numbers are those that Keras's documentation of the layers shows."""
    layer = StringLookup(vocabulary=["a", "b", "c", "d"], num_oov_indices=2)
    np.testing.assert_array_equal(layer([["a", "c", "d"], ["m", "z", "b"]]), [[2, 4, 5], [0, 1, 3]])
    layer = IntegerLookup(vocabulary=[12, 36, 1138, 42], num_oov_indices=2)
    np.testing.assert_array_equal(layer([[12, 1138, 42], [37, 1000, 36]]), [[2, 4, 5], [1, 0, 3]])
    counts = StringLookup(vocabulary=["a", "b", "c", "d"], num_oov_indices=2, output_mode="multi_hot")
    found = counts([["a", "c", "d", "d"], ["m", "z", "b", "z"]])
    np.testing.assert_array_equal(found, [[0, 0, 1, 0, 1, 1], [1, 1, 0, 1, 0, 0]])


def test_unknown_tokens_are_spread_as_hashing_says():
    values = np.array([100, 300, 700, 1100, 1700, 2000])
    for salt in (None, 7, (1, 2)):
        bins = keras.layers.Hashing(3, salt=salt)
        numbers = IntegerLookup(vocabulary=[5], num_oov_indices=3, oov_method="farmhash", salt=salt, mask_token=0)
        np.testing.assert_array_equal(numbers(values), bins(values) + 1)
        np.testing.assert_array_equal(numbers([0, 5]), [0, 4])
        words = StringLookup(vocabulary=["5"], num_oov_indices=3, salt=salt)
        np.testing.assert_array_equal(words(values.astype(str)), bins(values))
    given = keras.Input((6,), dtype="int64")
    np.testing.assert_array_equal(keras.Model(given, numbers(given)).predict(values[None], verbose=0)[0], bins(values) + 1)
    assert IntegerLookup.from_config(numbers.get_config()).salt == [1, 2]


def test_vocabularies_from_files(tmp_path):
    (tmp_path / "words.txt").write_text("grün\nblau\n", encoding="utf-8")
    layer = StringLookup(vocabulary=str(tmp_path / "words.txt"))
    assert layer.get_vocabulary() == ["[UNK]", "grün", "blau"]
    assert layer.get_config()["vocabulary"] is None
    (tmp_path / "numbers.txt").write_text("7\n5", encoding="utf-8")
    assert IntegerLookup(vocabulary=tmp_path / "numbers.txt").get_vocabulary() == [-1, 7, 5]
    with pytest.raises(FileNotFoundError):
        StringLookup(vocabulary=str(tmp_path / "none.txt"))
    with pytest.raises(ValueError, match="safe_mode=False"):
        StringLookup.from_config({"vocabulary": str(tmp_path / "words.txt")})


def test_models_see_a_new_vocabulary_of_the_same_size():
    layer = IntegerLookup(output_mode="multi_hot")
    layer.adapt([1, 2])
    given = keras.Input((2,), dtype="int64")
    model = keras.Model(given, layer(given))
    np.testing.assert_array_equal(model.predict(np.array([[2, 1]]), verbose=0), [[0, 1, 1]])
    layer.adapt([3, 4])
    np.testing.assert_array_equal(model.predict(np.array([[2, 3]]), verbose=0), [[1, 0, 1]])
    with pytest.raises(ValueError, match="must keep that size"):
        layer.adapt([1, 2, 3])


def test_config_keys_are_those_of_keras():
    own = ["invert", "max_tokens", "num_oov_indices", "oov_token", "mask_token", "output_mode", "sparse", "pad_to_max_tokens"]
    own += ["idf_weights", "vocabulary", "vocabulary_size", "oov_method", "salt", "name", "trainable", "dtype"]
    assert set(IntegerLookup(vocabulary=[1]).get_config()) == {*own, "vocabulary_dtype"}
    assert set(StringLookup(vocabulary=["a"]).get_config()) == {*own, "encoding"}
    config = StringLookup(vocabulary=["a"]).get_config()
    assert (config["vocabulary"], config["vocabulary_size"]) == (["a"], 2)


@pytest.mark.parametrize("options", [{}, {"output_mode": "multi_hot"}, {"invert": True}, {"num_oov_indices": 3}])
def test_integers_in_a_model_on_disk_and_as_onnx(options, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    layer = IntegerLookup(vocabulary=[12, 36, 5], **options)
    given = keras.Input((4,), dtype="int64")
    model = keras.Model(given, layer(given))
    data = np.array([[12, 5, 2, 0], [3, 1, 36, -4]], np.int64)
    expected = model.predict(data, verbose=0)
    np.testing.assert_array_equal(expected, layer(data))
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras").predict(data, verbose=0), expected)
    model.export(tmp_path / "model.onnx", format="onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    np.testing.assert_array_equal(session.run(None, {session.get_inputs()[0].name: data})[0], expected)


@pytest.mark.parametrize(
    ("error", "make", "words"),
    [
        (ValueError, lambda: IntegerLookup(vocabulary=[1, 1]), "repeats"),
        (ValueError, lambda: IntegerLookup(vocabulary=[]), "is empty"),
        (ValueError, lambda: IntegerLookup()([1]), "no vocabulary"),
        (ValueError, lambda: IntegerLookup(vocabulary=[1, 2, 3], max_tokens=3), "max_tokens=3"),
        (ValueError, lambda: IntegerLookup(vocabulary=[1], num_oov_indices=0)([2]), "num_oov_indices=1"),
        (ValueError, lambda: IntegerLookup(vocabulary=[1]).adapt([1]), "fixed vocabulary"),
        (ValueError, lambda: IntegerLookup(vocabulary=[1], salt=3), "oov_method='farmhash'"),
        (ValueError, lambda: StringLookup(vocabulary=["a"], salt="x"), "an integer or two"),
        (ValueError, lambda: StringLookup(vocabulary=["a"], sparse=True, output_mode="count"), "no sparse tensors"),
        (ValueError, lambda: StringLookup(vocabulary=["a"], invert=True)(keras.Input((2,), dtype="int64")), "model.predict"),
        (TypeError, lambda: StringLookup().adapt("words"), "adapt takes an array"),
        (TypeError, lambda: StringLookup().adapt(iter([(np.array(["a"]), np.array([1]))])), "inputs alone"),
    ],
)
def test_errors_teach(error, make, words):
    with pytest.raises(error, match=words):
        make()
