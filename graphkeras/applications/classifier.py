"""The frame that all models of `keras.applications` share: arguments, input, classifier, published weights."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import activations, config, layers
from ..data.download import get_file
from ..loading import numbers_come_from_a_file
from ..models import Model
from ..tensor import KerasTensor
from ..utils.sources import get_source_inputs

#: Where Keras publishes weights; most files are in a folder of their family.
KERAS_FILES = "https://storage.googleapis.com/tensorflow/keras-applications/"
#: A symbolic tensor. What layers return has no narrower type.
Tensor = Any


@dataclass(frozen=True)
class Options:
    """The arguments that users give to every model; `classifier_model` explains them."""

    include_top: bool
    weights: str | os.PathLike[str] | None
    input_tensor: Any
    input_shape: Any
    pooling: str | None
    classes: int
    classifier_activation: Any
    name: str | None

    @property
    def pretrained(self) -> bool:
        """Whether the weights are those that Keras publishes."""
        return self.weights == "imagenet"


@dataclass(frozen=True)
class WeightsFile:
    """A published file: its address, its hash (MD5 or SHA-256; some have none), and its name on disk if another one."""

    address: str
    file_hash: str | None = None
    name: str | None = None

    def fetch(self) -> str:
        """The path on disk, in ~/.keras/models, downloaded if it is not there."""
        return get_file(self.name, self.address, cache_subdir="models", file_hash=self.file_hash)


@dataclass(frozen=True)
class Architecture:
    """What a family of models tells the frame.

    Args:
        features: makes feature maps of images.
        files: the published weights with and without the classifier.
        size: height and width of the images that the classifier was trained on.
        minimum: the least height and width.
        head: makes predictions of feature maps.
        pool: makes one vector for each image of feature maps, by "avg" or "max".
        sizes_stay_open: whether images of any size are taken by default, with a classifier, too.
        needs_size: whether height and width must be known, without the classifier, too.
        named: makes the model's name of the images' height if the user gives none.
    """

    features: Callable[[Tensor], Tensor]
    files: tuple[WeightsFile, WeightsFile]
    size: int = 224
    minimum: int = 32
    head: Callable[[Tensor, Options], Tensor] | None = None
    pool: Callable[[Tensor, str], Tensor] | None = None
    sizes_stay_open: bool = False
    needs_size: bool = False
    named: Callable[[Any], str] | None = None


def keras_files(folder: str, stem: str, hashes: tuple[str | None, str | None], without: str = "_notop") -> Any:
    """The two published files `stem`.h5 and `stem`_notop.h5 of a folder."""
    return tuple(WeightsFile(f"{KERAS_FILES}{folder}/{stem}{end}.h5", known) for end, known in zip(("", without), hashes))


# ---- building ---------------------------------------------------------------------------------------------------------


def build(options: Options, architecture: Architecture) -> Model:
    """The model that `options` ask for.

    Raises:
        ValueError: for arguments that do not fit each other.
        ConnectionError: if weights are not on disk yet and their address does not answer.
    """
    check(options)
    shape = image_shape(options, architecture)
    image = _image(options, shape, architecture)
    if options.weights is None:
        return _connected(options, architecture, image)
    path = architecture.files[0 if options.include_top else 1].fetch() if options.pretrained else options.weights
    with numbers_come_from_a_file():
        model = _connected(options, architecture, image)
    model.load_weights(path)
    return model


def _connected(options: Options, architecture: Architecture, image: Tensor) -> Model:
    x = architecture.features(image)
    if options.include_top:
        x = (architecture.head or dense_head)(x, options)
    elif options.pooling is not None:
        x = (architecture.pool or pooled)(x, options.pooling)
    sources = image if options.input_tensor is None else get_source_inputs(image)
    name = options.name
    if name is None and architecture.named is not None:
        name = architecture.named(sizes_of(image.shape[1:])[0])
    return Model(sources, x, name=name)


def dense_head(x: Tensor, options: Options) -> Tensor:
    """The usual classifier: the mean of each feature, then one dense layer."""
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return layers.Dense(options.classes, activation=options.classifier_activation, name="predictions")(x)


def pooled(x: Tensor, pooling: str) -> Tensor:
    """Mean or maximum of each feature, by layers without a name of their own."""
    return (layers.GlobalAveragePooling2D() if pooling == "avg" else layers.GlobalMaxPooling2D())(x)


def named_pooled(x: Tensor, pooling: str) -> Tensor:
    """Mean or maximum of each feature, by a layer named avg_pool or max_pool."""
    if pooling == "avg":
        return layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return layers.GlobalMaxPooling2D(name="max_pool")(x)


# ---- layouts ----------------------------------------------------------------------------------------------------------


def channel_axis(last: int = 3) -> int:
    """The axis of colors and features in a batch; `last` is how the family's files spell the last axis."""
    return 1 if config.image_data_format() == "channels_first" else last


