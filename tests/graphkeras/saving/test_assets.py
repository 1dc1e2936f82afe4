"""Vocabularies in files: where Keras puts them, in both directions."""

import json
import zipfile

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import layers
from graphkeras.saving.containers import new_hdf5

WORDS = np.array([["b", "a", "c"], ["a", "b", "a"], ["a", "c", "zoë"]])


def adapted(mode="int", **options):
    lookup = layers.StringLookup(output_mode=mode, name="words", **options)
    lookup.adapt(WORDS)
    given = keras.Input((3,), dtype="string", name="given")
    return keras.Model(given, lookup(given))


@pytest.mark.parametrize("mode", ["int", "multi_hot", "tf_idf"])
@pytest.mark.parametrize("zipped", [True, False])
def test_an_adapted_vocabulary_comes_back(mode, zipped, tmp_path):
    model = adapted(mode, mask_token="", max_tokens=10, pad_to_max_tokens=True)
    path = tmp_path / ("model.keras" if zipped else "model")
    model.save(path, zipped=zipped)
    again = keras.models.load_model(path)
    np.testing.assert_array_equal(again.predict(WORDS, verbose=0), model.predict(WORDS, verbose=0))
    layer = again.get_layer("words")
    assert layer.get_vocabulary() == model.get_layer("words").get_vocabulary()
    layer.adapt(WORDS)  # it may learn again, as before it was saved


def test_the_files_are_where_keras_puts_them(tmp_path):
    vectorize = layers.TextVectorization(name="text")
    vectorize.adapt(["b b a"])
    given = keras.Input((1,), dtype="string")
    lookup = layers.IntegerLookup(vocabulary=[3, 4], name="fixed")
    model = keras.Model(given, lookup(vectorize(given)))
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        found = {name: archive.read(name) for name in archive.namelist() if name.startswith("assets/")}
        config = json.loads(archive.read("config.json"))
    place = "assets/layers/text_vectorization"
    assert found == dict.fromkeys((f"{place}/vocabulary.txt", f"{place}/_lookup_layer/vocabulary.txt"), b"\n[UNK]\nb\na")
    stored = {layer["config"]["name"]: layer["config"].get("vocabulary") for layer in config["config"]["layers"]}
    assert stored["text"] is None
    assert stored["fixed"] == [3, 4]


def written_by_keras(path, mode):
    """A file as Keras 3.15 writes it for an adapted StringLookup: by the code of `saving_lib` and `IndexLookup.save_assets`."""
    lookup = {"name": "string_lookup", "trainable": True, "dtype": {"module": "keras", "class_name": "DTypePolicy"}}
    lookup["dtype"].update({"config": {"name": "float32"}, "registered_name": None})
    lookup |= {"invert": False, "max_tokens": None, "num_oov_indices": 1, "oov_token": "[UNK]", "mask_token": None}
    lookup |= {"output_mode": mode, "sparse": False, "pad_to_max_tokens": False, "idf_weights": None, "vocabulary": None}
    lookup |= {"vocabulary_size": 3, "encoding": "utf-8", "oov_method": "floormod", "salt": None}
    source = {"batch_shape": [None, 2], "dtype": "string", "sparse": False, "ragged": False, "name": "input_layer"}
    entries = [
        {"module": "keras.layers", "class_name": "InputLayer", "config": source, "registered_name": None},
        {"module": "keras.layers", "class_name": "StringLookup", "config": lookup, "registered_name": None, "build_config": {}},
    ]
    config = {"name": "sequential", "trainable": True, "layers": entries, "build_input_shape": [None, 2]}
    model = {"module": "keras", "class_name": "Sequential", "config": config, "registered_name": None}
    with new_hdf5() as (file, content):
        group = file.create_group("layers/string_lookup/vars")
        if mode == "tf_idf":
            group.create_dataset("idf_weights", data=np.array([1.5, 1.0, 2.0], np.float32))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1", "date_saved": "2026-11-25@00:00:00"}))
        archive.writestr("config.json", json.dumps(model))
        archive.writestr("model.weights.h5", content.getvalue())
        archive.writestr("assets/layers/string_lookup/vocabulary.txt", "[UNK]\nb\na")


@pytest.mark.parametrize(("mode", "expected"), [("int", [[2, 0], [1, 1]]), ("tf_idf", [[1.5, 0, 2.0], [0, 2.0, 0]])])
def test_a_file_of_keras(mode, expected, tmp_path):
    written_by_keras(tmp_path / "model.keras", mode)
    model = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(model.predict(np.array([["a", "x"], ["b", "b"]]), verbose=0), expected)


def test_layers_of_users_have_assets_too(tmp_path):
    @keras.saving.register_keras_serializable("test_assets")
    class Noted(layers.Layer):
        note = ""

        def call(self, x):
            return x + 1

        def save_assets(self, folder):
            (tmp_path.__class__(folder) / "note.txt").write_text(self.note)

        def load_assets(self, folder):
            self.note = (tmp_path.__class__(folder) / "note.txt").read_text()

    layer = Noted(name="noted")
    layer.note = "hello"
    given = keras.Input((2,))
    keras.Model(given, layer(given)).save(tmp_path / "model.keras")
    assert keras.models.load_model(tmp_path / "model.keras").get_layer("noted").note == "hello"


def test_assets_cannot_leave_their_folder(tmp_path):
    adapted().save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras", "a") as archive:
        archive.writestr("assets/../../evil.txt", "x")
    with pytest.raises(ValueError, match="leads out of its folder"):
        keras.models.load_model(tmp_path / "model.keras")


def test_what_files_cannot_hold_is_said(tmp_path):
    lookup = layers.StringLookup()
    lookup.adapt(["a\nb"])
    given = keras.Input((1,), dtype="string")
    with pytest.raises(ValueError, match="line break"):
        keras.Model(given, lookup(given)).save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="its config holds the vocabulary"):
        adapted().save(tmp_path / "model.h5")
