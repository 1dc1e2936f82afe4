"""House prices of 20640 districts of California in 1990, with eight numbers each."""

from .sources import Split, fetch, read_npz, shuffled_split

_SMALL = 600


def load_data(version: str = "large", path: str = "california_housing.npz", test_split: float = 0.2, seed: int = 113) -> Split:
    """``(x_train, y_train), (x_test, y_test)``, shuffled by `seed`. `path` is the file's name in the cache folder.

    Args:
        version: ``"large"`` for all districts, ``"small"`` for the first 600.
        path, test_split, seed: see above.

    Raises:
        ValueError: for another `version`.
    """
    if version not in ("large", "small"):
        raise ValueError(f"version is 'small' or 'large', got {version!r}.")
    data = read_npz(fetch("california_housing.npz", path))
    count = _SMALL if version == "small" else len(data["x"])
    return shuffled_split(data["x"][:count], data["y"][:count], test_split, seed)
