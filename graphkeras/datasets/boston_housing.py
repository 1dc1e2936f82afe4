"""House prices near Boston in the 1970s: 506 samples of 13 numbers.

One of the numbers is made from the share of black inhabitants; do not build anything on it. California's set has none such.
"""

from .sources import Split, fetch, read_npz, shuffled_split


def load_data(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113) -> Split:
    """``(x_train, y_train), (x_test, y_test)``, shuffled by `seed`. `path` is the file's name in the cache folder."""
    data = read_npz(fetch("boston_housing.npz", path))
    return shuffled_split(data["x"], data["y"], test_split, seed)
