"""The base of elementwise ops: a result element from the operands' elements at the same place, with NumPy's broadcasting.

An op is a formula four times over: NumPy (`compute`), gradient (`vjp`), ONNX and Triton. Gradients of broadcast operands
are summed back to their shapes by `compiler.autodiff`, never here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from ..dims import Dim
from ..emitter import Emitter
from ..graph import Node
from ..types import DTYPES, FLOATS, INTEGERS, TensorType, broadcast, numpy_dtype
from .base import Arg, Array, ElementBuilder, Index, Op, Sample, same_dtype, widened
from .onnx_kernels import native

NUMBERS = (*INTEGERS, *FLOATS)
UNSIGNED = tuple(dtype for dtype in INTEGERS if dtype.startswith("uint"))
SIGNED = tuple(dtype for dtype in INTEGERS if not dtype.startswith("uint"))
BATCH, LENGTH = Dim.symbol("batch"), Dim.symbol("length")


class Elementwise(Op):
    """Base of elementwise ops whose operands share one dtype."""

    #: Dtypes that operands may have.
    dtypes: ClassVar[tuple[str, ...]] = NUMBERS
    #: Dtype of the result; "" for the operands' own.
    result_dtype: ClassVar[str] = ""
    #: Triton expression; {0}, {1}, ... are the operands' elements. 16-bit floats are computed in float32.
    triton: ClassVar[str] = ""
    arity: ClassVar[int] = 2
    #: Where conformance samples draw numbers from, and points that they keep away from (kinks, jumps, zero divisors).
    low: ClassVar[float] = -2.0
    high: ClassVar[float] = 2.0
    avoid: ClassVar[tuple[float, ...]] = ()
    flops_per_element = 1

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, self.arity)
        dtype = same_dtype(self, types)
        check_dtype(self, dtype, self.dtypes)
        return TensorType(broadcast_for(self, *types), self.result_dtype or dtype)

    def compute(self, *arrays: Any, **attrs: Any) -> Any:
        """The formula in NumPy; 16-bit floats come as float32."""
        raise NotImplementedError(self._missing("compute"))

    def evaluate(self, *arrays: Any, **attrs: Any) -> Array:
        """`compute`, with IEEE's infinities and NaNs instead of warnings, rounded to the result's dtype."""
        dtype = self.result_dtype or arrays[0].dtype.name
        with np.errstate(all="ignore"):
            result = self.compute(*(widened(array) for array in arrays), **attrs)
            return np.asarray(result).astype(numpy_dtype(dtype), copy=False)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        if not self.onnx_name:
            raise NotImplementedError(self._missing("onnx"))
        return native(emit, self.onnx_name, node.inputs[0].type.dtype, *inputs, result=self.result_dtype)

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        if not self.triton:
            raise NotImplementedError(self._missing("element"))
        return k.let(self.triton.format(*operand_elements(k, node, index)))

    def samples(self) -> Iterator[Sample]:
        shapes: list[Sequence[tuple[Any, ...]]] = [[(2, 3, 5)] * self.arity, [()] * self.arity, [(0, 3)] * self.arity]
        shapes.append([(BATCH, 3)] * self.arity)
        if self.arity == 2:
            shapes += [[(2, 3, 5), (3, 1)], [(5,), (2, 1)], [(BATCH, 1, 3), (5, 1)]]
        first = "float32" if "float32" in self.dtypes else self.dtypes[0]
        for dtype in self.dtypes:
            for group in shapes if dtype == first else shapes[:1]:
                yield Sample(tuple(self.sample_arg(shape, dtype, number) for number, shape in enumerate(group)))

    def sample_arg(self, shape: tuple[Any, ...], dtype: str, number: int) -> Arg:
        """Operand `number` of a sample."""
        low = max(self.low, 0.0) if dtype.startswith("uint") else self.low
        return Arg(shape, dtype, low, self.high, self.avoid)


class Unary(Elementwise):
    """Base of elementwise ops of one operand, of a float dtype unless the op says otherwise."""

    arity = 1
    dtypes: ClassVar[tuple[str, ...]] = FLOATS


class Comparison(Elementwise):
    """Base of ops whose result is bool."""

    dtypes: ClassVar[tuple[str, ...]] = DTYPES
    result_dtype, differentiable = "bool", False


def any_numbers(shape: tuple[Any, ...], dtype: str) -> Arg:
    """A sample's operand from -2, or 0 where there is no sign, to 2."""
    return Arg(shape, dtype, 0.0 if dtype.startswith("uint") else -2.0)


def operand_elements(k: ElementBuilder, node: Node, index: Index) -> list[str]:
    """The Triton expressions of the operands' elements that meet at the result's `index`."""
    return [k.operand(number, k.broadcast(index, value.type.shape)) for number, value in enumerate(node.inputs)]


def check_arity(op: Op, types: Sequence[TensorType], arity: int) -> None:
    if len(types) != arity:
        raise TypeError(f"{op.name} takes {arity} operand{'s' if arity != 1 else ''}, got {len(types)}.")


def check_dtype(op: Op, dtype: str, allowed: Sequence[str]) -> None:
    if dtype not in allowed:
        raise TypeError(f"{op.name} does not take {dtype}; it takes {', '.join(allowed)}.")


def broadcast_for(op: Op, *types: TensorType) -> tuple[Any, ...]:
    """The broadcast shape; the error names the op."""
    try:
        return broadcast(*(type_.shape for type_ in types))
    except ValueError as error:
        raise ValueError(f"{op.name}: {error}") from None
