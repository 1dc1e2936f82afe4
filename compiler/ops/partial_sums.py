"""Sums of columns in parts, which Triton's row kernels make on the way: see compiler/triton_lowering/column_sums.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ..graph import Node
from ..registry import ops
from ..types import TensorType
from .base import REQUIRED, Arg, Composite, Sample
from .elementwise import check_arity, check_dtype


class PartialSums(Composite):
    """y[p] = the sum of the rows x[p * length : (p + 1) * length]; the last part may have fewer

    x[N, D] is float32 or float64, y[P, D] has P = ceil(N / length) rows of the same dtype.
    """

    name = "partial_sums"
    attributes: ClassVar[Mapping[str, Any]] = {"length": REQUIRED}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        check_arity(self, types, 1)
        length = attrs["length"]
        if not isinstance(length, int) or isinstance(length, bool) or length < 1:
            raise ValueError(f"partial_sums: length must be an integer of at least 1, got {length!r}.")
        return {"length": length}

    def infer(self, *types: TensorType, length: int) -> TensorType:
        (x,) = types
        check_dtype(self, x.dtype, ("float32", "float64"))
        if x.ndim != 2 or not all(isinstance(size, int) for size in x.shape):
            raise ValueError(f"partial_sums takes a matrix of known sizes, got {x}.")
        return x.with_shape((-(-int(x.shape[0]) // length), x.shape[1]))

    def expand(self, x: Any, *, length: int) -> Any:
        rows, columns = (int(size) for size in x.type.shape)
        parts = -(-rows // length)
        padded = ops.pad(x, before=(0, 0), after=(parts * length - rows, 0), value=0.0)
        return ops.sum(ops.reshape(padded, shape=(parts, length, columns)), axis=(1,), keepdims=False)

    def stays_whole(self, node: Node, rule: str) -> bool:
        return rule == "element"

    def samples(self) -> Iterator[Sample]:
        for rows, length in ((6, 3), (7, 3), (2, 5), (4, 1), (0, 3)):
            yield Sample((Arg((rows, 4)),), {"length": length})
        yield Sample((Arg((5, 3), "float64"),), {"length": 2})
