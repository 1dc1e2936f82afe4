"""`window_max`, `window_sum` and `window_argmax`: windows reduced over their taps, what pooling is made of.

In Triton kernels a window of few taps is read tap by tap, so that neighbours in memory are read together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, ClassVar

import numpy as np

from ..graph import Node
from ..indexing import number
from ..registry import ops
from ..types import TensorType, numpy_dtype
from .base import REQUIRED, Arg, Composite, ElementBuilder, Index, Sample
from .elementwise import BATCH, NUMBERS, any_numbers, check_arity, check_dtype
from .windows import WINDOW_ATTRIBUTES, canonical_windows, window_element

#: Windows of more taps are reduced by a reduction.
MAX_TAPS = 16


def lowest_number(dtype: str) -> float:
    """What no number of that dtype is below."""
    kind = numpy_dtype(dtype)
    return int(np.iinfo(kind).min) if kind.kind in "iu" else -np.inf


class WindowReduction(Composite):
    """Base of the three; their attributes are those of `windows`."""

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
