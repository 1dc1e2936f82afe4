"""The calls of the CUDA driver library that the device needs, by ctypes. Nothing is loaded before a `Driver` is made.

Names, arguments and numbers are those of the "CUDA Driver API" reference manual of NVIDIA; a suffix ``_v2`` is the version
of a call that ``cuda.h`` gives to C programs under the name without it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import POINTER, c_char_p, c_float, c_int, c_size_t, c_ubyte, c_uint, c_uint64, c_void_p
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from ..errors import CudaError

LIBRARY = "libcuda.so.1"


class DeviceAttribute(IntEnum):
    """CUdevice_attribute."""

    MULTIPROCESSOR_COUNT = 16
    COMPUTE_CAPABILITY_MAJOR = 75
    COMPUTE_CAPABILITY_MINOR = 76
    MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97


class FunctionAttribute(IntEnum):
    """CUfunction_attribute."""

    MAX_DYNAMIC_SHARED_SIZE_BYTES = 8


STREAM_NON_BLOCKING = 1
EVENT_DEFAULT = 0
EVENT_DISABLE_TIMING = 2
HOST_MEMORY_PORTABLE = 1
CAPTURE_THREAD_LOCAL = 1


@dataclass(frozen=True)
class _Call:
    """Form of one call: C types of its arguments, and of the one result that it writes through a pointer.

    The pointer is the first argument, or the last.
    """

    result: Any
    arguments: tuple[Any, ...]
    result_is_last: bool = False


_CALLS = {
    "cuInit": _Call(None, (c_uint,)),
    "cuDeviceGetCount": _Call(c_int, ()),
    "cuDeviceGet": _Call(c_int, (c_int,)),
    "cuDeviceGetName": _Call(None, (c_char_p, c_int, c_int)),
    "cuDeviceGetAttribute": _Call(c_int, (c_int, c_int)),
    "cuDevicePrimaryCtxRetain": _Call(c_void_p, (c_int,)),
    "cuCtxSetCurrent": _Call(None, (c_void_p,)),
    "cuMemAlloc_v2": _Call(c_uint64, (c_size_t,)),
    "cuMemFree_v2": _Call(None, (c_uint64,)),
    "cuMemHostAlloc": _Call(c_void_p, (c_size_t, c_uint)),
    "cuMemFreeHost": _Call(None, (c_void_p,)),
    "cuMemcpyHtoDAsync_v2": _Call(None, (c_uint64, c_void_p, c_size_t, c_void_p)),
    "cuMemcpyDtoHAsync_v2": _Call(None, (c_void_p, c_uint64, c_size_t, c_void_p)),
    "cuMemsetD8Async": _Call(None, (c_uint64, c_ubyte, c_size_t, c_void_p)),
    "cuStreamCreate": _Call(c_void_p, (c_uint,)),
    "cuStreamSynchronize": _Call(None, (c_void_p,)),
    "cuStreamBeginCapture_v2": _Call(None, (c_void_p, c_int)),
    "cuStreamEndCapture": _Call(c_void_p, (c_void_p,), result_is_last=True),
    "cuEventCreate": _Call(c_void_p, (c_uint,)),
    "cuEventRecord": _Call(None, (c_void_p, c_void_p)),
    "cuEventSynchronize": _Call(None, (c_void_p,)),
    "cuEventElapsedTime": _Call(c_float, (c_void_p, c_void_p)),
    "cuEventDestroy_v2": _Call(None, (c_void_p,)),
    "cuModuleLoadData": _Call(c_void_p, (c_char_p,)),
    "cuModuleUnload": _Call(None, (c_void_p,)),
    "cuModuleGetFunction": _Call(c_void_p, (c_void_p, c_char_p)),
    "cuFuncSetAttribute": _Call(None, (c_void_p, c_int, c_int)),
    "cuLaunchKernel": _Call(None, (c_void_p, *[c_uint] * 7, c_void_p, c_void_p, c_void_p)),
    "cuGraphInstantiateWithFlags": _Call(c_void_p, (c_void_p, c_uint64)),
    "cuGraphUpload": _Call(None, (c_void_p, c_void_p)),
    "cuGraphLaunch": _Call(None, (c_void_p, c_void_p)),
    "cuGraphDestroy": _Call(None, (c_void_p,)),
    "cuGraphExecDestroy": _Call(None, (c_void_p,)),
}


class Driver:
    """The driver library, loaded and initialized.

    Args:
        library: name or path of the library.

    Raises:
        CudaError: if the library is not there, is too old, or finds no GPU that it can use.
    """

    def __init__(self, library: str = LIBRARY) -> None:
        try:
            loaded = ctypes.CDLL(library)
        except OSError as error:
            raise CudaError(
                f"NVIDIA's driver library {library} cannot be loaded ({error}). "
                "Install the NVIDIA driver, or set GRAPHKERAS_DEVICE=interpreter to run kernels on the CPU."
            ) from error
        self._functions: dict[str, Callable[..., int]] = {}
        for name, call in _CALLS.items():
            function = getattr(loaded, name, None)
            if function is None:
                raise CudaError(f"The driver library {library} is too old: it lacks {name}. Install driver 525 or newer.")
            result = [POINTER(call.result)] if call.result is not None else []
            function.restype = c_int
            function.argtypes = [*call.arguments, *result] if call.result_is_last else [*result, *call.arguments]
            self._functions[name] = function
        self._describe = (loaded.cuGetErrorName, loaded.cuGetErrorString)
        for describe in self._describe:
            describe.argtypes = [c_int, POINTER(c_char_p)]
        self("cuInit", 0)

    def __call__(self, name: str, *arguments: Any) -> Any:
        """Call the function `name`; returns its result, if it has one.

        Raises:
            CudaError: when the driver reports an error.
        """
        call = _CALLS[name]
        if call.result is None:
            code, result = self._functions[name](*arguments), None
        else:
            result = call.result()
            place = ctypes.byref(result)
            code = self._functions[name](*arguments, place) if call.result_is_last else self._functions[name](place, *arguments)
        if code:
            raise CudaError(f"{name} failed: {self._words(code)}")
        return None if result is None else result.value

    def _words(self, code: int) -> str:
        """The driver's name and description of an error, such as ``CUDA_ERROR_OUT_OF_MEMORY (2): out of memory``."""
        texts = []
        for describe in self._describe:
            text = c_char_p()
            describe(code, ctypes.byref(text))
            texts.append((text.value or b"unknown error").decode())
        return f"{texts[0]} ({code}): {texts[1]}"
