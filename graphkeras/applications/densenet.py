"""DenseNet: every layer of a block reads all layers before it (Huang and others 2016, https://arxiv.org/abs/1608.06993)."""

from __future__ import annotations

from collections.abc import Callable

from .. import layers
from ..models import Model
from .classifier import Architecture, Tensor, channel_axis, classifier_model, keras_files, named_pooled
from .imagenet_utils import decode_predictions as decode_predictions
from .preprocessing import preprocessing
from .resnet import normalized

#: Layers in the four blocks, by the number of all layers.
DEPTHS = {121: (6, 12, 24, 16), 169: (6, 12, 32, 32), 201: (6, 12, 48, 32)}
#: Channels that each layer adds.
GROWTH = 32
HASHES = {
    121: ("9d60b8095a5708f2dcce2bca79d332c7", "30ee3e1110167f948a6b9946edeeb738"),
    169: ("d699b8f76981ab1b30698df4c175e90b", "b8c4d4c20dd625c148057b9ff1c1176b"),
    201: ("1ceb130c1ea1b78c3bf6114dbdfd8807", "c13680b51ded0fb44dff2d8f86ac8bb1"),
}


def stem(x: Tensor) -> Tensor:
    x = layers.ZeroPadding2D(3)(x)
    x = layers.Conv2D(64, 7, strides=2, use_bias=False, name="conv1_conv")(x)
    x = normalized(x, "conv1", "conv1_relu")
    x = layers.ZeroPadding2D(1)(x)
    return layers.MaxPooling2D(3, strides=2, name="pool1")(x)


def layer(x: Tensor, name: str) -> Tensor:
    """x with `GROWTH` more channels: conv3x3(conv1x1(x)), each after normalization and relu."""
    new = normalized(x, f"{name}_0", f"{name}_0_relu")
    new = layers.Conv2D(4 * GROWTH, 1, use_bias=False, name=f"{name}_1_conv")(new)
    new = normalized(new, f"{name}_1", f"{name}_1_relu")
    new = layers.Conv2D(GROWTH, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(new)
    return layers.Concatenate(axis=channel_axis(), name=f"{name}_concat")([x, new])


def transition(x: Tensor, name: str) -> Tensor:
    """Half of the channels, half of the height and width."""
    x = normalized(x, name, f"{name}_relu")
    x = layers.Conv2D(x.shape[channel_axis()] // 2, 1, use_bias=False, name=f"{name}_conv")(x)
    return layers.AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)


def densenet(depth: int) -> Callable[..., Model]:
    """DenseNet with so many layers."""

    def features(x: Tensor) -> Tensor:
        x = stem(x)
        for stage, count in enumerate(DEPTHS[depth], 2):
            for k in range(1, count + 1):
                x = layer(x, f"conv{stage}_block{k}")
            if stage < 5:
                x = transition(x, f"pool{stage}")
        x = layers.BatchNormalization(axis=channel_axis(), epsilon=1.001e-5, name="bn")(x)
        return layers.Activation("relu", name="relu")(x)

    name = f"densenet{depth}"
    files = keras_files("densenet", f"{name}_weights_tf_dim_ordering_tf_kernels", HASHES[depth])
    about = f"DenseNet with {depth} layers. Inputs: `keras.applications.densenet.preprocess_input`."
    return classifier_model(f"DenseNet{depth}", name, Architecture(features, files, pool=named_pooled), about)


DenseNet121 = densenet(121)
DenseNet169 = densenet(169)
DenseNet201 = densenet(201)
preprocess_input = preprocessing("torch")
