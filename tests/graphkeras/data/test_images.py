"""Images as arrays and files."""

import io

import numpy as np
import pytest
from PIL import Image

import graphkeras as keras
from graphkeras.data import images
from graphkeras.preprocessing.image import smart_resize
from graphkeras.utils import array_to_img, img_to_array, load_img, save_img

COLORS = np.random.default_rng(0).integers(0, 256, (6, 9, 4)).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_there_and_back(channels, data_format):
    x = COLORS[:, :, :channels]
    x = x if data_format == "channels_last" else x.transpose(2, 0, 1)
    img = array_to_img(x, data_format, scale=False)
    assert img.size == (9, 6) and img.mode == {1: "L", 3: "RGB", 4: "RGBA"}[channels]
    back = img_to_array(img, data_format)
    assert back.dtype == np.float32
    np.testing.assert_array_equal(back, x)
    assert img_to_array(img, data_format, dtype="uint8").dtype == np.uint8


def test_scaling_fills_the_range():
    pixels = img_to_array(array_to_img(np.linspace(-3, 5, 12).reshape(3, 4, 1)))
    assert pixels.min() == 0 and pixels.max() == 255
    np.testing.assert_array_equal(img_to_array(array_to_img(np.full((2, 2, 1), 7.0))), np.zeros((2, 2, 1)))


def test_large_gray_numbers_are_kept():
    img = array_to_img(np.full((2, 3, 1), 70000.0), scale=False)
    assert img.mode == "I" and img_to_array(img).max() == 70000


@pytest.mark.parametrize("shape", [(6, 9), (6, 9, 2), (1, 6, 9, 3)])
def test_what_is_no_image_is_refused(shape):
    with pytest.raises(ValueError, match="array_to_img: "):
        array_to_img(np.zeros(shape))
    if len(shape) == 4:
        with pytest.raises(ValueError, match="img_to_array: "):
            img_to_array(np.zeros(shape))


def test_files(tmp_path):
    for mode, channels in (("grayscale", 1), ("rgb", 3), ("rgba", 4)):
        path = tmp_path / f"{mode}.png"
        save_img(path, COLORS[:, :, :channels], scale=False)
        np.testing.assert_array_equal(img_to_array(load_img(path, color_mode=mode)), COLORS[:, :, :channels])
        assert load_img(str(path), color_mode="rgb").mode == "RGB"
    np.testing.assert_array_equal(img_to_array(load_img(io.BytesIO(path.read_bytes()), "rgba")), COLORS)


def test_formats(tmp_path):
    save_img(tmp_path / "a.jpg", COLORS[:, :, :3])
    with Image.open(tmp_path / "a.jpg") as img:
        assert img.format == "JPEG"
    with pytest.warns(UserWarning, match="no transparency"):
        save_img(tmp_path / "b.jpeg", COLORS)
    into = io.BytesIO()
    save_img(into, COLORS[:, :, :3], file_format="bmp")
    with Image.open(into) as img:
        assert img.format == "BMP"


def test_resizing_while_loading(tmp_path):
    path = tmp_path / "ramp.png"
    ramp = np.repeat(np.arange(12, dtype=np.float32)[None, :, None] * 20, 4, axis=0)
    save_img(path, ramp, scale=False)
    small = img_to_array(load_img(path, "grayscale", target_size=(2, 6)))
    np.testing.assert_array_equal(small, ramp[:2, 1::2])  # nearest: the pixel right of the middle
    assert load_img(path, target_size=(4, 12)).size == (12, 4)
    centered = img_to_array(load_img(path, "grayscale", target_size=(4, 4), keep_aspect_ratio=True))
    np.testing.assert_array_equal(centered, ramp[:, 4:8])
    assert load_img(path, target_size=(3, 5), interpolation="lanczos").size == (5, 3)


def test_errors(tmp_path):
    path = tmp_path / "a.png"
    save_img(path, COLORS)
    with pytest.raises(ValueError, match="color_mode must be one of 'grayscale', 'rgb', 'rgba', got 'cmyk'"):
        load_img(path, color_mode="cmyk")
    with pytest.raises(ValueError, match="interpolation must be one of"):
        load_img(path, target_size=(2, 2), interpolation="cubic")
    with pytest.raises(TypeError, match="path must be a path"):
        load_img(3)


def test_without_pillow_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(images, "_pillow", None)
    for call in (lambda: load_img("a.png"), lambda: array_to_img(COLORS), lambda: save_img("a.png", COLORS)):
        with pytest.raises(ImportError, match=r"needs Pillow.*pip install graphkeras\[image\]"):
            call()
    assert img_to_array(COLORS).shape == (6, 9, 4)


def test_smart_resize_keeps_the_shape_of_things():
    x = COLORS[:, :, :3]
    np.testing.assert_array_equal(smart_resize(x, (6, 6)), x[:, 1:7])
    assert keras.preprocessing.image.load_img is load_img
