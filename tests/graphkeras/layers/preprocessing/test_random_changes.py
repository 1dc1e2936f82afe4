"""How the random image layers draw: the extremes of their factors, and the distribution of what lies between."""

import colorsys

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import layers, ops
from graphkeras.tracing import StaticFunction
from tests.graphkeras.layers.preprocessing.preprocessing_cases import COLORS, IMAGES


def many(*pixel, count=2000):
    """So many images of one pixel."""
    return np.broadcast_to(np.array(pixel, np.float32), (count, 1, 1, len(pixel))).copy()


@pytest.mark.parametrize(
    "layer",
    [
        layers.RandomHue(0.0),
        layers.RandomSaturation((0.5, 0.5)),
        layers.RandomColorDegeneration(0.0),
        layers.RandomSharpness((0.5, 0.5)),
        layers.RandomPosterization((8, 8)),
        layers.RandomGrayscale(0.0),
        layers.RandomInvert(0.0),
        layers.RandomColorJitter(),
        layers.RandomGaussianBlur(0.0),
        layers.RandomErasing(scale=0.0),
        layers.RandomPerspective(0.0),
        layers.RandomShear(0.0, 0.0),
        layers.Solarization(0.0, (1.0, 1.0)),
        layers.RandAugment(num_ops=0),
        layers.AugMix(chain_depth=0),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_what_changes_nothing(layer):
    images = np.floor(COLORS) + (0 if "Poster" in type(layer).__name__ else 0.25)
    if isinstance(layer, layers.Solarization):
        images = np.minimum(images, 0.5)  # below any threshold that is drawn
    np.testing.assert_allclose(layer(images.clip(0, 255), training=True), images.clip(0, 255), atol=2e-3)


def test_hue_turns_both_ways_by_up_to_half_of_the_factor():
    out = layers.RandomHue((0.2, 0.6), seed=1)(many(255, 0, 0))
    hue = np.array([colorsys.rgb_to_hsv(*pixel)[0] for pixel in out[:, 0, 0] / 255])
    turn = np.where(hue > 0.5, hue - 1, hue)
    assert 0.45 < (turn > 0).mean() < 0.55
    assert np.abs(turn).min() == pytest.approx(0.1, abs=2e-3)
    assert np.abs(turn).max() == pytest.approx(0.3, abs=2e-3)
    assert np.abs(turn).mean() == pytest.approx(0.2, abs=5e-3)


def test_saturation_and_degeneration():
    gray = layers.RandomSaturation((0.0, 0.0))(COLORS)
    np.testing.assert_allclose(gray, np.repeat(COLORS.max(-1, keepdims=True), 3, -1), rtol=1e-5)
    factor = 1 - layers.RandomColorDegeneration((0.25, 0.75), seed=2)(many(0, 0, 0, count=1) + many(0, 255, 0))[:, 0, 0, 0] / (
        255 * 0.587
    )
    assert factor.min() == pytest.approx(0.25, abs=0.01)
    assert factor.max() == pytest.approx(0.75, abs=0.01)
    assert factor.mean() == pytest.approx(0.5, abs=0.02)


def test_bits_that_posterization_keeps():
    out = layers.RandomPosterization((2, 5), seed=3)(many(255, 255, 255, count=3000))[:, 0, 0, 0]
    values, counts = np.unique(out, return_counts=True)
    assert values.tolist() == [192, 224, 240]
    assert counts.min() > 900


@pytest.mark.parametrize(
    ("layer", "probability"),
    [
        (layers.RandomGrayscale(0.3, seed=0), 0.3),
        (layers.RandomInvert((0.3, 0.3), seed=0), 0.3),
        (layers.RandomInvert(0.6, seed=0), 0.3),
        (layers.RandomErasing((0.3, 0.3), scale=(1.0, 1.0), fill_value=1.0, seed=0), 0.3),
    ],
    ids=["grayscale", "invert", "invert_mean", "erasing"],
)
def test_how_many_images_change(layer, probability):
    images = many(200, 100, 20)
    changed = (layer(images) != images).any(axis=(1, 2, 3)).mean()
    assert changed == pytest.approx(probability, abs=0.035)


def test_erased_rectangles():
    images = np.zeros((400, 12, 16, 3), np.float32)
    out = layers.RandomErasing((1.0, 1.0), scale=(0.25, 0.36), fill_value=(1.0, 2.0, 3.0), seed=4)(images)
    np.testing.assert_array_equal(out, out[..., :1] * np.array([1, 2, 3], np.float32))
    erased = out[..., 0] == 1
    height, width = erased.any(2).sum(1), erased.any(1).sum(1)
    np.testing.assert_array_equal(erased.sum((1, 2)), height * width)
    assert (height.min(), height.max()) == (6, 8)  # 0.5 * 12 ... 0.6 * 12, by where the pixels lie
    assert 8 <= width.min() <= width.max() <= 10
    assert erased.mean(0)[1:, 1:].min() > 0  # everywhere but at the edges of index 0, which only a start of 0 reaches
    noise = layers.RandomErasing((1.0, 1.0), scale=(1.0, 1.0), seed=4)(images)
    assert 0.4 < (noise == 0).mean() < 0.6
    assert noise.max() == 255


def test_a_shear_is_an_affine_map_in_one_of_two_directions():
    batch = np.repeat(IMAGES[:1], 200, 0)
    out = layers.RandomShear((0.2, 0.2), (0.1, 0.1), seed=5)(batch)
    maps = [np.float32([1, sign * 0.2, 0, sign * 0.1, 1, 0, 0, 0]) for sign in (1, -1)]
    both = [ops.image.affine_transform(IMAGES[0], one, fill_mode="reflect") for one in maps]
    which = np.array([[np.allclose(one, two, atol=1e-4) for two in both] for one in out])
    assert (which.sum(1) == 1).all()
    assert 0.4 < which[:, 0].mean() < 0.6


def test_perspective_moves_corners():
    images = np.repeat(IMAGES[:1], 50, 0)
    out = layers.RandomPerspective((1.0, 1.0), scale=0.5, fill_value=9.0, seed=6)(images)
    np.testing.assert_allclose(out[:, 0, 0], images[:, 0, 0], atol=1e-4)  # the corner (0, 0) stays, as in Keras
    assert (np.abs(out - images).max(axis=(1, 2, 3)) > 0.1).all()
    assert (out == 9).any()


def test_bending_moves_smoothly_and_by_as_much_as_its_scale():
    ramp = np.broadcast_to(np.arange(40, dtype=np.float32)[None, None, :, None], (30, 40, 40, 1)).copy()
    moved = []
    for scale in (0.3, 0.9):
        layer = layers.RandomElasticTransform((1.0, 1.0), (scale, scale), fill_mode="nearest", seed=11)
        shift = (layer(ramp) - ramp)[:, 12:-12, 12:-12]
        moved.append(np.abs(shift).mean())
    assert np.abs(np.diff(shift, axis=1)).mean() < 0.7 * np.abs(shift).mean()
    assert 0.05 < moved[0] < 0.5 * moved[1] < 2
    half = layers.RandomElasticTransform((0.5, 0.5), (0.9, 0.9), seed=12)(np.repeat(ramp, 10, 0))
    assert 0.4 < (np.abs(half - np.repeat(ramp, 10, 0)).max(axis=(1, 2, 3)) > 1e-3).mean() < 0.6


def labeled(count=6):
    values = np.arange(count, dtype=np.float32) * 10
    images = np.broadcast_to(values[:, None, None, None], (count, 20, 25, 2)).copy()
    return {"images": images, "labels": np.eye(count, dtype=np.float32)}, values


def test_mix_up_mixes_images_and_labels_alike():
    data, values = labeled(500)
    mixed = layers.MixUp(alpha=1.0, seed=7)(data)
    np.testing.assert_allclose(mixed["images"][:, 0, 0, 0], mixed["labels"] @ values, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(mixed["labels"].sum(1), 1, rtol=1e-5)
    own = np.diag(mixed["labels"])
    assert own.mean() == pytest.approx(0.5, abs=0.05)
    assert own.var() == pytest.approx(1 / 12, abs=0.015)  # uniform
    assert data["images"].max() == values.max()  # what was given is as before


def test_cut_mix_cuts_a_rectangle_of_another_image():
    data, values = labeled(200)
    mixed = layers.CutMix(seed=8)(data)
    own = np.diag(mixed["labels"])
    stays = (mixed["images"] == data["images"]).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(stays, own, atol=0.11)
    for image, value in zip(mixed["images"], values, strict=True):
        other = image[..., 0] != value
        assert len(np.unique(image)) <= 2
        assert other.sum() == other.any(0).sum() * other.any(1).sum()


def test_rand_augment_chooses_evenly():
    images = np.floor(COLORS)
    augment = layers.RandAugment(num_ops=1, factor=0.0, seed=9)
    function = StaticFunction(lambda x: augment(x, training=True), "augment")
    results = [function(images) for _ in range(330)]
    same = sum(np.allclose(result, images, atol=1e-2) for result in results)
    inverted = sum(np.allclose(result, 255 - images, atol=1e-2) for result in results)
    assert 150 <= same <= 210  # 6 of 11 layers do nothing at factor 0
    assert 15 <= inverted <= 50  # solarization


def test_aug_mix_stays_in_the_range():
    out = layers.AugMix(factor=0.5, num_chains=2, chain_depth=2, seed=10)(COLORS)
    assert 0 <= out.min() < out.max() <= 255
    plain = layers.AugMix(all_ops=False)
    assert len(layers.AugMix().choices) == len(plain.choices) + 4


def test_pipelines_pass_the_mode_on(tmp_path):
    pipeline = layers.Pipeline([layers.RandomInvert((1.0, 1.0)), layers.Rescaling(1 / 255)], name="steps")
    np.testing.assert_allclose(pipeline(COLORS), (255 - COLORS) / 255, rtol=1e-5)
    np.testing.assert_allclose(pipeline(COLORS, training=False), COLORS / 255, rtol=1e-5)
    given = keras.Input(COLORS.shape[1:])
    keras.Model(given, pipeline(given)).save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.predict(COLORS, verbose=0), COLORS / 255, rtol=1e-5)
    assert [type(layer).__name__ for layer in again.get_layer("steps").layers] == ["RandomInvert", "Rescaling"]
