"""ConvNeXt: convolutional nets built like vision transformers (Liu and others 2022, https://arxiv.org/abs/2201.03545)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from .. import layers
from ..initializers import Constant
from ..models import Model, Sequential
from .classifier import Architecture, Options, Tensor, build, channel_axis, keras_files, pooled, public
from .imagenet_utils import decode_predictions as decode_predictions
from .preprocessing import unchanged_input

_EPSILON = 1e-6
#: Mean and variance of each color of ImageNet, of values from 0 to 255.
_MEAN, _DEVIATION = (0.485 * 255, 0.456 * 255, 0.406 * 255), (0.229 * 255, 0.224 * 255, 0.225 * 255)
#: Blocks and filters of the four stages, then the hashes of the files.
KINDS: dict[str, tuple[tuple[int, ...], tuple[int, ...], tuple[str, str]]] = {
    "tiny": (
        (3, 3, 9, 3),
        (96, 192, 384, 768),
        (
            "8ae6e78ce2933352b1ef4008e6dd2f17bc40771563877d156bc6426c7cf503ff",
            "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
        ),
    ),
    "small": (
        (3, 3, 27, 3),
        (96, 192, 384, 768),
        (
            "ce1277d8f1ee5a0ef0e171469089c18f5233860ceaf9b168049cb9263fd7483c",
            "6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab",
        ),
    ),
    "base": (
        (3, 3, 27, 3),
        (128, 256, 512, 1024),
        (
            "52cbb006d3dadd03f6e095a8ca1aca47aecdd75acb4bc74bce1f5c695d0086e6",
            "40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45",
        ),
    ),
    "large": (
        (3, 3, 27, 3),
        (192, 384, 768, 1536),
        (
            "070c5ed9ed289581e477741d3b34beffa920db8cf590899d6d2c67fba2a198a6",
            "96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd",
        ),
    ),
    "xlarge": (
        (3, 3, 27, 3),
        (256, 512, 1024, 2048),
        (
            "c1f5ccab661354fc3a79a10fa99af82f0fbf10ec65cb894a3ae0815f17a889ee",
            "de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05",
        ),
    ),
}


class LayerScale(layers.Layer):
    """inputs * gamma: one trained factor for each channel, `init_values` at the start.

    Args:
        init_values: the factors before training.
        projection_dim: the number of channels.
    """

    def __init__(self, init_values: float, projection_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.init_values = init_values
        self.projection_dim = projection_dim

    def build(self, input_shape: Any) -> None:
        self.gamma = self.add_weight(
            name="gamma", shape=(self.projection_dim,), initializer=Constant(self.init_values), trainable=True
        )

    def call(self, inputs: Any) -> Any:
        return inputs * self.gamma

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "init_values": self.init_values, "projection_dim": self.projection_dim}


def convnext(size: str, function_name: str) -> Callable[..., Model]:
    """The function that makes one of `KINDS`."""
    depths, widths, hashes = KINDS[size]
    default_name = f"convnext_{size}"

    def make(
        include_top: bool = True,
        include_preprocessing: bool = True,
        weights: str | os.PathLike[str] | None = "imagenet",
        input_tensor: Any = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        name: str | None = default_name,
    ) -> Model:
        options = Options(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
        prefix = default_name if name is None else name

        def features(x: Tensor) -> Tensor:
            if include_preprocessing:
                x = scaled(x, f"{prefix}_prestem_normalization")
            x = convolutions(x, depths, widths, prefix)
            # Without the classifier the last normalization comes after the pool.
            return x if include_top or pooling is not None else layers.LayerNormalization(epsilon=_EPSILON)(x)

        def head(x: Tensor, options: Options) -> Tensor:
            x = layers.GlobalAveragePooling2D(name=f"{prefix}_head_gap")(x)
            x = layers.LayerNormalization(epsilon=_EPSILON, name=f"{prefix}_head_layernorm")(x)
            return layers.Dense(options.classes, activation=options.classifier_activation, name=f"{prefix}_head_dense")(x)

        files = keras_files("convnext", default_name, hashes)
        return build(options, Architecture(features, files, head=head, pool=_pooled))

    return public(make, function_name, f"ConvNeXt, {size}. Inputs: values from 0 to 255.\n{_EXTRAS}")


def _pooled(x: Tensor, pooling: str) -> Tensor:
    return layers.LayerNormalization(epsilon=_EPSILON)(pooled(x, pooling))


def scaled(x: Tensor, name: str) -> Tensor:
    """Colors from 0 to 255 with the mean 0 and deviation 1."""
    return layers.Normalization(
        mean=list(_MEAN), variance=[deviation**2 for deviation in _DEVIATION], axis=channel_axis(-1), name=name
    )(x)


def convolutions(x: Tensor, depths: tuple[int, ...], widths: tuple[int, ...], name: str) -> Tensor:
    """Four stages of blocks; before each height and width are divided by 4 (the first) or 2."""
    for stage, (depth, width) in enumerate(zip(depths, widths, strict=True)):
        if stage == 0:
            conv = layers.Conv2D(width, 4, strides=4, name=f"{name}_stem_conv")
            norm = layers.LayerNormalization(epsilon=_EPSILON, name=f"{name}_stem_layernorm")
            x = Sequential([conv, norm], name=f"{name}_stem")(x)
        else:
            norm = layers.LayerNormalization(epsilon=_EPSILON, name=f"{name}_downsampling_layernorm_{stage - 1}")
            conv = layers.Conv2D(width, 2, strides=2, name=f"{name}_downsampling_conv_{stage - 1}")
            x = Sequential([norm, conv], name=f"{name}_downsampling_block_{stage - 1}")(x)
        for k in range(depth):
            x = block(x, width, f"{name}_stage_{stage}_block_{k}")
    return x


def block(x: Tensor, width: int, name: str) -> Tensor:
    """x + scale * narrow(gelu(widen(norm(depthwise(x)))))."""
    new = layers.Conv2D(width, 7, padding="same", groups=width, name=f"{name}_depthwise_conv")(x)
    new = layers.LayerNormalization(epsilon=_EPSILON, name=f"{name}_layernorm")(new)
    new = layers.Dense(4 * width, name=f"{name}_pointwise_conv_1")(new)
    new = layers.Activation("gelu", name=f"{name}_gelu")(new)
    new = layers.Dense(width, name=f"{name}_pointwise_conv_2")(new)
    new = LayerScale(1e-6, width, name=f"{name}_layer_scale")(new)
    new = layers.Activation("linear", name=f"{name}_identity")(new)
    return x + new


_EXTRAS = """
    Args:
        include_preprocessing: whether the model scales images itself; else give it colors with the mean 0 and deviation 1.
"""

ConvNeXtTiny = convnext("tiny", "ConvNeXtTiny")
ConvNeXtSmall = convnext("small", "ConvNeXtSmall")
ConvNeXtBase = convnext("base", "ConvNeXtBase")
ConvNeXtLarge = convnext("large", "ConvNeXtLarge")
ConvNeXtXLarge = convnext("xlarge", "ConvNeXtXLarge")
preprocess_input = unchanged_input
