"""What the two CIFAR data sets share."""

from pathlib import Path

import numpy as np

from ..config import image_data_format
from .sources import Array, read_pickle


def read_batches(paths: list[Path], label_key: str) -> tuple[Array, Array]:
    """Images of 32x32 in the layout of `image_data_format`, and labels of shape (n, 1)."""
    images, labels = [], []
    for path in paths:
        with path.open("rb") as file:
            batch = read_pickle(file, encoding="bytes")
        images.append(np.asarray(batch[b"data"], np.uint8).reshape(-1, 3, 32, 32))
        labels.append(np.asarray(batch[label_key.encode()]))
    x, y = np.concatenate(images), np.concatenate(labels).reshape(-1, 1)
    return (x.transpose(0, 2, 3, 1) if image_data_format() == "channels_last" else x), y
