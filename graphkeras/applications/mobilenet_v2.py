"""MobileNetV2: blocks that widen, convolve depthwise and narrow again (Sandler and others 2018, https://arxiv.org/abs/1801.04381)."""

from __future__ import annotations

import os
from typing import Any

from .. import layers
from ..models import Model
from .classifier import (
    Architecture,
    Options,
    Tensor,
    build,
    channel_axis,
    keras_files,
    multiple_of_8,
    only_published,
    published_size,
    same_padding,
)
from .imagenet_utils import decode_predictions as decode_predictions
from .preprocessing import preprocessing

#: Widening, filters, number of blocks and first stride of each stage.
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
WIDTHS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
SIZES = (96, 128, 160, 192, 224)


def MobileNetV2(
    input_shape: Any = None,
    alpha: float = 1.0,
    include_top: bool = True,
    weights: str | os.PathLike[str] | None = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    """MobileNetV2. Inputs: `keras.applications.mobilenet_v2.preprocess_input`.

    Args:
        alpha: the width: every number of filters is multiplied by it. With "imagenet" one of 0.35, 0.5, 0.75, 1, 1.3, 1.4.

    The other arguments are those of `keras.applications.ResNet50`. Weights are published for images of 96, 128, 160, 192
    and 224.

    Raises:
        ValueError: for arguments that contradict each other.
        ConnectionError: if weights="imagenet" must be downloaded and cannot be.
    """
    options = Options(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    only_published(options, "alpha", alpha, WIDTHS)
    size = published_size(options, SIZES)

    def features(x: Tensor) -> Tensor:
        x = layers.Conv2D(multiple_of_8(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="Conv1")(x)
        x = _normalized(x, "bn_Conv1", "Conv1_relu")
        number = 0
        for widening, filters, blocks, first in STAGES:
            for k in range(blocks):
                name = f"block_{number}" if number else "expanded_conv"
                x = block(x, widening, multiple_of_8(filters * alpha), first if k == 0 else 1, name)
                number += 1
        x = layers.Conv2D(multiple_of_8(1280 * max(alpha, 1.0)), 1, use_bias=False, name="Conv_1")(x)
        return _normalized(x, "Conv_1_bn", "out_relu")

    def head(x: Tensor, options: Options) -> Tensor:
        x = layers.GlobalAveragePooling2D()(x)
        return layers.Dense(options.classes, activation=options.classifier_activation, name="predictions")(x)

    stem = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{float(alpha)}_{size}"
    files = keras_files("mobilenet_v2", stem, (None, None), without="_no_top")
    named = f"mobilenetv2_{alpha:0.2f}_{{}}".format
    return build(options, Architecture(features, files, size=size, head=head, named=named))


def block(x: Tensor, widening: int, filters: int, strides: int, name: str) -> Tensor:
    """x + narrow(depthwise(widen(x))); without the sum where the shape changes."""
    channels = x.shape[channel_axis()]
    new = x
    if widening > 1:
        new = layers.Conv2D(widening * channels, 1, padding="same", use_bias=False, name=f"{name}_expand")(new)
        new = _normalized(new, f"{name}_expand_BN", f"{name}_expand_relu")
    if strides == 2:
        new = layers.ZeroPadding2D(same_padding(new, 3), name=f"{name}_pad")(new)
    padding = "valid" if strides == 2 else "same"
    new = layers.DepthwiseConv2D(3, strides=strides, padding=padding, use_bias=False, name=f"{name}_depthwise")(new)
    new = _normalized(new, f"{name}_depthwise_BN", f"{name}_depthwise_relu")
    new = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}_project")(new)
    new = _normalized(new, f"{name}_project_BN")
    return layers.Add(name=f"{name}_add")([x, new]) if channels == filters and strides == 1 else new


def _normalized(x: Tensor, name: str, activation: str | None = None) -> Tensor:
    x = layers.BatchNormalization(axis=channel_axis(-1), epsilon=1e-3, momentum=0.999, name=name)(x)
    return x if activation is None else layers.ReLU(6.0, name=activation)(x)


preprocess_input = preprocessing("tf")
