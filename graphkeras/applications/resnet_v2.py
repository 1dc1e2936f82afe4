"""ResNet V2: normalization and relu before each convolution (He and others 2016, https://arxiv.org/abs/1603.05027)."""

from __future__ import annotations

from collections.abc import Callable

from .. import layers
from ..models import Model
from .classifier import Architecture, Tensor, classifier_model, keras_files, named_pooled
from .imagenet_utils import decode_predictions as decode_predictions
from .preprocessing import preprocessing
from .resnet import DEPTHS, FILTERS, normalized, stem

HASHES = {
    50: ("3ef43a0b657b3be2300d5770ece849e0", "fac2f116257151a9d068a22e544a4917"),
    101: ("6343647c601c52e1368623803854d971", "c0ed64b8031c3730f411d2eb4eea35b5"),
    152: ("a49b44d1979771252814e80f8ec446f9", "ed17cf2e0169df9d443503ef94b23b33"),
}


def block(x: Tensor, filters: int, strides: int, name: str, projects: bool) -> Tensor:
    """shortcut + conv1x1(conv3x3(conv1x1(relu(norm(x))))); the last block of a stage has the stride."""
    active = normalized(x, f"{name}_preact", f"{name}_preact_relu")
    if projects:
        shortcut = layers.Conv2D(4 * filters, 1, strides=strides, name=f"{name}_0_conv")(active)
    else:
        shortcut = layers.MaxPooling2D(1, strides=strides)(x) if strides > 1 else x
    x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_1_conv")(active)
    x = normalized(x, f"{name}_1", f"{name}_1_relu")
    x = layers.ZeroPadding2D(1, name=f"{name}_2_pad")(x)
    x = layers.Conv2D(filters, 3, strides=strides, use_bias=False, name=f"{name}_2_conv")(x)
    x = normalized(x, f"{name}_2", f"{name}_2_relu")
    x = layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    return layers.Add(name=f"{name}_out")([shortcut, x])


def resnet_v2(depth: int) -> Callable[..., Model]:
    """ResNet V2 with so many layers."""

    def features(x: Tensor) -> Tensor:
        x = stem(x, is_normalized=False)
        for stage, (filters, blocks) in enumerate(zip(FILTERS, DEPTHS[depth], strict=True), 2):
            for k in range(1, blocks + 1):
                strides = 2 if k == blocks and stage < 5 else 1
                x = block(x, filters, strides, f"conv{stage}_block{k}", projects=k == 1)
        return normalized(x, "post", "post_relu")

    name = f"resnet{depth}v2"
    files = keras_files("resnet", f"{name}_weights_tf_dim_ordering_tf_kernels", HASHES[depth])
    about = f"ResNet V2 with {depth} layers. Inputs: `keras.applications.resnet_v2.preprocess_input`."
    return classifier_model(f"ResNet{depth}V2", name, Architecture(features, files, pool=named_pooled), about)


ResNet50V2 = resnet_v2(50)
ResNet101V2 = resnet_v2(101)
ResNet152V2 = resnet_v2(152)
preprocess_input = preprocessing("tf")
