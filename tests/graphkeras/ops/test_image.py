"""Operations on images: targets, gradients, sizes, errors, files. Their numbers are in `test_against_keras.py`."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import KerasTensor, ops, tree
from graphkeras.compiler import driver
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.operation import OpFunction
from graphkeras.tools.coverage.calls.image import BATCH, CALLS, END, FIRST, IMAGE, LARGE, OTHER, START, TRANSFORM
from graphkeras.tools.coverage.symbols import arrays_of, traced
from graphkeras.trace import Trace
from graphkeras.tracing import StaticFunction
from tests.compiler.conformance import difference, interpreter

image = ops.image


def test_every_operation_has_a_call():
    functions = {name for name in dir(image) if callable(getattr(image, name)) and not name.startswith("_")}
    assert functions == {call.name.removeprefix("image.") for call in CALLS}
    assert sum(isinstance(getattr(image, name), OpFunction) for name in functions) == len(functions) - 1  # elastic_transform


@pytest.mark.parametrize("target", ["onnxruntime", "triton"])
def test_targets_agree(target, monkeypatch):
    monkeypatch.setitem(driver._BACKENDS, "triton", interpreter())
    for call in CALLS:
        found = driver.compile_graph(traced(call), {}, target).executable.run(arrays_of(call))
        (expected,) = tree.flatten(call.make(keras))
        assert difference(found[0], np.asarray(expected), slack=8) == "", call.label


EXACT = BATCH.astype(np.float64)
#: A smooth function of its first argument each, with numbers away from kinks.
DIFFERENTIABLE = {
    "resize": (lambda x: image.resize(x, (4, 9), antialias=True), BATCH),
    "nearest": (lambda x: image.resize(x, (9, 14), interpolation="nearest"), BATCH),
    "scale_and_translate": (
        lambda x: image.scale_and_translate(EXACT, (2, 8, 7, 3), x, [0.4], (1,), "cubic"),
        [1.3],
    ),
    "crop": (lambda x: image.crop_images(x, 1, 2, 1, 1), BATCH),
    "patches": (lambda x: image.extract_patches(x, 3, strides=1, padding="same"), BATCH),
    "tiles": (lambda x: image.extract_patches(x, 3), BATCH),
    "affine": (lambda x: image.affine_transform(x, TRANSFORM, fill_mode="reflect"), BATCH),
    "affine by its transform": (lambda x: image.affine_transform(EXACT, x), TRANSFORM),
    "perspective by its points": (lambda x: image.perspective_transform(EXACT[0], x, END), START),
    "gray": (lambda x: image.rgb_to_grayscale(x), BATCH),
    "hsv": (lambda x: image.rgb_to_hsv(x), BATCH),
    "rgb": (lambda x: image.hsv_to_rgb(x), BATCH),
    "blur": (lambda x: image.gaussian_blur(x, (7, 9), (1.0, 2.0)), BATCH),
    "blur by its width": (lambda x: image.gaussian_blur(EXACT, (5, 5), x), [1.0, 1.4]),
    "sobel": (lambda x: image.sobel_edges(x), BATCH),
    "ssim": (lambda x: image.ssim(x, OTHER.astype(np.float64)), LARGE),
}


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradients_equal_finite_differences(name):
    function, point = DIFFERENTIABLE[name]
    point = np.asarray(point, np.float64)
    with Trace() as trace:
        x = trace.placeholder(keras.compiler.types.type_of(point), "x")
        y = function(x)
        weights = np.random.default_rng(0).uniform(-1, 1, y.shape)
        total = ops.sum(y * weights)
        (slope,) = keras.gradients(total, [x])
    graph = trace.graph([total.value, slope.value])
    direction = np.random.default_rng(1).uniform(-1, 1, point.shape)
    step = 1e-6

    def at(place):
        return evaluate_graph(graph, [place])[0]

    measured = (at(point + step * direction)[0] - at(point - step * direction)[0]) / (2 * step)
    stated = np.sum(at(point)[1] * direction)
    assert np.abs(stated) > 1e-3
    np.testing.assert_allclose(stated, measured, rtol=1e-6)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos3"])
@pytest.mark.parametrize("target", ["numpy", "onnxruntime"])
def test_resize_of_images_of_any_size(interpolation, target):
    """Weights that are computed when the sizes are known equal those of known sizes."""
    inputs = keras.Input((None, None, 3))
    outputs = image.resize(inputs, (8, 5), interpolation=interpolation, antialias=True)
    assert outputs.shape == (None, 8, 5, 3)
    model = keras.Model(inputs, outputs)
    before = keras.config.target()
    keras.config.set_target(target)
    try:
        for x in (BATCH, LARGE):
            expected = image.resize(x, (8, 5), interpolation=interpolation, antialias=True)
            np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-5)
    finally:
        keras.config.set_target(before)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: image.crop_images(x, top_cropping=1, bottom_cropping=1, left_cropping=0, target_width=4),
        lambda x: image.affine_transform(x, TRANSFORM[0], fill_mode="mirror"),
        lambda x: image.perspective_transform(x, START, END),
        lambda x: image.gaussian_blur(x),
        lambda x: image.extract_patches(x, 2),
        lambda x: image.rgb_to_grayscale(x),
        lambda x: image.ssim(x, x, filter_size=5),
    ],
)
def test_one_program_for_every_batch(call, numpy_target):
    compiled = StaticFunction(call, "call")
    for batch in (1, 4, 2):
        x = np.concatenate([BATCH, 1 - BATCH])[:batch]
        np.testing.assert_allclose(compiled(x), call(x), rtol=1e-5, atol=1e-6)
    assert len(compiled.signatures) == 1


def test_elastic_transform_bends_images_a_little():
    x = np.repeat(np.linspace(0, 1, 64, dtype=np.float32)[None, :, None, None], 64, axis=2)
    bent = image.elastic_transform(x, alpha=20.0, sigma=5.0, seed=1)
    np.testing.assert_array_equal(bent, image.elastic_transform(x, alpha=20.0, sigma=5.0, seed=1))
    assert np.abs(bent - image.elastic_transform(x, alpha=20.0, sigma=5.0, seed=2)).max() > 0.01
    shift = (bent - x)[:, 20:-20, 20:-20] * 63  # in pixels
    # Noise of deviation 5, blurred over 5 pixels: 5 / (2 * 5 * sqrt(pi)), times alpha.
    assert 0.3 * 5.64 < shift.std() < 2 * 5.64
    np.testing.assert_array_equal(image.elastic_transform(x, alpha=0.0, seed=1), x)


def test_elastic_transform_draws_anew_in_every_call(numpy_target):
    inputs = keras.Input((6, 7, 3))
    model = keras.Model(inputs, image.elastic_transform(inputs, seed=keras.random.SeedGenerator(1)))
    first, second = (model.predict(BATCH, verbose=0) for _ in range(2))
    assert np.abs(first - second).max() > 0.01


def test_equal_images_are_alike():
    np.testing.assert_allclose(image.ssim(LARGE, LARGE), [1, 1], rtol=1e-6)


def test_perspective_of_equal_points_is_the_image():
    np.testing.assert_allclose(image.perspective_transform(IMAGE, START, START), IMAGE, atol=1e-5)


def test_default_data_format_is_the_configured_one(monkeypatch):
    keras.config.set_image_data_format("channels_first")
    try:
        found = image.resize(FIRST, (4, 9))
    finally:
        keras.config.set_image_data_format("channels_last")
    np.testing.assert_array_equal(found, image.resize(FIRST, (4, 9), data_format="channels_first"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: image.resize(x, (4, 4), interpolation="cubic"), "interpolation must be one of 'bilinear', .* got 'cubic'"),
        (lambda x: image.resize(x, (4, 0)), r"size must be \(height, width\), both at least 1, got \(4, 0\)"),
        (lambda x: image.resize(x, 4), "size must be"),
        (lambda x: image.resize(x[0, 0], (4, 4)), "images must have 3 axes .* or 4"),
        (lambda x: image.resize(x, (4, 4), crop_to_aspect_ratio=True, pad_to_aspect_ratio=True), "only one of"),
        (lambda x: image.crop_images(x, 1, 2), "exactly two of top_cropping, bottom_cropping and target_height"),
        (lambda x: image.crop_images(x, 4, 0, 4, 0), "height 6 does not fit: target_height would be -2"),
        (lambda x: image.pad_images(x, -1, 0, 0, 0), "top_padding must not be negative, got -1"),
        (lambda x: image.pad_images(x, 1, 0, target_height=5, target_width=9), "bottom_padding would be -2"),
        (lambda x: image.extract_patches(x, "3"), "size must be an int"),
        (lambda x: image.extract_patches(x, 9), "do not fit"),
        (lambda x: image.map_coordinates(x, np.zeros((3, 5), np.float32), 1), r"coordinates must have shape \(4, ...\)"),
        (lambda x: image.affine_transform(x, np.zeros(6, np.float32)), r"transform must have shape \(8,\)"),
        (lambda x: image.affine_transform(x, TRANSFORM, fill_mode="edge"), "fill_mode must be one of"),
        (lambda x: image.perspective_transform(x, START, END[:3]), "must both have shape"),
        (lambda x: image.rgb_to_grayscale(x[..., :2]), "images must have 3 or 1 channels"),
        (lambda x: image.rgb_to_hsv(ops.cast(x, "uint8")), "images must be floats, got uint8"),
        (lambda x: image.gaussian_blur(x, (0, 3)), "kernel_size must be two numbers of at least 1"),
        (lambda x: image.sobel_edges(x[0]), "must be a batch"),
        (lambda x: image.ssim(x, x), "a window of 11 pixels does not fit"),
        (lambda x: image.scale_and_translate(x, (2, 6, 7, 4), [1.0], [0.0], (1,), "linear"), "output_shape must equal"),
        (lambda x: image.scale_and_translate(x, (2, 6, 7, 3), [1.0, 2.0], [0.0], (1,), "linear"), "scale must hold 1 numbers"),
    ],
)
def test_errors_are_the_same_on_symbols_and_arrays(call, message):
    for x in (KerasTensor((2, 6, 7, 3)), BATCH):
        with pytest.raises((ValueError, TypeError), match=message):
            call(x)


def test_cropping_to_a_ratio_needs_sizes():
    with pytest.raises(ValueError, match="crop_to_aspect_ratio needs a known height and width"):
        image.resize(KerasTensor((None, None, None, 3)), (4, 4), crop_to_aspect_ratio=True)


def test_models_with_image_operations_are_saved(tmp_path):
    inputs = keras.Input((6, 7, 3))
    x = image.resize(inputs, (8, 8), interpolation="bicubic")
    x = image.rgb_to_grayscale(image.crop_images(x, 1, 1, 1, 1))
    model = keras.Model(inputs, image.extract_patches(x, 3))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(BATCH, verbose=0), model.predict(BATCH, verbose=0))
