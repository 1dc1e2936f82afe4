"""Kernels -> artifacts: from the store where it has them, else from the compiler, several at a time."""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from .artifact import Artifact, artifact_key
from .program import Kernel
from .store import ArtifactStore


def compile_kernels(
    kernels: Iterable[Kernel], capability: int, store: ArtifactStore | None = None, threads: int | None = None
) -> dict[str, Artifact]:
    """The artifact of every kernel, by the key that `kernel_key` gives.

    Triton is imported only if something must be compiled. It leaves the interpreter lock while it works, so threads help.

    Args:
        kernels: equal ones are compiled once.
        capability: compute capability x 10.
        store: where artifacts are kept; None compiles everything and keeps nothing.
        threads: how many compile at a time; None: as many as there are processors, at most 8.

    Raises:
        KernelError: for the first kernel that does not compile.
        ModuleNotFoundError: if triton is not installed.
        OSError: if the store cannot be written.
    """
    wanted = {kernel_key(kernel, capability): kernel for kernel in kernels}
    found = {key: artifact for key in wanted if store is not None and (artifact := store.get(key)) is not None}
    missing = [key for key in wanted if key not in found]
    if not missing:
        return found
    from .compile import compile_kernel  # here, because a filled store makes triton needless

    def build(key: str) -> Artifact:
        artifact = compile_kernel(wanted[key], capability)
        if store is not None:
            store.put(key, artifact, wanted[key].source)
        return artifact

    with ThreadPoolExecutor(min(len(missing), threads or min(8, os.cpu_count() or 1))) as pool:
        return found | dict(zip(missing, pool.map(build, missing), strict=True))


def kernel_key(kernel: Kernel, capability: int) -> str:
    """The name of `kernel` compiled for `capability` by the triton that is installed."""
    return artifact_key(kernel, capability, _triton_version())


@cache
def _triton_version() -> str:
    """Version of the triton that is installed, without importing it.

    Raises:
        ModuleNotFoundError: if there is none.
    """
    try:
        return importlib.metadata.version("triton")
    except importlib.metadata.PackageNotFoundError as error:
        raise ModuleNotFoundError(
            "Kernels are compiled by triton, which is not installed; on Linux: pip install 'graphkeras[gpu]'. "
            "Elsewhere use GRAPHKERAS_TARGET=onnxruntime."
        ) from error
