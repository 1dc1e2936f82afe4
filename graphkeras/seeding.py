"""Where randomness starts: one seed for everything, or fresh seeds when none is set."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

#: Gives seeds to layers and initializers that are made without one. Its own generator, so that user code that draws
#: from Python's `random` changes nothing.
_seeds = random.Random()
_generation = 0


def set_random_seed(seed: int) -> None:
    """Make everything random repeatable: initial weights, dropout masks, shuffles, and Python's and NumPy's generators.

    The same seed gives the same bits on every target. Call it before the model is made.

    Raises:
        ValueError: if the seed is not an integer from 0 to 2**32 - 1.
    """
    global _generation
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
        raise ValueError(f"set_random_seed: the seed must be an integer from 0 to 2**32 - 1, got {seed!r}.")
    random.seed(int(seed))
    np.random.seed(int(seed))
    _seeds.seed(int(seed))
    _generation += 1


def default_seed() -> int:
    """A seed for something random that was made without one; after `set_random_seed` always the same sequence."""
    return _seeds.randint(1, 2**31 - 1)


def seed_generation() -> int:
    """How many times a seed was set: what was seeded by default before then starts anew."""
    return _generation


def checked_seed(seed: Any, owner: str) -> int:
    """`seed`, or a fresh one for None.

    Raises:
        ValueError: if it is not an integer that fits 32 bits.
    """
    if seed is None:
        return default_seed()
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
        raise ValueError(f"{owner}: seed must be an integer from 0 to 2**32 - 1 or None, got {seed!r}.")
    return int(seed)


def key_of(seed: int) -> np.ndarray[Any, Any]:
    """The key (seed, counter 0) of the random functions of `graphkeras.compiler`."""
    return np.array([seed, 0], np.uint32)
