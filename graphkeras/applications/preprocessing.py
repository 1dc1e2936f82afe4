"""`preprocess_input` of the families: the same function with the mode that a family was trained with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import imagenet_utils

_TEXTS = {
    "caffe": "colors in the order blue, green, red, the mean of each made 0",
    "tf": "values from -1 to 1",
    "torch": "values from 0 to 1, then the mean of each color made 0 and its deviation 1",
}


def preprocessing(mode: str) -> Callable[..., Any]:
    """`imagenet_utils.preprocess_input` with a fixed mode."""

    def preprocess_input(x: Any, data_format: str | None = None) -> Any:
        return imagenet_utils.preprocess_input(x, data_format, mode)

    preprocess_input.__doc__ = (
        f"Images with values from 0 to 255 as this family takes them: {_TEXTS[mode]}.\n\n"
        "    See `keras.applications.imagenet_utils.preprocess_input`.\n    "
    )
    return preprocess_input


def unchanged_input(x: Any, data_format: str | None = None) -> Any:
    """`x` as it is: models of this family scale images themselves, and take values from 0 to 255."""
    return x
