"""The CUDA `Device`: one GPU, used through its primary context and one stream."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from pathlib import Path

from ..build import compile_kernels, kernel_key
from ..checks import check_program
from ..device import Memory
from ..errors import CudaError
from ..program import Program
from ..store import ArtifactStore
from .driver import EVENT_DEFAULT, LIBRARY, STREAM_NON_BLOCKING, DeviceAttribute, Driver
from .launch import Function
from .memory import DeviceMemory, Queue
from .program import CudaProgram


class CudaDevice:
    """A GPU. Not for several threads at the same time.

    Args:
        cache: the folder in which compiled kernels are kept; None keeps none.
        ordinal: which GPU, counted from 0.
        library: name or path of the driver library.

    Raises:
        CudaError: if there is no driver or no such GPU.
    """

    def __init__(self, cache: Path | None = None, ordinal: int = 0, library: str = LIBRARY) -> None:
        driver = Driver(library)
        count = driver("cuDeviceGetCount")
        if not 0 <= ordinal < count:
            raise CudaError(f"There is no GPU {ordinal}; the driver knows {count}, counted from 0.")
        self._device: int = driver("cuDeviceGet", ordinal)
        context = driver("cuDevicePrimaryCtxRetain", self._device)
        driver("cuCtxSetCurrent", context)
        self._queue = Queue(driver, context, driver("cuStreamCreate", STREAM_NON_BLOCKING))
        name = ctypes.create_string_buffer(256)
        driver("cuDeviceGetName", name, len(name), self._device)
        self.name = name.value.decode()
        self.capability = 10 * self._attribute(DeviceAttribute.COMPUTE_CAPABILITY_MAJOR) + self._attribute(
            DeviceAttribute.COMPUTE_CAPABILITY_MINOR
        )
        self.multiprocessors = self._attribute(DeviceAttribute.MULTIPROCESSOR_COUNT)
        self._store = ArtifactStore(cache) if cache is not None else None
        self._functions: dict[str, Function] = {}

    def allocate(self, nbytes: int) -> DeviceMemory:
        """New memory, zeroed, aligned to 256 bytes.

        Raises:
            CudaError: when the GPU has no more.
        """
        memory = DeviceMemory(self._queue, nbytes)
        memory.clear()
        return memory

    def load(self, program: Program, states: Mapping[str, Memory]) -> CudaProgram:
        """Compile the kernels of `program`, as far as that was not done before, and bind its state buffers to `states`.

        Raises:
            KernelError: when a kernel does not compile; holds its source.
            ValueError: when the program contradicts itself.
            CudaError: when the GPU has not enough memory, or refuses a kernel.
        """
        check_program(program, states)
        keys = {id(kernel): kernel_key(kernel, self.capability) for kernel in program.kernels}
        missing = [kernel for kernel in program.kernels if keys[id(kernel)] not in self._functions]
        for key, artifact in compile_kernels(missing, self.capability, self._store).items():
            self._functions[key] = Function(self._queue, self._device, artifact)
        return CudaProgram(self._queue, program, states, lambda kernel: self._functions[keys[id(kernel)]])

    def seconds(self, work: Callable[[], None]) -> float:
        """Time on the GPU from before `work` to the end of all that `work` put into the stream."""
        driver, stream = self._queue.driver, self._queue.stream
        self._queue.enter()
        start, stop = driver("cuEventCreate", EVENT_DEFAULT), driver("cuEventCreate", EVENT_DEFAULT)
        try:
            driver("cuEventRecord", start, stream)
            work()
            driver("cuEventRecord", stop, stream)
            driver("cuEventSynchronize", stop)
            return float(driver("cuEventElapsedTime", start, stop)) / 1000
        finally:
            driver("cuEventDestroy_v2", start)
            driver("cuEventDestroy_v2", stop)

    def _attribute(self, attribute: DeviceAttribute) -> int:
        return int(self._queue.driver("cuDeviceGetAttribute", attribute, self._device))
