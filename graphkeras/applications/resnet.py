"""ResNet: residual blocks of three convolutions (He and others 2015, https://arxiv.org/abs/1512.03385)."""

from __future__ import annotations

from collections.abc import Callable

from .. import layers
from ..models import Model
from .classifier import Architecture, Tensor, channel_axis, classifier_model, keras_files, named_pooled
from .imagenet_utils import decode_predictions as decode_predictions
from .preprocessing import preprocessing

#: Blocks in the stages conv2 to conv5, by the number of layers.
DEPTHS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
FILTERS = (64, 128, 256, 512)
HASHES = {
    50: ("2cb95161c43110f7111970584f804107", "4d473c1dd8becc155b73f8504c6f6626"),
    101: ("f1aeb4b969a6efcfb50fad2f0c20cfc5", "88cf7a10940856eca736dc7b7e228a21"),
    152: ("100835be76be38e30d865e96f2aaae62", "ee4c566cf9a93f14d82f913c2dc6dd0c"),
}


def normalized(x: Tensor, name: str, activation: str | None = None) -> Tensor:
    """Batch normalization `name`_bn and, if asked for, a relu named `activation`."""
    x = layers.BatchNormalization(axis=channel_axis(), epsilon=1.001e-5, name=f"{name}_bn")(x)
    return x if activation is None else layers.Activation("relu", name=activation)(x)


def stem(x: Tensor, is_normalized: bool = True) -> Tensor:
    """A convolution of 7x7 and a pool, each with stride 2."""
    x = layers.ZeroPadding2D(3, name="conv1_pad")(x)
    x = layers.Conv2D(64, 7, strides=2, name="conv1_conv")(x)
    if is_normalized:
        x = normalized(x, "conv1", "conv1_relu")
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    return layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)


def block(x: Tensor, filters: int, strides: int, name: str, projects: bool) -> Tensor:
    """relu(shortcut + conv1x1(conv3x3(conv1x1(x)))); the first block of a stage projects its shortcut."""
    shortcut = x
    if projects:
        shortcut = layers.Conv2D(4 * filters, 1, strides=strides, name=f"{name}_0_conv")(x)
        shortcut = normalized(shortcut, f"{name}_0")
    x = layers.Conv2D(filters, 1, strides=strides, name=f"{name}_1_conv")(x)
    x = normalized(x, f"{name}_1", f"{name}_1_relu")
    x = layers.Conv2D(filters, 3, padding="same", name=f"{name}_2_conv")(x)
    x = normalized(x, f"{name}_2", f"{name}_2_relu")
    x = layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    x = normalized(x, f"{name}_3")
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.Activation("relu", name=f"{name}_out")(x)


def resnet(depth: int) -> Callable[..., Model]:
    """ResNet with so many layers."""

    def features(x: Tensor) -> Tensor:
        x = stem(x)
        for stage, (filters, blocks) in enumerate(zip(FILTERS, DEPTHS[depth], strict=True), 2):
            for k in range(1, blocks + 1):
                strides = 2 if k == 1 and stage > 2 else 1
                x = block(x, filters, strides, f"conv{stage}_block{k}", projects=k == 1)
        return x

    name = f"resnet{depth}"
    files = keras_files("resnet", f"{name}_weights_tf_dim_ordering_tf_kernels", HASHES[depth])
    about = f"ResNet with {depth} layers. Inputs: `keras.applications.resnet.preprocess_input`."
    return classifier_model(f"ResNet{depth}", name, Architecture(features, files, pool=named_pooled), about)


ResNet50 = resnet(50)
ResNet101 = resnet(101)
ResNet152 = resnet(152)
preprocess_input = preprocessing("caffe")
