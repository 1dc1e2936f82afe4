"""Comparisons: the result is bool. False where an operand is NaN, except for `not_equal`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from ..emitter import Emitter
from ..graph import Node
from ..types import FLOATS, numpy_dtype
from .base import Array, ElementBuilder, Index
from .elementwise import Comparison, operand_elements
from .onnx_kernels import native


class Equal(Comparison):
    """y = a == b"""

    name, onnx_name, triton = "equal", "Equal", "{0} == {1}"
    commutative = True

    def compute(self, a: Array, b: Array) -> Array:
        return np.equal(a, b)


class NotEqual(Comparison):
    """y = a != b"""

    name, triton = "not_equal", "{0} != {1}"
    commutative = True

    def compute(self, a: Array, b: Array) -> Array:
        return np.not_equal(a, b)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return str(emit("Not", native(emit, "Equal", node.inputs[0].type.dtype, *inputs, result="bool")))


class _Order(Comparison):
    """Base of comparisons by size. Triton's int1 counts as signed, so that true would be less than false."""

    sign: ClassVar[str] = ""

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        a, b = operand_elements(k, node, index)
        if node.inputs[0].type.dtype == "bool":
            a, b = f"({a}).to(tl.int32)", f"({b}).to(tl.int32)"
        return k.let(f"{a} {self.sign} {b}")


class Greater(_Order):
    """y = a > b"""

    name, onnx_name, sign = "greater", "Greater", ">"

    def compute(self, a: Array, b: Array) -> Array:
        return np.greater(a, b)


class GreaterEqual(_Order):
    """y = a >= b"""

    name, onnx_name, sign = "greater_equal", "GreaterOrEqual", ">="

    def compute(self, a: Array, b: Array) -> Array:
        return np.greater_equal(a, b)


class Less(_Order):
    """y = a < b"""

    name, onnx_name, sign = "less", "Less", "<"

    def compute(self, a: Array, b: Array) -> Array:
        return np.less(a, b)


class LessEqual(_Order):
    """y = a <= b"""

    name, onnx_name, sign = "less_equal", "LessOrEqual", "<="

    def compute(self, a: Array, b: Array) -> Array:
        return np.less_equal(a, b)


class IsNan(Comparison):
    """y = x is not a number"""

    name, onnx_name, triton = "is_nan", "IsNaN", "{0} != {0}"
    arity, dtypes = 1, FLOATS

    def compute(self, x: Array) -> Array:
        return np.isnan(x)


class IsInf(Comparison):
    """y = x is infinite, of either sign"""

    name, onnx_name, triton = "is_inf", "IsInf", "tl.abs({0}) == float('inf')"
    arity, dtypes = 1, FLOATS

    def compute(self, x: Array) -> Array:
        return np.isinf(x)


class IsFinite(Comparison):
    """y = x is neither infinite nor NaN"""

    name, triton = "is_finite", "tl.abs({0}) < float('inf')"
    arity, dtypes = 1, FLOATS

    def compute(self, x: Array) -> Array:
        return np.isfinite(x)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        dtype = node.inputs[0].type.dtype
        infinity = emit.constant(np.asarray(np.inf, numpy_dtype(dtype)))
        return native(emit, "Less", dtype, native(emit, "Abs", dtype, *inputs), infinity, result="bool")
