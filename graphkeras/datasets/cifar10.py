"""Photographs in ten classes: 50000 + 10000 colour images of 32x32."""

from .cifar import read_batches
from .sources import Split, fetch_cifar


def load_data() -> Split:
    """``(x_train, y_train), (x_test, y_test)`` of uint8; labels have the shape (n, 1)."""
    folder = fetch_cifar("cifar-10-python.tar.gz", "cifar-10-batches-py-target") / "cifar-10-batches-py"
    x_train, y_train = read_batches([folder / f"data_batch_{k}" for k in range(1, 6)], "labels")
    x_test, y_test = read_batches([folder / "test_batch"], "labels")
    return (x_train, y_train.astype("uint8")), (x_test, y_test.astype("uint8"))
