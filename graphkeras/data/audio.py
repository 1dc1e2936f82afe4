"""Sound files: WAV files of 16-bit samples as arrays."""

from __future__ import annotations

import os
import wave
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def read_wav(path: str | os.PathLike[str], length: int | None = None, sampling_rate: int | None = None) -> Array:
    """The samples of a file, float32 in [-1, 1), of shape (time, channels).

    Args:
        length: cut off, or filled up with zeros, to so many samples.
        sampling_rate: what the file must have, in samples a second.

    Raises:
        ValueError: for a file that is no WAV file of 16-bit samples, or has another sampling rate.
    """
    try:
        with wave.open(os.fspath(path), "rb") as file:
            channels, width, rate, frames = file.getparams()[:4]
            content = file.readframes(frames)
    except (wave.Error, EOFError) as error:
        raise ValueError(f"{path} is not a readable WAV file: {error}. Convert it to WAV with 16-bit samples.") from error
    if width != 2:
        raise ValueError(f"{path} has samples of {8 * width} bits; only 16 bits are read. Convert the file.")
    if sampling_rate is not None and rate != sampling_rate:
        raise ValueError(f"{path} has {rate} samples a second, and not {sampling_rate}. Resample the file first.")
    samples = np.frombuffer(content, "<i2").reshape(-1, channels).astype(np.float32) / 32768
    return samples if length is None else padded(samples[:length], length)


def padded(samples: Array, length: int) -> Array:
    """With zeros at the end, up to a length."""
    return np.pad(samples, ((0, length - len(samples)), (0, 0)))


def stacked(parts: list[Array]) -> Array:
    """Sounds one above the other, shorter ones with zeros at the end."""
    longest = max(len(part) for part in parts)
    return np.stack([padded(part, longest) for part in parts])
