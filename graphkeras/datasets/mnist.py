"""Handwritten digits: 60000 + 10000 grey images of 28x28."""

from .sources import Split, fetch, read_npz


def load_data(path: str = "mnist.npz") -> Split:
    """``(x_train, y_train), (x_test, y_test)`` of uint8. `path` is the file's name in the cache folder."""
    data = read_npz(fetch("mnist.npz", path))
    return (data["x_train"], data["y_train"]), (data["x_test"], data["y_test"])
