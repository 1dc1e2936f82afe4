"""Sequences of numbers: differences, areas, correlations, polynomials, distances, windows."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkeras.compiler.dims import is_symbolic, size_of
from graphkeras.compiler.graph import Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import normalize_axis, shape_text

from ..config import floatx
from ..operation import operation
from .creation import evenly_spaced
from .manipulation import cut
from .operands import Tensor, as_float, cast, dtype_of, ndim_of, promoted, scalar, shape_of, standard_dtype, tensor

# fmt: off
__all__ = [
    "bartlett", "blackman", "cdist", "corrcoef", "correlate", "diff", "geomspace", "hamming", "hanning", "kaiser", "kron",
    "trapezoid", "vander",
]
# fmt: on


@operation
def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    """The difference of each element to the one before it along `axis`, taken `n` times. Of booleans: whether they differ.

    Raises:
        ValueError: for a negative n, or a scalar.
    """
    a = tensor(a)
    if n < 0 or ndim_of(a) == 0:
        raise ValueError(f"ops.diff: n must not be negative and a must have an axis, got n={n} and {ndim_of(a)} axes.")
    axis = normalize_axis(axis, ndim_of(a), "diff")
    for _ in range(n):
        before, after = _neighbours(a, axis)
        a = ops.not_equal(after, before) if dtype_of(a) == "bool" else ops.subtract(after, before)
    return a


def _neighbours(x: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """All elements along `axis` but the last one, and all but the first one."""
    size = shape_of(x)[axis]
    if not is_symbolic(size) and size == 0:
        return x, x
    return cut(x, axis, 0, size - 1), cut(x, axis, 1, size)


@operation
def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """The area under y along `axis`, with straight lines between the points.

    Args:
        x: where the points are: a vector along `axis`, or of the shape of y; by default they are `dx` apart.
    """
    y = as_float(y) if x is None else promoted(y, x, at_least="float")[0]
    axis = normalize_axis(axis, ndim_of(y), "trapezoid")
    left, right = _neighbours(y, axis)
    heights = ops.multiply(ops.add(left, right), scalar(0.5, y))
    if x is None:
        steps = tensor(dx, dtype_of(y))
    else:
        places = tensor(x, dtype_of(y))
        before, after = _neighbours(places, 0 if ndim_of(places) == 1 else axis)
        steps = ops.subtract(after, before)
        if ndim_of(places) == 1:
            steps = ops.reshape(steps, shape=tuple(-1 if k == axis else 1 for k in range(ndim_of(y))))
    return ops.sum(ops.multiply(heights, steps), axis=(axis,))


@operation
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """Powers of the vector x in N columns (by default as many as x has elements), from x**(N - 1) down to 1, or upwards.

    Raises:
        ValueError: if x is no vector, or its size is symbolic and N is not given.
    """
    x = tensor(x)
    if ndim_of(x) != 1:
        raise ValueError(f"ops.vander: x must be a vector, got shape {shape_text(shape_of(x))}.")
    given = shape_of(x)[0] if N is None else N
    if is_symbolic(given) or int(given) < 0:
        raise ValueError(f"ops.vander: N must be a number of columns that is known and not negative, got {given}.")
    count = int(given)
    x = cast(x, "int32") if dtype_of(x) == "bool" else x
    powers = np.arange(count) if increasing else np.arange(count)[::-1]
    return ops.power(ops.expand_dims(x, axis=(1,)), cast(powers.astype(np.int32), dtype_of(x)))


@operation
def correlate(x1: Any, x2: Any, mode: str = "valid") -> Any:
    """Sums of products of x1 and x2, two vectors, for every place of x2 along x1.

    Args:
        mode: "valid": only places where they overlap wholly; "same": as many as the longer one has elements; "full": all.

    Raises:
        ValueError: for something else than two vectors of known, positive size, or another mode.
    """
    if mode not in ("valid", "same", "full"):
        raise ValueError(f'ops.correlate: mode must be "valid", "same" or "full", got {mode!r}.')
    a, b = promoted(x1, x2, at_least="float")
    if ndim_of(a) != 1 or ndim_of(b) != 1 or any(is_symbolic(shape_of(x)[0]) or shape_of(x)[0] == 0 for x in (a, b)):
        raise ValueError(
            "ops.correlate: x1 and x2 must be vectors of known size, not 0; got "
            f"{shape_text(shape_of(a))} and {shape_text(shape_of(b))}."
        )
    if int(shape_of(a)[0]) >= int(shape_of(b)[0]):
        return _slide(a, b, mode)
    found = _slide(b, a, mode)
    return ops.take(found, np.arange(int(shape_of(found)[0]) - 1, -1, -1, dtype=np.int32), axis=0)


def _slide(long: Tensor, short: Tensor, mode: str) -> Tensor:
    """The pieces of `long`, as rows, times `short`."""
    width = int(shape_of(short)[0])
    before, after = {"valid": (0, 0), "same": (width // 2, width - 1 - width // 2), "full": (width - 1, width - 1)}[mode]
    padded = ops.pad(long, before=(before,), after=(after,), value=0)
    count = int(shape_of(padded)[0]) - width + 1
    places = np.arange(count, dtype=np.int32)[:, None] + np.arange(width, dtype=np.int32)
    rows = ops.take(padded, places, axis=0)
    return ops.squeeze(ops.matmul(rows, ops.expand_dims(short, axis=(1,))), axis=(1,))


@operation
def corrcoef(x: Any) -> Any:
    """How strongly the rows of x go along with each other, from -1 to 1: covariances over standard deviations."""
    x = as_float(x)
    x = ops.reshape(x, shape=(1, -1)) if ndim_of(x) < 2 else x
    if ndim_of(x) != 2:
        raise ValueError(f"ops.corrcoef: x must be a vector or a matrix, got shape {shape_text(shape_of(x))}.")
    centred = ops.subtract(x, ops.mean(x, axis=(1,), keepdims=True))
    sizes = ops.sqrt(ops.sum(ops.square(centred), axis=(1,), keepdims=True))
    scaled = ops.divide(centred, sizes)
    found = ops.clip(ops.matmul(scaled, ops.transpose(scaled, axes=(1, 0))), low=-1.0, high=1.0)
    return ops.reshape(found, shape=()) if shape_of(x)[0] == 1 else found


@operation
def cdist(x: Any, y: Any) -> Any:
    """The distances between all vectors of x and all of y: (..., m, d) and (..., n, d) to (..., m, n).

    Raises:
        ValueError: for fewer than two axes, or vectors of different size.
    """
    a, b = promoted(x, y, at_least="float")
    if ndim_of(a) < 2 or ndim_of(b) < 2 or shape_of(a)[-1] != shape_of(b)[-1]:
        raise ValueError(
            "ops.cdist: x and y must have at least 2 axes and the last of the same size, got "
            f"{shape_text(shape_of(a))} and {shape_text(shape_of(b))}."
        )
    apart = ops.subtract(ops.expand_dims(a, axis=(ndim_of(a) - 1,)), ops.expand_dims(b, axis=(ndim_of(b) - 2,)))
    return ops.sqrt(ops.sum(ops.square(apart), axis=(ndim_of(apart) - 1,)))


@operation
def kron(x1: Any, x2: Any) -> Any:
    """Kronecker's product: every element of x1 times the whole of x2, laid out as a tensor."""
    a, b = promoted(x1, x2, at_least="int")
    ndim = max(ndim_of(a), ndim_of(b))
    left, right = ((1,) * (ndim - ndim_of(x)) + shape_of(x) for x in (a, b))
    spread = ops.reshape(a, shape=tuple(size for pair in zip(left, (1,) * ndim) for size in pair))
    inside = ops.reshape(b, shape=tuple(size for pair in zip((1,) * ndim, right) for size in pair))
    return ops.reshape(ops.multiply(spread, inside), shape=tuple(size_of(pair) for pair in zip(left, right)))


