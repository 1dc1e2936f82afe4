"""The order of samples in an epoch, by graphkeras's own random bits: the same on every target."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkeras.compiler.registry import ops

#: Bits are drawn for several epochs at once, as many as make about so many numbers: for small data, drawing costs more than
#: sorting.
BLOCK = 1 << 16


class Orders:
    """For each epoch its own order of the numbers 0 ... size - 1.

    Epoch e has the order of row e % rows of random_bits((seed, e // rows)), of shape (rows, size); equal bits stay in order.

    Args:
        seed: the same seed gives the same orders.
        size: how many numbers there are.
    """

    def __init__(self, seed: int, size: int) -> None:
        self.seed, self.size = seed, size
        self._rows = max(1, BLOCK // size)
        self._block = -1
        self._bits: np.ndarray[Any, Any] = np.empty((0, size), np.uint32)

    def __call__(self, epoch: int) -> np.ndarray[Any, Any]:
        """The order of that epoch."""
        block, row = divmod(epoch, self._rows)
        if block != self._block:
            key = np.array([self.seed, block], np.uint32)
            self._bits, self._block = ops.random_bits(key, shape=(self._rows, self.size)), block
        # One sort of 64-bit numbers, the bits above and the position below, is several times faster than a stable argsort.
        keys = self._bits[row].astype(np.uint64) << np.uint64(32) | np.arange(self.size, dtype=np.uint64)
        keys.sort()
        places: np.ndarray[Any, Any] = (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)
        return places
