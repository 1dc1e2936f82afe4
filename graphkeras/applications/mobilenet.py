"""MobileNet: depthwise convolutions, each followed by one of 1x1 (Howard and others 2017, https://arxiv.org/abs/1704.04861)."""

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
    only_published,
    published_size,
)
from .imagenet_utils import decode_predictions as decode_predictions
from .preprocessing import preprocessing

#: Filters and stride of the thirteen pairs of convolutions.
PAIRS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))
#: How the names of files spell the width.
WIDTHS = {0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1.0: "1_0"}
SIZES = (128, 160, 192, 224)


def MobileNet(
    input_shape: Any = None,
    alpha: float = 1.0,
    depth_multiplier: int = 1,
    dropout: float = 0.001,
    include_top: bool = True,
    weights: str | os.PathLike[str] | None = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    """MobileNet. Inputs: `keras.applications.mobilenet.preprocess_input`.

    Args:
        alpha: the width: every number of filters is multiplied by it. With "imagenet" one of 0.25, 0.5, 0.75, 1.
        depth_multiplier: how many filters a depthwise convolution has for each channel. With "imagenet" 1.
        dropout: the part of the features that the classifier does not see in training.

    The other arguments are those of `keras.applications.ResNet50`; weights are published for images of 128, 160, 192 and 224.

    Raises:
        ValueError: for arguments that contradict each other.
        ConnectionError: if weights="imagenet" must be downloaded and cannot be.
    """
    options = Options(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    only_published(options, "alpha", alpha, tuple(WIDTHS))
    only_published(options, "depth_multiplier", depth_multiplier, (1,))
    size = published_size(options, SIZES)

    def features(x: Tensor) -> Tensor:
        x = layers.Conv2D(int(32 * alpha), 3, padding="same", use_bias=False, strides=2, name="conv1")(x)
        x = _normalized(x, "conv1")
        for k, (filters, strides) in enumerate(PAIRS, 1):
            if strides == 2:
                x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{k}")(x)
            x = layers.DepthwiseConv2D(
                3,
                padding="valid" if strides == 2 else "same",
                depth_multiplier=depth_multiplier,
                strides=strides,
                use_bias=False,
                name=f"conv_dw_{k}",
            )(x)
            x = _normalized(x, f"conv_dw_{k}")
            x = layers.Conv2D(int(filters * alpha), 1, padding="same", use_bias=False, name=f"conv_pw_{k}")(x)
            x = _normalized(x, f"conv_pw_{k}")
        return x

    def head(x: Tensor, options: Options) -> Tensor:
        x = layers.GlobalAveragePooling2D(keepdims=True)(x)
        x = layers.Dropout(dropout, name="dropout")(x)
        x = layers.Conv2D(options.classes, 1, padding="same", name="conv_preds")(x)
        x = layers.Reshape((options.classes,), name="reshape_2")(x)
        return layers.Activation(options.classifier_activation, name="predictions")(x)

    stem = f"mobilenet_{WIDTHS.get(alpha)}_{size}_tf"
    files = keras_files("mobilenet", stem, (None, None), without="_no_top")
    named = f"mobilenet_{alpha:0.2f}_{{}}".format
    return build(options, Architecture(features, files, size=size, head=head, named=named))


def _normalized(x: Tensor, name: str) -> Tensor:
    x = layers.BatchNormalization(axis=channel_axis(-1), name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)


preprocess_input = preprocessing("tf")
