"""Layers that turn sound into spectrograms: STFTSpectrogram and MelSpectrogram."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from ... import config as settings
from ... import initializers, ops
from ..input_spec import InputSpec, title
from ..own_arguments import OwnArguments

_MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")


class STFTSpectrogram(OwnArguments):
    """The short-time Fourier transform of signals (batch, time, channels), as convolutions whose kernels can be trained.

    Args:
        mode: "log" (of the magnitude), "magnitude", "psd" (power), "real", "imag", "angle", or "stft" (real, then imaginary
            parts).
        frame_length: how many samples a frame has.
        frame_step: how many samples lie between the beginnings of frames; half of a frame by default.
        fft_length: how many samples a frame is padded to; the next power of two by default.
        window, periodic, scaling: see `initializers.STFT`.
        padding: "valid", or "same" for as many frames as steps fit in.
        expand_dims: whether frequencies and channels are two axes rather than one.
        data_format: "channels_last", or "channels_first" for (batch, channels, time).

    Raises:
        ValueError: for arguments that do not fit.
    """

    def __init__(
        self,
        mode: str = "log",
        frame_length: int = 256,
        frame_step: int | None = None,
        fft_length: int | None = None,
        window: Any = "hann",
        periodic: bool = False,
        scaling: str | None = "density",
        padding: str = "valid",
        expand_dims: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if mode not in _MODES:
            raise ValueError(f"{title(self)}: mode must be one of {', '.join(map(repr, _MODES))}; got {mode!r}.")
        if padding not in ("valid", "same"):
            raise ValueError(f"{title(self)}: padding must be 'valid' or 'same', got {padding!r}.")
        if frame_step is not None and not 1 <= frame_step <= frame_length:
            raise ValueError(f"{title(self)}: frame_step must be from 1 to frame_length={frame_length}, got {frame_step}.")
        if fft_length is not None and fft_length < frame_length:
            raise ValueError(f"{title(self)}: fft_length must be at least frame_length={frame_length}, got {fft_length}.")
        if fft_length is not None and fft_length & (fft_length - 1):
            warnings.warn(f"{title(self)}: fft_length={fft_length} is no power of two.", stacklevel=2)
        self._kernels = {
            side: initializers.STFT(side, window, scaling, periodic)
            for side in ("real", "imag")
            if mode != {"real": "imag", "imag": "real"}[side]
        }
        self.mode, self.frame_length, self.frame_step, self.fft_length = mode, frame_length, frame_step, fft_length
        self.window, self.periodic, self.scaling = window, periodic, scaling
        self.padding, self.expand_dims = padding, expand_dims
        self.data_format = settings.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=3)

    def build(self, input_shape: Any) -> None:
        length = self.fft_length or 2 ** math.ceil(math.log2(self.frame_length))
        shape = (self.frame_length, 1, length // 2 + 1)
        self.real_kernel, self.imag_kernel = (
            self.add_weight(shape, self._kernels[side], name=f"{side}_kernel") if side in self._kernels else None
            for side in ("real", "imag")
        )

    def call(self, inputs: Any) -> Any:
        if "float" not in ops.dtype(inputs):
            raise TypeError(f"{title(self)}: takes floats, got {ops.dtype(inputs)}.")
        signal = inputs if self.data_format == "channels_first" else ops.transpose(inputs, (0, 2, 1))
        real, imag = (self._transformed(signal, kernel) for kernel in (self.real_kernel, self.imag_kernel))
        return self._arranged(self._figures(real, imag))

    def _transformed(self, signal: Any, kernel: Any) -> Any:
        """(batch, channels, time) to (batch, channels, frames, frequencies)."""
        if kernel is None:
            return None
        batch, channels, time = ops.shape(signal)
        step = self.frame_step or self.frame_length // 2
        frames = ops.conv(ops.reshape(signal, (-1, time, 1)), kernel, step, padding=self.padding, data_format="channels_last")
        return ops.reshape(frames, (batch, channels, *ops.shape(frames)[1:]))

    def _figures(self, real: Any, imag: Any) -> Any:
        if self.mode in ("real", "imag"):
            return real if self.mode == "real" else imag
        if self.mode == "angle":
            return ops.arctan2(imag, real)
        if self.mode == "stft":
            return ops.concatenate([real, imag], axis=-1)
        power = ops.square(real) + ops.square(imag)
        if self.mode == "psd":  # frequencies between the first and the last stand for two
            return power + ops.pad(power[..., 1:-1], ((0, 0), (0, 0), (0, 0), (1, 1)))
        magnitude = ops.sqrt(ops.maximum(power, settings.epsilon()))
        return magnitude if self.mode == "magnitude" else ops.log(ops.maximum(magnitude, settings.epsilon()))

    def _arranged(self, figures: Any) -> Any:
        """(batch, channels, frames, frequencies) as the data format says."""
        batch, channels, frames, frequencies = ops.shape(figures)
        is_first = self.data_format == "channels_first"
        if self.expand_dims:
            return figures if is_first else ops.transpose(figures, (0, 2, 3, 1))
        flat = ops.reshape(ops.transpose(figures, (0, 1, 3, 2)), (batch, channels * frequencies, frames))
        return flat if is_first else ops.transpose(flat, (0, 2, 1))


class MelSpectrogram(OwnArguments):
    """The mel spectrogram of signals (time,) or (batch, time): (..., mel bins, frames).

    Args:
        fft_length, sequence_stride, sequence_length, window: see `ops.stft`.
        sampling_rate: samples a second.
        num_mel_bins: how many bands.
        min_freq, max_freq: the range of the bands in Hertz; up to half of the sampling rate by default.
        power_to_db: whether the result is in decibels: 10 times the logarithm to base 10.
        top_db: decibels further below the largest one are raised to that.
        mag_exp: the exponent of the magnitude: 1 for energy, 2 for power.
        min_power: smaller numbers count as that in decibels.
        ref_power: what 0 decibels are.
    """

    def __init__(
        self,
        fft_length: int = 2048,
        sequence_stride: int = 512,
        sequence_length: int | None = None,
        window: Any = "hann",
        sampling_rate: int = 16000,
        num_mel_bins: int = 128,
        min_freq: float = 20.0,
        max_freq: float | None = None,
        power_to_db: bool = True,
        top_db: float = 80.0,
        mag_exp: float = 2.0,
        min_power: float = 1e-10,
        ref_power: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.fft_length, self.sequence_stride = fft_length, sequence_stride
        self.sequence_length, self.window = sequence_length or fft_length, window
        if self.fft_length < self.sequence_length:
            raise ValueError(
                f"{title(self)}: fft_length must be at least sequence_length={self.sequence_length}, got {fft_length}."
            )
        self.sampling_rate, self.num_mel_bins = sampling_rate, num_mel_bins
        self.min_freq, self.max_freq = min_freq, max_freq or int(sampling_rate / 2)
        self.power_to_db, self.top_db, self.mag_exp = power_to_db, top_db, mag_exp
        self.min_power, self.ref_power = min_power, ref_power
        self.built = True

    def call(self, inputs: Any) -> Any:
        dtype = self.compute_dtype if self.compute_dtype in ("float32", "float64") else "float32"
        real, imag = ops.stft(ops.cast(inputs, dtype), self.sequence_length, self.sequence_stride, self.fft_length, self.window)
        magnitude = ops.sqrt(ops.square(real) + ops.square(imag))
        bands = ops.matmul(ops.power(magnitude, self.mag_exp), self._bands().astype(dtype))
        if self.power_to_db:
            bands = 10.0 * ops.log10(ops.maximum(bands, self.min_power))
            bands = bands - 10.0 * math.log10(max(abs(self.ref_power), self.min_power))
            bands = ops.maximum(bands, ops.max(bands) - self.top_db)
        return ops.cast(ops.swapaxes(bands, -1, -2), self.compute_dtype)

    def _bands(self) -> np.ndarray[Any, Any]:
        """The weight of each frequency in each band: triangles between points that are evenly spaced in mel."""
        frequencies = np.linspace(0, self.sampling_rate / 2, self.fft_length // 2 + 1)[1:]
        edges = np.linspace(_mel(self.min_freq), _mel(self.max_freq), self.num_mel_bins + 2)
        low, middle, high = edges[:-2], edges[1:-1], edges[2:]
        places = _mel(frequencies)[:, None]
        weights = np.maximum(0.0, np.minimum((places - low) / (middle - low), (high - places) / (high - middle)))
        return np.pad(weights, ((1, 0), (0, 0)))  # the constant part belongs to no band


def _mel(hertz: Any) -> Any:
    """Pitch in mel (HTK's formula)."""
    return 1127.0 * np.log(1.0 + np.asarray(hertz) / 700.0)
