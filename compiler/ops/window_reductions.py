"""`window_max`, `window_sum`, `window_argmax` and `window_dot`: windows reduced over their taps, what pooling and depthwise
convolution are made of.

In Triton kernels a window of few taps is read tap by tap, so that neighbours in memory are read together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, ClassVar

import numpy as np

from ..dims import is_symbolic
from ..graph import Node
from ..indexing import number
from ..registry import ops
from ..types import TensorType, numpy_dtype, shape_text
from .base import REQUIRED, Arg, Composite, ElementBuilder, Index, Sample, same_dtype
from .elementwise import BATCH, NUMBERS, any_numbers, check_arity, check_dtype
from .windows import WINDOW_ATTRIBUTES, canonical_windows, window_element

#: Windows of more taps are reduced by a reduction.
MAX_TAPS = 16


def lowest_number(dtype: str) -> float:
    """What no number of that dtype is below."""
    kind = numpy_dtype(dtype)
    return int(np.iinfo(kind).min) if kind.kind in "iu" else -np.inf


class WindowReduction(Composite):
    """Base of all; their attributes are those of `windows`."""

    attributes: ClassVar[Mapping[str, Any]] = {**WINDOW_ATTRIBUTES, "counts": REQUIRED}
    #: More than one, so that it is not computed anew wherever it is needed.
    flops_per_element = 8

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        return canonical_windows(self, attrs, "counts")

    def stays_whole(self, node: Node, rule: str) -> bool:
        return rule == "element" and prod(node.attrs["size"]) <= MAX_TAPS

    def infer(self, *types: Any, **attrs: Any) -> TensorType | tuple[TensorType, ...]:
        check_arity(self, types, 1)
        check_dtype(self, types[0].dtype, NUMBERS)
        return super().infer(*types, **attrs)

    def outside(self, dtype: str) -> float:
        """What a window has where x has no element."""
        return lowest_number(dtype)

    def all_taps(self, x: Any, attrs: Mapping[str, Any]) -> Any:
        """The windows, their taps as one last axis."""
        windows = ops.windows(x, value=self.outside(x.type.dtype), **attrs)
        return ops.reshape(windows, shape=(*windows.type.shape[: x.type.ndim], prod(attrs["size"])))

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        outside = self.outside(node.inputs[0].type.dtype)
        taps = np.ndindex(node.attrs["size"])
        return self.combined(
            k, node, [window_element(k, node, index, tuple(number(tap) for tap in place), outside) for place in taps]
        )

    def combined(self, k: ElementBuilder, node: Node, taps: list[str]) -> str:
        """The Triton expression of the result from those of all taps."""
        raise NotImplementedError(self._missing("combined"))

    def samples(self) -> Iterator[Sample]:
        for dtype in NUMBERS:
            yield Sample((any_numbers((2, 5, 3), dtype),), {"first": 1, "counts": (4,), "size": (3,), "starts": (-1,)})
        for shape, attrs in (
            ((2, 5, 7, 3), {"first": 1, "counts": (3, 2), "size": (3, 2), "strides": (2, 3), "starts": (-1, 0)}),
            ((BATCH, 3, 5, 7), {"first": 2, "counts": (2, 2), "size": (4, 5), "steps": (1, 1), "starts": (-1, 0)}),
            ((0, 5, 3), {"first": 1, "counts": (4,), "size": (2,)}),
        ):
            yield Sample((Arg(shape),), attrs)


class WindowMax(WindowReduction):
    """y = the largest element of every window"""

    name = "window_max"

    def expand(self, x: Any, **attrs: Any) -> Any:
        return ops.max(self.all_taps(x, attrs), axis=(x.type.ndim,), keepdims=False)

    def combined(self, k: ElementBuilder, node: Node, taps: list[str]) -> str:
        nan = ", propagate_nan=tl.PropagateNan.ALL" if node.output.type.is_float else ""
        best = taps[0]
        for tap in taps[1:]:
            best = k.let(f"tl.maximum({best}, {tap}{nan})")
        return best


class WindowSum(WindowReduction):
    """y = the sum of every window"""

    name = "window_sum"

    def outside(self, dtype: str) -> float:
        return 0

    def expand(self, x: Any, **attrs: Any) -> Any:
        return ops.sum(self.all_taps(x, attrs), axis=(x.type.ndim,), keepdims=False)

    def combined(self, k: ElementBuilder, node: Node, taps: list[str]) -> str:
        total = taps[0]
        for tap in taps[1:]:
            total = k.let(f"{total} + {tap}")
        return total


class WindowDot(WindowReduction):
    """y[..., f] = the sum over a window's taps t of x[..., f // multiplier] * weights[t, f]: channels are not mixed

    x has its channels last, `weights` has the shape (*size, channels * multiplier).
    """

    name = "window_dot"

    def infer(self, *types: Any, **attrs: Any) -> TensorType | tuple[TensorType, ...]:
        check_arity(self, types, 2)
        x, weights = types
        check_dtype(self, same_dtype(self, types), NUMBERS)
        channels, filters = x.shape[-1], weights.shape[-1]
        if weights.shape[:-1] != attrs["size"] or is_symbolic(channels) or channels < 1 or filters % channels != 0:
            raise ValueError(
                f"window_dot: weights of shape {shape_text(weights.shape)} must have the axes {attrs['size']} and one whose "
                f"size is a multiple of {channels}, the channels of x."
            )
        first = attrs["first"]
        result: TensorType = x.with_shape(
            (*x.shape[:first], *attrs["counts"], *x.shape[first + len(attrs["size"]) : -1], filters)
        )
        return result

    def expand(self, x: Any, weights: Any, **attrs: Any) -> Any:
        taps = self.all_taps(x, {**attrs})
        *places, channels, count = taps.type.shape
        filters = weights.type.shape[-1]
        apart = ops.reshape(taps, shape=(*places, channels, 1, count))
        turned = ops.transpose(ops.reshape(weights, shape=(count, filters)), axes=(1, 0))
        matrix = ops.reshape(turned, shape=(channels, filters // channels, count))
        summed = ops.sum(ops.multiply(apart, matrix), axis=(len(places) + 2,), keepdims=False)
        return ops.reshape(summed, shape=(*places, filters))

    def outside(self, dtype: str) -> float:
        return 0

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        filters, channels = (int(operand.type.shape[-1]) for operand in node.inputs[::-1])
        multiplier, total = filters // channels, ""
        for place in np.ndindex(node.attrs["size"]):
            tap = tuple(number(t) for t in place)
            x = window_element(k, node, (*index[:-1], index[-1] // multiplier), tap, 0)
            weight = k.operand(1, (*tap, index[-1]))
            total = k.let(f"{total} + {x} * {weight}" if total else f"{x} * {weight}")
        return total

    def samples(self) -> Iterator[Sample]:
        for dtype in NUMBERS:
            attrs: dict[str, Any] = {"first": 1, "counts": (4,), "size": (3,), "starts": (-1,)}
            yield Sample((any_numbers((2, 5, 3), dtype), any_numbers((3, 6), dtype)), attrs)
        for shape, weights, attrs in (
            ((2, 5, 7, 3), (3, 2, 3), {"first": 1, "counts": (3, 2), "size": (3, 2), "strides": (2, 3), "starts": (-1, 0)}),
            ((BATCH, 5, 7, 2), (4, 5, 4), {"first": 1, "counts": (2, 2), "size": (4, 5), "starts": (-1, 0)}),
            ((0, 5, 3), (2, 3), {"first": 1, "counts": (4,), "size": (2,)}),
        ):
            yield Sample((Arg(shape), Arg(weights)), attrs)


class WindowArgmax(WindowReduction):
    """y = the number of the tap where every window has its largest element, int32; of several, the first"""

    name, differentiable = "window_argmax", False

    def expand(self, x: Any, **attrs: Any) -> Any:
        return ops.argmax(self.all_taps(x, attrs), axis=x.type.ndim, keepdims=False)

    def combined(self, k: ElementBuilder, node: Node, taps: list[str]) -> str:
        is_float = node.inputs[0].type.is_float
        best, where = taps[0], k.literal(0, "int32")
        for place, tap in enumerate(taps[1:], start=1):
            nan = f" | (({tap} != {tap}) & ({best} == {best}))" if is_float else ""
            better = k.let(f"({tap} > {best}){nan}")
            best = k.let(f"tl.where({better}, {tap}, {best})")
            where = k.let(f"tl.where({better}, {place}, {where})")
        return where
