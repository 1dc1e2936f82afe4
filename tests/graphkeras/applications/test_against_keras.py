"""Models of `keras.applications` are Keras's: the same layers, names, weights and predictions (`make_expected.py`)."""

import json
from pathlib import Path

import numpy as np
import pytest

import graphkeras as keras
from graphkeras.applications import classifier
from graphkeras.loading import numbers_come_from_a_file
from tests.graphkeras.applications import cases

EXPECTED = json.loads(Path(__file__).with_name("expected.json").read_text())
ALL = {f"{name} {label}".strip(): (name, options) for label, name, options in cases.VARIANTS}
ALL.update({name: (name, {}) for name in cases.NAMES})


@pytest.fixture(autouse=True)
def fresh_names():
    keras.backend.clear_session()


def test_everything_is_compared():
    assert set(EXPECTED["structures"]) == set(ALL) and set(EXPECTED["predictions"]) == set(cases.SIZES)
    public = {name for name in vars(keras.applications) if name[0].isupper()}
    assert public == set(cases.NAMES)


@pytest.mark.parametrize("label", sorted(ALL))
def test_structure(label):
    name, options = ALL[label]
    with numbers_come_from_a_file():  # nobody looks at them
        model = getattr(keras.applications, name)(weights=None, **options)
    assert [model.count_params(), len(model.layers), cases.checksum(model)] == EXPECTED["structures"][label]


@pytest.mark.parametrize("name", sorted(cases.SIZES))
def test_predictions(name):
    with numbers_come_from_a_file():
        model, images = cases.small_model(keras.applications, name)
    expected = np.array(EXPECTED["predictions"][name])
    np.testing.assert_allclose(model.predict(images, verbose=0), expected, rtol=2e-3, atol=2e-3 * np.abs(expected).max())


def test_published_files(monkeypatch):
    """The names on disk, addresses and hashes are those that Keras asks for."""

    class AskedForError(Exception):
        pass

    def refuse(name, address, cache_subdir, file_hash):
        raise AskedForError(name or address.rpartition("/")[2], address, file_hash)

    def asked(name, options, include_top):
        with pytest.raises(AskedForError) as found:
            getattr(keras.applications, name)(weights="imagenet", include_top=include_top, **options)
        return list(found.value.args)

    monkeypatch.setattr(classifier, "get_file", refuse)
    found = [[asked(name, options, include_top) for include_top in (True, False)] for name, options in cases.PUBLISHED]
    assert found == EXPECTED["published"]
