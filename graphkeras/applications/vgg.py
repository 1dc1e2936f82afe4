"""VGG: convolutions of 3x3 only, in five stages (Simonyan and Zisserman 2014, https://arxiv.org/abs/1409.1556)."""

from __future__ import annotations

from collections.abc import Callable

from .. import layers
from ..models import Model
from .classifier import Architecture, Options, Tensor, classifier_model, keras_files

FILTERS = (64, 128, 256, 512, 512)


def vgg(name: str, depths: tuple[int, ...], hashes: tuple[str, str]) -> Callable[..., Model]:
    """VGG with so many convolutions in each stage."""

    def features(x: Tensor) -> Tensor:
        for stage, (filters, depth) in enumerate(zip(FILTERS, depths, strict=True), 1):
            for k in range(1, depth + 1):
                x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"block{stage}_conv{k}")(x)
            x = layers.MaxPooling2D(2, strides=2, name=f"block{stage}_pool")(x)
        return x

    files = keras_files(name, f"{name}_weights_tf_dim_ordering_tf_kernels", hashes)
    about = f"VGG with {sum(depths)} convolutions and three dense layers. Inputs: `keras.applications.{name}.preprocess_input`."
    return classifier_model(name.upper(), name, Architecture(features, files, head=_head), about)


def _head(x: Tensor, options: Options) -> Tensor:
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(4096, activation="relu", name="fc1")(x)
    x = layers.Dense(4096, activation="relu", name="fc2")(x)
    return layers.Dense(options.classes, activation=options.classifier_activation, name="predictions")(x)


VGG16 = vgg("vgg16", (2, 2, 3, 3, 3), ("64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc"))
VGG19 = vgg("vgg19", (2, 2, 4, 4, 4), ("cbe5617147190e668d6c5d5026f83318", "253f8cb515780f3b799900260a226db6"))
