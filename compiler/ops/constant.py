"""Values that need no operands: constants, dimensions as numbers, index ramps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..dims import Dim, DimLike
from ..emitter import Emitter
from ..graph import Node
from ..types import INTEGERS, TensorType, numpy_dtype, type_of
from .base import REQUIRED, Array, ElementBuilder, Index, Op, Sample
from .elementwise import BATCH


class Constant(Op):
    """y = value"""

    name = "constant"
    attributes: ClassVar[Mapping[str, Any]] = {"value": REQUIRED}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        """NumPy's scalars, such as ``np.float32(1)``, become arrays."""
        return {"value": np.asarray(attrs["value"])}

    def infer(self, *, value: Array) -> TensorType:
        return type_of(value)

    def evaluate(self, *, value: Array) -> Array:
        return value

    def vjp(self, grad: Any, out: Any, *, value: Array) -> Any:
        return ()

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return emit.constant(node.attrs["value"])

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        value = node.attrs["value"]
        return k.literal(value.ravel()[0], node.output.type.dtype) if value.size == 1 else k.load_constant(value, index)

    def samples(self) -> Iterator[Sample]:
        yield Sample((), {"value": np.arange(6, dtype=np.float32).reshape(2, 3)})
        yield Sample((), {"value": np.array(3, np.int64)})


class Dimension(Op):
    """y = the size `dim` as a number of `dtype`; `dim` may be symbolic"""

    name, differentiable = "dimension", False
    attributes: ClassVar[Mapping[str, Any]] = {"dim": REQUIRED, "dtype": "int32"}

    def infer(self, *, dim: DimLike, dtype: str) -> TensorType:
        return TensorType((), dtype)

    def evaluate(self, *, dim: int, dtype: str) -> Array:
        return np.asarray(dim, numpy_dtype(dtype))

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return emit.cast(emit.dimension(node.attrs["dim"]), node.attrs["dtype"])

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        return k.literal(node.attrs["dim"], node.attrs["dtype"])

    def samples(self) -> Iterator[Sample]:
        yield Sample((), {"dim": 7, "dtype": "float32"})
        yield Sample((), {"dim": 7, "dtype": "int64"})
        yield Sample((), {"dim": BATCH * 2 + 1, "dtype": "int32"})
        yield Sample((), {"dim": BATCH, "dtype": "float32"})


class Iota(Op):
    """y[i] = i for i < size, in an integer or float `dtype`; `size` may be symbolic"""

    name, differentiable = "iota", False
    attributes: ClassVar[Mapping[str, Any]] = {"size": REQUIRED, "dtype": "int32"}

    def infer(self, *, size: DimLike, dtype: str) -> TensorType:
        if not isinstance(size, Dim) and size < 0:
            raise ValueError(f"iota: size must not be negative, got {size}.")
        if dtype not in (*INTEGERS, "float32", "float64"):
            raise TypeError(f"iota does not make {dtype}.")
        return TensorType((size,), dtype)

    def evaluate(self, *, size: int, dtype: str) -> Array:
        return np.arange(size).astype(numpy_dtype(dtype))

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        """Counted in 32 bits unless the result has 64: that is faster."""
        via = "int64" if node.attrs["dtype"] in ("int64", "uint64", "float64") else "int32"
        zero, one = (emit.constant(np.asarray(value, via)) for value in (0, 1))
        size = emit.dimension(node.attrs["size"]) if via == "int64" else emit.cast(emit.dimension(node.attrs["size"]), via)
        return emit.cast(str(emit("Range", zero, size, one)), node.attrs["dtype"])

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        return k.index_value(index[0], node.attrs["dtype"])

    def samples(self) -> Iterator[Sample]:
        for dtype in ("int32", "int64", "uint32", "float32"):
            yield Sample((), {"size": 7, "dtype": dtype})
            yield Sample((), {"size": BATCH * 3, "dtype": dtype})
        yield Sample((), {"size": 0, "dtype": "int32"})
