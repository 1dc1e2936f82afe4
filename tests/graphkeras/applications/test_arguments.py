"""Arguments of `keras.applications` that contradict each other, weights from files, inputs and outputs of ImageNet models."""

import json
import urllib.error

import numpy as np
import pytest

import graphkeras as keras
from graphkeras.applications import imagenet_utils
from graphkeras.compiler import config
from graphkeras.data import download

applications = keras.applications
RANDOM = np.random.default_rng(0)


@pytest.fixture
def offline(tmp_path, monkeypatch):
    """A machine without files of Keras and without a connection; gives its folder of models."""

    def refuse(address):
        raise urllib.error.URLError("no network in tests")

    monkeypatch.setattr(download.urllib.request, "urlopen", refuse)
    former = config.update(keras_home=tmp_path)
    (tmp_path / "models").mkdir()
    yield tmp_path / "models"
    config.update(keras_home=former.keras_home)


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("ResNet50", {"weights": "imagenetx"}, "there is no file 'imagenetx'"),
        ("ResNet50", {"classes": 10}, "has 1000 classes, got classes=10.*include_top=False"),
        ("ResNet50", {"weights": None, "classes": 0}, "at least 1, got 0"),
        ("ResNet50", {"weights": None, "classes": "ten"}, "at least 1, got 'ten'"),
        ("ResNet50", {"classifier_activation": "relu"}, "classifier_activation='relu'.*include_top=False"),
        ("ResNet50", {"weights": None, "include_top": False, "pooling": "mean"}, "None, 'avg' or 'max', got 'mean'"),
        ("ResNet50", {"weights": None, "input_shape": (31, 64, 3)}, "at least 32x32, got input_shape=.31, 64, 3."),
        ("Xception", {"weights": None, "input_shape": (70, 71, 3)}, "at least 71x71"),
        ("InceptionV3", {"weights": None, "input_shape": (74, 75, 3)}, "at least 75x75"),
        ("ResNet50", {"input_shape": (64, 64, 3)}, "takes images of 224x224.*include_top=False"),
        ("ResNet50", {"input_shape": (224, 224, 1)}, "3 channels, got input_shape=.224, 224, 1..*Repeat grey"),
        ("ResNet50", {"include_top": False, "input_shape": (3, 64, 64)}, "3 channels.*height, width, channels. with 64"),
        ("ResNet50", {"weights": None, "input_shape": (None, None, 3)}, "must be known.*include_top=False"),
        ("ResNet50", {"weights": None, "input_shape": (64, 64)}, "without the batch, got .64, 64."),
        ("ResNet50", {"weights": None, "input_shape": (None, 64, 64, 3)}, "without the batch"),
        ("ResNet50", {"weights": None, "input_shape": (64, 64, None)}, "must say the number of channels"),
        ("ResNet50", {"weights": None, "input_tensor": np.zeros((1, 64, 64, 3))}, "symbolic tensor.*ndarray"),
        ("NASNetLarge", {"weights": None, "include_top": False, "input_shape": (None, None, 3)}, "built for one height"),
        ("MobileNet", {"alpha": 0.6}, "alpha=0.25 or 0.5 or 0.75 or 1.0, got alpha=0.6"),
        ("MobileNet", {"depth_multiplier": 2}, "depth_multiplier=1, got depth_multiplier=2"),
        ("MobileNetV2", {"alpha": 2.0}, "got alpha=2.0"),
        ("MobileNetV3Small", {"alpha": 0.75, "minimalistic": True}, "alpha=1.0, got alpha=0.75"),
        ("EfficientNetV2B0", {"input_shape": (96, 96, 3)}, "takes images of 224x224"),
    ],
)
def test_contradictions(name, arguments, told):
    with pytest.raises(ValueError, match=told):
        getattr(applications, name)(**arguments)


@pytest.mark.parametrize(
    ("tensor", "shape", "told"),
    [
        ((16, 64, 3), None, "at least 32x32, got an input_tensor"),
        ((None, None, 3), None, "must be known"),
        ((64, 64, 3), (32, 32, 3), "contradicts input_shape"),
        ((64, 3), None, "four axes"),
    ],
)
def test_input_tensors_that_do_not_fit(tensor, shape, told):
    with pytest.raises(ValueError, match=told):
        applications.VGG16(weights=None, input_tensor=keras.Input(tensor), input_shape=shape)


