"""Xception: separable convolutions around shortcuts (Chollet 2016, https://arxiv.org/abs/1610.02357)."""

from __future__ import annotations

from .. import layers
from .classifier import Architecture, Tensor, channel_axis, classifier_model, keras_files
from .imagenet_utils import decode_predictions as decode_predictions
from .preprocessing import preprocessing


def features(x: Tensor) -> Tensor:
    """Blocks 1 to 14: two convolutions, three narrowing blocks, eight of one shape, a narrowing one, two convolutions."""
    for k, (filters, strides) in enumerate(((32, 2), (64, 1)), 1):
        x = layers.Conv2D(filters, 3, strides=strides, use_bias=False, name=f"block1_conv{k}")(x)
        x = _normalized(x, f"block1_conv{k}")
        x = _active(x, f"block1_conv{k}")
    for block, filters in ((2, 128), (3, 256), (4, 728)):
        x = narrowed(x, (filters, filters), f"block{block}", starts_active=block > 2)
    for block in range(5, 13):
        new = x
        for k in (1, 2, 3):
            new = separable(_active(new, f"block{block}_sepconv{k}"), 728, f"block{block}_sepconv{k}")
        x = layers.Add()([new, x])
    x = narrowed(x, (728, 1024), "block13")
    for k, filters in enumerate((1536, 2048), 1):
        x = _active(separable(x, filters, f"block14_sepconv{k}"), f"block14_sepconv{k}")
    return x


def narrowed(x: Tensor, filters: tuple[int, int], name: str, starts_active: bool = True) -> Tensor:
    """Two separable convolutions and a pool of stride 2, plus a shortcut of 1x1."""
    shortcut = layers.Conv2D(filters[1], 1, strides=2, padding="same", use_bias=False)(x)
    shortcut = layers.BatchNormalization(axis=channel_axis(-1))(shortcut)
    for k, count in enumerate(filters, 1):
        if starts_active or k > 1:
            x = _active(x, f"{name}_sepconv{k}")
        x = separable(x, count, f"{name}_sepconv{k}")
    x = layers.MaxPooling2D(3, strides=2, padding="same", name=f"{name}_pool")(x)
    return layers.Add()([x, shortcut])


def separable(x: Tensor, filters: int, name: str) -> Tensor:
    x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
    return _normalized(x, name)


def _normalized(x: Tensor, name: str) -> Tensor:
    return layers.BatchNormalization(axis=channel_axis(-1), name=f"{name}_bn")(x)


def _active(x: Tensor, name: str) -> Tensor:
    return layers.Activation("relu", name=f"{name}_act")(x)


_FILES = keras_files(
    "xception",
    "xception_weights_tf_dim_ordering_tf_kernels",
    ("0a58e3b7378bc2990ea3b43d5981f1f6", "b0042744bf5b25fce3cb969f33bebb97"),
)
Xception = classifier_model(
    "Xception",
    "xception",
    Architecture(features, _FILES, size=299, minimum=71),
    "Xception. Inputs: `keras.applications.xception.preprocess_input`.",
)
preprocess_input = preprocessing("tf")
