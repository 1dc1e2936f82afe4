"""What goes into and comes out of models trained on ImageNet: pixel scales, and the names of the 1000 classes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from .. import config, ops
from ..data.download import get_file
from ..tensor import KerasTensor

MODES = ("caffe", "tf", "torch")
#: The mean color of ImageNet, of values from 0 to 255; mean and deviation of values from 0 to 1.
_MEAN_BGR, _MEAN_RGB, _DEVIATION_RGB = (103.939, 116.779, 123.68), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_CLASSES = "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json"
_CLASSES_HASH = "c2c37ea517e94d9795004a39431a14cb"


def preprocess_input(x: Any, data_format: str | None = None, mode: str = "caffe") -> Any:
    """Images with values from 0 to 255 as the models were trained on them.

    Args:
        x: one image or a batch, red, green, blue: an array, or a symbolic tensor inside a model. It is not changed.
        data_format: "channels_last" or "channels_first"; by default as ``keras.config.image_data_format()`` says.
        mode: "tf" scales to -1 … 1; "torch" scales to 0 … 1 and then makes the mean of each color 0 and its deviation 1;
            "caffe" orders colors blue, green, red and makes the mean of each 0, without scaling.

    Returns:
        Floats of the shape of `x`. Integers become the default float.

    Raises:
        ValueError: for another mode or data format, or without three colors ("caffe" and "torch").
    """
    if mode not in MODES:
        raise ValueError(f"preprocess_input: mode must be one of {', '.join(map(repr, MODES))}, got {mode!r}.")
    layout = config.image_data_format() if data_format is None else data_format
    if layout not in ("channels_last", "channels_first"):
        raise ValueError(f"preprocess_input: data_format must be 'channels_last' or 'channels_first', got {data_format!r}.")
    x = x if isinstance(x, KerasTensor) else ops.convert_to_tensor(x)
    if "float" not in str(x.dtype):
        x = ops.cast(x, config.floatx())
    if mode == "tf":
        return ops.subtract(ops.divide(x, 127.5), 1.0)
    axis = len(x.shape) - 1 if layout == "channels_last" else len(x.shape) - 3
    if axis < 0 or len(x.shape) not in (3, 4) or x.shape[axis] != 3:
        raise ValueError(
            f"preprocess_input: {mode!r} needs images of three colors, {layout}, one or a batch; got shape {tuple(x.shape)}."
        )
    shape = (3,) if layout == "channels_last" else (3, 1, 1)
    if mode == "caffe":
        return ops.subtract(ops.flip(x, axis), _color(_MEAN_BGR, shape, x))
    return ops.divide(ops.subtract(ops.divide(x, 255.0), _color(_MEAN_RGB, shape, x)), _color(_DEVIATION_RGB, shape, x))


def _color(values: tuple[float, ...], shape: tuple[int, ...], x: Any) -> Any:
    return ops.cast(np.reshape(np.array(values, "float32"), shape), str(x.dtype))


def decode_predictions(preds: Any, top: int = 5) -> list[list[tuple[str, str, float]]]:
    """For each image the likeliest classes: ``(WordNet name, English name, probability)``, the likeliest first.

    The list of classes is downloaded when it is first needed.

    Args:
        preds: probabilities of the 1000 classes of ImageNet for each image, shape (images, 1000).
        top: how many classes to tell.

    Raises:
        ValueError: for another shape.
        ConnectionError: if the list is not there yet and cannot be read.
    """
    shape = tuple(preds.shape)
    if len(shape) != 2 or shape[1] != 1000:
        raise ValueError(
            f"decode_predictions needs the predictions of an ImageNet model for a batch, shape (images, 1000); got {shape}."
        )
    names = _class_names(get_file("imagenet_class_index.json", _CLASSES, cache_subdir="models", file_hash=_CLASSES_HASH))
    found = []
    for scores in np.asarray(ops.convert_to_numpy(preds)):
        best = np.argsort(-scores, kind="stable")[:top]
        found.append([(*names[str(k)], scores[k]) for k in best])
    return found


@cache
def _class_names(path: str) -> dict[str, tuple[str, str]]:
    return {number: (name, text) for number, (name, text) in json.loads(Path(path).read_text()).items()}
