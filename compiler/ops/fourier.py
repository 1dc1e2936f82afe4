"""Discrete Fourier transforms along the last axis: `fft`, `rfft`, `rfft_adjoint`. Complex tensors are pairs (real, imaginary).

The numpy target has fast transforms. Other targets multiply with the matrix of the transform, or, where the size is a product
of two numbers, with the two small matrices of these: the same sums in another order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from ..dims import is_symbolic
from ..graph import Node
from ..registry import ops
from ..types import TensorType
from .base import REQUIRED, Arg, Array, Composite, Sample
from .elementwise import BATCH, check_arity, check_dtype

#: Up to this size a transform is one matrix.
_ONE_MATRIX = 256


@lru_cache(maxsize=32)
def waves(rows: int, columns: int, size: int, dtype: str) -> tuple[Array, Array]:
    """cos and sin of 2 pi row column / size; the product is taken modulo the size first, so that all digits hold."""
    angles = (np.outer(np.arange(rows), np.arange(columns)) % size) * (2 * math.pi / size)
    return np.cos(angles).astype(dtype), np.sin(angles).astype(dtype)


class FourierOp(Composite):
    """Base of the transforms; the last axis must have a known size."""

    #: How many operands: 2 for (real, imaginary).
    arity: ClassVar[int] = 2

    def check(self, types: Sequence[TensorType]) -> TensorType:
        """The operands' common type."""
        check_arity(self, types, self.arity)
        check_dtype(self, types[0].dtype, ("float32", "float64"))
        if len(set(types)) != 1:
            raise ValueError(f"{self.name}: the real and the imaginary part must have one type, got {types[0]} and {types[1]}.")
        if not types[0].ndim or is_symbolic(types[0].shape[-1]) or types[0].shape[-1] == 0:
            raise ValueError(f"{self.name}: the last axis must have a known size that is not 0, got {types[0]}.")
        return types[0]

    def flops(self, node: Node) -> Any:
        size = int(node.inputs[0].type.shape[-1])
        return node.inputs[0].type.size * 5 * max(1, math.ceil(math.log2(size)))

    def shapes(self) -> Iterator[tuple[Any, ...]]:
        """Shapes of samples: one element, odd and even sizes, a product of two numbers, a large prime."""
        yield from ((5,), (2, 3, 8), (3, 1), (0, 4), (BATCH, 6), (2, 320), (257,))


class Fourier(FourierOp):
    """y[k] = the sum over t of x[t] e ** (-2 pi i k t / size); with +2 pi if `inverse` (not divided by the size)"""

    name = "fft"
    attributes: ClassVar[Mapping[str, Any]] = {"inverse": False}

    def infer(self, *types: TensorType, inverse: bool) -> tuple[TensorType, TensorType]:
        return (self.check(types),) * 2

    def expand(self, real: Any, imaginary: Any, *, inverse: bool) -> tuple[Any, Any]:
        return transformed(real, imaginary, 1.0 if inverse else -1.0)

    def evaluate(self, *arrays: Array, inverse: bool) -> tuple[Array, Array]:
        real, imaginary = (array.astype(np.float64) for array in arrays)
        found = np.fft.ifft(real + 1j * imaginary, norm="forward") if inverse else np.fft.fft(real + 1j * imaginary)
        return found.real.astype(arrays[0].dtype), found.imag.astype(arrays[0].dtype)

    def vjp(self, grad: Any, out: Any, *inputs: Any, inverse: bool) -> Any:
        """The transform in the other direction."""
        real, imaginary = (zeros_like(value) if g is None else g for g, value in zip(grad, out, strict=True))
        return ops.fft(real, imaginary, inverse=not inverse)

    def samples(self) -> Iterator[Sample]:
        for shape in self.shapes():
            for inverse in (False, True):
                yield Sample((Arg(shape), Arg(shape)), {"inverse": inverse})
        yield Sample((Arg((2, 5), "float64"), Arg((2, 5), "float64")))


