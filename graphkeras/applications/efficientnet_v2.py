"""EfficientNetV2: EfficientNet with plain convolutions in its first stages (Tan and Le 2021, https://arxiv.org/abs/2104.00298)."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any, NamedTuple

from .. import layers
from ..initializers import Constant
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
    public,
)
from .efficientnet import DROPPED_BLOCKS, active, classified, excited, normalized, pointwise, residual, spread
from .imagenet_utils import decode_predictions as decode_predictions
from .preprocessing import unchanged_input

_MOMENTUM = 0.9
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Stage(NamedTuple):
    """Blocks of one kind: how many, filters, how much they widen, stride of the first, whether they are fused."""

    blocks: int
    filters: int
    widening: int
    strides: int
    fused: bool


_SMALLEST = (
    Stage(1, 16, 1, 1, True),
    Stage(2, 32, 4, 2, True),
    Stage(2, 48, 4, 2, True),
    Stage(3, 96, 4, 2, False),
    Stage(5, 112, 6, 1, False),
    Stage(8, 192, 6, 2, False),
)
_S = (
    Stage(2, 24, 1, 1, True),
    Stage(4, 48, 4, 2, True),
    Stage(4, 64, 4, 2, True),
    Stage(6, 128, 4, 2, False),
    Stage(9, 160, 6, 1, False),
    Stage(15, 256, 6, 2, False),
)
_M = (
    Stage(3, 24, 1, 1, True),
    Stage(5, 48, 4, 2, True),
    Stage(5, 80, 4, 2, True),
    Stage(7, 160, 4, 2, False),
    Stage(14, 176, 6, 1, False),
    Stage(18, 304, 6, 2, False),
    Stage(5, 512, 6, 1, False),
)
_L = (
    Stage(4, 32, 1, 1, True),
    Stage(7, 64, 4, 2, True),
    Stage(7, 96, 4, 2, True),
    Stage(10, 192, 4, 2, False),
    Stage(19, 224, 6, 1, False),
    Stage(25, 384, 6, 2, False),
    Stage(7, 640, 6, 1, False),
)


class Kind(NamedTuple):
    """One model: its stages, filters of the stem, width, depth, image size, and the hashes of its files."""

    stages: tuple[Stage, ...]
    stem: int
    width: float
    depth: float
    size: int
    hashes: tuple[str, str]


KINDS = {
    "b0": Kind(_SMALLEST, 32, 1.0, 1.0, 224, ("21ecbf6da12460d5c40bb2f29ceb2188", "893217f2bb855e2983157299931e43ff")),
    "b1": Kind(_SMALLEST, 32, 1.0, 1.1, 240, ("069f0534ff22adf035c89e2d9547a9dc", "0e80663031ca32d657f9caa404b6ec37")),
    "b2": Kind(_SMALLEST, 32, 1.1, 1.2, 260, ("424e49f28180edbde1e94797771950a7", "1dfe2e7a5d45b6632553a8961ea609eb")),
    "b3": Kind(_SMALLEST, 32, 1.2, 1.4, 300, ("1f1fc43bd98a6e4fd8fdfd551e02c7a0", "f6abf7b5849ac99a89b50dd3fd532856")),
    "s": Kind(_S, 24, 1.0, 1.0, 384, ("e1d88a8495beba45748fedd0cecbe016", "af0682fb74e8c54910f2d4393339c070")),
    "m": Kind(_M, 24, 1.0, 1.0, 480, ("a3bf6aa3276309f4fc6a34aa114c95cd", "1b8dc055df72dde80d614482840fe342")),
    "l": Kind(_L, 32, 1.0, 1.0, 480, ("27e6d408b53c7ebc868fefa357689935", "b0b66b5c863aef5b46e8608fe1711615")),
}


def efficientnet_v2(letter: str) -> Callable[..., Model]:
    """The function that makes one of `KINDS`."""
    kind = KINDS[letter]
    default_name = f"efficientnetv2-{letter}"

    def make(
        include_top: bool = True,
        weights: str | os.PathLike[str] | None = "imagenet",
        input_tensor: Any = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        include_preprocessing: bool = True,
        name: str | None = default_name,
    ) -> Model:
        options = Options(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)

        def features(x: Tensor) -> Tensor:
            if include_preprocessing:
                x = scaled(x, letter)
            return convolutions(x, kind)

        files = keras_files("efficientnet_v2", default_name, kind.hashes)
        return build(options, Architecture(features, files, size=kind.size, head=_head, pool=named_pooled))

    about = f"EfficientNetV2-{letter.upper()}. Inputs: values from 0 to 255.\n{_EXTRAS}"
    return public(make, f"EfficientNetV2{letter.upper()}", about)


def _head(x: Tensor, options: Options) -> Tensor:
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return classified(x, 0.2, options, bias_initializer=Constant(0.0))


def scaled(x: Tensor, letter: str) -> Tensor:
    """Pixels from 0 to 255 as the nets take them: colors of B models by mean and deviation, all others from -1 to 1."""
    if not letter.startswith("b") or x.shape[channel_axis()] != 3:
        return layers.Rescaling(scale=1.0 / 128.0, offset=-1)(x)
    x = layers.Rescaling(scale=1.0 / 255)(x)
    return layers.Normalization(mean=list(_MEAN), variance=[s**2 for s in _DEVIATION], axis=channel_axis())(x)


def convolutions(x: Tensor, kind: Kind) -> Tensor:
    """The stem, all blocks, and the last convolution of 1x1."""
    x = square(x, multiple_of_8(kind.stem * kind.width, least=0), 3, 2, "stem_conv")
    x = active(normalized(x, "stem_bn", _MOMENTUM), "stem_activation")
    of_all = sum(stage.blocks for stage in kind.stages)  # Keras counts the blocks of the unscaled model
    done = 0
    for number, stage in enumerate(kind.stages, 1):
        for k in range(math.ceil(kind.depth * stage.blocks)):
            own = stage._replace(
                filters=multiple_of_8(stage.filters * kind.width, least=0), strides=stage.strides if k == 0 else 1
            )
            x = block(own, x, DROPPED_BLOCKS * done / of_all, f"block{number}{chr(ord('a') + k)}_")
            done += 1
    x = pointwise(x, multiple_of_8(1280 * kind.width, least=0), "top_conv")
    return active(normalized(x, "top_bn", _MOMENTUM), "top_activation")


def block(stage: Stage, x: Tensor, dropped: float, name: str) -> Tensor:
    """x + narrow(excite(depthwise(widen(x)))); a fused block widens by a convolution of 3x3 in place of the first two."""
    channels = x.shape[channel_axis()]
    wide = channels * stage.widening
    new = x
    if stage.widening > 1:
        expand = f"{name}expand_conv"
        new = square(new, wide, 3, stage.strides, expand) if stage.fused else pointwise(new, wide, expand)
        new = active(normalized(new, f"{name}expand_bn", _MOMENTUM), f"{name}expand_activation")
    if not stage.fused:
        new = layers.DepthwiseConv2D(
            3,
            strides=stage.strides,
            padding="same",
            use_bias=False,
            depthwise_initializer=spread(),
            name=f"{name}dwconv2",
        )(new)
        new = active(normalized(new, f"{name}bn", _MOMENTUM), f"{name}activation")
        new = excited(new, max(1, channels // 4), f"{name}se_")
    project = f"{name}project_conv"
    narrows = stage.widening > 1
    new = pointwise(new, stage.filters, project) if narrows else square(new, stage.filters, 3, stage.strides, project)
    new = normalized(new, f"{name}project_bn", _MOMENTUM)
    if not narrows:
        new = active(new, f"{name}project_activation")
    return residual(x, new, dropped, name) if stage.strides == 1 and channels == stage.filters else new


def square(x: Tensor, filters: int, kernel: int, strides: int, name: str) -> Tensor:
    """A plain convolution."""
    return layers.Conv2D(
        filters, kernel, strides=strides, padding="same", use_bias=False, kernel_initializer=spread(), name=name
    )(x)


_EXTRAS = """
    Args:
        include_preprocessing: whether the model scales images itself; else give it values from -1 to 1 (B models: with the mean
            0 and deviation 1 of each color).
"""

EfficientNetV2B0 = efficientnet_v2("b0")
EfficientNetV2B1 = efficientnet_v2("b1")
EfficientNetV2B2 = efficientnet_v2("b2")
EfficientNetV2B3 = efficientnet_v2("b3")
EfficientNetV2S = efficientnet_v2("s")
EfficientNetV2M = efficientnet_v2("m")
EfficientNetV2L = efficientnet_v2("l")
preprocess_input = unchanged_input
