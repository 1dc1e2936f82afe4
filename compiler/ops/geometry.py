"""Where windows lie: strides, padding and dilation of convolution and pooling, along each spatial axis.

The attribute `padding` is "valid" or "same" in a call, and a pair (before, after) for each axis in a node; the amounts are
symbolic where an axis of unknown size is gone over in strides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from ..dims import Dim, DimLike, Shape, is_symbolic
from ..registry import ops

Pairs: TypeAlias = "tuple[tuple[DimLike, DimLike], ...]"


def spatial_axes(ndim: int, channels_last: bool) -> range:
    """The spatial axes of a tensor of batch, channels and them."""
    return range(1, ndim - 1) if channels_last else range(2, ndim)


def dilated(size: int, dilation: int) -> int:
    """How many elements a window of `size` taps reaches over."""
    return (size - 1) * dilation + 1


def canonical_geometry(name: str, sizes: Shape, size: Sequence[Any], attrs: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes with one number for each spatial axis, and padding in pairs where it is known.

    Raises:
        ValueError: for numbers that are too few, too many, or too small; for an unknown padding.
    """
    ndim = len(sizes)
    made: dict[str, Any] = {key: attrs[key] for key in ("groups",) if key in attrs}
    for key in ("strides", "dilation"):
        given = attrs[key]
        numbers = (given,) * ndim if isinstance(given, (int, np.integer)) else tuple(given)
        if len(numbers) != ndim or any(int(number) < 1 for number in numbers):
            raise ValueError(f"{name}: {key} must be a number of at least 1, or one for each of {ndim} axes, got {given!r}.")
        made[key] = tuple(int(number) for number in numbers)
    if any(is_symbolic(n) or n < 1 for n in size) or len(size) != ndim:
        raise ValueError(f"{name}: a window needs a known size of at least 1 along each of {ndim} axes, got {tuple(size)}.")
    made["padding"] = _canonical_padding(name, attrs["padding"], sizes, size, made)
    return {**made, "channels_last": bool(attrs["channels_last"])}


def _canonical_padding(name: str, padding: Any, sizes: Shape, size: Sequence[int], made: Mapping[str, Any]) -> Pairs:
    if isinstance(padding, str):
        if padding not in ("valid", "same"):
            raise ValueError(f"{name}: padding must be 'valid', 'same' or a pair of numbers for each axis, got {padding!r}.")
        if padding == "valid":
            return ((0, 0),) * len(sizes)
        axes = zip(sizes, size, made["strides"], made["dilation"], strict=True)
        return tuple(_same(n, stride, dilated(taps, dilation)) for n, taps, stride, dilation in axes)
    pairs = tuple((_amount(before), _amount(after)) for before, after in padding)
    wrong = any(not is_symbolic(amount) and amount < 0 for pair in pairs for amount in pair)  # type: ignore[operator]
    if len(pairs) != len(sizes) or wrong:
        raise ValueError(f"{name}: padding needs a pair of numbers of at least 0 for each of {len(sizes)} axes, got {padding}.")
    return pairs


def _amount(amount: Any) -> DimLike:
    return amount if isinstance(amount, Dim) else int(amount)


def _same(n: DimLike, stride: int, reach: int) -> tuple[DimLike, DimLike]:
    """The padding of ceil(n / stride) windows: max(reach - 1 - rest, 0) with rest = (n - 1) % stride, the odd one behind.

    Written as a sum of quotients, which are sizes that may depend on symbols.
    """
    rest = (n - 1) % stride
    if reach >= stride:
        total = reach - 1 - rest
    else:
        total = sum((1 - (rest + (stride - 1 - k)) // stride for k in range(reach - 1)), start=0)
    return total // 2, total - total // 2


def counts_of(sizes: Shape, size: Sequence[Any], attrs: Mapping[str, Any]) -> Shape:
    """How many windows there are along each axis."""
    axes = zip(sizes, size, attrs["strides"], attrs["dilation"], attrs["padding"], strict=True)
    return tuple((n + (low + high - dilated(taps, step))) // stride + 1 for n, taps, stride, step, (low, high) in axes)


def to_channels_last(x: Any, attrs: Mapping[str, Any]) -> Any:
    """A value with its channels as the last axis."""
    if attrs["channels_last"]:
        return x
    return ops.transpose(x, axes=(0, *range(2, x.type.ndim), 1))


def back_to_channels_first(x: Any, attrs: Mapping[str, Any]) -> Any:
    """The way back from `to_channels_last`."""
    if attrs["channels_last"]:
        return x
    return ops.transpose(x, axes=(0, x.type.ndim - 1, *range(1, x.type.ndim - 1)))
