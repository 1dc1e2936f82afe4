"""Choosing and converting: `where`, `cast`, `identity`, `stop_gradient`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..emitter import Emitter
from ..graph import Node
from ..registry import ops
from ..types import DTYPES, FLOATS, TensorType, numpy_dtype
from .base import REQUIRED, Arg, Array, ElementBuilder, Index, Op, Sample, same_dtype
from .elementwise import BATCH, Elementwise, Unary, broadcast_for, check_arity, check_dtype, operand_elements
from .onnx_kernels import kernel_dtype


class Where(Elementwise):
    """y = a where the bool `condition` holds, else b"""

    name, arity = "where", 3
    dtypes = DTYPES

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, 3)
        if types[0].dtype != "bool":
            raise TypeError(f"where: the condition must be bool, got {types[0].dtype}. Compare it, or cast it to bool.")
        return TensorType(broadcast_for(self, *types), same_dtype(self, types[1:]))

    def evaluate(self, condition: Array, a: Array, b: Array) -> Array:
        return np.where(condition, a, b)

    def vjp(self, grad: Any, out: Any, condition: Any, a: Any, b: Any) -> Any:
        """By multiplication with 1 and 0: onnxruntime's Where takes twice as long."""
        dtype = grad.type.dtype
        chosen, other = ops.cast(condition, dtype=dtype), ops.cast(ops.logical_not(condition), dtype=dtype)
        return None, grad * chosen, grad * other

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        (condition, a, b), dtype = inputs, node.output.type.dtype
        if dtype == "bool":
            chosen = emit("And", condition, a)
            return str(emit("Or", chosen, emit("And", emit("Not", condition), b)))
        via = kernel_dtype("Where", dtype)
        if via == dtype:
            return str(emit("Where", condition, a, b))
        return emit.cast(str(emit("Where", condition, emit.cast(a, via), emit.cast(b, via))), dtype)

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        condition, a, b = operand_elements(k, node, index)
        return k.let(f"tl.where({condition}, {a}, {b})")

    def samples(self) -> Iterator[Sample]:
        for dtype in self.dtypes:
            low = 0.0 if dtype.startswith("uint") else -2.0
            yield Sample((Arg((2, 3, 5), "bool"), Arg((2, 3, 5), dtype, low), Arg((2, 3, 5), dtype, low)))
        for shapes in ([(3, 1), (2, 3, 5), (5,)], [(), (3,), (2, 1)], [(0, 3), (3,), ()], [(BATCH, 1), (BATCH, 3), (3,)]):
            yield Sample((Arg(shapes[0], "bool"), Arg(shapes[1]), Arg(shapes[2])))


class Cast(Op):
    """y = x as `dtype`: to bool, whether x is not 0; from float to integer, without the fraction"""

    name = "cast"
    attributes: ClassVar[Mapping[str, Any]] = {"dtype": REQUIRED}

    def infer(self, x: TensorType, *, dtype: str) -> TensorType:
        check_dtype(self, dtype, DTYPES)
        return x.with_dtype(dtype)

    def evaluate(self, x: Array, *, dtype: str) -> Array:
        with np.errstate(all="ignore"):
            return x.astype(numpy_dtype(dtype))

    def vjp(self, grad: Any, out: Any, x: Any, *, dtype: str) -> Any:
        return (ops.cast(grad, dtype=x.type.dtype) if x.type.is_float else None,)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return emit.cast(inputs[0], node.attrs["dtype"])

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        """Rounds to a 16-bit float although the result is held as float32."""
        (x,), dtype = operand_elements(k, node, index), node.attrs["dtype"]
        if dtype == "bool":
            return k.let(f"{x} != 0")
        if dtype in ("float16", "bfloat16"):
            return k.let(f"({x}).to(tl.{dtype}).to(tl.float32)")
        return k.let(f"({x}).to(tl.{dtype})")

    def samples(self) -> Iterator[Sample]:
        for source in DTYPES:
            low = 0.0 if source.startswith("uint") else -2.0
            for dtype in DTYPES:
                unsigned = dtype.startswith("uint") and source in FLOATS  # C leaves negative to unsigned open
                yield Sample((Arg((2, 3), source, 0.0 if unsigned else low, 3.0),), {"dtype": dtype})
        for shape in ((), (0, 3), (BATCH, 3)):
            yield Sample((Arg(shape),), {"dtype": "int32"})
            yield Sample((Arg(shape),), {"dtype": "float64"})


class Identity(Unary):
    """y = x"""

    name, onnx_name, triton = "identity", "Identity", "{0}"
    dtypes, flops_per_element = DTYPES, 0

    def evaluate(self, x: Array) -> Array:
        return x

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad,)


class StopGradient(Unary):
    """y = x, and no gradient flows back"""

    name, onnx_name, triton = "stop_gradient", "Identity", "{0}"
    dtypes, differentiable, flops_per_element = DTYPES, False, 0

    def evaluate(self, x: Array) -> Array:
        return x
