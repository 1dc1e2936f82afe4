"""Reading a grid at places between its elements: what all warps of images are made of."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from graphkeras.compiler.dims import Dim
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import promote

from ..operands import Tensor, cast, dtype_of, filled, is_integer, scalar, shape_of, tensor

#: What lies outside of a grid a b c d: k k k | a b c d | k k k, and the like.
FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")


class _Neighbor(NamedTuple):
    """One of the elements along an axis that a place is mixed from."""

    index: Tensor
    weight: Tensor | None  # None: 1
    outside: Tensor | None = None  # whether it lies outside and is filled; None: never


def sample(
    planes: Tensor, sizes: Sequence[Any], coordinates: Sequence[Tensor], order: int, fill_mode: str, fill_value: Any
) -> Tensor:
    """The elements of flattened grids at `coordinates`, in the dtype of `planes`.

    Args:
        planes: (batch, channels, product of `sizes`).
        sizes: the sizes of each grid.
        coordinates: for each axis of the grid a tensor (batch or 1, places).
        order: 0 takes the nearest element, 1 mixes the neighbors linearly.

    Returns:
        (batch, channels, places).
    """
    batch, channels, count = shape_of(planes)
    axes = [
        [_placed(neighbor, size, fill_mode) for neighbor in _neighbors(coordinate, order)]
        for coordinate, size in zip(coordinates, sizes)
    ]
    if fill_mode == "constant":  # behind each plane, where all places outside of it are read
        fill = filled((batch, channels, 1), tensor(fill_value, dtype_of(planes)), dtype_of(planes))
        planes = ops.concatenate(planes, fill, axis=2)
    dtype = promote(dtype_of(planes), dtype_of(coordinates[0])) if order else dtype_of(planes)
    total: Tensor | None = None
    for corner in itertools.product(*axes):
        index = _flat_index([part.index for part in corner], sizes)
        outside = _product([part.outside for part in corner], ops.logical_or)
        if outside is not None:
            index = ops.where(outside, tensor(count, "int32"), index)
        everywhere = ops.broadcast_to(ops.expand_dims(index, axis=(1,)), shape=(batch, channels, shape_of(index)[1]))
        found = cast(ops.gather_elements(planes, everywhere, axis=2), dtype)
        weight = _product([part.weight for part in corner], ops.multiply)
        if weight is not None:
            found = ops.multiply(found, ops.expand_dims(cast(weight, dtype), axis=(1,)))
        total = found if total is None else ops.add(total, found)
    assert total is not None
    if is_integer(dtype_of(planes)) and order:
        total = rounded_away(total)
    return cast(total, dtype_of(planes))


def rounded_away(x: Tensor) -> Tensor:
    """The nearest whole numbers; halves go away from zero."""
    size = ops.abs(x)
    whole = ops.floor(size)
    up = cast(ops.greater_equal(ops.subtract(size, whole), scalar(0.5, x)), dtype_of(x))
    return ops.multiply(ops.sign(x), ops.add(whole, up))


def _neighbors(coordinate: Tensor, order: int) -> list[_Neighbor]:
    if order == 0:
        index = cast(rounded_away(coordinate), "int32")
        return [_Neighbor(index, None)]
    lower = ops.floor(coordinate)
    upper_weight = ops.subtract(coordinate, lower)
    index = cast(lower, "int32")
    lower_weight = ops.subtract(scalar(1, coordinate), upper_weight)
    return [
        _Neighbor(index, lower_weight),
        _Neighbor(ops.add(index, scalar(1, index)), upper_weight),
    ]


def _placed(neighbor: _Neighbor, size: Any, fill_mode: str) -> _Neighbor:
    """With an index that lies inside the axis."""
    index, count = neighbor.index, tensor(size, "int32")
    last = ops.subtract(count, scalar(1, count))
    zero = scalar(0, index)
    if fill_mode in ("constant", "nearest"):
        limited = ops.minimum(ops.maximum(index, zero), last)
        outside = ops.not_equal(limited, index) if fill_mode == "constant" else None
        return neighbor._replace(index=limited, outside=outside)
    if fill_mode == "wrap":
        return neighbor._replace(index=ops.remainder(index, count))
    if fill_mode == "mirror":
        if not isinstance(size, Dim) and size == 1:
            return neighbor._replace(index=ops.multiply(index, zero))
        return neighbor._replace(index=_mirrored(index, last))
    one, two = scalar(1, index), scalar(2, index)
    doubled = _mirrored(ops.add(ops.multiply(index, two), one), ops.multiply(count, two))
    return neighbor._replace(index=ops.floor_divide(ops.subtract(doubled, one), two))


def _mirrored(index: Tensor, last: Tensor) -> Tensor:
    """To and fro between 0 and `last`."""
    period = ops.multiply(last, scalar(2, last))
    return ops.abs(ops.subtract(ops.remainder(ops.add(index, last), period), last))


def _flat_index(indices: Sequence[Tensor], sizes: Sequence[Any]) -> Tensor:
    flat = indices[0]
    for index, size in zip(indices[1:], sizes[1:]):
        flat = ops.add(ops.multiply(flat, tensor(size, "int32")), index)
    return flat


def _product(parts: Sequence[Tensor | None], combine: Any) -> Tensor | None:
    known = [part for part in parts if part is not None]
    return reduce(combine, known) if known else None


def ramp(size: Any, dtype: str) -> Tensor:
    """0, 1, 2, ..."""
    return ops.iota(size=size, dtype=dtype) if isinstance(size, Dim) else np.arange(size).astype(dtype)
