"""Calls: operations on images."""

import numpy as np

from .call import Call, call, draw

IMAGE, BATCH = draw(6, 5, 3, low=0, high=1), draw(2, 6, 7, 3, low=0, high=1)
FIRST = draw(2, 3, 6, 7, low=0, high=1)
PIXELS = draw(2, 6, 7, 3, low=0, high=255, dtype="uint8")
HALF = draw(2, 6, 7, 3, low=0, high=1, dtype="float16")
VOLUME = draw(2, 4, 6, 5, 2)
GRAY = np.repeat(draw(2, 3, 4, 1, low=0, high=1), 3, axis=-1)
LARGE, OTHER = draw(2, 16, 14, 3, low=0, high=1), draw(2, 16, 14, 3, low=0, high=1, seed=1)
PLACES = draw(2, 4, 3, low=-7, high=12)
TRANSFORM = np.array(
    [[1.117, 0.213, -0.419, -0.307, 0.923, 0.731, 0, 0], [0.83, -0.119, 1.31, 0.2, 1.213, -0.637, 0, 0]], np.float32
)
START = np.array([[0, 0], [6, 0], [0, 5], [6, 5]], np.float32)
END = np.array([[0.3, 0.4], [5.2, 0.1], [0.7, 4.6], [6.4, 5.3]], np.float32)
SCALE, SHIFT = np.array([1.7, 0.6], np.float32), np.array([-0.8, 1.3], np.float32)
METHODS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
FILLS = ("constant", "nearest", "wrap", "mirror", "reflect")

