"""Photographs in 100 classes of 20 groups: 50000 + 10000 colour images of 32x32."""

from .cifar import read_batches
from .sources import Split, fetch_cifar


def load_data(label_mode: str = "fine") -> Split:
    """``(x_train, y_train), (x_test, y_test)``: uint8 images and int64 labels of the shape (n, 1).

    Args:
        label_mode: ``"fine"`` for the 100 classes, ``"coarse"`` for the 20 groups.

    Raises:
        ValueError: for another `label_mode`.
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(f"label_mode is 'fine' or 'coarse', got {label_mode!r}.")
    folder = fetch_cifar("cifar-100-python.tar.gz", "cifar-100-python-target") / "cifar-100-python"
    train, test = (read_batches([folder / name], f"{label_mode}_labels") for name in ("train", "test"))
    return train, test