def test_unusual_channels_are_told():
    with pytest.warns(UserWarning, match="4 channels; these models usually take 1 or 3"):
        applications.MobileNet(weights=None, input_shape=(32, 32, 4), alpha=0.25, classes=2)


def test_input_tensor():
    """The model begins where its tensor does, and goes on from there."""
    image = keras.Input((40, 40, 3))
    half = keras.layers.Rescaling(0.5)(image)
    model = applications.MobileNet(weights=None, input_tensor=half, alpha=0.25, include_top=False, pooling="avg")
    assert model.inputs == [image] and model.output_shape == (None, 256) and model.name == "mobilenet_0.25_40"


def test_open_sizes():
    model = applications.MobileNetV2(weights=None, include_top=False, alpha=0.35, pooling="max")
    assert model.input_shape == (None, None, None, 3)
    assert [model.predict(np.ones((1, n, 2 * n, 3), "float32"), verbose=0).shape for n in (33, 48)] == [(1, 1280)] * 2


def test_channels_first():
    """The same weights give the same numbers in the other layout."""
    images = RANDOM.normal(size=(1, 40, 36, 3)).astype("float32")
    former = keras.config.image_data_format()
    last = applications.MobileNetV3Small(weights=None, input_shape=(40, 36, 3), alpha=0.75, classes=4)
    keras.config.set_image_data_format("channels_first")
    try:
        first = applications.MobileNetV3Small(weights=None, input_shape=(3, 40, 36), alpha=0.75, classes=4)
        with pytest.raises(ValueError, match=r"channels, height, width. with 40"):
            applications.MobileNetV3Small(input_shape=(40, 36, 3))
    finally:
        keras.config.set_image_data_format(former)
    first.set_weights(last.get_weights())
    np.testing.assert_allclose(
        first.predict(images.transpose(0, 3, 1, 2), verbose=0), last.predict(images, verbose=0), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("suffix", [".weights.h5", ".h5"])
def test_weights_of_a_path(tmp_path, suffix):
    def made(weights):
        shape = (32, 32, 3)
        return applications.MobileNet(shape, 0.25, weights=weights, classes=3)

    model = made(None)
    path = tmp_path / f"weights{suffix}"
    (model.save_weights if suffix == ".weights.h5" else model.save)(path)
    again = made(path)
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="shape"):
        applications.MobileNet((32, 32, 3), 0.5, weights=path, classes=3)


@pytest.mark.parametrize("include_top", [True, False])
def test_offline(offline, include_top):
    """Nothing is built before the file is there; the error says where to get it and where to put it."""
    told = r"keras-applications/efficientnetb7(_notop)?\.h5 could not be read.*put the file at .*models.*efficientnetb7"
    with pytest.raises(ConnectionError, match=told):
        applications.EfficientNetB7(include_top=include_top)


def test_a_wrong_file_is_not_taken(offline, capsys):
    (offline / "vgg16_weights_tf_dim_ordering_tf_kernels.h5").write_bytes(b"not it")
    with pytest.raises(ConnectionError, match="vgg16"):
        applications.VGG16()
    assert "its hash is not 64373286793e3c8b2b4e3219cbf3544b" in capsys.readouterr().out


def test_published_weights(offline):
    """A file in the place of the published one (MobileNet's have no hash) is read, with and without the classifier."""
    model = applications.MobileNet(weights=None, alpha=0.25, input_shape=(128, 128, 3))
    model.save(offline / "mobilenet_2_5_128_tf.h5")
    again = applications.MobileNet((128, 128, 3), 0.25)
    np.testing.assert_array_equal(again.get_weights()[5], model.get_weights()[5])


def test_efficientnet_of_imagenet_scales_twice(offline, monkeypatch):
    """Published EfficientNets have one more scaling than others, as in Keras."""
    monkeypatch.setattr(applications.classifier.WeightsFile, "fetch", lambda self: "no file")
    monkeypatch.setattr(keras.Model, "load_weights", lambda self, path: None)
    layers = applications.EfficientNetB0(include_top=False).layers[:5]
    assert [type(layer).__name__ for layer in layers[1:4]] == ["Rescaling", "Normalization", "Rescaling"]
    np.testing.assert_allclose(layers[3].scale, np.power([0.229, 0.224, 0.225], -0.5))


# ---- inputs and outputs -----------------------------------------------------------------------------------------------

MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def preprocessed(images, mode):
    if mode == "tf":
        return images / 127.5 - 1
    return images[..., ::-1] - [103.939, 116.779, 123.68] if mode == "caffe" else (images / 255 - MEAN) / DEVIATION


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("rank", [3, 4])
def test_preprocess_input(mode, dtype, rank):
    images = RANDOM.uniform(0, 255, (2, 5, 4, 3)[-rank:]).astype(dtype)
    kept, expected = images.copy(), preprocessed(images.astype("float64"), mode)
    channels = np.moveaxis(images, -1, -3)
    for found in (
        imagenet_utils.preprocess_input(images, mode=mode),
        np.moveaxis(imagenet_utils.preprocess_input(channels, "channels_first", mode), -3, -1),
    ):
        assert found.dtype == ("float32" if dtype == "uint8" else dtype)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-4)
    np.testing.assert_array_equal(images, kept)


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_preprocess_input_inside_a_model(mode, tmp_path):
    images = RANDOM.uniform(0, 255, (2, 4, 4, 3)).astype("uint8")
    inputs = keras.Input((4, 4, 3), dtype="uint8")
    model = keras.Model(inputs, imagenet_utils.preprocess_input(inputs, mode=mode))
    model.save(tmp_path / "model.keras")
    for one in (model, keras.models.load_model(tmp_path / "model.keras")):
        np.testing.assert_allclose(
            one.predict(images, verbose=0), preprocessed(images.astype(float), mode), rtol=1e-5, atol=1e-4
        )


def test_preprocess_input_refuses():
    images = np.zeros((2, 4, 4, 3))
    with pytest.raises(ValueError, match="'caffe', 'tf', 'torch', got 'keras'"):
        imagenet_utils.preprocess_input(images, mode="keras")
    with pytest.raises(ValueError, match="'channels_last' or 'channels_first', got 'last'"):
        imagenet_utils.preprocess_input(images, "last")
    with pytest.raises(ValueError, match=r"three colors, channels_first.*\(2, 4, 4, 3\)"):
        imagenet_utils.preprocess_input(images, "channels_first", "torch")
    with pytest.raises(ValueError, match="three colors"):
        imagenet_utils.preprocess_input(np.zeros(3))


@pytest.mark.parametrize(
    ("families", "mode"),
    [
        ("vgg16 vgg19 resnet resnet50", "caffe"),
        ("resnet_v2 inception_v3 inception_resnet_v2 xception mobilenet mobilenet_v2 nasnet", "tf"),
        ("densenet", "torch"),
        ("efficientnet efficientnet_v2 mobilenet_v3 convnext", None),
    ],
)
def test_modes_of_families(families, mode):
    images = RANDOM.uniform(0, 255, (1, 2, 2, 3)).astype("float32")
    expected = images if mode is None else preprocessed(images, mode)
    for family in families.split():
        module = getattr(applications, family)
        np.testing.assert_allclose(module.preprocess_input(images), expected, rtol=1e-4, atol=1e-4, err_msg=family)
        assert module.decode_predictions is imagenet_utils.decode_predictions


def test_decode_predictions(offline, monkeypatch):
    scores = np.zeros((2, 1000), "float32")
    scores[0, [3, 7, 5]] = 0.5, 0.3, 0.2
    scores[1, 999] = 1
    with pytest.raises(ConnectionError, match=r"imagenet_class_index\.json"):
        imagenet_utils.decode_predictions(scores)
    names = {str(k): [f"n{k}", f"animal {k}"] for k in range(1000)}
    path = offline / "imagenet_class_index.json"
    path.write_text(json.dumps(names))
    monkeypatch.setattr(imagenet_utils, "get_file", lambda *args, **kwargs: str(path))
    first, second = imagenet_utils.decode_predictions(scores, top=3)
    assert [(name, text) for name, text, _ in first] == [("n3", "animal 3"), ("n7", "animal 7"), ("n5", "animal 5")]
    assert second[0] == ("n999", "animal 999", 1.0) and len(second) == 3
    for shape in ((1000,), (2, 10)):
        with pytest.raises(ValueError, match=r"shape \(images, 1000\)"):
            imagenet_utils.decode_predictions(np.zeros(shape))


def test_every_public_function_is_documented():
    for name, function in vars(applications).items():
        if callable(function):
            assert "Raises" in function.__doc__ and "weights" in function.__doc__, name