CALLS: list[Call] = [
    *(call("image.resize", BATCH, size, interpolation=m) for m in METHODS for size in ((12, 14), (3, 4), (5, 9))),
    *(call("image.resize", LARGE, (5, 6), interpolation=m, antialias=True) for m in METHODS[1:]),
    call("image.resize", LARGE, (20, 5), antialias=True),
    call("image.resize", IMAGE, (4, 7)),
    call("image.resize", FIRST, (4, 7), data_format="channels_first"),
    call("image.resize", FIRST[0], (9, 5), interpolation="nearest", data_format="channels_first"),
    call("image.resize", PIXELS, (4, 9)),
    call("image.resize", PIXELS, (4, 9), interpolation="nearest"),
    call("image.resize", PIXELS, (12, 9), interpolation="bicubic"),
    call("image.resize", HALF, (4, 9)),
    call("image.resize", PIXELS.astype("int32") - 100, (4, 9), interpolation="bicubic"),
    call("image.resize", BATCH, (4, 9), crop_to_aspect_ratio=True),
    call("image.resize", BATCH, (9, 4), crop_to_aspect_ratio=True),
    call("image.resize", BATCH, (4, 9), pad_to_aspect_ratio=True),
    call("image.resize", BATCH, (9, 4), pad_to_aspect_ratio=True),
    call("image.resize", IMAGE, (3, 9), pad_to_aspect_ratio=True, fill_value=2.0),
    call("image.resize", FIRST, (3, 9), pad_to_aspect_ratio=True, fill_value=2.0, data_format="channels_first"),
    call("image.resize", PIXELS, (9, 4), interpolation="nearest", pad_to_aspect_ratio=True, fill_value=7),
    *(
        call("image.scale_and_translate", BATCH, (2, 8, 9, 3), SCALE, SHIFT, (1, 2), m, antialias=a)
        for m in ("linear", "bicubic", "lanczos3", "lanczos5")
        for a in (True, False)
    ),
    call("image.scale_and_translate", PIXELS, (2, 8, 7, 3), SCALE[:1], SHIFT[:1], (1,), "trilinear"),
    call("image.crop_images", BATCH, top_cropping=1, left_cropping=2, bottom_cropping=2, right_cropping=1),
    call("image.crop_images", BATCH, top_cropping=1, left_cropping=2, target_height=3, target_width=2),
    call("image.crop_images", IMAGE, bottom_cropping=1, right_cropping=0, target_height=3, target_width=2),
    call(
        "image.crop_images",
        FIRST,
        top_cropping=1,
        left_cropping=2,
        target_height=3,
        right_cropping=0,
        data_format="channels_first",
    ),
    call("image.pad_images", BATCH, top_padding=1, left_padding=2, bottom_padding=2, right_padding=1),
    call("image.pad_images", PIXELS, top_padding=1, left_padding=2, target_height=9, target_width=9),
    call("image.pad_images", IMAGE, bottom_padding=1, right_padding=0, target_height=9, target_width=9),
    call(
        "image.pad_images", FIRST, top_padding=1, left_padding=2, target_height=9, right_padding=1, data_format="channels_first"
    ),
    call("image.extract_patches", BATCH, 3),
    call("image.extract_patches", BATCH, (2, 3)),
    call("image.extract_patches", IMAGE, (2, 3), strides=1),
    call("image.extract_patches", BATCH, 3, strides=2, padding="same"),
    call("image.extract_patches", BATCH, 2, strides=1, dilation_rate=2),
    call("image.extract_patches", VOLUME, (2, 3, 2)),
    call("image.extract_patches", FIRST, (2, 3), data_format="channels_first"),
    call("image.extract_patches", FIRST, 3, strides=(2, 1), padding="same", data_format="channels_first"),
    call("image.extract_patches_3d", VOLUME, 2),
    call("image.extract_patches_3d", VOLUME[0], (2, 3, 2), strides=(1, 2, 2)),
    call("image.extract_patches_3d", VOLUME.transpose(0, 4, 1, 2, 3), 3, padding="same", data_format="channels_first"),
    *(call("image.map_coordinates", M, PLACES, order, fill_mode=f) for M in (draw(5, 6),) for order in (0, 1) for f in FILLS),
    call("image.map_coordinates", PIXELS[0, :, :, 0], PLACES, 1, "reflect"),
    call("image.map_coordinates", draw(4, 5, 6), draw(3, 7, low=-3, high=8), 1, fill_value=0.5),
    *(
        call("image.affine_transform", BATCH, TRANSFORM, interpolation=i, fill_mode=f)
        for i in ("bilinear", "nearest")
        for f in FILLS
    ),
    call("image.affine_transform", IMAGE, TRANSFORM[0], fill_value=0.25),
    call("image.affine_transform", FIRST, TRANSFORM, data_format="channels_first"),
    call("image.affine_transform", PIXELS, TRANSFORM, fill_mode="reflect"),
    call("image.affine_transform", HALF, TRANSFORM),
    call("image.perspective_transform", BATCH, np.stack([START, END]), np.stack([END, START])),
    call("image.perspective_transform", IMAGE, START, END, interpolation="nearest"),
    call(
        "image.perspective_transform",
        FIRST,
        np.stack([END, START]),
        np.stack([START, END]),
        fill_value=0.5,
        data_format="channels_first",
    ),
    call("image.rgb_to_grayscale", BATCH),
    call("image.rgb_to_grayscale", PIXELS),
    call("image.rgb_to_grayscale", IMAGE[:, :, :1]),
    call("image.rgb_to_grayscale", FIRST, data_format="channels_first"),
    call("image.rgb_to_hsv", BATCH),
    call("image.rgb_to_hsv", GRAY),
    call("image.rgb_to_hsv", FIRST[0], data_format="channels_first"),
    call("image.hsv_to_rgb", BATCH),
    call("image.hsv_to_rgb", FIRST, data_format="channels_first"),
    call("image.gaussian_blur", BATCH, data_format="channels_last"),
    call("image.gaussian_blur", BATCH, (5, 3), (1.5, 0.7), data_format="channels_last"),
    call("image.gaussian_blur", BATCH, (4, 9), (1.5, 2.7), data_format="channels_last"),
    call("image.gaussian_blur", FIRST[0], (3, 5), (1.5, 0.7), data_format="channels_first"),
    call("image.sobel_edges", BATCH),
    call("image.sobel_edges", FIRST, data_format="channels_first"),
    call("image.ssim", LARGE, OTHER),
    call("image.ssim", LARGE[0], OTHER[0], 2.0, 7, 1.1),
    call(
        "image.ssim", LARGE.transpose(0, 3, 1, 2), OTHER.transpose(0, 3, 1, 2), k1=0.02, k2=0.01, data_format="channels_first"
    ),
    call("image.elastic_transform", BATCH, seed=3, values=False),
    call("image.elastic_transform", IMAGE, 3.0, 1.0, seed=3, values=False),
]
