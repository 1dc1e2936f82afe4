"""A kernel on the GPU, and one launch of it with its arguments packed once for all runs."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

from ..arguments import is_pointer, scalar
from ..artifact import SCRATCH_PARAMETERS, Artifact
from ..cubin import read_cubin
from ..errors import CudaError
from .driver import DeviceAttribute, FunctionAttribute
from .memory import Queue

SHARED_WITHOUT_ASKING = 48 * 1024
"""Dynamic shared memory that every kernel may use; more must be asked for."""


class Function:
    """Machine code loaded to the GPU.

    Raises:
        CudaError: if the driver refuses it, the GPU has too little shared memory, or its parameters are not as the artifact
            says.
    """

    def __init__(self, queue: Queue, device: int, artifact: Artifact) -> None:
        self.artifact = artifact
        info = read_cubin(artifact.cubin)
        if list(info.parameter_bytes) != artifact.parameter_sizes() or info.threads != artifact.threads:
            raise CudaError(
                f"Kernel {artifact.name} takes parameters of {list(info.parameter_bytes)} bytes and {info.threads} threads, "
                f"but would be launched with {artifact.parameter_sizes()} and {artifact.threads}."
            )
        queue.enter()
        module = queue.driver("cuModuleLoadData", artifact.cubin)
        queue.release_with(self, "cuModuleUnload", module)
        self.handle: int = queue.driver("cuModuleGetFunction", module, artifact.name.encode())
        if artifact.shared_bytes > SHARED_WITHOUT_ASKING:
            limit = queue.driver("cuDeviceGetAttribute", DeviceAttribute.MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, device)
            if artifact.shared_bytes > limit:
                raise CudaError(
                    f"Kernel {artifact.name} needs {artifact.shared_bytes} bytes of shared memory, but this GPU gives a "
                    f"program instance at most {limit}. Use smaller blocks or fewer stages."
                )
            attribute = FunctionAttribute.MAX_DYNAMIC_SHARED_SIZE_BYTES
            queue.driver("cuFuncSetAttribute", self.handle, attribute, artifact.shared_bytes)


class PackedLaunch:
    """A launch that is issued again and again with the same arguments.

    Args:
        function: what to launch.
        grid: number of program instances along three axes.
        values: of the run-time parameters in order; of pointers, the addresses.
    """

    def __init__(self, function: Function, grid: tuple[int, int, int], values: Sequence[float]) -> None:
        self._function = function
        self._grid = grid
        types = function.artifact.types
        words = [_word(type_name, value) for type_name, value in zip(types, values, strict=True)]
        words += [0] * SCRATCH_PARAMETERS
        self._words = (ctypes.c_uint64 * len(words))(*words)
        start = ctypes.addressof(self._words)
        self._pointers = (ctypes.c_void_p * len(words))(*(start + 8 * index for index in range(len(words))))

    def issue(self, queue: Queue) -> None:
        """Put the launch into the stream, or into the graph that the stream records."""
        artifact = self._function.artifact
        queue.driver(
            "cuLaunchKernel",
            self._function.handle,
            *self._grid,
            *(artifact.threads, 1, 1),
            artifact.shared_bytes,
            queue.stream,
            ctypes.addressof(self._pointers),
            None,
        )


def _word(type_name: str, value: float) -> int:
    """The bytes of an argument as a little-endian number; the driver reads as many of them as the parameter has."""
    return int(value) if is_pointer(type_name) else int.from_bytes(scalar(type_name, value).tobytes(), "little")
