"""Memory of the GPU, and page-locked memory of the host through which it is reached fast."""

from __future__ import annotations

import ctypes
import weakref
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .driver import HOST_MEMORY_PORTABLE, Driver

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Queue:
    """The one stream in which everything happens in order, and its context.

    Attributes:
        released: calls that give back what nobody holds any more. They are made by `enter`, not when Python finds the owner
            gone: that may be in the middle of recording a graph, or on any thread.
    """

    driver: Driver
    context: int
    stream: int
    released: deque[tuple[str, int]] = field(default_factory=deque)

    def enter(self) -> None:
        """Begin an operation: make the context that of the calling thread, and give back what was released."""
        self.driver("cuCtxSetCurrent", self.context)
        if self.released:
            self.wait()
            while self.released:
                self.driver(*self.released.popleft())

    def wait(self) -> None:
        """Return when everything before is done.

        Raises:
            CudaError: also for what an earlier launch did wrong: the driver tells it late.
        """
        self.driver("cuStreamSynchronize", self.stream)

    def release_with(self, owner: object, call: str, handle: int) -> None:
        """Give `handle` back by the driver's `call` when `owner` is gone.

        Not when the process ends: the driver then takes everything back itself.
        """
        weakref.finalize(owner, self.released.append, (call, handle)).atexit = False


class DeviceMemory:
    """Memory of the GPU, aligned to 256 bytes by the driver."""

    def __init__(self, queue: Queue, nbytes: int) -> None:
        self._queue = queue
        self.nbytes = nbytes
        queue.enter()
        self.address: int = queue.driver("cuMemAlloc_v2", max(nbytes, 1))
        queue.release_with(self, "cuMemFree_v2", self.address)

    def clear(self) -> None:
        """Fill with zeros."""
        self._queue.enter()
        if self.nbytes:
            self._queue.driver("cuMemsetD8Async", self.address, 0, self.nbytes, self._queue.stream)

    def read(self, dtype: np.dtype[Any]) -> Array:
        """A copy of the contents as a flat array, when everything before is done."""
        array = np.empty(self.nbytes // dtype.itemsize, dtype)
        self._queue.enter()
        if array.nbytes:
            self._queue.driver("cuMemcpyDtoHAsync_v2", array.ctypes.data, self.address, array.nbytes, self._queue.stream)
        self._queue.wait()
        return array

    def write(self, array: Array) -> None:
        """Replace the first bytes of the contents after everything before is done; `array` may be changed at once.

        Raises:
            ValueError: if `array` is larger than the memory.
        """
        if array.nbytes > self.nbytes:
            raise ValueError(f"An array of {array.nbytes} bytes does not fit into a memory of {self.nbytes} bytes.")
        array = np.ascontiguousarray(array)
        self._queue.enter()
        if array.nbytes:  # from ordinary memory the driver takes a copy before it returns
            self._queue.driver("cuMemcpyHtoDAsync_v2", self.address, array.ctypes.data, array.nbytes, self._queue.stream)


class PinnedMemory:
    """Page-locked host memory: the GPU copies from and to it by itself, while Python goes on."""

    def __init__(self, queue: Queue, nbytes: int) -> None:
        queue.enter()
        self.address: int = queue.driver("cuMemHostAlloc", max(nbytes, 1), HOST_MEMORY_PORTABLE)
        queue.release_with(self, "cuMemFreeHost", self.address)
        self.bytes: Array = np.ctypeslib.as_array((ctypes.c_ubyte * max(nbytes, 1)).from_address(self.address))
