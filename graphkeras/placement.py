"""`keras.device`: where models run, for a block of code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from graphkeras.compiler import config as compiler_config
from graphkeras.compiler.driver import resolve_target


@contextmanager
def device(device_name: str) -> Iterator[None]:
    """Inside, models run on the CPU (onnxruntime) or the GPU (Triton kernels). They keep their weights.

    Operations on arrays compute with NumPy on the CPU everywhere.

    Args:
        device_name: ``"cpu"``, ``"cpu:0"``, ``"gpu"``, ``"gpu:0"``, ``"cuda"`` or ``"cuda:0"``.

    Raises:
        ValueError: for another name.
        NotImplementedError: for a second device.
        RuntimeError: for a GPU where none answers.
    """
    parts = re.fullmatch(r"(cpu|gpu|cuda)(?::(\d+))?", str(device_name).lower())
    if parts is None:
        raise ValueError(f"device: the name must be 'cpu' or 'gpu', with ':0' or not, got {device_name!r}.")
    kind, number = parts.groups()
    if int(number or 0) > 0:
        raise NotImplementedError(f"device: models run on the first device, {kind}:0; got {device_name!r}.")
    if kind == "cpu":
        former = compiler_config.update(target="onnxruntime")
    elif resolve_target("auto") == "triton":
        former = compiler_config.update(target="triton", device="cuda")
    else:
        raise RuntimeError(
            f"device: {device_name!r} was asked for, but no CUDA GPU answers here. Use 'cpu', or "
            "keras.config.set_device('interpreter') to run GPU kernels slowly without a GPU."
        )
    try:
        yield
    finally:
        compiler_config.update(target=former.target, device=former.device)
