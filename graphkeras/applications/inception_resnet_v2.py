"""InceptionResNetV2: Inception's branches as residual blocks (Szegedy and others 2016, https://arxiv.org/abs/1602.07261)."""

from __future__ import annotations

from typing import Any

from .. import layers
from .classifier import Architecture, Tensor, channel_axis, classifier_model, keras_files
from .imagenet_utils import decode_predictions as decode_predictions
from .inception_v3 import Step, branch, joined, narrowing_branch, pool_branch, stem
from .preprocessing import preprocessing

#: The branches of the three kinds of residual blocks, and how much of what they give is added.
BLOCKS: dict[str, tuple[float, tuple[tuple[Step, ...], ...]]] = {
    "block35": (0.17, (((32, 1),), ((32, 1), (32, 3)), ((32, 1), (48, 3), (64, 3)))),
    "block17": (0.1, (((192, 1),), ((128, 1), (160, (1, 7)), (192, (7, 1))))),
    "block8": (0.2, (((192, 1),), ((192, 1), (224, (1, 3)), (256, (3, 1))))),
}


class CustomScaleLayer(layers.Layer):
    """inputs[0] + scale * inputs[1]."""

    def __init__(self, scale: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs: Any) -> Any:
        return inputs[0] + inputs[1] * self.scale

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale}


def block(x: Tensor, kind: str, number: int, scale: float | None = None, is_active: bool = True) -> Tensor:
    """relu(x + scale * conv1x1(branches))."""
    usual_scale, branches = BLOCKS[kind]
    name = f"{kind}_{number}"
    new = joined([branch(x, *steps) for steps in branches], f"{name}_mixed")
    new = layers.Conv2D(x.shape[channel_axis()], 1, padding="same", name=f"{name}_conv")(new)
    x = CustomScaleLayer(usual_scale if scale is None else scale)([x, new])
    return layers.Activation("relu", name=f"{name}_ac")(x) if is_active else x


def features(x: Tensor) -> Tensor:
    """Ten blocks of 35x35, twenty of 17x17, ten of 8x8 (for images of 299x299), and between them narrowing branches."""
    x = stem(x)
    parts = [branch(x, (96, 1)), branch(x, (48, 1), (64, 5)), branch(x, (64, 1), (96, 3), (96, 3)), pool_branch(x, 64)]
    x = joined(parts, "mixed_5b")
    for k in range(1, 11):
        x = block(x, "block35", k)
    parts = [narrowing_branch(x, (384, 3)), narrowing_branch(x, (256, 1), (256, 3), (384, 3))]
    x = joined([*parts, layers.MaxPooling2D(3, strides=2)(x)], "mixed_6a")
    for k in range(1, 21):
        x = block(x, "block17", k)
    parts = [
        narrowing_branch(x, (256, 1), (384, 3)),
        narrowing_branch(x, (256, 1), (288, 3)),
        narrowing_branch(x, (256, 1), (288, 3), (320, 3)),
    ]
    x = joined([*parts, layers.MaxPooling2D(3, strides=2)(x)], "mixed_7a")
    for k in range(1, 10):
        x = block(x, "block8", k)
    x = block(x, "block8", 10, scale=1.0, is_active=False)
    x = layers.Conv2D(1536, 1, padding="same", use_bias=False, name="conv_7b")(x)
    x = layers.BatchNormalization(axis=channel_axis(), scale=False, name="conv_7b_bn")(x)
    return layers.Activation("relu", name="conv_7b_ac")(x)


_FILES = keras_files(
    "inception_resnet_v2",
    "inception_resnet_v2_weights_tf_dim_ordering_tf_kernels",
    ("e693bd0210a403b3192acc6073ad2e96", "d19885ff4a710c122648d3b5c3b684e4"),
)
InceptionResNetV2 = classifier_model(
    "InceptionResNetV2",
    "inception_resnet_v2",
    Architecture(features, _FILES, size=299, minimum=75),
    "InceptionResNetV2. Inputs: `keras.applications.inception_resnet_v2.preprocess_input`.",
)
preprocess_input = preprocessing("tf")
