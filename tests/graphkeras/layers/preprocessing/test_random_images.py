"""The random image layers: certain draws against real Keras, uncertain ones by their distribution, all targets alike."""

import json
from pathlib import Path

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import layers
from graphkeras.tracing import StaticFunction
from tests.graphkeras.layers.preprocessing.preprocessing_cases import CERTAIN, COLORS, IMAGES, images_for

with np.load(Path(__file__).with_name("preprocessing_expected.npz")) as file:
    EXPECTED = dict(file)

each_certain = pytest.mark.parametrize("number", range(len(CERTAIN)), ids=lambda k: f"{CERTAIN[k][0]}{k}")
RANDOM = [
    ("RandomFlip", {}),
    ("RandomFlip", {"mode": "vertical"}),
    ("RandomCrop", {"height": 3, "width": 4}),
    ("RandomTranslation", {"height_factor": 0.3, "width_factor": 0.2}),
    ("RandomRotation", {"factor": 0.2}),
    ("RandomZoom", {"height_factor": 0.3}),
    ("RandomContrast", {"factor": (0.5, 0.5), "value_range": (-9, 9)}),
    ("RandomBrightness", {"factor": 0.3, "value_range": (-9, 9)}),
    ("RandomShear", {"x_factor": 0.3, "y_factor": 0.2}),
    ("RandomPerspective", {"scale": 0.5}),
    ("RandomErasing", {"fill_value": 0.0}),
    ("RandomElasticTransform", {"factor": (1.0, 1.0), "scale": (0.5, 1.0), "value_range": (-9, 9)}),
    ("RandomGaussianBlur", {"kernel_size": (3, 5), "value_range": (-9, 9)}),
    ("RandomSharpness", {"factor": 1.0, "value_range": (-9, 9)}),
]
#: Those of images whose numbers are colors.
RANDOM_COLORS = [
    ("RandomHue", {"factor": 0.5}),
    ("RandomSaturation", {"factor": (0.2, 0.9)}),
    ("RandomColorDegeneration", {"factor": 0.9}),
    ("RandomPosterization", {"factor": (2, 6)}),
    ("RandomGrayscale", {"factor": 0.9}),
    ("RandomInvert", {"factor": (0.9, 1.0)}),
    ("RandomColorJitter", {"brightness_factor": 0.2, "contrast_factor": 0.3, "saturation_factor": 0.6, "hue_factor": 0.1}),
    ("Solarization", {"addition_factor": 0.2, "threshold_factor": 0.3}),
    ("MixUp", {}),
    ("CutMix", {}),
    ("RandAugment", {"num_ops": 1}),
    ("AugMix", {"num_chains": 2, "chain_depth": 1, "all_ops": False}),
]


@each_certain
def test_certain_draws(number):
    name, config = CERTAIN[number]
    layer = getattr(layers, name)(**config)
    images = images_for(number)
    np.testing.assert_allclose(
        layer(images, training=True), EXPECTED[f"certain{number}:output"], rtol=1e-4, atol=1e-4 if images is IMAGES else 1e-3
    )
    np.testing.assert_array_equal(layer(images, training=False), EXPECTED[f"certain{number}:inference"])


@each_certain
def test_configs(number):
    name, config = CERTAIN[number]
    layer = getattr(layers, name)(**config, name="given")
    assert json.loads(json.dumps(layer.get_config())) == json.loads(str(EXPECTED[f"certain{number}:config"]))
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()


@pytest.mark.parametrize(("name", "config"), [*RANDOM, *RANDOM_COLORS])
def test_targets_draw_alike(name, config):
    images = COLORS if (name, config) in RANDOM_COLORS else IMAGES
    pytest.importorskip("onnxruntime")
    results, before = [], keras.config.target()
    for target in ("numpy", "onnxruntime"):
        keras.config.set_target(target)
        try:
            given = keras.Input(images.shape[1:])
            model = keras.Model(given, getattr(layers, name)(**config, seed=5)(given))
            function = StaticFunction(lambda x, model=model: model(x, training=True), "draw")
            results.append(function(images))
        finally:
            keras.config.set_target(before)
    np.testing.assert_allclose(results[0], results[1], rtol=1e-4, atol=1e-4 if images is IMAGES else 1e-4 * 255)
    eager = getattr(layers, name)(**config, seed=5)(images, training=True)
    np.testing.assert_allclose(eager, results[0], rtol=1e-4, atol=1e-4 if images is IMAGES else 1e-4 * 255)
    assert name == "CutMix" or eager.shape != images.shape or not np.allclose(eager, images)


@pytest.mark.parametrize(("name", "config"), [*RANDOM, *RANDOM_COLORS])
def test_inference_and_single_images(name, config):
    layer = getattr(layers, name)(**config, seed=1)
    images = COLORS if (name, config) in RANDOM_COLORS else IMAGES
    np.testing.assert_array_equal(layer(images, training=False), images)
    assert layer(images[0], training=True).shape == layer(images, training=True).shape[1:]
    labeled = layer({"images": images, "labels": np.ones((2, 1), np.float32)}, training=False)
    np.testing.assert_array_equal(labeled["images"], images)
    np.testing.assert_array_equal(labeled["labels"], [[1], [1]])