class RealFourier(FourierOp):
    """The transform of real numbers: y[k] for k = 0, ..., size // 2; the others are their mirror images"""

    name, arity = "rfft", 1

    def infer(self, *types: TensorType, **attrs: Any) -> tuple[TensorType, TensorType]:
        x = self.check(types)
        return (x.with_shape((*x.shape[:-1], x.shape[-1] // 2 + 1)),) * 2

    def expand(self, x: Any) -> tuple[Any, Any]:
        size = int(x.type.shape[-1])
        bins = size // 2 + 1
        if size > _ONE_MATRIX and _middle_divisor(size) > 1:
            real, imaginary = transformed(x, None, -1.0)
            return first_of(real, bins), first_of(imaginary, bins)
        cos, sin = waves(size, bins, size, x.type.dtype)
        return _vectors_times(x, cos), _vectors_times(x, -sin)

    def evaluate(self, *arrays: Array, **attrs: Any) -> tuple[Array, Array]:
        found = np.fft.rfft(arrays[0].astype(np.float64))
        return found.real.astype(arrays[0].dtype), found.imag.astype(arrays[0].dtype)

    def vjp(self, grad: Any, out: Any, *inputs: Any, **attrs: Any) -> Any:
        real, imaginary = (zeros_like(value) if g is None else g for g, value in zip(grad, out, strict=True))
        return (ops.rfft_adjoint(real, imaginary, size=inputs[0].type.shape[-1]),)

    def samples(self) -> Iterator[Sample]:
        for shape in self.shapes():
            yield Sample((Arg(shape),))
        yield Sample((Arg((2, 5), "float64"),))


class RealFourierAdjoint(FourierOp):
    """y[t] = the sum over k of real[k] cos(2 pi k t / size) - imaginary[k] sin(2 pi k t / size), t < `size`

    The gradient of `rfft`; of bins that are weighted for their mirror images, its inverse.
    """

    name = "rfft_adjoint"
    attributes: ClassVar[Mapping[str, Any]] = {"size": REQUIRED}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        return {"size": int(attrs["size"])}

    def infer(self, *types: TensorType, size: int) -> TensorType:
        bins = self.check(types)
        if bins.shape[-1] != size // 2 + 1:
            raise ValueError(f"rfft_adjoint: {size} numbers have {size // 2 + 1} bins, got {bins}.")
        return bins.with_shape((*bins.shape[:-1], size))

    def expand(self, real: Any, imaginary: Any, *, size: int) -> Any:
        bins = size // 2 + 1
        if size > _ONE_MATRIX and _middle_divisor(size) > 1:
            nothing = (0,) * (real.type.ndim - 1)
            wide = [ops.pad(part, before=(*nothing, 0), after=(*nothing, size - bins), value=0) for part in (real, imaginary)]
            return ops.fft(*wide, inverse=True)[0]
        cos, sin = waves(bins, size, size, real.type.dtype)
        return _vectors_times(real, cos) - _vectors_times(imaginary, sin)

    def evaluate(self, *arrays: Array, size: int) -> Array:
        real, imaginary = (array.astype(np.float64) for array in arrays)
        weighted = (real + 1j * imaginary) / mirrored(size)
        return np.fft.irfft(weighted, n=size, norm="forward").astype(arrays[0].dtype)

    def vjp(self, grad: Any, out: Any, *inputs: Any, size: int) -> Any:
        return ops.rfft(grad)

    def samples(self) -> Iterator[Sample]:
        for shape in self.shapes():
            for size in {max(2 * shape[-1] - 2, 1), 2 * shape[-1] - 1}:
                yield Sample((Arg(shape), Arg(shape)), {"size": size})
        yield Sample((Arg((2, 5), "float64"), Arg((2, 5), "float64")), {"size": 8})


def mirrored(size: int) -> Array:
    """How often each of the size // 2 + 1 bins of real numbers occurs among all `size`."""
    weights = np.full(size // 2 + 1, 2.0)
    weights[0] = 1
    if size % 2 == 0:
        weights[-1] = 1
    return weights


def zeros_like(x: Any) -> Any:
    return ops.broadcast_to(ops.constant(value=np.zeros((), x.type.dtype)), shape=x.type.shape)


def first_of(x: Any, count: int) -> Any:
    """x[..., :count]"""
    ahead = x.type.shape[:-1]
    return ops.slice(x, starts=(0,) * x.type.ndim, stops=(*ahead, count), steps=(1,) * x.type.ndim)


def transformed(real: Any, imaginary: Any, sign: float) -> tuple[Any, Any]:
    """The transform with e ** (sign * 2 pi i k t / size), by matrices; `imaginary` None stands for zeros."""
    shape, dtype = real.type.shape, real.type.dtype
    size = int(shape[-1])
    first = _middle_divisor(size) if size > _ONE_MATRIX else 1
    second = size // first
    parts = [None if part is None else ops.reshape(part, shape=(*shape[:-1], first, second)) for part in (real, imaginary)]
    if first > 1:  # t = t1 * second + t2, k = k1 + first * k2
        parts = _times(parts, waves(first, first, first, dtype), sign, _left)
        parts = _times(parts, waves(first, second, size, dtype), sign, ops.multiply)
    parts = _times(parts, waves(second, second, second, dtype), sign, ops.matmul)
    ndim = len(shape) + 1
    order = (*range(ndim - 2), ndim - 1, ndim - 2)
    found = [ops.reshape(ops.transpose(part, axes=order) if first > 1 else part, shape=shape) for part in parts]
    return found[0], found[1]


def _times(parts: Sequence[Any], wave: tuple[Array, Array], sign: float, product: Any) -> list[Any]:
    """Complex numbers times e ** (sign * i * angle), by the `product` (of elements or matrices) given."""
    (real, imaginary), (cos, sin) = parts, wave
    sin = sin if sign > 0 else -sin
    if imaginary is None:
        return [product(real, cos), product(real, sin)]
    return [product(real, cos) - product(imaginary, sin), product(real, sin) + product(imaginary, cos)]


def _left(x: Any, matrix: Array) -> Any:
    return ops.matmul(matrix, x)


def _vectors_times(x: Any, matrix: Array) -> Any:
    """Vectors along the last axis times a matrix."""
    row = ops.matmul(ops.expand_dims(x, axis=(x.type.ndim - 1,)), matrix)
    return ops.squeeze(row, axis=(x.type.ndim - 1,))


def _middle_divisor(size: int) -> int:
    """The greatest divisor up to the square root; 1 for a prime."""
    return next(k for k in range(math.isqrt(size), 0, -1) if size % k == 0)
