"""`ExportArchive`: endpoints as ONNX files."""

import numpy as np
import onnxruntime
import pytest

import graphkeras as keras
from graphkeras import layers

X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)
SPEC = [keras.InputSpec(shape=(None, 3), dtype="float32")]


def run(path, *arrays):
    session = onnxruntime.InferenceSession(path)
    return session.run(None, dict(zip([one.name for one in session.get_inputs()], arrays, strict=True)))


def test_endpoints_of_a_model(tmp_path, capsys):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(4), layers.Dropout(0.5, seed=1)])
    archive = keras.export.ExportArchive()
    archive.track(model)
    serve = archive.add_endpoint("serve", model.call, SPEC)
    archive.add_endpoint(
        "shifted", lambda x, y: {"sum": model.call(x, training=False) + y}, [*SPEC, keras.KerasTensor((None, 4))]
    )
    archive.write_out(tmp_path / "made" / "here")
    assert "serve.onnx" in capsys.readouterr().out
    wanted = model.predict(X, verbose=0)
    assert np.allclose(run(tmp_path / "made/here/serve.onnx", X)[0], wanted, atol=1e-6) and np.allclose(
        serve(X), wanted, atol=1e-6
    )
    two = run(tmp_path / "made/here/shifted.onnx", X[:2], np.ones((2, 4), np.float32))
    assert np.allclose(two[0], wanted[:2] + 1, atol=1e-6)
    assert archive.variables == model.variables and archive.trainable_variables == model.trainable_variables
    assert [one.name for one in archive.non_trainable_variables] == ["seed_generator_state"]


def test_a_layer_as_an_endpoint(tmp_path):
    layer = layers.Dense(2)
    layer.build((None, 3))
    archive = keras.export.ExportArchive()
    archive.track_and_add_endpoint("dense", layer, SPEC)
    archive.write_out(tmp_path, verbose=False)
    assert np.allclose(run(tmp_path / "dense.onnx", X)[0], layer(X), atol=1e-6)


def test_errors(tmp_path):
    archive = keras.export.ExportArchive()
    with pytest.raises(ValueError, match="no endpoint"):
        archive.write_out(tmp_path)
    with pytest.raises(ValueError, match="is not built yet"):
        archive.track(layers.Dense(2))
    with pytest.raises(ValueError, match="takes a layer or a model, got int"):
        archive.track(3)
    with pytest.raises(ValueError, match="needs input_signature"):
        archive.add_endpoint("serve", lambda x: x)
    with pytest.raises(ValueError, match="letters, digits"):
        archive.add_endpoint("../serve", lambda x: x, SPEC)
    with pytest.raises(ValueError, match="returns no tensor"):
        archive.add_endpoint("serve", lambda x: 3, SPEC)
    with pytest.raises(NotImplementedError, match="no named collections"):
        archive.add_variable_collection("weights", [])
    archive.add_endpoint("serve", lambda x: x + 1, SPEC)
    with pytest.raises(ValueError, match="there is an endpoint 'serve' already"):
        archive.add_endpoint("serve", lambda x: x, SPEC)
    assert not list(tmp_path.iterdir())
