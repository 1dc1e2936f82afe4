"""`STFT`: kernels of convolutions that compute short-time Fourier transforms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .initializer import Array, Initializer, as_dtype

_WINDOWS = {
    "hann": (0.5, 0.5),
    "hamming": (0.54, 0.46),
    "blackman": (0.42, 0.5, 0.08),
    "boxcar": (1.0,),
}


def window_of(name: str, length: int, periodic: bool) -> Array:
    """A window of weights: a sum of cosines over the time, which ends at 1, or would one step later if it is periodic.

    Raises:
        ValueError: for an unknown name.
    """
    if name not in _WINDOWS:
        raise ValueError(f"Unknown window {name!r}; known are {', '.join(_WINDOWS)}. Give the numbers of others as an array.")
    time = np.arange(length) / max(length if periodic else length - 1, 1)
    return np.asarray(sum((-1) ** k * factor * np.cos(2 * np.pi * k * time) for k, factor in enumerate(_WINDOWS[name])))


class STFT(Initializer):
    """The cosines or (negative) sines of all frequencies up to the half, times a window; of shape (time, 1, frequencies).

    Args:
        side: "real" for the cosines, "imag" for the sines.
        window: "hann", "hamming", "blackman", "boxcar", an array, or None for no window.
        scaling: "density" divides by the window's norm, "spectrum" by the sum of its absolute values; None by nothing.
        periodic: whether the window is periodic in its length.

    Raises:
        ValueError: for another side, scaling, window or shape.
    """

    def __init__(
        self, side: str = "real", window: Any = "hann", scaling: str | None = "density", periodic: bool = False
    ) -> None:
        if side not in ("real", "imag"):
            raise ValueError(f"STFT: side must be 'real' or 'imag', got {side!r}.")
        if scaling not in ("density", "spectrum", None):
            raise ValueError(f"STFT: scaling must be 'density', 'spectrum' or None, got {scaling!r}.")
        if isinstance(window, str):
            window_of(window, 1, periodic)
        self.side, self.window, self.scaling, self.periodic = side, window, scaling, periodic

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        if len(shape) != 3:
            raise ValueError(f"STFT: makes kernels of shape (time, 1, frequencies), got {tuple(shape)}.")
        length, _, frequencies = shape
        angle = -2 * np.pi * np.arange(length)[:, None, None] * np.arange(frequencies) / (2 * (frequencies - 1))
        kernel = np.cos(angle) if self.side == "real" else np.sin(angle)
        if self.window is not None:
            named = isinstance(self.window, str)
            window = window_of(self.window, length, self.periodic) if named else np.asarray(self.window, np.float64)
            if window.shape != (length,):
                raise ValueError(f"STFT: the window must have {length} numbers, got shape {window.shape}.")
            scale = {"density": np.sqrt(np.sum(window**2)), "spectrum": np.sum(np.abs(window))}.get(self.scaling or "", 1.0)
            kernel = kernel * window[:, None, None] / scale
        return as_dtype(kernel, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"side": self.side, "window": self.window, "periodic": self.periodic, "scaling": self.scaling}
