"""Fourier transforms and sequences cut out of signals. Complex tensors are pairs (real, imaginary)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graphkeras.compiler.dims import Dim
from graphkeras.compiler.ops.fourier import mirrored
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import FLOATS, shape_text

from ..operation import operation
from .manipulation import cut
from .operands import Tensor, as_float, cast, dtype_of, ndim_of, require_axes, scalar, shape_of, tensor

__all__ = ["extract_sequences", "fft", "fft2", "ifft2", "irfft", "istft", "rfft", "stft"]


@operation
def fft(x: Any) -> Any:
    """The discrete Fourier transform along the last axis of a pair (real, imaginary); such a pair.

    Raises:
        ValueError: for something else than a pair of float tensors of one shape.
    """
    return ops.fft(*_pair(x, "fft"), inverse=False)


@operation
def fft2(x: Any) -> Any:
    """The discrete Fourier transform along the last two axes of a pair (real, imaginary); such a pair."""
    return _over_two_axes(_pair(x, "fft2"), inverse=False)


@operation
def ifft2(x: Any) -> Any:
    """The inverse of `fft2`."""
    real, imaginary = _pair(x, "ifft2")
    rows, columns = _known(real, -2, "ifft2"), _known(real, -1, "ifft2")
    share = scalar(1 / (rows * columns), real)
    return tuple(ops.multiply(part, share) for part in _over_two_axes((real, imaginary), inverse=True))


def _over_two_axes(x: tuple[Tensor, Tensor], inverse: bool) -> tuple[Tensor, Tensor]:
    ndim = ndim_of(x[0])
    if ndim < 2:
        raise ValueError(f"ops.fft2: at least 2 axes are needed, got shape {shape_text(shape_of(x[0]))}.")
    order = (*range(ndim - 2), ndim - 1, ndim - 2)
    parts = ops.fft(*x, inverse=inverse)
    turned = ops.fft(*(ops.transpose(part, axes=order) for part in parts), inverse=inverse)
    return ops.transpose(turned[0], axes=order), ops.transpose(turned[1], axes=order)


@operation
def rfft(x: Any, fft_length: int | None = None) -> Any:
    """The discrete Fourier transform of a real tensor along its last axis: a pair of its first half, fft_length // 2 + 1 bins.

    The last axis is cut, or filled up with zeros, to `fft_length`.
    """
    return ops.rfft(_of_length(_real_float(x), fft_length, "rfft"))


@operation
def irfft(x: Any, fft_length: int | None = None) -> Any:
    """The inverse of `rfft`; `fft_length` is 2 * (bins - 1) by default."""
    real, imaginary = _pair(x, "irfft")
    size = 2 * (_known(real, -1, "irfft") - 1) if fft_length is None else fft_length
    if size < 1:
        raise ValueError(f"ops.irfft: fft_length must be at least 1, got {size}.")
    return _inverse_of_real(real, imaginary, size)


def _inverse_of_real(real: Tensor, imaginary: Tensor, size: int) -> Tensor:
    weights = cast(mirrored(size) / size, dtype_of(real))
    parts = (ops.multiply(_of_length(part, size // 2 + 1, "irfft"), weights) for part in (real, imaginary))
    return ops.rfft_adjoint(*parts, size=size)


@operation
def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Any:
    """Pieces of the last axis, one every `sequence_stride`: (..., time) to (..., count, sequence_length)."""
    return _sequences(tensor(x), sequence_length, sequence_stride, "extract_sequences")


def _sequences(x: Tensor, length: int, stride: int, name: str) -> Tensor:
    if length < 1 or stride < 1:
        raise ValueError(f"ops.{name}: sequence_length and sequence_stride must be at least 1, got {length} and {stride}.")
    require_axes(x, 1, f"ops.{name}")
    time = shape_of(x)[-1]
    if not isinstance(time, Dim) and time < length:
        raise ValueError(f"ops.{name}: the last axis of size {time} is shorter than one sequence of {length}.")
    count = (time - length) // stride + 1
    inside = np.arange(length, dtype=np.int32)
    if isinstance(count, Dim):
        starts = ops.multiply(ops.iota(size=count, dtype="int32"), np.int32(stride))
        places = ops.add(ops.expand_dims(starts, axis=(1,)), inside)
    else:
        places = (np.arange(count, dtype=np.int32) * np.int32(stride))[:, None] + inside
    return ops.take(x, places, axis=ndim_of(x) - 1)


@operation
def stft(x: Any, sequence_length: int, sequence_stride: int, fft_length: int, window: Any = "hann", center: bool = True) -> Any:
    """The Fourier transforms of overlapping pieces of a real signal: (..., time) to a pair (..., pieces, fft_length // 2 + 1).

    Args:
        window: "hann", "hamming", a tensor of `sequence_length` numbers, or None; each piece is multiplied by it.
        center: whether piece t is centered at time t * sequence_stride; the signal is reflected at its ends.

    Raises:
        TypeError: for a signal that is neither float32 nor float64.
        ValueError: for an fft_length below sequence_length, or a window of another length.
    """
    x = tensor(x)
    if dtype_of(x) not in ("float32", "float64"):
        raise TypeError(f"ops.stft: x must be float32 or float64, got {dtype_of(x)}.")
    weights = _window(window, sequence_length, fft_length, dtype_of(x), "stft")
    x = _reflected(x, fft_length // 2) if center else x
    return ops.rfft(ops.multiply(_sequences(x, fft_length, sequence_stride, "stft"), weights))


@operation
def istft(
    x: Any,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Any:
    """The signal whose `stft` is x: pieces are added up where they overlap, and divided by the sum of the squared windows.

    Args:
        length: how much of the signal is returned; by default all of it.
    """
    real, imaginary = _pair(x, "istft")
    if ndim_of(real) < 2:
        raise ValueError(f"ops.istft: at least 2 axes are needed, got shape {shape_text(shape_of(real))}.")
    weights = _window(window, sequence_length, fft_length, dtype_of(real), "istft")
    pieces = ops.multiply(_inverse_of_real(real, imaginary, fft_length), weights)
    squares = ops.broadcast_to(ops.square(weights), shape=shape_of(pieces)[-2:])
    signal, norm = _overlap_and_add(pieces, sequence_stride), _overlap_and_add(squares, sequence_stride)
    norm = ops.where(ops.greater(norm, scalar(1e-10, norm)), norm, scalar(1, norm))
    signal = ops.divide(signal, norm)
    if window is None:  # as if each piece were added up without a window
        signal = ops.multiply(signal, scalar(fft_length / sequence_stride, signal))
    start = fft_length // 2 if center else 0
    stop = shape_of(signal)[-1] - start if length is None else start + length
    return cut(signal, ndim_of(signal) - 1, start, stop)


def _overlap_and_add(pieces: Tensor, stride: int) -> Tensor:
    """(..., count, length) to (..., (count - 1) * stride + length): piece k starts at k * stride.

    A piece is cut into parts of `stride`. Part p of piece k belongs to place k + p: rows that are one longer than needed are
    laid out one after the other and read again as shorter rows, which moves each row by one place more than the row before.
    """
    *ahead, count, length = shape_of(pieces)
    parts, ndim = -(-length // stride), ndim_of(pieces)
    nothing = (0,) * (ndim - 1)
    pieces = ops.pad(pieces, before=(*nothing, 0), after=(*nothing, parts * stride - length), value=0)
    rows = ops.reshape(pieces, shape=(*ahead, count, parts, stride))
    rows = ops.transpose(rows, axes=(*range(ndim - 2), ndim - 1, ndim - 2, ndim))
    rows = ops.pad(rows, before=(0,) * (ndim + 1), after=(*nothing, parts, 0), value=0)
    flat = ops.reshape(rows, shape=(*ahead, parts * (count + parts), stride))
    flat = cut(flat, ndim - 2, 0, parts * (count + parts - 1))
    moved = ops.reshape(flat, shape=(*ahead, parts, count + parts - 1, stride))
    summed = ops.reshape(ops.sum(moved, axis=(ndim - 2,)), shape=(*ahead, (count + parts - 1) * stride))
    return cut(summed, ndim - 2, 0, (count - 1) * stride + length)


def _window(window: Any, length: int, fft_length: int, dtype: str, name: str) -> Tensor:
    """The weights of a piece, with zeros around them up to `fft_length`."""
    if fft_length < length:
        raise ValueError(f"ops.{name}: fft_length must be at least sequence_length, got {fft_length} and {length}.")
    before = (fft_length - length) // 2
    if window is None:
        return np.ones(fft_length, dtype)
    if isinstance(window, str):
        shares = {"hann": 0.5, "hamming": 0.54}
        if window not in shares:
            raise ValueError(f"ops.{name}: window must be 'hann', 'hamming', a tensor or None, got {window!r}.")
        share, angles = shares[window], np.arange(length) * (2 * math.pi / length)
        weights: Tensor = (share - (1 - share) * np.cos(angles)).astype(dtype) if length > 1 else np.ones(1, dtype)
    else:
        weights = tensor(window, dtype)
    if shape_of(weights) != (length,):
        raise ValueError(
            f"ops.{name}: window must have sequence_length = {length} numbers, got {shape_text(shape_of(weights))}."
        )
    return ops.pad(weights, before=(before,), after=(fft_length - length - before,), value=0)


def _reflected(x: Tensor, width: int) -> Tensor:
    """`width` mirrored numbers at both ends of the last axis; its size may be symbolic."""
    require_axes(x, 1, "ops.stft")
    if width == 0:
        return x
    axis, time = ndim_of(x) - 1, shape_of(x)[-1]
    if not isinstance(time, Dim) and time <= width:
        raise ValueError(f"ops.stft: with center=True the signal must be longer than fft_length // 2 = {width}, got {time}.")
    backwards = np.arange(width - 1, -1, -1, dtype=np.int32)
    ends = (cut(x, axis, 1, width + 1), cut(x, axis, time - width - 1, time - 1))
    before, after = (ops.take(end, backwards, axis=axis) for end in ends)
    return ops.concatenate(before, x, after, axis=axis)


def _of_length(x: Tensor, length: int | None, name: str) -> Tensor:
    """The last axis cut, or filled up with zeros, to `length`."""
    if length is None:
        return x
    if length < 1:
        raise ValueError(f"ops.{name}: fft_length must be at least 1, got {length}.")
    size = _known(x, -1, name)
    if size >= length:
        return x if size == length else cut(x, ndim_of(x) - 1, 0, length)
    nothing = (0,) * (ndim_of(x) - 1)
    return ops.pad(x, before=(*nothing, 0), after=(*nothing, length - size), value=0)


def _known(x: Tensor, axis: int, name: str) -> int:
    size = shape_of(x)[axis] if ndim_of(x) >= -axis else None
    if not isinstance(size, int):
        raise ValueError(f"ops.{name}: axis {axis} must have a known size, got shape {shape_text(shape_of(x))}.")
    return size


def _real_float(x: Any) -> Tensor:
    x = as_float(x)
    return cast(x, "float32") if dtype_of(x) in ("float16", "bfloat16") else x


def _pair(x: Any, name: str) -> tuple[Tensor, Tensor]:
    """The real and the imaginary part."""
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        raise ValueError(f"ops.{name}: x must be a pair of tensors (real, imaginary), got {type(x).__name__}.")
    real, imaginary = tensor(x[0]), tensor(x[1])
    if shape_of(real) != shape_of(imaginary):
        raise ValueError(
            f"ops.{name}: the real and the imaginary part must have one shape, got {shape_text(shape_of(real))} and "
            f"{shape_text(shape_of(imaginary))}."
        )
    if any(dtype_of(part) not in FLOATS for part in (real, imaginary)):
        raise ValueError(f"ops.{name}: both parts must be floats, got {dtype_of(real)} and {dtype_of(imaginary)}.")
    dtype = "float64" if "float64" in (dtype_of(real), dtype_of(imaginary)) else "float32"
    return cast(real, dtype), cast(imaginary, dtype)
