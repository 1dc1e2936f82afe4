"""Files that are not what they should be get an error that names the file, says what it is and what to do."""

import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from graphkeras.saving import load_model
from graphkeras.saving.containers import open_hdf5

FILES = Path(__file__).parent / "files"


def test_a_missing_file_names_its_neighbours(tmp_path):
    (tmp_path / "digits.keras").write_bytes(b"x")
    with pytest.raises(FileNotFoundError, match=r"There is no file .*digit\.keras.*there are: digits\.keras"):
        load_model(tmp_path / "digit.keras")


@pytest.mark.parametrize("name", ["mlp_sequential.keras", "mlp_sequential.h5"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_off_anywhere_is_named(tmp_path, name, share):
    whole = (FILES / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ValueError, match=rf"{name} cannot be read: .*damaged or was cut off.*Copy it again"):
        load_model(path)


def test_an_empty_file_is_named(tmp_path):
    path = tmp_path / "model.keras"
    path.touch()
    with pytest.raises(ValueError, match=r"model\.keras is not a saved model: it is empty"):
        load_model(path)


def test_a_damaged_member_is_named(tmp_path):
    data = bytearray((FILES / "mlp_sequential.keras").read_bytes())
    position = data.index(b'"Sequential"')
    data[position : position + 4] = b"####"
    path = tmp_path / "flipped.keras"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"flipped\.keras: config\.json is damaged"):
        load_model(path)


@pytest.mark.parametrize(
    ("source", "name", "message"),
    [
        ("mlp_sequential.h5", "model.keras", r"is not a \.keras file: it is an HDF5 file.*Rename it to model\.h5"),
        ("mlp_sequential.keras", "model.h5", r"is not a \.h5 file: it is a ZIP archive.*Rename it to model\.keras"),
        ("mlp_sequential.weights.h5", "model.h5", r"holds no model: it holds weights only.*load_weights"),
    ],
)
def test_a_wrong_suffix_is_explained(tmp_path, source, name, message):
    path = tmp_path / name
    path.write_bytes((FILES / source).read_bytes())
    with pytest.raises(ValueError, match=message):
        load_model(path)


def test_foreign_files_are_explained(tmp_path):
    text = tmp_path / "notes.keras"
    text.write_text("Dear diary")
    with pytest.raises(ValueError, match="neither a ZIP archive nor an HDF5 file"):
        load_model(text)
    onnx = tmp_path / "model.onnx"
    onnx.write_bytes(b"\x08\x08")
    with pytest.raises(ValueError, match=r"an ONNX model.*onnxruntime"):
        load_model(onnx)
    archive = tmp_path / "photos.keras"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("cat.txt", "meow")
    with pytest.raises(ValueError, match=r"without config\.json.*It holds: cat\.txt"):
        load_model(archive)
    other = tmp_path / "measurements.h5"
    with h5py.File(other, "w") as file:
        file["temperature"] = np.zeros(3)
    with pytest.raises(ValueError, match="holds no model: its groups are temperature"):
        load_model(other)
    with pytest.raises(ValueError, match="it is a folder"):
        load_model(tmp_path)


def test_links_to_other_files_are_refused(tmp_path):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["data"] = np.zeros(3)
    path = tmp_path / "trap.h5"
    with h5py.File(path, "w") as file:
        file.create_group("vars")["0"] = h5py.ExternalLink("secret.h5", "/data")
    with pytest.raises(ValueError, match="is a link to another place"), open_hdf5(path):
        pass
    path = tmp_path / "trap2.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("0", shape=(3,), dtype="f4", external=[("secret.h5", 0, 12)])
    with pytest.raises(ValueError, match="is in another file"), open_hdf5(path):
        pass