@operation
def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    """`num` numbers from start to stop (included if `endpoint`), each the same multiple of the one before it."""
    a, b = promoted(start, stop, at_least="float")
    signs = ops.sign(a)
    exponents = evenly_spaced(ops.log(ops.abs(a)), ops.log(ops.abs(b)), num, endpoint, None, 0)[0]
    points = ops.multiply(ops.exp(exponents), signs)
    column = (num,) + (1,) * (ndim_of(points) - 1)
    number = np.arange(num).reshape(column)
    points = ops.where(number == 0, a, points)
    points = ops.where((number == num - 1) & endpoint & (num > 1), b, points)
    points = points if dtype is None else cast(points, standard_dtype(dtype))
    if axis == 0:
        return points
    order = list(range(1, ndim_of(points)))
    order.insert(axis % ndim_of(points), 0)
    return ops.transpose(points, axes=tuple(order))


@operation
def bartlett(x: Any) -> Any:
    """A window of x numbers that rise to 1 in the middle and fall again, along straight lines."""
    return np.bartlett(_length(x, "bartlett")).astype(floatx())


@operation
def blackman(x: Any) -> Any:
    """A window of x numbers made of three cosines."""
    return np.blackman(_length(x, "blackman")).astype(floatx())


@operation
def hamming(x: Any) -> Any:
    """A window of x numbers, a raised cosine that does not end in 0."""
    return np.hamming(_length(x, "hamming")).astype(floatx())


@operation
def hanning(x: Any) -> Any:
    """A window of x numbers, a raised cosine."""
    return np.hanning(_length(x, "hanning")).astype(floatx())


@operation
def kaiser(x: Any, beta: float) -> Any:
    """A window of x numbers made of Bessel functions; the greater `beta`, the narrower."""
    return np.kaiser(_length(x, "kaiser"), float(beta)).astype(floatx())


def _length(x: Any, name: str) -> int:
    """A window's length, which a graph must know."""
    if isinstance(x, Value) or is_symbolic(x) or np.ndim(x) != 0:
        raise ValueError(f"ops.{name}: x must be a number, the length of the window, got {x!r}.")
    return int(x)
