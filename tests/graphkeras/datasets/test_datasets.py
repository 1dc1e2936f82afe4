"""The data sets, read from small files in their formats that the tests put into the cache folder."""

import gzip
import hashlib
import io
import json
import os
import pickle
import tarfile

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import datasets
from graphkeras.compiler import config
from graphkeras.data import download
from graphkeras.datasets.sources import HASHES

RANDOM = np.random.default_rng(0)


@pytest.fixture
def put(tmp_path, monkeypatch):
    """Put a file into the cache folder, with its own hash as the right one; nothing is downloaded."""

    def refuse(address):
        raise download.urllib.error.URLError("no network in tests")

    monkeypatch.setattr(download.urllib.request, "urlopen", refuse)

    def write(name, content, source=None, folder="datasets"):
        path = tmp_path / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if folder == "datasets":
            monkeypatch.setitem(HASHES, source or name, hashlib.sha256(content).hexdigest())

    former = config.update(keras_home=tmp_path)
    yield write
    config.update(keras_home=former.keras_home)


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def tar(folder, members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, value in members.items():
            content = pickle.dumps(value, protocol=2)
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def ragged(texts):
    array = np.empty(len(texts), object)
    array[:] = texts
    return array


def test_mnist(put):
    x, y = RANDOM.integers(0, 255, (5, 28, 28), np.uint8), np.arange(5, dtype="uint8")
    put("mnist.npz", npz(x_train=x[:3], y_train=y[:3], x_test=x[3:], y_test=y[3:]))
    (x_train, y_train), (x_test, y_test) = datasets.mnist.load_data()
    np.testing.assert_array_equal(np.concatenate([x_train, x_test]), x)
    np.testing.assert_array_equal(np.concatenate([y_train, y_test]), y)
    assert x_train.dtype == y_test.dtype == np.uint8


def test_a_missing_file_without_a_network_is_named(put, tmp_path):
    with pytest.raises(ConnectionError, match=r"mnist.npz could not be read.*put the file at .*datasets/mnist.npz yourself"):
        datasets.mnist.load_data()
    put("boston_housing.npz", npz(x=np.ones(2), y=np.ones(2)))
    (tmp_path / "datasets" / "boston_housing.npz").write_bytes(b"damaged")
    with pytest.raises(ConnectionError, match="boston_housing"):
        datasets.boston_housing.load_data()


def test_fashion_mnist(put):
    x, y = RANDOM.integers(0, 255, (5, 28, 28), np.uint8), np.arange(5, dtype="uint8")
    for name, part in (("train", slice(3)), ("t10k", slice(3, 5))):
        put(f"{name}-labels-idx1-ubyte.gz", gzip.compress(bytes(8) + y[part].tobytes()), folder="datasets/fashion-mnist")
        put(f"{name}-images-idx3-ubyte.gz", gzip.compress(bytes(16) + x[part].tobytes()), folder="datasets/fashion-mnist")
    (x_train, y_train), (x_test, y_test) = datasets.fashion_mnist.load_data()
    np.testing.assert_array_equal(np.concatenate([x_train, x_test]), x)
    np.testing.assert_array_equal(np.concatenate([y_train, y_test]), y)
    assert x_train.shape == (3, 28, 28)


def test_cifar10(put):
    x = RANDOM.integers(0, 255, (12, 3072), np.uint8)
    names = [*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"]
    batches = {name: {b"data": x[2 * k : 2 * k + 2], b"labels": [k, 9 - k]} for k, name in enumerate(names)}
    content = tar("cifar-10-batches-py", batches)
    put("cifar-10-batches-py-target_archive", content, source="cifar-10-python.tar.gz")
    (x_train, y_train), (x_test, y_test) = datasets.cifar10.load_data()
    assert x_train.shape == (10, 32, 32, 3) and x_test.shape == (2, 32, 32, 3) and y_train.shape == (10, 1)
    np.testing.assert_array_equal(x_train[3, 4, 5], x[3].reshape(3, 32, 32)[:, 4, 5])
    np.testing.assert_array_equal(y_train[:, 0], [0, 9, 1, 8, 2, 7, 3, 6, 4, 5])
    np.testing.assert_array_equal(y_test, [[5], [4]])
    assert y_train.dtype == x_test.dtype == np.uint8
    keras.config.set_image_data_format("channels_first")
    try:
        np.testing.assert_array_equal(datasets.cifar10.load_data()[0][0], x[:10].reshape(-1, 3, 32, 32))
    finally:
        keras.config.set_image_data_format("channels_last")


def test_cifar100(put):
    x = RANDOM.integers(0, 255, (3, 3072), np.uint8)
    part = {b"data": x, b"fine_labels": [7, 8, 99], b"coarse_labels": [1, 2, 19]}
    content = tar("cifar-100-python", {"train": part, "test": part})
    put("cifar-100-python-target_archive", content, source="cifar-100-python.tar.gz")
    np.testing.assert_array_equal(datasets.cifar100.load_data()[0][1], [[7], [8], [99]])
    np.testing.assert_array_equal(datasets.cifar100.load_data("coarse")[1][1], [[1], [2], [19]])
    with pytest.raises(ValueError, match="'fine' or 'coarse'"):
        datasets.cifar100.load_data("rough")


class Trap:
    def __reduce__(self):
        return os.system, ("echo trapped",)


def test_a_file_cannot_run_code(put):
    content = tar("cifar-100-python", {"train": Trap(), "test": Trap()})
    put("cifar-100-python-target_archive", content, source="cifar-100-python.tar.gz")
    with pytest.raises(pickle.UnpicklingError, match="wants to run"):
        datasets.cifar100.load_data()
    put("imdb.npz", npz(x_train=ragged([Trap()])))
    with pytest.raises(pickle.UnpicklingError, match="wants to run"):
        datasets.imdb.load_data()


TEXTS = [[1, 5, 9], [2], [3, 4, 1, 20, 6], [7, 8], [1, 2, 3, 4]]


def order(count, random):
    """As Keras shuffles."""
    indices = np.arange(count)
    random.shuffle(indices)
    return list(indices)


def test_imdb(put):
    labels = np.array([0, 1, 1, 0, 1])
    put("imdb.npz", npz(x_train=ragged(TEXTS), y_train=labels, x_test=ragged(TEXTS[:2]), y_test=labels[:2]))
    put("imdb_word_index.json", json.dumps({"the": 1, "été": 2}).encode())
    assert datasets.imdb.get_word_index() == {"the": 1, "été": 2}
    random = np.random.RandomState(113)
    train, test = order(5, random), order(2, random)
    (x_train, y_train), (x_test, y_test) = datasets.imdb.load_data()
    top = 23  # without num_words the most frequent number itself counts as left out, as in Keras
    assert x_train.tolist() == [[1, *(w + 3 if w + 3 < top else 2 for w in TEXTS[k])] for k in train]
    assert x_test.tolist() == [[1, *(w + 3 for w in TEXTS[k])] for k in test]
    assert y_train.tolist() == labels[train].tolist() and y_test.tolist() == labels[test].tolist()
    (x_train, y_train), _ = datasets.imdb.load_data(num_words=6, skip_top=2, start_char=None, index_from=0, oov_char=None)
    assert x_train.tolist() == [[w for w in TEXTS[k] if 2 <= w < 6] for k in train]
    (x_train, y_train), _ = datasets.imdb.load_data(maxlen=4, num_words=100)
    assert x_train.tolist() == [[1, *(w + 3 for w in TEXTS[k])] for k in train if len(TEXTS[k]) < 3]
    assert y_train.tolist() == [labels[k] for k in train if len(TEXTS[k]) < 3]
    with pytest.raises(ValueError, match="No text is shorter than maxlen=1"):
        datasets.imdb.load_data(maxlen=1)


def test_reuters(put):
    put("reuters.npz", npz(x=ragged(TEXTS), y=np.arange(5)))
    put("reuters_word_index.json", b'{"oil": 4}')
    (x_train, y_train), (x_test, y_test) = datasets.reuters.load_data(num_words=1000, test_split=0.4, seed=7)
    places = order(5, np.random.RandomState(7))
    assert [*y_train, *y_test] == places and len(y_test) == 2
    assert [*x_train, *x_test] == [[1, *(w + 3 for w in TEXTS[k])] for k in places]
    assert datasets.reuters.get_word_index() == {"oil": 4}
    names = datasets.reuters.get_label_names()
    assert len(names) == len(set(names)) == 46 and names[0] == "cocoa" and names[-1] == "lead"


def test_housing(put):
    x, y = RANDOM.normal(size=(700, 3)), np.arange(700.0)
    put("boston_housing.npz", npz(x=x, y=y))
    put("california_housing.npz", npz(x=x, y=y))
    places = order(700, np.random.RandomState(113))
    (x_train, y_train), (x_test, y_test) = datasets.boston_housing.load_data()
    assert [*y_train, *y_test] == places and len(y_test) == 140
    np.testing.assert_array_equal(np.concatenate([x_train, x_test]), x[places])
    (_, y_train), (_, y_test) = datasets.california_housing.load_data("small", test_split=0.5)
    assert sorted([*y_train, *y_test]) == list(range(600)) and len(y_test) == 300
    assert len(datasets.california_housing.load_data()[0][0]) == 560
    with pytest.raises(ValueError, match="'small' or 'large'"):
        datasets.california_housing.load_data("huge")
    with pytest.raises(ValueError, match="below 1"):
        datasets.boston_housing.load_data(test_split=1)
