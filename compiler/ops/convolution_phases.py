"""The gradient of a convolution by its input where windows lie `stride` apart: one product for each phase.

Element i of the input is in tap t of window o if i + before = o * stride + t * dilation. So the elements of one phase, those
with equal i mod stride, meet some of the taps only, which lie a fixed distance apart, and for them the gradient is a
convolution whose windows lie 1 apart. Only numbers that meet are multiplied, not the zeros between the windows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from ..registry import ops
from ..types import numpy_dtype


@dataclass(frozen=True)
class Phase:
    """What the elements of one phase meet along one axis.

    Attributes:
        taps: the kernel's taps, a fixed distance apart; empty if no window has the elements.
        start: the window that meets element 0 of the phase by the first tap.
        step: how many windows farther the next tap's window is.
    """

    taps: tuple[int, ...]
    start: int = 0
    step: int = -1


def phases_of(size: int, stride: int, dilation: int, before: int) -> list[Phase]:
    """The phases of one axis, for a kernel of `size` taps."""
    found = []
    for phase in range(stride):
        taps = tuple(tap for tap in range(size) if (phase + before - tap * dilation) % stride == 0)
        if not taps:
            found.append(Phase(()))
            continue
        windows = [(phase + before - tap * dilation) // stride for tap in taps]
        found.append(Phase(taps, windows[0], windows[1] - windows[0] if len(taps) > 1 else -1))
    return found


def input_gradient_by_phases(
    grad: Any, kernel: Any, attrs: Mapping[str, Any], product_of: Callable[[Any, Any, int], Any]
) -> Any:
    """`conv_input_gradient` of a `grad` whose channels are last.

    Args:
        kernel: (*size, filters / groups, channels), for the convolution from filters to channels.
        product_of: windows times kernel, for a number of groups.
    """
    size, sizes, strides = kernel.type.shape[:-2], attrs["sizes"], attrs["strides"]
    befores = [before for before, _ in attrs["padding"]]
    counts = tuple(-(-int(n) // stride) for n, stride in zip(sizes, strides, strict=True))
    axes = [phases_of(*each) for each in zip(size, strides, attrs["dilation"], befores, strict=True)]
    zero = ops.constant(value=np.zeros((), numpy_dtype(grad.type.dtype)))
    shape = (grad.type.shape[0], *counts, kernel.type.shape[-1])
    pieces = []
    for phases in product(*axes):
        if all(phase.taps for phase in phases):
            windows = ops.windows(
                grad,
                first=1,
                counts=counts,
                size=tuple(len(phase.taps) for phase in phases),
                steps=tuple(phase.step for phase in phases),
                starts=tuple(phase.start for phase in phases),
            )
            pieces.append(product_of(windows, _taken(kernel, phases), attrs["groups"]))
        else:
            pieces.append(ops.broadcast_to(zero, shape=shape))
    return _interleaved(pieces, shape, strides, sizes)


def _taken(kernel: Any, phases: Sequence[Phase]) -> Any:
    """The kernel's taps of these phases."""
    rest = kernel.type.shape[len(phases) :]
    steps = [phase.taps[1] - phase.taps[0] if len(phase.taps) > 1 else 1 for phase in phases]
    return ops.slice(
        kernel,
        starts=(*(phase.taps[0] for phase in phases), 0, 0),
        stops=(*(phase.taps[-1] + 1 for phase in phases), *rest),
        steps=(*steps, 1, 1),
    )


def _interleaved(pieces: Sequence[Any], shape: Sequence[Any], strides: Sequence[int], sizes: Sequence[int]) -> Any:
    """Phases side by side again: piece p along an axis has the elements p, p + stride, ..."""
    batch, *counts, channels = shape
    for axis in range(len(strides), 0, -1):  # the last axis varies fastest
        stride = strides[axis - 1]
        joined = []
        for first in range(0, len(pieces), stride):
            group = [ops.expand_dims(piece, axis=(axis + 1,)) for piece in pieces[first : first + stride]]
            joined.append(ops.concatenate(*group, axis=axis + 1) if stride > 1 else pieces[first])
        counts[axis - 1] *= stride
        pieces = [ops.reshape(piece, shape=(batch, *counts, channels)) for piece in joined]
    (y,) = pieces
    return ops.slice(y, starts=(0,) * len(shape), stops=(batch, *sizes, channels))
