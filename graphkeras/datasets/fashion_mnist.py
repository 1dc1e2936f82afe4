"""Pieces of clothing in ten classes: 60000 + 10000 grey images of 28x28."""

import gzip

import numpy as np

from .sources import Array, Split, fetch

_FOLDER = "datasets/fashion-mnist"


def load_data() -> Split:
    """``(x_train, y_train), (x_test, y_test)`` of uint8."""
    return _part("train"), _part("t10k")


def _part(name: str) -> tuple[Array, Array]:
    with gzip.open(fetch(f"{name}-labels-idx1-ubyte.gz", folder=_FOLDER)) as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    with gzip.open(fetch(f"{name}-images-idx3-ubyte.gz", folder=_FOLDER)) as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16)
    return images.reshape(len(labels), 28, 28), labels
