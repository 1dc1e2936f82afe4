"""MobileNetV3: MobileNetV2's blocks with squeeze and excitation and hard swish (Howard and others 2019, https://arxiv.org/abs/1905.02244)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

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
    named_pooled,
    only_published,
    public,
    same_padding,
)
from .imagenet_utils import decode_predictions as decode_predictions
from .preprocessing import unchanged_input


class Block(NamedTuple):
    """One block: how much it widens, its filters, the size of its kernel, its stride, and which parts it has."""

    widening: float
    filters: int
    kernel: int
    strides: int
    squeezes: bool
    is_hard: bool  # hard swish in place of relu


SMALL = (
    Block(1, 16, 3, 2, True, False),
    Block(72 / 16, 24, 3, 2, False, False),
    Block(88 / 24, 24, 3, 1, False, False),
    Block(4, 40, 5, 2, True, True),
    *[Block(6, 40, 5, 1, True, True)] * 2,
    *[Block(3, 48, 5, 1, True, True)] * 2,
    Block(6, 96, 5, 2, True, True),
    *[Block(6, 96, 5, 1, True, True)] * 2,
)
LARGE = (
    Block(1, 16, 3, 1, False, False),
    Block(4, 24, 3, 2, False, False),
    Block(3, 24, 3, 1, False, False),
    Block(3, 40, 5, 2, True, False),
    *[Block(3, 40, 5, 1, True, False)] * 2,
    Block(6, 80, 3, 2, False, True),
    Block(2.5, 80, 3, 1, False, True),
    *[Block(2.3, 80, 3, 1, False, True)] * 2,
    *[Block(6, 112, 3, 1, True, True)] * 2,
    Block(6, 160, 5, 2, True, True),
    *[Block(6, 160, 5, 1, True, True)] * 2,
)
HASHES = {
    "large_224_0.75_float": ("765b44a33ad4005b3ac83185abf1d0eb", "40af19a13ebea4e2ee0c676887f69a2e"),
    "large_224_1.0_float": ("59e551e166be033d707958cf9e29a6a7", "07fb09a5933dd0c8eaafa16978110389"),
    "large_minimalistic_224_1.0_float": ("675e7b876c45c57e9e63e6d90a36599c", "ec5221f64a2f6d1ef965a614bdae7973"),
    "small_224_0.75_float": ("cb65d4e5be93758266aa0a7f2c6708b7", "ebdb5cc8e0b497cd13a7c275d475c819"),
    "small_224_1.0_float": ("8768d4c2e7dee89b9d02b2d03d65d862", "d3e8ec802a04aa4fc771ee12a9a9b836"),
    "small_minimalistic_224_1.0_float": ("99cd97fb2fcdad2bf028eb838de69e37", "cde8136e733e811080d9fcd8a252f7e4"),
}


def _files(size: str, alpha: float, minimalistic: bool) -> Any:
    kind = f"{size}{'_minimalistic' if minimalistic else ''}_224_{float(alpha)}_float"
    with_top, without = HASHES.get(kind, (None, None))
    stem = f"weights_mobilenet_v3_{kind}"
    return keras_files("mobilenet_v3", stem, (with_top, without), without="_no_top_v2")


def mobilenet_v3(size: str, blocks: tuple[Block, ...], last: int) -> Callable[..., Model]:
    """The function that makes MobileNetV3 of `blocks`, with `last` features before the classifier."""
    function_name = f"MobileNetV3{size}"

    def make(
        input_shape: Any = None,
        alpha: float = 1.0,
        minimalistic: bool = False,
        include_top: bool = True,
        weights: str | os.PathLike[str] | None = "imagenet",
        input_tensor: Any = None,
        classes: int = 1000,
        pooling: str | None = None,
        dropout_rate: float = 0.2,
        classifier_activation: Any = "softmax",
        include_preprocessing: bool = True,
        name: str | None = function_name,
    ) -> Model:
        options = Options(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
        only_published(options, "alpha", alpha, (1.0,) if minimalistic else (0.75, 1.0))
        if minimalistic:
            used = tuple(block._replace(kernel=3, squeezes=False, is_hard=False) for block in blocks)
        else:
            used = blocks

        def features(x: Tensor) -> Tensor:
            if include_preprocessing:
                x = layers.Rescaling(scale=1 / 127.5, offset=-1.0)(x)
            x = layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False, name="conv")(x)
            x = _active(_normalized(x, "conv"), not minimalistic)
            for k, block in enumerate(used):
                x = apply(block, x, multiple_of_8(block.filters * alpha), f"expanded_conv_{k}" if k else "expanded_conv")
            filters = multiple_of_8(6 * x.shape[channel_axis()])
            x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name="conv_1")(x)
            return _active(_normalized(x, "conv_1"), not minimalistic)

        def head(x: Tensor, options: Options) -> Tensor:
            x = layers.GlobalAveragePooling2D(keepdims=True)(x)
            filters = multiple_of_8(last * alpha) if alpha > 1 else last
            x = layers.Conv2D(filters, 1, padding="same", name="conv_2")(x)
            x = _active(x, not minimalistic)
            if dropout_rate > 0:
                x = layers.Dropout(dropout_rate)(x)
            x = layers.Conv2D(options.classes, 1, padding="same", name="logits")(x)
            x = layers.Flatten()(x)
            return layers.Activation(options.classifier_activation, name="predictions")(x)

        files = _files(size.lower(), alpha, minimalistic)
        return build(options, Architecture(features, files, head=head, pool=named_pooled, sizes_stay_open=True))

    return public(make, function_name, f"MobileNetV3, the {size.lower()} one. Inputs: values from 0 to 255.\n{_EXTRAS}")


def apply(block: Block, x: Tensor, filters: int, name: str) -> Tensor:
    """x + narrow(excite(depthwise(widen(x)))); without the sum where the shape changes."""
    channels = x.shape[channel_axis()]
    wide = multiple_of_8(channels * block.widening)
    new = x
    if not name.endswith("conv"):  # all but the first
        new = layers.Conv2D(wide, 1, padding="same", use_bias=False, name=f"{name}_expand")(new)
        new = _active(_normalized(new, f"{name}_expand"), block.is_hard)
    if block.strides == 2:
        new = layers.ZeroPadding2D(same_padding(new, block.kernel), name=f"{name}_depthwise_pad")(new)
    padding = "valid" if block.strides == 2 else "same"
    new = layers.DepthwiseConv2D(
        block.kernel, strides=block.strides, padding=padding, use_bias=False, name=f"{name}_depthwise"
    )(new)
    new = _active(_normalized(new, f"{name}_depthwise"), block.is_hard)
    if block.squeezes:
        new = excited(new, multiple_of_8(wide / 4), f"{name}_squeeze_excite")
    new = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}_project")(new)
    new = _normalized(new, f"{name}_project")
    return layers.Add(name=f"{name}_add")([x, new]) if block.strides == 1 and channels == filters else new


def excited(x: Tensor, squeezed: int, name: str) -> Tensor:
    """x times weights from 0 to 1 for each channel, computed from the channels' means."""
    channels = x.shape[channel_axis()]
    gate = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_avg_pool")(x)
    gate = layers.Conv2D(squeezed, 1, padding="same", name=f"{name}_conv")(gate)
    gate = layers.ReLU(name=f"{name}_relu")(gate)
    gate = layers.Conv2D(channels, 1, padding="same", name=f"{name}_conv_1")(gate)
    gate = layers.ReLU(6.0)(gate + 3.0) * (1.0 / 6.0)
    return layers.Multiply(name=f"{name}_mul")([x, gate])


def _normalized(x: Tensor, name: str) -> Tensor:
    return layers.BatchNormalization(axis=channel_axis(-1), epsilon=1e-3, momentum=0.999, name=f"{name}_bn")(x)


def _active(x: Tensor, is_hard: bool) -> Tensor:
    return layers.Activation("hard_swish")(x) if is_hard else layers.ReLU()(x)


_EXTRAS = """
    Args:
        alpha: the width: every number of filters is multiplied by it. With "imagenet" 0.75 or 1.
        minimalistic: whether to do without squeeze and excitation, hard swish and kernels of 5x5. With "imagenet" alpha is 1.
        dropout_rate: the part of the features that the classifier does not see in training.
        include_preprocessing: whether the model scales images itself; else give it values from -1 to 1.
"""

MobileNetV3Small = mobilenet_v3("Small", SMALL, 1024)
MobileNetV3Large = mobilenet_v3("Large", LARGE, 1280)
preprocess_input = unchanged_input