def test_half_of_the_images_are_flipped():
    image = np.arange(6, dtype=np.float32).reshape(1, 2, 3, 1)
    out = layers.RandomFlip(seed=0)(np.repeat(image, 1000, 0))
    flipped = (out == image[:, ::-1, ::-1]).all(axis=(1, 2, 3))
    assert ((out == image).all(axis=(1, 2, 3)) ^ flipped).all()
    assert 0.44 < flipped.mean() < 0.56
    sideways = layers.RandomFlip("horizontal", seed=0)(np.repeat(image, 100, 0))
    assert {tuple(row.ravel()) for row in sideways} == {(0, 1, 2, 3, 4, 5), (2, 1, 0, 5, 4, 3)}


def test_crops_start_everywhere():
    image = np.arange(12, dtype=np.float32).reshape(1, 3, 4, 1)
    layer = layers.RandomCrop(2, 2, seed=0)
    corners = [layer(image)[0, 0, 0, 0] for _ in range(300)]
    values, counts = np.unique(corners, return_counts=True)
    assert values.tolist() == [0, 1, 2, 4, 5, 6]
    assert counts.min() > 25


def test_brightness_and_contrast_are_uniform():
    images = np.broadcast_to(np.array([0.0, 1.0], np.float32).reshape(1, 1, 2, 1), (4000, 1, 2, 1)).copy()
    added = layers.RandomBrightness((-0.1, 0.3), value_range=(-5, 5), seed=0)(images)[:, 0, 0, 0]
    assert -1 <= added.min() < -0.98
    assert 2.98 < added.max() <= 3
    assert abs(added.mean() - 1) < 0.06
    out = layers.RandomContrast((0.25, 0.5), value_range=(-5, 5), seed=0)(images)
    factor = (out[:, 0, 1] - out[:, 0, 0]).ravel()
    assert 0.75 <= factor.min() < 0.76
    assert 1.49 < factor.max() <= 1.5
    np.testing.assert_allclose(out.mean(axis=(1, 2, 3)), 0.5, atol=1e-6)


def test_a_training_model_draws_anew_in_every_batch():
    model = keras.Sequential([keras.Input((7, 9, 3)), layers.RandomBrightness(0.5, seed=2), layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    before = model.layers[0].generator.state.numpy().copy()
    model.fit(IMAGES, np.zeros((2, 1)), epochs=2, batch_size=1, verbose=0)
    assert not np.array_equal(before, model.layers[0].generator.state.numpy())


@pytest.mark.parametrize(
    ("error", "make", "words"),
    [
        (ValueError, lambda: layers.RandomFlip("sideways"), "mode must be"),
        (ValueError, lambda: layers.RandomRotation(2.0), "from -1 to 1"),
        (ValueError, lambda: layers.RandomContrast(-0.5), "from 0 to 1"),
        (ValueError, lambda: layers.RandomBrightness(0.5, value_range=3), "two numbers"),
        (NotImplementedError, lambda: layers.RandomZoom(0.5, fill_mode="mirror"), "fill_mode must be one of"),
        (ValueError, lambda: layers.RandomCrop(2, 2)({"images": IMAGES, "bounding_boxes": IMAGES}), "Bounding boxes"),
        (ValueError, lambda: layers.RandomHue((0.5, 1.5)), "from 0 to 1"),
        (ValueError, lambda: layers.RandomPosterization(9), "from 1 to 8"),
        (ValueError, lambda: layers.RandomGrayscale(2), "from 0 to 1"),
        (ValueError, lambda: layers.RandomGaussianBlur(kernel_size=4), "an odd number"),
        (ValueError, lambda: layers.RandomErasing(fill_value=(1, 2)), "three of them"),
        (ValueError, lambda: layers.RandomPerspective(scale=2.0), "from 0 to 1"),
        (NotImplementedError, lambda: layers.RandomPerspective(interpolation="bicubic"), "interpolation must be one of"),
        (ValueError, lambda: layers.Solarization(value_range=(1, 2, 3)), "value_range must be two numbers"),
        (ValueError, lambda: layers.Equalization(bins=0), "at least 1"),
        (ValueError, lambda: layers.MixUp(alpha=0), "positive"),
        (ValueError, lambda: layers.MixUp()({"images": IMAGES[0], "labels": np.ones(2)}), "of a batch"),
        (ValueError, lambda: layers.CutMix()({"images": IMAGES, "boxes": IMAGES}), "images and labels"),
        (ValueError, lambda: layers.Pipeline([3]), "list of layers"),
    ],
)
def test_errors_teach(error, make, words):
    with pytest.raises(error, match=words):
        make()
