"""EfficientNet: one small net, made wider, deeper and finer at once (Tan and Le 2019, https://arxiv.org/abs/1905.11946)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from .. import layers
from ..initializers import VarianceScaling
from ..models import Model
from .classifier import (
    Architecture,
    Options,
    Tensor,
    WeightsFile,
    channel_axis,
    classifier_model,
    multiple_of_8,
    named_pooled,
    same_padding,
)
from .imagenet_utils import decode_predictions as decode_predictions
from .preprocessing import unchanged_input

_ADDRESS = "https://storage.googleapis.com/keras-applications/"
_DEVIATION = (0.229, 0.224, 0.225)
#: The part of the blocks, growing with depth, that training leaves out.
DROPPED_BLOCKS = 0.2


class Stage(NamedTuple):
    """Blocks of one kind: kernel, how many, filters, how much they widen, stride of the first."""

    kernel: int
    blocks: int
    filters: int
    widening: int
    strides: int


STAGES = (
    Stage(3, 1, 16, 1, 1),
    Stage(3, 2, 24, 6, 2),
    Stage(5, 2, 40, 6, 2),
    Stage(3, 3, 80, 6, 2),
    Stage(5, 3, 112, 6, 1),
    Stage(5, 4, 192, 6, 2),
    Stage(3, 1, 320, 6, 1),
)
#: Width, depth, image size and dropout of the models, then the hashes of their files.
SCALES = {
    "b0": (1.0, 1.0, 224, 0.2, "902e53a9f72be733fc0bcb005b3ebbac", "50bc09e76180e00e4465e1a485ddc09d"),
    "b1": (1.0, 1.1, 240, 0.2, "1d254153d4ab51201f1646940f018540", "74c4e6b3e1f6a1eea24c589628592432"),
    "b2": (1.1, 1.2, 260, 0.3, "b15cce36ff4dcbd00b6dd88e7857a6ad", "111f8e2ac8aa800a7a99e3239f7bfb39"),
    "b3": (1.2, 1.4, 300, 0.3, "ffd1fdc53d0ce67064dc6a9c7960ede0", "af6d107764bb5b1abb91932881670226"),
    "b4": (1.4, 1.8, 380, 0.4, "18c95ad55216b8f92d7e70b3a046e2fc", "ebc24e6d6c33eaebbd558eafbeedf1ba"),
    "b5": (1.6, 2.2, 456, 0.4, "ace28f2a6363774853a83a0b21b9421a", "38879255a25d3c92d5e44e04ae6cec6f"),
    "b6": (1.8, 2.6, 528, 0.5, "165f6e37dce68623721b423839de8be5", "9ecce42647a20130c1f39a5d4cb75743"),
    "b7": (2.0, 3.1, 600, 0.5, "8c03f828fec3ef71311cd463b6759d99", "cbcfe4450ddf6f3ad90b1b398090fe4a"),
}


def efficientnet(kind: str) -> Callable[..., Model]:
    """EfficientNet of a kind from b0 to b7."""
    width, depth, size, dropout, *hashes = SCALES[kind]
    repeats = [math.ceil(depth * stage.blocks) for stage in STAGES]
    name = f"efficientnet{kind}"

    def features(x: Tensor) -> Tensor:
        x = layers.ZeroPadding2D(same_padding(x, 3), name="stem_conv_pad")(x)
        filters = multiple_of_8(32 * width)
        x = layers.Conv2D(filters, 3, strides=2, use_bias=False, kernel_initializer=spread(), name="stem_conv")(x)
        x = active(normalized(x, "stem_bn"), "stem_activation")
        done = 0
        for number, (stage, blocks) in enumerate(zip(STAGES, repeats), 1):
            for k in range(blocks):
                filters, strides = multiple_of_8(stage.filters * width), stage.strides if k == 0 else 1
                own = stage._replace(filters=filters, strides=strides)
                x = block(own, x, DROPPED_BLOCKS * done / sum(repeats), f"block{number}{chr(ord('a') + k)}_")
                done += 1
        x = pointwise(x, multiple_of_8(1280 * width), "top_conv")
        return active(normalized(x, "top_bn"), "top_activation")

    def head(x: Tensor, options: Options) -> Tensor:
        return classified(layers.GlobalAveragePooling2D(name="avg_pool")(x), dropout, options)

    def architecture(options: Options) -> Architecture:
        def all_features(x: Tensor) -> Tensor:
            return features(scaled(x, options.pretrained))

        ends = zip((".h5", "_notop.h5"), hashes, strict=True)
        files = tuple(WeightsFile(f"{_ADDRESS}{name}{end}", known) for end, known in ends)
        return Architecture(all_features, files, size=size, head=head, pool=named_pooled)  # type: ignore[arg-type]

    about = f"EfficientNet-{kind.upper()}. Inputs: values from 0 to 255."
    return classifier_model(f"EfficientNet{kind.upper()}", name, architecture, about)


def scaled(x: Tensor, is_pretrained: bool) -> Tensor:
    """Colors from 0 to 255 as the nets take them; the mean and variance of the second layer are in the published file."""
    x = layers.Rescaling(1.0 / 255.0)(x)
    x = layers.Normalization(axis=channel_axis())(x)
    if is_pretrained:  # the published nets were trained with one more division, by the root of the deviation
        x = layers.Rescaling([1.0 / math.sqrt(deviation) for deviation in _DEVIATION])(x)
    return x


def block(stage: Stage, x: Tensor, dropped: float, name: str) -> Tensor:
    """x + narrow(excite(depthwise(widen(x)))); without the sum where the shape changes."""
    channels = x.shape[channel_axis()]
    new = x
    if stage.widening > 1:
        new = pointwise(new, channels * stage.widening, f"{name}expand_conv")
        new = active(normalized(new, f"{name}expand_bn"), f"{name}expand_activation")
    if stage.strides == 2:
        new = layers.ZeroPadding2D(same_padding(new, stage.kernel), name=f"{name}dwconv_pad")(new)
    new = layers.DepthwiseConv2D(
        stage.kernel,
        strides=stage.strides,
        padding="valid" if stage.strides == 2 else "same",
        use_bias=False,
        depthwise_initializer=spread(),
        name=f"{name}dwconv",
    )(new)
    new = active(normalized(new, f"{name}bn"), f"{name}activation")
    new = excited(new, max(1, channels // 4), f"{name}se_")
    new = normalized(pointwise(new, stage.filters, f"{name}project_conv"), f"{name}project_bn")
    return residual(x, new, dropped, name) if stage.strides == 1 and channels == stage.filters else new


# ---- parts, which EfficientNetV2 has as well --------------------------------------------------------------------------


def spread() -> VarianceScaling:
    """The initializer of all convolutions: normal, by the number of outputs."""
    return VarianceScaling(scale=2.0, mode="fan_out", distribution="truncated_normal")


def normalized(x: Tensor, name: str, momentum: float = 0.99) -> Tensor:
    return layers.BatchNormalization(axis=channel_axis(), momentum=momentum, name=name)(x)


def active(x: Tensor, name: str) -> Tensor:
    return layers.Activation("silu", name=name)(x)


def pointwise(x: Tensor, filters: int, name: str) -> Tensor:
    """A convolution of 1x1."""
    return layers.Conv2D(filters, 1, padding="same", use_bias=False, kernel_initializer=spread(), name=name)(x)


def excited(x: Tensor, squeezed: int, name: str) -> Tensor:
    """x times weights from 0 to 1 for each channel, computed from the channels' means through `squeezed` numbers."""
    channels = x.shape[channel_axis()]
    gate = layers.GlobalAveragePooling2D(name=f"{name}squeeze")(x)
    gate = layers.Reshape((channels, 1, 1) if channel_axis() == 1 else (1, 1, channels), name=f"{name}reshape")(gate)
    for filters, activation, part in ((squeezed, "silu", "reduce"), (channels, "sigmoid", "expand")):
        gate = layers.Conv2D(
            filters, 1, padding="same", activation=activation, kernel_initializer=spread(), name=f"{name}{part}"
        )(gate)
    return layers.Multiply(name=f"{name}excite")([x, gate])


def residual(x: Tensor, new: Tensor, dropped: float, name: str) -> Tensor:
    """x + new; in training `new` is left out for the part `dropped` of the images."""
    if dropped > 0:
        new = layers.Dropout(dropped, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(new)
    return layers.Add(name=f"{name}add")([new, x])


def classified(x: Tensor, dropout: float, options: Options, bias_initializer: Any = "zeros") -> Tensor:
    """Predictions of the mean features."""
    if dropout > 0:
        x = layers.Dropout(dropout, name="top_dropout")(x)
    return layers.Dense(
        options.classes,
        activation=options.classifier_activation,
        kernel_initializer=VarianceScaling(scale=1.0 / 3.0, mode="fan_out", distribution="uniform"),
        bias_initializer=bias_initializer,
        name="predictions",
    )(x)


EfficientNetB0 = efficientnet("b0")
EfficientNetB1 = efficientnet("b1")
EfficientNetB2 = efficientnet("b2")
EfficientNetB3 = efficientnet("b3")
EfficientNetB4 = efficientnet("b4")
EfficientNetB5 = efficientnet("b5")
EfficientNetB6 = efficientnet("b6")
EfficientNetB7 = efficientnet("b7")
preprocess_input = unchanged_input
