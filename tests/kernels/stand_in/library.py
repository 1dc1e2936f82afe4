"""The stand-in for the driver library: built by the C compiler, with triton's interpreter as its arithmetic."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import traceback
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from graphkeras.kernels.arguments import SCALARS, is_pointer
from graphkeras.kernels.artifact import Artifact
from graphkeras.kernels.build import compile_kernels, kernel_key
from graphkeras.kernels.interpreter.language import interpreting
from graphkeras.kernels.interpreter.launch import prepare_launch
from graphkeras.kernels.interpreter.memory import Guard
from graphkeras.kernels.program import Kernel
from graphkeras.kernels.store import ArtifactStore

SOURCE = Path(__file__).with_name("fake_cuda.c")
COMPILER = shutil.which("cc") or shutil.which("gcc")
MOST_RANGES = 4096

CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_uint), ctypes.POINTER(ctypes.c_void_p), ctypes.c_int
)


def build(folder: Path) -> Path:
    """Compile the stand-in into `folder`."""
    library = folder / "stand_in_cuda.so"
    command = [COMPILER, "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC"]
    subprocess.run([*command, "-o", library, SOURCE], check=True, timeout=120)
    return library


class StandIn:
    """The loaded stand-in.

    Args:
        library: path of the shared library; the device under test gets the same one.
        cache: the folder of compiled kernels that the device uses, too.
    """

    def __init__(self, library: Path, cache: Path) -> None:
        self._library = ctypes.CDLL(str(library))
        self._library.stand_in_log.restype = ctypes.c_char_p
        self._store = ArtifactStore(cache)
        self._kernels: dict[str, tuple[Kernel, Artifact]] = {}
        self._callback = CALLBACK(self._launch)
        self._library.stand_in_set_callback(self._callback)

    def know(self, kernels: Iterable[Kernel]) -> None:
        """Every kernel that is launched must be made known: its cubin is all that the launch shows."""
        wanted = {kernel_key(kernel, 90): kernel for kernel in kernels}
        artifacts = compile_kernels(wanted.values(), 90, self._store)
        self._kernels.update({key: (kernel, artifacts[key]) for key, kernel in wanted.items()})

    def log(self) -> list[str]:
        return self._library.stand_in_log().decode().splitlines()

    def live(self) -> int:
        """Number of allocations, modules, graphs and events that were not given back."""
        return self._library.stand_in_live()

    def fail(self, name: str, code: int) -> None:
        """The next call of the driver function `name` reports the error `code`."""
        self._library.stand_in_fail(name.encode(), code)

    def _ranges(self) -> list[tuple[int, int, str]]:
        starts, sizes = (ctypes.c_uint64 * MOST_RANGES)(), (ctypes.c_uint64 * MOST_RANGES)()
        count = self._library.stand_in_ranges(starts, sizes, MOST_RANGES)
        return [(starts[index], sizes[index], "device memory") for index in range(count)]

    def _launch(self, image, name, grid, parameters, count) -> int:
        try:
            kernel, artifact = next(
                (kernel, artifact)
                for kernel, artifact in self._kernels.values()
                if artifact.name == name.decode() and ctypes.string_at(image, len(artifact.cubin)) == artifact.cubin
            )
            assert count == len(artifact.types) + 2
            values = [_value(type_name, parameters[index]) for index, type_name in enumerate(artifact.types)]
            with interpreting(), np.errstate(all="ignore"):
                prepare_launch(kernel, (grid[0], grid[1], grid[2]), values, Guard(self._ranges())).run()
        except BaseException:  # cannot pass through C: the driver reports a failed launch instead
            traceback.print_exc()
            return 1
        return 0


def _value(type_name: str, place: int) -> float:
    dtype = np.dtype(np.uint64) if is_pointer(type_name) else SCALARS[type_name]
    return np.frombuffer(ctypes.string_at(place, dtype.itemsize), dtype)[0].item()
