"""Is there a GPU?"""

from __future__ import annotations

from functools import cache

from ..errors import CudaError
from .driver import LIBRARY, Driver


@cache
def gpu_available(library: str = LIBRARY) -> bool:
    """True if the driver library loads and knows at least one GPU. Takes no memory on the GPU; asked once per process."""
    try:
        return bool(Driver(library)("cuDeviceGetCount") > 0)
    except CudaError:
        return False
