"""Devices by name. A device's modules are loaded when it is asked for, so that nobody else needs triton or a driver."""

from __future__ import annotations

from pathlib import Path

from .device import Device

NAMES = ("cuda", "interpreter")


def get_device(name: str, capability: int = 90, cache: Path | None = None) -> Device:
    """The device called `name`.

    Args:
        name: ``cuda`` or ``interpreter``.
        capability: what the interpreter pretends to be, x 10; a GPU knows its own.
        cache: the folder in which compiled kernels are kept; the interpreter compiles none.

    Raises:
        ValueError: for another name.
        CudaError: when ``cuda`` is asked for and no driver or no GPU answers.
    """
    if name == "interpreter":
        from .interpreter.device import InterpreterDevice

        return InterpreterDevice(capability)
    if name == "cuda":
        from .cuda.device import CudaDevice

        return CudaDevice(cache)
    raise ValueError(f"Unknown device {name!r}; it must be one of {', '.join(NAMES)}.")
