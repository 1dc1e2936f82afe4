"""Elementwise ops: one result element from the operands' elements at the same place, with NumPy's broadcasting.

An op here is a formula four times over: NumPy (`evaluate`), gradient (`vjp`), ONNX and Triton. Gradients of broadcast
operands are summed back to their shapes by `compiler.autodiff`, never here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from ..dims import Dim
from ..graph import Node
from ..registry import ops
from ..types import DTYPES, FLOATS, INTEGERS, TensorType, broadcast
from .base import Arg, Array, ElementBuilder, Index, Op, Sample, same_dtype

NUMBERS = (*INTEGERS, *FLOATS)
BATCH = Dim.symbol("batch")


class Elementwise(Op):
    """Base of elementwise ops whose operands share one dtype."""

    #: Dtypes that operands may have.
    dtypes: ClassVar[tuple[str, ...]] = NUMBERS
    #: Dtype of the result; "" for the operands' own.
    result_dtype: ClassVar[str] = ""
    #: Triton expression; {0}, {1}, ... are the operands' elements. 16-bit floats are computed in float32.
    triton: ClassVar[str] = ""
    arity: ClassVar[int] = 2
    #: Where conformance samples draw numbers from, and kinks that they avoid.
    low: ClassVar[float] = -2.0
    high: ClassVar[float] = 2.0
    avoid: ClassVar[tuple[float, ...]] = ()
    flops_per_element = 1

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        if len(types) != self.arity:
            raise TypeError(f"{self.name} takes {self.arity} operands, got {len(types)}.")
        dtype = same_dtype(self, types)
        if dtype not in self.dtypes:
            raise TypeError(f"{self.name} does not take {dtype}; it takes {', '.join(self.dtypes)}.")
        try:
            shape = broadcast(*(type_.shape for type_ in types))
        except ValueError as error:
            raise ValueError(f"{self.name}: {error}") from None
        return TensorType(shape, self.result_dtype or dtype)

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        operands = [k.operand(number, k.broadcast(index, value.type.shape)) for number, value in enumerate(node.inputs)]
        return k.let(self.triton.format(*operands))

    def samples(self) -> Iterator[Sample]:
        shapes: list[Sequence[tuple[Any, ...]]] = [[(2, 3, 5)] * self.arity, [()] * self.arity, [(0, 3)] * self.arity]
        shapes.append([(BATCH, 3)] * self.arity)
        if self.arity == 2:
            shapes += [[(2, 3, 5), (3, 1)], [(5,), (2, 1)], [(BATCH, 1, 3), (5, 1)]]
        for dtype in self.dtypes:
            for group in shapes if dtype == "float32" else shapes[:1]:
                yield Sample(tuple(self._arg(shape, dtype, number) for number, shape in enumerate(group)))

    def _arg(self, shape: tuple[Any, ...], dtype: str, number: int) -> Arg:
        low = max(self.low, 0.0) if dtype.startswith("uint") else self.low
        return Arg(shape, dtype, low, self.high, self.avoid)


class Unary(Elementwise):
    arity = 1
    dtypes: ClassVar[tuple[str, ...]] = FLOATS


class Add(Elementwise):
    """y = a + b"""

    name, onnx_name, triton = "add", "Add", "{0} + {1}"
    commutative = True

    def evaluate(self, a: Array, b: Array) -> Array:
        return np.add(a, b)

    def vjp(self, grad: Any, out: Any, a: Any, b: Any) -> Any:
        return grad, grad


class Multiply(Elementwise):
    """y = a * b"""

    name, onnx_name, triton = "multiply", "Mul", "{0} * {1}"
    commutative = True

    def evaluate(self, a: Array, b: Array) -> Array:
        return np.multiply(a, b)

    def vjp(self, grad: Any, out: Any, a: Any, b: Any) -> Any:
        return grad * b, grad * a


class Greater(Elementwise):
    """y = a > b"""

    name, onnx_name, triton = "greater", "Greater", "{0} > {1}"
    dtypes, result_dtype, differentiable = DTYPES, "bool", False

    def evaluate(self, a: Array, b: Array) -> Array:
        return np.greater(a, b)


class Relu(Unary):
    """y = max(x, 0)"""

    name, onnx_name, triton = "relu", "Relu", "tl.maximum({0}, 0)"
    dtypes, avoid = NUMBERS, (0.0,)

    def evaluate(self, x: Array) -> Array:
        return np.maximum(x, np.zeros((), x.dtype))

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad * ops.cast(x > 0, dtype=x.type.dtype),)
