"""Data sets of files in a directory, on files that the tests make."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras.data import images
from graphkeras.utils import image_dataset_from_directory, load_img, save_img, text_dataset_from_directory


@pytest.fixture
def pictures(tmp_path):
    """Four red, six green and two blue pictures, of different sizes; one that is nested, one that is no picture."""
    for channel, (name, count) in enumerate({"green": 6, "red": 4, "blue": 2}.items()):
        for k in range(count):
            x = np.zeros((6 + k, 9, 3), np.float32)
            x[:, :, channel] = 40 * k + 40
            folder = tmp_path / name / "deep" if k == 1 else tmp_path / name
            folder.mkdir(parents=True, exist_ok=True)
            save_img(folder / f"{k}.png", x, scale=False)
    (tmp_path / "red" / "notes.txt").write_text("no picture")
    (tmp_path / ".hidden").mkdir()
    return tmp_path


def test_labels_are_the_folders(pictures, capsys):
    data = image_dataset_from_directory(pictures, image_size=(8, 5), batch_size=5, shuffle=False)
    assert capsys.readouterr().out == "Found 12 files belonging to 3 classes.\n"
    assert data.class_names == ["blue", "green", "red"] and len(data) == 3
    assert data.file_paths[:3] == [
        str(pictures / "blue" / "0.png"),
        str(pictures / "blue/deep/1.png"),
        str(pictures / "green/0.png"),
    ]
    batches = list(data)
    assert [x.shape for x, _ in batches] == [(5, 8, 5, 3), (5, 8, 5, 3), (2, 8, 5, 3)]
    assert batches[0][0].dtype == np.float32 and batches[0][1].dtype == np.int32
    np.testing.assert_array_equal(np.concatenate([y for _, y in batches]), [0] * 2 + [1] * 6 + [2] * 4)
    np.testing.assert_allclose(batches[0][0][0, :, :, 2], 40, rtol=1e-6)


def test_shuffling_and_splitting(pictures):
    options = {"image_size": 4, "seed": 5, "validation_split": 0.25, "verbose": False}
    train, validation = image_dataset_from_directory(pictures, subset="both", **options)
    assert len(train.file_paths) == 9 and len(validation.file_paths) == 3
    assert not set(train.file_paths) & set(validation.file_paths)
    alone = image_dataset_from_directory(pictures, subset="validation", **options)
    assert alone.file_paths == validation.file_paths
    # What Keras's generator makes of this seed: RandomState(5).shuffle of the sorted files.
    order = np.arange(12)
    np.random.RandomState(5).shuffle(order)
    everything = image_dataset_from_directory(pictures, shuffle=False, verbose=False).file_paths
    assert train.file_paths == [everything[k] for k in order[:9]]
    first = train[0][1]
    train.on_epoch_end()
    assert sorted(train[0][1]) == sorted(first) and train[0][1].tolist() != first.tolist()
    for x, y in validation:  # labels stay with their pictures
        np.testing.assert_array_equal(np.array([1, 2, 0])[x.max(axis=(1, 2)).argmax(axis=1)], y)


@pytest.mark.parametrize(
    ("mode", "shape", "dtype"), [("int", (12,), np.int32), ("categorical", (12, 3), np.float32), (None, None, None)]
)
def test_label_modes(pictures, mode, shape, dtype):
    (element,) = image_dataset_from_directory(pictures, label_mode=mode, image_size=(4, 4), shuffle=False, verbose=False)
    if mode is None:
        assert element.shape == (12, 4, 4, 3)
        return
    assert element[1].shape == shape and element[1].dtype == dtype
    if mode == "categorical":
        np.testing.assert_array_equal(element[1].argmax(1), [0] * 2 + [1] * 6 + [2] * 4)


def test_chosen_classes_binary_labels_and_formats(pictures):
    data = image_dataset_from_directory(
        pictures, label_mode="binary", class_names=["red", "blue"], color_mode="grayscale", image_size=(4, 6), shuffle=False,
        data_format="channels_first", interpolation="nearest", verbose=False,
    )  # fmt: skip
    x, y = data[0]
    assert x.shape == (6, 1, 4, 6)
    np.testing.assert_array_equal(y, [[0], [0], [0], [0], [1], [1]])
    gray = np.asarray(load_img(data.file_paths[0], "grayscale"))[0, 0]
    np.testing.assert_array_equal(x[0], np.full((1, 4, 6), gray))


def test_given_labels_and_single_pictures(pictures):
    labels = list(range(12))
    data = image_dataset_from_directory(
        pictures, labels=labels, batch_size=None, image_size=(4, 4), shuffle=False, verbose=False
    )
    assert len(data) == 12 and data[3][0].shape == (4, 4, 3) and data[3][1] == 3
    assert data.class_names == sorted(map(str, labels), key=int)


def test_fit_learns_the_colors(pictures, numpy_target):
    data = image_dataset_from_directory(pictures, image_size=(4, 4), batch_size=4, seed=0, verbose=False)
    layers = keras.layers
    model = keras.Sequential([keras.Input((4, 4, 3)), layers.Flatten(), layers.Dense(3)])
    model.compile(
        keras.optimizers.Adam(0.05), keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
    )
    history = model.fit(data.map(lambda x, y: (x / 255, y)).cache(), epochs=40, verbose=0)
    assert history.history["accuracy"][-1] == 1


def test_texts(tmp_path):
    for name, texts in {"bad": ["no", "ñandú is bad"], "good": ["yes indeed"]}.items():
        (tmp_path / name).mkdir()
        for k, text in enumerate(texts):
            (tmp_path / name / f"{k}.txt").write_text(text, encoding="utf-8")
    x, y = text_dataset_from_directory(tmp_path, max_length=5, shuffle=False, verbose=False)[0]
    assert x.tolist() == ["no", "ñandú", "yes i"] and y.tolist() == [0, 0, 1]
    only = text_dataset_from_directory(tmp_path, labels=None, shuffle=False, batch_size=None, verbose=False)
    assert list(only)[2] == "yes indeed" and only.class_names is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": "folders"}, "labels must be 'inferred'"),
        ({"labels": [1, 2]}, "labels has 2 numbers, and .* has 12 files"),
        ({"labels": None, "class_names": ["red"]}, "class_names may be given only with labels='inferred'"),
        ({"class_names": ["red", "pink"]}, r"class_names must be folders of .*\['blue', 'green', 'red'\], got"),
        ({"label_mode": "one_hot"}, "label_mode must be 'int', 'categorical', 'binary' or None, got 'one_hot'"),
        ({"label_mode": "binary"}, "needs exactly 2 classes"),
        ({"color_mode": "cmyk"}, "color_mode must be one of"),
        ({"interpolation": "gaussian"}, "interpolation must be one of"),
        ({"image_size": (3,)}, r"image_size must be \(height, width\)"),
        ({"validation_split": 0.5}, "must be given both or not at all"),
        ({"validation_split": 1.5, "subset": "training"}, "between 0 and 1"),
        ({"validation_split": 0.5, "subset": "test"}, "subset must be"),
        ({"validation_split": 0.5, "subset": "training"}, "needs a seed"),
        ({"validation_split": 0.01, "subset": "validation", "seed": 1}, "there are no validation files"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "only one of"),
        ({"format": "torch"}, "format must be"),
    ],
)
def test_errors(pictures, options, message):
    with pytest.raises(ValueError, match=message):
        image_dataset_from_directory(pictures, **options)


def test_no_directory_and_no_files(tmp_path):
    with pytest.raises(ValueError, match="there is no directory"):
        text_dataset_from_directory(tmp_path / "nothing")
    with pytest.raises(ValueError, match=r"there are no files in .*; names must end with .txt"):
        text_dataset_from_directory(tmp_path, verbose=False)


def test_without_pillow(pictures, monkeypatch):
    monkeypatch.setattr(images, "_pillow", None)
    with pytest.raises(ImportError, match="image_dataset_from_directory needs Pillow"):
        image_dataset_from_directory(pictures)
