"""NASNet: two cells that a search found, stacked (Zoph and others 2017, https://arxiv.org/abs/1707.07012)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from .. import layers
from ..models import Model
from .classifier import (
    KERAS_FILES,
    Architecture,
    Options,
    Tensor,
    WeightsFile,
    build,
    channel_axis,
    public,
    same_padding,
    sizes_of,
)
from .imagenet_utils import decode_predictions as decode_predictions
from .preprocessing import preprocessing


def nasnet(
    size: str, image: int, stem: int, penultimate: int, cells: int, skips: bool, hashes: tuple[str, str]
) -> Callable[..., Model]:
    """The function that makes NASNet.

    Args:
        size: "mobile" or "large".
        image: height and width of the images of the published weights.
        stem: filters of the first convolution.
        penultimate: features before the classifier, 24 times the filters of the first cells.
        cells: normal cells in each of the three stages.
        skips: whether the first cell of a stage looks past the reducing cell before it.
        hashes: of the published files.
    """

    def features(x: Tensor) -> Tensor:
        filters = penultimate // 24
        x = layers.Conv2D(stem, 3, strides=2, use_bias=False, name="stem_conv1", kernel_initializer="he_normal")(x)
        x = _normalized(x, "stem_bn1")
        x, before = reducing_cell(x, None, filters // 4, "stem_1"), x
        x, before = reducing_cell(x, before, filters // 2, "stem_2"), x
        number = 0
        for stage in range(3):
            if stage:
                former = before
                x, before = reducing_cell(x, before, filters * 2**stage, f"reduce_{stage * cells}"), x
                before = former if skips else before
                number = stage * cells + 1
            for k in range(cells):
                x, before = normal_cell(x, before, filters * 2**stage, str(number + k)), x
        return layers.Activation("relu")(x)

    stem_name = f"{KERAS_FILES}nasnet/NASNet-{size}"
    files = (
        WeightsFile(f"{stem_name}.h5", hashes[0], f"nasnet_{size}.h5"),
        WeightsFile(f"{stem_name}-no-top.h5", hashes[1], f"nasnet_{size}_no_top.h5"),
    )
    architecture = Architecture(features, files, size=image, head=_head, needs_size=True)
    default_name = f"nasnet_{size}"

    def make(
        input_shape: Any = None,
        include_top: bool = True,
        weights: str | os.PathLike[str] | None = "imagenet",
        input_tensor: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        name: str | None = default_name,
    ) -> Model:
        options = Options(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
        return build(options, architecture)

    about = f"NASNet, the {size} one. Inputs: `keras.applications.nasnet.preprocess_input`."
    return public(make, f"NASNet{size.capitalize()}", about)


def _head(x: Tensor, options: Options) -> Tensor:
    x = layers.GlobalAveragePooling2D()(x)
    return layers.Dense(options.classes, activation=options.classifier_activation, name="predictions")(x)


def normal_cell(x: Tensor, before: Tensor, filters: int, name: str) -> Tensor:
    """Five sums of two branches each, of `x` and of what the cell before it got; height and width stay."""
    p = adjusted(before, x, filters, name)
    h = layers.Activation("relu")(x)
    h = _normalized(pointwise(h, filters, f"normal_conv_1_{name}"), f"normal_bn_1_{name}")

    def mean(x: Tensor, side: str) -> Tensor:
        return layers.AveragePooling2D(3, strides=1, padding="same", name=f"normal_{side}_{name}")(x)

    def convolved(x: Tensor, kernel: int, side: str) -> Tensor:
        return separable(x, filters, kernel, 1, f"normal_{side}_{name}")

    pairs = (
        [convolved(h, 5, "left1"), convolved(p, 3, "right1")],
        [convolved(p, 5, "left2"), convolved(p, 3, "right2")],
        [mean(h, "left3"), p],
        [mean(p, "left4"), mean(p, "right4")],
        [convolved(h, 3, "left5"), h],
    )
    sums = [layers.Add(name=f"normal_add_{k}_{name}")(pair) for k, pair in enumerate(pairs, 1)]
    return layers.Concatenate(axis=channel_axis(-1), name=f"normal_concat_{name}")([p, *sums])


def reducing_cell(x: Tensor, before: Tensor | None, filters: int, name: str) -> Tensor:
    """Five sums of two branches each, of half the height and width."""
    p = x if before is None else adjusted(before, x, filters, name)
    h = layers.Activation("relu")(x)
    h = _normalized(pointwise(h, filters, f"reduction_conv_1_{name}"), f"reduction_bn_1_{name}")
    padded = layers.ZeroPadding2D(same_padding(h, 3), name=f"reduction_pad_1_{name}")(h)

    def halved(x: Tensor, kernel: int, side: str) -> Tensor:
        return separable(x, filters, kernel, 2, f"reduction_{side}_{name}")

    def highest(side: str) -> Tensor:
        return layers.MaxPooling2D(3, strides=2, name=f"reduction_{side}_{name}")(padded)

    x1 = layers.Add(name=f"reduction_add_1_{name}")([halved(h, 5, "left1"), halved(p, 7, "right1")])
    x2 = layers.Add(name=f"reduction_add_2_{name}")([highest("left2"), halved(p, 7, "right2")])
    mean = layers.AveragePooling2D(3, strides=2, name=f"reduction_left3_{name}")(padded)
    x3 = layers.Add(name=f"reduction_add3_{name}")([mean, halved(p, 5, "right3")])
    mean = layers.AveragePooling2D(3, strides=1, padding="same", name=f"reduction_left4_{name}")(x1)
    x4 = layers.Add()([x2, mean])
    last = separable(x1, filters, 3, 1, f"reduction_left4_{name}")
    x5 = layers.Add(name=f"reduction_add4_{name}")([last, highest("right5")])
    return layers.Concatenate(axis=channel_axis(-1), name=f"reduction_concat_{name}")([x2, x3, x4, x5])


def adjusted(p: Tensor, x: Tensor, filters: int, name: str) -> Tensor:
    """`p` with the height and width of `x` and so many filters."""
    if sizes_of(p.shape[1:]) != sizes_of(x.shape[1:]):
        p = layers.Activation("relu", name=f"adjust_relu_1_{name}")(p)
        even = layers.AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_1_{name}")(p)
        even = pointwise(even, filters // 2, f"adjust_conv_1_{name}")
        odd = layers.ZeroPadding2D(((0, 1), (0, 1)))(p)  # moved by one pixel
        odd = layers.Cropping2D(((1, 0), (1, 0)))(odd)
        odd = layers.AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_2_{name}")(odd)
        odd = pointwise(odd, filters // 2, f"adjust_conv_2_{name}")
        p = layers.Concatenate(axis=channel_axis(-1))([even, odd])
        return _normalized(p, f"adjust_bn_{name}")
    if p.shape[channel_axis()] != filters:
        p = layers.Activation("relu")(p)
        p = pointwise(p, filters, f"adjust_conv_projection_{name}")
        return _normalized(p, f"adjust_bn_{name}")
    return p


def separable(x: Tensor, filters: int, kernel: int, strides: int, name: str) -> Tensor:
    """Twice relu, a separable convolution and normalization; the first has the stride."""
    x = layers.Activation("relu")(x)
    padding = "same"
    if strides == 2:
        x = layers.ZeroPadding2D(same_padding(x, kernel), name=f"separable_conv_1_pad_{name}")(x)
        padding = "valid"
    x = layers.SeparableConv2D(
        filters, kernel, strides=strides, padding=padding, use_bias=False, name=f"separable_conv_1_{name}"
    )(x)
    x = _normalized(x, f"separable_conv_1_bn_{name}")
    x = layers.Activation("relu")(x)
    x = layers.SeparableConv2D(filters, kernel, padding="same", use_bias=False, name=f"separable_conv_2_{name}")(x)
    return _normalized(x, f"separable_conv_2_bn_{name}")


def pointwise(x: Tensor, filters: int, name: str) -> Tensor:
    """A convolution of 1x1."""
    return layers.Conv2D(filters, 1, padding="same", use_bias=False, name=name, kernel_initializer="he_normal")(x)


def _normalized(x: Tensor, name: str) -> Tensor:
    return layers.BatchNormalization(axis=channel_axis(-1), momentum=0.9997, epsilon=1e-3, name=name)(x)


NASNetMobile = nasnet(
    "mobile", 224, 32, 1056, 4, False, ("020fb642bf7360b370c678b08e0adf61", "1ed92395b5b598bdda52abe5c0dbfd63")
)
NASNetLarge = nasnet("large", 331, 96, 4032, 6, True, ("11577c9a518f0070763c2b964a382f17", "d81d89dc07e6e56530c4e77faddd61b5"))
preprocess_input = preprocessing("tf")
