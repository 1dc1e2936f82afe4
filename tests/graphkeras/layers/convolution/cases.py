"""Convolution, pooling and resizing layers with inputs, for comparison with real Keras."""

from typing import Any, NamedTuple

import numpy as np


class Case(NamedTuple):
    name: str
    config: dict
    inputs: Any

    @property
    def label(self):
        return f"{self.name}{self.config}"


def draw(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).uniform(-2, 2, shape).astype(np.float32)


def weights_for(shapes):
    """Numbers for weights of these shapes, the same for every library."""
    return [np.random.default_rng([7, k, *shape]).uniform(-1, 1, shape).astype(np.float32) for k, shape in enumerate(shapes)]


SEQUENCE, IMAGE, VOLUME = draw(2, 7, 4), draw(2, 6, 7, 4), draw(2, 4, 5, 4, 2)
FIRST = {"data_format": "channels_first"}
BY_RANK = {1: SEQUENCE, 2: IMAGE, 3: VOLUME}

CASES = [
    Case("Conv1D", {"filters": 3, "kernel_size": 3}, SEQUENCE),
    Case("Conv1D", {"filters": 3, "kernel_size": 3, "padding": "causal", "dilation_rate": 2, "activation": "relu"}, SEQUENCE),
    Case("Conv1D", {"filters": 3, "kernel_size": 2, "padding": "causal", "strides": 2, **FIRST}, SEQUENCE),
    Case("Conv1D", {"filters": 4, "kernel_size": 3, "padding": "same", "groups": 2, "use_bias": False}, SEQUENCE),
    Case("Conv2D", {"filters": 3, "kernel_size": [3, 2], "padding": "same", "strides": 2, "activation": "tanh"}, IMAGE),
    Case("Conv2D", {"filters": 3, "kernel_size": 3, **FIRST}, draw(2, 4, 6, 5)),
    Case("Conv2D", {"filters": 6, "kernel_size": 2, "groups": 2, "dilation_rate": [1, 2]}, IMAGE),
    Case(
        "Conv2D",
        {
            "filters": 2,
            "kernel_size": 3,
            "padding": "SAME",
            "kernel_regularizer": "l2",
            "bias_regularizer": "l1",
            "activity_regularizer": "l2",
            "kernel_constraint": "non_neg",
            "kernel_initializer": "he_normal",
        },
        IMAGE,
    ),
    Case("Conv3D", {"filters": 3, "kernel_size": [2, 3, 2], "padding": "same"}, VOLUME),
    Case("Conv3D", {"filters": 2, "kernel_size": 2, "strides": [1, 2, 1], **FIRST}, draw(2, 3, 4, 5, 4)),
    Case("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2, "activation": "relu"}, SEQUENCE),
    Case("DepthwiseConv2D", {"kernel_size": 3, "padding": "same", "strides": 2}, IMAGE),
    Case("DepthwiseConv2D", {"kernel_size": 2, "depth_multiplier": 2, "dilation_rate": 2, **FIRST}, draw(2, 3, 6, 5)),
    Case("DepthwiseConv2D", {"kernel_size": 2, "use_bias": False, "depthwise_regularizer": "l2"}, IMAGE),
    Case("SeparableConv1D", {"filters": 3, "kernel_size": 3, "padding": "same"}, SEQUENCE),
    Case("SeparableConv2D", {"filters": 3, "kernel_size": [2, 3], "depth_multiplier": 2, "activation": "relu"}, IMAGE),
    Case("SeparableConv2D", {"filters": 5, "kernel_size": 3, "padding": "same", "strides": 2, **FIRST}, draw(2, 3, 6, 5)),
    Case("SeparableConv2D", {"filters": 5, "kernel_size": 3, "pointwise_regularizer": "l1", "use_bias": False}, IMAGE),
    Case("Conv1DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2}, SEQUENCE),
    Case("Conv1DTranspose", {"filters": 3, "kernel_size": 3, "padding": "same", "dilation_rate": 2}, SEQUENCE),
    Case("Conv2DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same", "activation": "relu"}, IMAGE),
    Case("Conv2DTranspose", {"filters": 3, "kernel_size": [2, 3], "strides": [3, 2], "output_padding": [1, 0]}, IMAGE),
    Case("Conv2DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2, "output_padding": 1, "padding": "same"}, IMAGE),
    Case("Conv2DTranspose", {"filters": 2, "kernel_size": 2, "strides": 3, "use_bias": False, **FIRST}, draw(2, 3, 4, 3)),
    Case("Conv3DTranspose", {"filters": 2, "kernel_size": 2, "strides": 2, "padding": "same"}, VOLUME),
    *(
        Case(f"{kind}Pooling{rank}D", options, BY_RANK[rank])
        for kind in ("Max", "Average")
        for rank in (1, 2, 3)
        for options in (
            {"pool_size": 2},
            {"pool_size": 3, "strides": 2, "padding": "same"},
            {"pool_size": 2, "strides": 1, **FIRST},
        )
    ),
    Case("MaxPooling2D", {}, IMAGE),
    *(
        Case(f"Global{kind}Pooling{rank}D", options, BY_RANK[rank])
        for kind in ("Max", "Average")
        for rank in (1, 2, 3)
        for options in ({}, {"keepdims": True}, FIRST)
    ),
    *(
        Case(f"Adaptive{kind}Pooling{rank}D", options, BY_RANK[rank])
        for kind in ("Max", "Average")
        for rank in (1, 2, 3)
        for options in ({"output_size": 2}, {"output_size": 1, **FIRST})
    ),
    Case("AdaptiveAveragePooling2D", {"output_size": [3, 5]}, IMAGE),
    Case("UpSampling1D", {"size": 3}, SEQUENCE),
    Case("UpSampling2D", {}, IMAGE),
    Case("UpSampling2D", {"size": [3, 2], **FIRST}, IMAGE),
    Case("UpSampling2D", {"size": 2, "interpolation": "bilinear"}, IMAGE),
    Case("UpSampling2D", {"size": [2, 3], "interpolation": "bicubic", **FIRST}, IMAGE),
    Case("UpSampling3D", {"size": [1, 2, 3]}, VOLUME),
    Case("ZeroPadding1D", {}, SEQUENCE),
    Case("ZeroPadding1D", {"padding": [0, 2], **FIRST}, SEQUENCE),
    Case("ZeroPadding2D", {"padding": [1, 2]}, IMAGE),
    Case("ZeroPadding2D", {"padding": [[1, 0], [0, 2]], **FIRST}, IMAGE),
    Case("ZeroPadding3D", {"padding": 2}, VOLUME),
    Case("Cropping1D", {"cropping": [2, 0]}, SEQUENCE),
    Case("Cropping2D", {"cropping": [[1, 2], [0, 1]]}, IMAGE),
    Case("Cropping2D", {"cropping": 1, **FIRST}, IMAGE),
    Case("Cropping3D", {}, VOLUME),
]
