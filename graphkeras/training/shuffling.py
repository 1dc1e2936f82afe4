"""The order of samples in an epoch, by graphkeras's own random bits: the same on every target."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkeras.compiler.registry import ops


def permutation(seed: int, epoch: int, size: int) -> np.ndarray[Any, Any]:
    """The numbers 0 ... size - 1 in the order of random_bits((seed, epoch)); equal bits stay in order."""
    bits = ops.random_bits(np.array([seed, epoch], np.uint32), shape=(size,))
    # One sort of 64-bit numbers, the bits above and the position below, is several times faster than a stable argsort.
    keys = bits.astype(np.uint64) << np.uint64(32) | np.arange(size, dtype=np.uint64)
    keys.sort()
    places: np.ndarray[Any, Any] = (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)
    return places
