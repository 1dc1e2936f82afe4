"""Models of `keras.applications` in use: files, ONNX with any batch size, training."""

import numpy as np
import onnxruntime
import pytest

import graphkeras as keras
from graphkeras.loading import numbers_come_from_a_file
from tests.graphkeras.applications import cases


@pytest.mark.parametrize("name", ["ResNet50", "MobileNetV2", "EfficientNetB0"])
def test_files_and_export(name, tmp_path):
    with numbers_come_from_a_file():
        model, images = cases.small_model(keras.applications, name)
    expected = model.predict(images, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert cases.structure(again) == cases.structure(model)
    np.testing.assert_array_equal(again.predict(images, verbose=0), expected)
    model.export(tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    (given,) = session.get_inputs()
    for count in (1, 2, 3):
        batch = np.concatenate([images, images])[:count]
        found = session.run(None, {given.name: batch})[0]
        np.testing.assert_allclose(found, np.concatenate([expected, expected])[:count], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "layer", "module"),
    [
        ("ConvNeXtTiny", "LayerScale", "keras.src.applications.convnext"),
        ("InceptionResNetV2", "CustomScaleLayer", "keras.src.applications.inception_resnet_v2"),
    ],
)
def test_own_layers_are_written_as_keras_writes_them(name, layer, module):
    keras_module = getattr(keras.applications, module.rpartition(".")[2])
    made = getattr(keras_module, layer)(*({"LayerScale": (0.5, 3), "CustomScaleLayer": (0.5,)}[layer]), name="mine")
    written = keras.saving.serialize_keras_object(made)
    assert (written["module"], written["class_name"], written["registered_name"]) == (module, layer, None)
    for registered in (None, layer):  # Keras writes the bare name
        again = keras.saving.deserialize_keras_object({**written, "registered_name": registered})
        assert type(again) is type(made) and again.get_config() == made.get_config()


def test_training_step():
    """One step changes the weights and the running means of MobileNetV2, and the loss goes down over a few."""
    keras.config.set_target("onnxruntime")
    model = keras.applications.MobileNetV2((32, 32, 3), 0.35, weights=None, classes=4)
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    images = cases.images(32)
    before = model.get_layer("bn_Conv1").get_weights()
    losses = [float(model.train_on_batch(images, np.array([0, 1]))) for _ in range(4)]
    after = model.get_layer("bn_Conv1").get_weights()
    assert all(np.abs(new - old).max() > 0 for old, new in zip(before, after, strict=True))
    assert np.isfinite(losses).all() and losses[-1] < losses[0]
