"""InceptionV3: branches of small and of factorized convolutions (Szegedy and others 2015, https://arxiv.org/abs/1512.00567)."""

from __future__ import annotations

from .. import layers
from .classifier import Architecture, Tensor, channel_axis, classifier_model, keras_files
from .imagenet_utils import decode_predictions as decode_predictions
from .preprocessing import preprocessing

#: A convolution of a branch: filters and kernel.
Step = tuple[int, int | tuple[int, int]]


def convolved(x: Tensor, filters: int, kernel: int | tuple[int, int], strides: int = 1, padding: str = "same") -> Tensor:
    """Convolution, normalization without a scale, relu."""
    x = layers.Conv2D(filters, kernel, strides=strides, padding=padding, use_bias=False)(x)
    x = layers.BatchNormalization(axis=channel_axis(), scale=False)(x)
    return layers.Activation("relu")(x)


def branch(x: Tensor, *steps: Step) -> Tensor:
    """Convolutions one after the other."""
    for filters, kernel in steps:
        x = convolved(x, filters, kernel)
    return x


def narrowing_branch(x: Tensor, *steps: Step) -> Tensor:
    """Convolutions one after the other, the last with stride 2 and without padding."""
    x = branch(x, *steps[:-1])
    return convolved(x, *steps[-1], strides=2, padding="valid")


def joined(parts: list[Tensor], name: str | None = None) -> Tensor:
    """The channels of all parts."""
    return layers.Concatenate(axis=channel_axis(), name=name)(parts)


def stem(x: Tensor) -> Tensor:
    """Down to an eighth of the height and width: three convolutions and a pool, two convolutions and a pool."""
    x = convolved(x, 32, 3, strides=2, padding="valid")
    x = convolved(x, 32, 3, padding="valid")
    x = convolved(x, 64, 3)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = convolved(x, 80, 1, padding="valid")
    x = convolved(x, 192, 3, padding="valid")
    return layers.MaxPooling2D(3, strides=2)(x)


def pool_branch(x: Tensor, filters: int) -> Tensor:
    """The mean of each neighborhood of 3x3, then a convolution of 1x1."""
    return convolved(layers.AveragePooling2D(3, strides=1, padding="same")(x), filters, 1)


def square_block(x: Tensor, pool_filters: int, name: str) -> Tensor:
    """Branches with kernels of 1, 5 and twice 3 (figure 5 of the paper)."""
    parts = [
        branch(x, (64, 1)),
        branch(x, (48, 1), (64, 5)),
        branch(x, (64, 1), (96, 3), (96, 3)),
        pool_branch(x, pool_filters),
    ]
    return joined(parts, name)


def factorized_block(x: Tensor, filters: int, name: str) -> Tensor:
    """Branches with kernels of 1x7 and 7x1 in place of 7x7 (figure 6)."""
    row, column = (1, 7), (7, 1)
    once = branch(x, (192, 1)), branch(x, (filters, 1), (filters, row), (192, column))
    twice = branch(x, (filters, 1), (filters, column), (filters, row), (filters, column), (192, row))
    return joined([*once, twice, pool_branch(x, 192)], name)


def wide_block(x: Tensor, number: int) -> Tensor:
    """Branches that end side by side in 1x3 and 3x1 (figure 7)."""
    first = branch(x, (320, 1))
    single = branch(x, (384, 1))
    single = joined([branch(single, (384, (1, 3))), branch(single, (384, (3, 1)))], f"mixed9_{number}")
    double = branch(x, (448, 1), (384, 3))
    double = joined([branch(double, (384, (1, 3))), branch(double, (384, (3, 1)))])
    return joined([first, single, double, pool_branch(x, 192)], f"mixed{9 + number}")


def features(x: Tensor) -> Tensor:
    """The blocks mixed0 to mixed10; mixed3 and mixed8 halve height and width."""
    x = stem(x)
    for k, pool_filters in enumerate((32, 64, 64)):
        x = square_block(x, pool_filters, f"mixed{k}")
    parts = [narrowing_branch(x, (384, 3)), narrowing_branch(x, (64, 1), (96, 3), (96, 3))]
    x = joined([*parts, layers.MaxPooling2D(3, strides=2)(x)], "mixed3")
    for k, filters in enumerate((128, 160, 160, 192), 4):
        x = factorized_block(x, filters, f"mixed{k}")
    parts = [narrowing_branch(x, (192, 1), (320, 3)), narrowing_branch(x, (192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3))]
    x = joined([*parts, layers.MaxPooling2D(3, strides=2)(x)], "mixed8")
    return wide_block(wide_block(x, 0), 1)


_FILES = keras_files(
    "inception_v3",
    "inception_v3_weights_tf_dim_ordering_tf_kernels",
    ("9a0d58056eeedaa3f26cb7ebd46da564", "bcbd6486424b2319ff4ef7d526e38f63"),
)
InceptionV3 = classifier_model(
    "InceptionV3",
    "inception_v3",
    Architecture(features, _FILES, size=299, minimum=75),
    "InceptionV3. Inputs: `keras.applications.inception_v3.preprocess_input`.",
)
preprocess_input = preprocessing("tf")
