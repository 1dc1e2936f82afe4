"""Memory of the interpreter device, and the guard that lets a kernel touch only the buffers of its launch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

ALIGNMENT = 256
UNWRITTEN = 0xFF
"""Every byte of memory that nobody has written: NaN in every float type, -1 in integers, so that reading it is noticed."""


class HostMemory:
    """Bytes of NumPy memory at an address that is a multiple of 256."""

    def __init__(self, nbytes: int, fill: int = 0) -> None:
        padded = np.full(nbytes + ALIGNMENT, fill, np.uint8)
        start = -padded.ctypes.data % ALIGNMENT
        self.bytes = padded[start : start + nbytes]
        self.nbytes = nbytes
        self.address = padded.ctypes.data + start

    def read(self, dtype: np.dtype[Any]) -> Array:
        """A copy of the contents as a flat array."""
        return self.bytes.view(dtype).copy()

    def write(self, array: Array) -> None:
        """Replace the first bytes of the contents.

        Raises:
            ValueError: if `array` is larger than the memory.
        """
        if array.nbytes > self.nbytes:
            raise ValueError(f"An array of {array.nbytes} bytes does not fit into a memory of {self.nbytes} bytes.")
        self.bytes[: array.nbytes] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)


class OutOfRangeError(IndexError):
    """A kernel touched memory outside of the buffers of its launch."""


class Guard:
    """The address ranges that one launch may touch.

    Args:
        ranges: (start, bytes, name) of each buffer.
    """

    def __init__(self, ranges: Iterable[tuple[int, int, str]]) -> None:
        self._names = sorted((start, start + size, name) for start, size, name in ranges)
        merged: list[list[int]] = []
        for start, stop, _ in self._names:
            if merged and start < merged[-1][1]:  # the same buffer twice, or a part of it; neighbours stay apart
                merged[-1][1] = max(merged[-1][1], stop)
            elif stop > start:
                merged.append([start, stop])
        self._starts = np.array([start for start, _ in merged], np.uint64)
        self._stops = np.array([stop for _, stop in merged], np.uint64)

    def check(self, what: str, addresses: Array, mask: Array, element_bytes: int) -> None:
        """Nothing, if every address under the mask lies whole in one range.

        Raises:
            OutOfRangeError: names the first address that does not, and the buffer nearest to it.
        """
        if not mask.all():
            addresses, mask = np.broadcast_arrays(addresses, mask)
            addresses = addresses[mask.astype(bool)]
            if addresses.size == 0:
                return
        outside = self._outside(addresses.reshape(-1), element_bytes)
        if outside.size:
            raise OutOfRangeError(
                f"{what} of {element_bytes} bytes at {int(outside[0]):#x}, {self._nearest(int(outside[0]))} "
                f"({outside.size} of {addresses.size} addresses are out of range)"
            )

    def _outside(self, addresses: Array, element_bytes: int) -> Array:
        if self._starts.size == 0:
            return addresses
        index = np.searchsorted(self._starts, addresses, side="right") - 1
        inside = (index >= 0) & (addresses + np.uint64(element_bytes) <= self._stops[index])
        return addresses[~inside]

    def _nearest(self, address: int) -> str:
        if not self._names:
            return "but the launch has no buffers"
        distances = [(max(start - address, address - stop, 0), start, stop, name) for start, stop, name in self._names]
        _, start, stop, name = min(distances)
        side = f"{start - address} bytes before" if address < start else f"{address - start} bytes into"
        return f"{side} buffer {name!r} of {stop - start} bytes"
