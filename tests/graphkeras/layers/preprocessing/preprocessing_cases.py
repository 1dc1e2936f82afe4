"""The deterministic preprocessing layers that are compared with real Keras: name, config, inputs."""

import numpy as np


def draw(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


IMAGES, ONE = draw(2, 7, 9, 3), draw(6, 5, 1)
BYTES = np.random.default_rng(1).integers(0, 256, (2, 6, 5, 3)).astype(np.uint8)
IDS = np.array([[0, 3, 1], [2, 2, 0]], np.int32)
SCALARS = np.array([[3], [1]], np.int32)
COLORS = np.random.default_rng(2).integers(0, 256, (2, 7, 9, 3)).astype(np.float32)
SOUND, SOUNDS = draw(2, 300, 3, seed=5), draw(2, 3, 200, seed=6)
WIDE = np.random.default_rng(3).integers(30, 180, (2, 21, 18, 3)).astype(np.float32)

CASES = [
    ("Resizing", {"height": 4, "width": 5}, IMAGES),
    ("Resizing", {"height": 12, "width": 5, "interpolation": "bicubic"}, IMAGES),
    ("Resizing", {"height": 4, "width": 4, "interpolation": "nearest"}, ONE),
    ("Resizing", {"height": 4, "width": 4, "antialias": True, "crop_to_aspect_ratio": True}, IMAGES),
    ("Resizing", {"height": 8, "width": 4, "pad_to_aspect_ratio": True, "fill_value": 0.5}, IMAGES),
    ("Resizing", {"height": 2, "width": 5, "data_format": "channels_first"}, IMAGES),
    ("Resizing", {"height": 9, "width": 4}, BYTES),
    ("CenterCrop", {"height": 4, "width": 4}, IMAGES),
    ("CenterCrop", {"height": 3, "width": 2, "data_format": "channels_first"}, IMAGES),
    ("CenterCrop", {"height": 8, "width": 4}, IMAGES),
    ("CenterCrop", {"height": 6, "width": 9}, ONE),
    ("CenterCrop", {"height": 3, "width": 4}, BYTES),
    ("CategoryEncoding", {"num_tokens": 4}, IDS),
    ("CategoryEncoding", {"num_tokens": 4, "output_mode": "one_hot"}, IDS),
    ("CategoryEncoding", {"num_tokens": 5, "output_mode": "one_hot"}, SCALARS),
    ("CategoryEncoding", {"num_tokens": 4, "output_mode": "count"}, IDS),
    ("CategoryEncoding", {"num_tokens": 4, "output_mode": "count"}, IDS[0]),
    ("Discretization", {"bin_boundaries": [-0.5, 0.0, 1.0]}, draw(4, 5)),
    ("STFTSpectrogram", {"frame_length": 32}, SOUND),
    ("STFTSpectrogram", {"mode": "magnitude", "frame_length": 40, "frame_step": 11, "padding": "same"}, SOUND),
    ("STFTSpectrogram", {"mode": "psd", "frame_length": 32, "scaling": "spectrum", "expand_dims": True}, SOUND),
    ("STFTSpectrogram", {"mode": "real", "frame_length": 20, "fft_length": 64, "window": "hamming", "periodic": True}, SOUND),
    ("STFTSpectrogram", {"mode": "imag", "frame_length": 32, "window": None, "data_format": "channels_first"}, SOUNDS),
    ("STFTSpectrogram", {"mode": "stft", "frame_length": 32, "expand_dims": True, "data_format": "channels_first"}, SOUNDS),
    ("MelSpectrogram", {"fft_length": 64, "sequence_stride": 16, "num_mel_bins": 9}, SOUND[:, :, 0]),
    ("MelSpectrogram", {"fft_length": 64, "sequence_stride": 20, "sequence_length": 40, "power_to_db": False}, SOUND[0, :, 0]),
    ("MelSpectrogram", {"fft_length": 32, "min_freq": 50, "max_freq": 3000, "ref_power": 2.0, "top_db": 30}, SOUND[:, :, 0]),
    ("AutoContrast", {}, WIDE),
    ("AutoContrast", {"value_range": (-3, 4)}, IMAGES),
    ("ContrastLimitedAdaptiveHistogramEqualization", {"tile_grid_size": (3, 2)}, WIDE),
    ("ContrastLimitedAdaptiveHistogramEqualization", {"tile_grid_size": (4, 4), "clip_limit": 0.0}, WIDE[0]),
    ("ContrastLimitedAdaptiveHistogramEqualization", {"tile_grid_size": (2, 2), "data_format": "channels_first"}, WIDE),
    ("Discretization", {"bin_boundaries": [-0.5, 0.0, 1.0], "output_mode": "one_hot"}, draw(4, 1)),
    ("Discretization", {"bin_boundaries": [-0.5, 0.0, 1.0], "output_mode": "multi_hot"}, draw(4, 5)),
    ("Discretization", {"bin_boundaries": [-0.5, 0.0, 1.0], "output_mode": "count"}, draw(4, 5)),
]

#: Random layers whose draws are certain, in training: a range of one number.
CERTAIN = [
    ("RandomTranslation", {"height_factor": (0.3, 0.3), "width_factor": (-0.2, -0.2)}),
    (
        "RandomTranslation",
        {"height_factor": (0.1, 0.1), "width_factor": (0.5, 0.5), "fill_mode": "constant", "fill_value": 2.0},
    ),
    ("RandomTranslation", {"height_factor": (-0.4, -0.4), "width_factor": (0.2, 0.2), "data_format": "channels_first"}),
    ("RandomRotation", {"factor": (0.07, 0.07)}),
    ("RandomRotation", {"factor": (-0.3, -0.3), "fill_mode": "wrap", "data_format": "channels_first"}),
    ("RandomZoom", {"height_factor": (0.3, 0.3)}),
    ("RandomZoom", {"height_factor": (-0.4, -0.4), "width_factor": (0.1, 0.1), "fill_mode": "nearest"}),
    ("RandomContrast", {"factor": 0.0, "value_range": (-1, 1)}),
    ("RandomBrightness", {"factor": (0.2, 0.2), "value_range": (-1, 2)}),
    ("RandomCrop", {"height": 7, "width": 4, "seed": 3}),
    ("RandomCrop", {"height": 8, "width": 11, "seed": 3}),
    ("RandomHue", {"factor": (1.0, 1.0), "value_range": (0, 255)}),
    ("RandomHue", {"factor": 0.0, "data_format": "channels_first"}),
    ("RandomSaturation", {"factor": (0.3, 0.3)}),
    ("RandomSaturation", {"factor": (0.8, 0.8), "value_range": (255, 0), "data_format": "channels_first"}),
    ("RandomColorDegeneration", {"factor": (0.6, 0.6)}),
    ("RandomColorDegeneration", {"factor": (1, 1), "data_format": "channels_first"}),
    ("RandomSharpness", {"factor": (0.1, 0.1)}),
    ("RandomSharpness", {"factor": (0.9, 0.9)}),
    ("RandomPosterization", {"factor": (3, 3)}),
    ("RandomPosterization", {"factor": (1, 1), "value_range": (0, 300)}),
    ("RandomGrayscale", {"factor": 1.0}),
    ("RandomGrayscale", {"factor": 1.0, "data_format": "channels_first"}),
    ("RandomInvert", {"factor": (1.0, 1.0), "value_range": (0, 200)}),
    ("RandomColorJitter", {"brightness_factor": (0.1, 0.1), "contrast_factor": 0.0, "saturation_factor": (0.4, 0.4)}),
    ("RandomColorJitter", {"value_range": (0, 300), "hue_factor": (1.0, 1.0)}),
    ("RandomGaussianBlur", {"sigma": (0.7, 0.7), "factor": (1.0, 1.0), "kernel_size": 5}),
    ("RandomGaussianBlur", {"sigma": (0.4, 0.4), "factor": (1, 1), "kernel_size": (3, 5), "data_format": "channels_first"}),
    ("RandomErasing", {"factor": (1.0, 1.0), "scale": (1.0, 1.0), "fill_value": 7}),
    ("RandomErasing", {"factor": 0.0}),
    ("RandomPerspective", {"scale": 0.0, "factor": (1.0, 1.0)}),
    ("RandomElasticTransform", {"factor": 0.0, "fill_mode": "mirror"}),
    ("RandomShear", {}),
    ("RandomShear", {"x_factor": (0.0, 0.0), "y_factor": 0.0, "fill_mode": "wrap"}),
    ("Solarization", {}),
    ("Solarization", {"value_range": (-100, 300), "addition_factor": (0, 0)}),
    ("Equalization", {}),
    ("Equalization", {"value_range": (-7, 290), "bins": 29}),
]

#: Data and arguments for `Discretization(...).adapt`.
ADAPTED = [
    ({"num_bins": 4}, draw(1000, seed=3)),
    ({"num_bins": 7, "epsilon": 0.05}, draw(300, 2, seed=4)),
    ({"num_bins": 3}, draw(5, seed=5)),
]


def label(number):
    name, config, inputs = CASES[number]
    return f"{name}-{config}-{inputs.shape}-{inputs.dtype}"


def images_for(number):
    """The images for a certain case: any numbers where pixels move, colors where colors change."""
    name, config = CERTAIN[number]
    if name in ("RandomTranslation", "RandomRotation", "RandomZoom", "RandomContrast", "RandomBrightness", "RandomCrop"):
        return IMAGES
    return COLORS.transpose(0, 3, 1, 2) if config.get("data_format") == "channels_first" else COLORS