def sizes_of(shape: Any) -> tuple[Any, Any]:
    """Height and width in the shape of one image."""
    height, width = shape[1:] if channel_axis() == 1 else shape[:2]
    return height, width


def same_padding(x: Tensor, kernel: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """The zeros around `x` for a stride of 2 so that windows end at the last pixel: one less before an even size."""
    half = kernel // 2
    sizes = sizes_of(x.shape[1:])
    before = [half - (1 if size is None or size % 2 == 0 else 0) for size in sizes]
    return (before[0], half), (before[1], half)


def multiple_of_8(value: float, least: float = 0.9) -> int:
    """`value` rounded to a multiple of 8, but not below `least` times `value`."""
    rounded = max(8, int(value + 4) // 8 * 8)
    return rounded + 8 if rounded < least * value else rounded


# ---- checking ---------------------------------------------------------------------------------------------------------


def check(options: Options) -> None:
    """Refuse arguments that contradict each other.

    Raises:
        ValueError: says which.
    """
    weights = options.weights
    if weights is not None and not options.pretrained and not Path(weights).exists():
        raise ValueError(
            f"weights must be 'imagenet', None for random numbers, or the path of a file; there is "
            f"no file {os.fspath(weights)!r}."
        )
    if options.pretrained and options.include_top and options.classes != 1000:
        raise ValueError(
            f"The classifier with weights='imagenet' has 1000 classes, got classes={options.classes}. For other classes take "
            "include_top=False and add a Dense layer, or weights=None."
        )
    if options.pooling not in (None, "avg", "max"):
        raise ValueError(f"pooling must be None, 'avg' or 'max', got {options.pooling!r}.")
    if options.include_top and (not isinstance(options.classes, int) or options.classes < 1):
        raise ValueError(f"classes must be a number of classes, at least 1, got {options.classes!r}.")
    if weights is not None and options.include_top:
        activation = activations.get(options.classifier_activation)
        if activation not in (activations.get(None), activations.get("softmax")):
            raise ValueError(
                "With weights the classifier's activation is 'softmax', or None for logits, as it was trained; got "
                f"classifier_activation={options.classifier_activation!r}. Take include_top=False and add your own classifier."
            )


def only_published(options: Options, argument: str, value: Any, allowed: tuple[Any, ...]) -> None:
    """Refuse another `value` if published weights are asked for.

    Raises:
        ValueError: says which values have weights.
    """
    if options.pretrained and value not in allowed:
        raise ValueError(
            f"weights='imagenet' are published for {argument}={' or '.join(map(str, allowed))}, got {argument}={value!r}. "
            "Take one of these, or weights=None."
        )


def published_size(options: Options, sizes: tuple[int, ...]) -> int:
    """The image size of the published weights to take: the user's own if there are some for it, else the largest."""
    given = options.input_shape
    if given is None and isinstance(options.input_tensor, KerasTensor):
        given = options.input_tensor.shape[1:]
    if given is None or len(given) != 3:
        return sizes[-1]
    height, width = sizes_of(given)
    return height if height == width and height in sizes else sizes[-1]


def image_shape(options: Options, architecture: Architecture) -> tuple[int | None, ...]:
    """The shape of one image: what the user asked for, or the default.

    Raises:
        ValueError: for a shape that the model or its weights cannot take.
    """
    size, first = architecture.size, channel_axis() == 1
    given = options.input_shape
    if given is None:
        open_size = architecture.sizes_stay_open or not (options.include_top or architecture.needs_size)
        side = None if open_size else size
        return (3, side, side) if first else (side, side, 3)
    shape = tuple(given)
    layout = "(channels, height, width)" if first else "(height, width, channels)"
    if len(shape) != 3 or any(n is not None and (not isinstance(n, int) or n < 1) for n in shape):
        raise ValueError(f"input_shape must be {layout} of one image, without the batch, got {given!r}.")
    channels = shape[0] if first else shape[2]
    sides = sizes_of(shape)
    if options.pretrained and channels != 3:
        raise ValueError(
            f"weights='imagenet' need images of 3 channels, got input_shape={shape}, which is {layout} with {channels}. "
            "Repeat grey images three times, or take weights=None."
        )
    if channels is None:
        raise ValueError(f"input_shape must say the number of channels, got {shape}, which is {layout}.")
    if options.pretrained and options.include_top and not architecture.sizes_stay_open and sides != (size, size):
        raise ValueError(
            f"The classifier with weights='imagenet' takes images of {size}x{size}, got input_shape={shape}. Resize the images "
            "(keras.layers.Resizing), or take include_top=False."
        )
    _require_size(sides, architecture.minimum, f"input_shape={shape}, which is {layout}")
    _require_known_sizes(sides, options, architecture, f"input_shape={shape}")
    if channels not in (1, 3):
        warnings.warn(f"input_shape={shape} has {channels} channels; these models usually take 1 or 3.", stacklevel=5)
    return shape


def _image(options: Options, shape: tuple[int | None, ...], architecture: Architecture) -> Tensor:
    """The input of the model: a new one, or the tensor that the user gave."""
    tensor = options.input_tensor
    if tensor is None:
        return layers.Input(shape=shape)
    if not isinstance(tensor, KerasTensor):
        raise ValueError(
            f"input_tensor must be a symbolic tensor, such as keras.Input(shape={shape}) or what layers make of it, got "
            f"{type(tensor).__name__}. Call the model on arrays after it is made."
        )
    if len(tensor.shape) != 4:
        raise ValueError(f"input_tensor must be a batch of images, with four axes, got shape {tensor.shape}.")
    own = tuple(tensor.shape[1:])
    if options.input_shape is not None and any(a is not None and b is not None and a != b for a, b in zip(own, shape)):
        raise ValueError(f"input_tensor holds images of shape {own}, which contradicts input_shape={shape}. Give one of them.")
    _require_known_sizes(sizes_of(own), options, architecture, f"an input_tensor of images of shape {own}")
    _require_size(sizes_of(own), architecture.minimum, f"an input_tensor of images of shape {own}")
    return tensor


def _require_known_sizes(sides: tuple[Any, Any], options: Options, architecture: Architecture, given: str) -> None:
    if None not in sides or architecture.sizes_stay_open:
        return
    if architecture.needs_size:
        raise ValueError(f"This model is built for one height and width of images; say them. Got {given}.")
    if options.include_top:
        raise ValueError(
            f"With include_top=True height and width of the images must be known, got {given}. Take include_top=False for "
            "images of any size."
        )


def _require_size(sides: tuple[Any, Any], minimum: int, given: str) -> None:
    if any(side is not None and side < minimum for side in sides):
        raise ValueError(f"Images must be at least {minimum}x{minimum}, got {given}. Resize them (keras.layers.Resizing).")


# ---- public functions -------------------------------------------------------------------------------------------------


def classifier_model(
    function_name: str, default_name: str, architecture: Architecture | Callable[[Options], Architecture], about: str
) -> Callable[..., Model]:
    """The public function that makes one model, with the arguments that Keras gives to most of them."""

    def make(
        include_top: bool = True,
        weights: str | os.PathLike[str] | None = "imagenet",
        input_tensor: Any = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        name: str | None = default_name,
    ) -> Model:
        options = Options(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
        return build(options, architecture if isinstance(architecture, Architecture) else architecture(options))

    return public(make, function_name, about)


def public(make: Callable[..., Model], function_name: str, about: str) -> Callable[..., Model]:
    """`make` under its public name, with a docstring."""
    make.__name__ = make.__qualname__ = function_name
    make.__doc__ = f"{about}\n{_ARGUMENTS}"
    return make


_ARGUMENTS = """
    Args:
        include_top: whether the classifier is at the end; without it the model gives feature maps.
        weights: "imagenet" for those that Keras publishes (downloaded once, kept in ~/.keras/models), the path of a weights
            file, or None for random numbers.
        input_tensor: a symbolic tensor of images to build on; by default a new `keras.Input`.
        input_shape: the shape of one image. Any size that is not too small, except for the classifier of "imagenet".
        pooling: what becomes of the feature maps if `include_top` is False: None leaves them, "avg" and "max" take the mean
            or the maximum of each.
        classes: how many classes the classifier tells apart.
        classifier_activation: the activation of the classifier; None for logits.
        name: the name of the model.

    Returns:
        A `keras.Model`.

    Raises:
        ValueError: for arguments that contradict each other.
        ConnectionError: if weights="imagenet" must be downloaded and cannot be.
    """
