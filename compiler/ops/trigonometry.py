"""Trigonometric and hyperbolic functions and their inverses, elementwise, for floats.

onnxruntime has kernels for them in 16 and 32 bits only, some of them slow; in float64, and where they are slow, they are
written with others, so that all digits hold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from ..emitter import Emitter
from ..graph import Node
from ..registry import ops
from ..types import FLOATS
from .base import Array
from .elementwise import Elementwise, Unary
from .onnx_kernels import native


class WithFormula(Unary):
    """Base of functions whose ONNX operator is not enough: onnxruntime has no float64 kernel, or a slow one in float32."""

    flops_per_element = 20
    #: Whether float32 (and 16 bits through it) is written as a formula, too.
    also_single: ClassVar[bool] = False

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        (x,), dtype = inputs, node.output.type.dtype
        if dtype != "float64" and not self.also_single:
            return native(emit, self.onnx_name, dtype, x)
        via = "float64" if dtype == "float64" else "float32"
        found = self.formula(Formula(emit, via), x if dtype == via else emit.cast(x, via))
        return found if dtype == via else emit.cast(found, dtype)

    def formula(self, emit: Formula, x: str) -> str:
        """The function in other nodes, with all digits."""
        raise NotImplementedError(self._missing("formula"))


class Formula:
    """Writes formulas in one dtype as ONNX nodes."""

    def __init__(self, emit: Emitter, dtype: str) -> None:
        self._emit, self._dtype = emit, dtype
        double = dtype == "float64"
        #: A number that may be squared and divided by, and one whose square swallows 1.
        self.tiny, self.large, self.huge = (1e-300, 1e15, 1e100) if double else (1e-30, 1e7, 1e18)

    def __call__(self, op_type: str, *operands: str | float) -> str:
        """One node; Python numbers become constants."""
        return str(self._emit(op_type, *(self.number(x) if isinstance(x, (int, float)) else x for x in operands)))

    def number(self, value: float) -> str:
        return self._emit.constant(np.asarray(value, self._dtype))

    def is_negative(self, x: str) -> str:
        """Whether x < 0, or x is -0."""
        return self("Or", self("Less", x, 0.0), self("Less", self("Reciprocal", x), 0.0))

    def cosh(self, x: str) -> str:
        """h + 1 / (4 h), h = e ** |x| / 2, which does not overflow before the result does."""
        root = self("Exp", self("Mul", self("Abs", x), 0.5))
        half = self("Mul", self("Mul", root, 0.5), root)
        return self("Add", half, self("Div", 0.25, half))

    def log1p(self, x: str) -> str:
        """log(u) + (x - (u - 1)) / u with u = 1 + x rounded: exact near 0."""
        bounded = self("Min", x, self.large)
        u = self("Add", bounded, 1.0)
        lost = self("Sub", bounded, self("Sub", u, 1.0))
        return self("Add", self("Log", self("Add", x, 1.0)), self("Div", lost, self("Max", u, self.tiny)))

    def single_angle(self, y: str, x: str) -> str:
        """The angle of the point (x, y), both >= 0, by ONNX's function; 0 of (0, 0), and a right angle halved of infinities."""
        both_zero = self._emit.cast(self("Equal", self("Max", y, x), 0.0), self._dtype)
        ratio = self("Div", y, self("Add", x, both_zero))
        both_infinite = self("And", self("IsInf", y), self("IsInf", x))
        return self("Atan", self("Where", both_infinite, 1.0, ratio))

    def angle(self, y: str, x: str) -> str:
        """In float64, the angle of the point (x, y), x >= 0: its float32 value and one step of Newton's method.

        The step doubles the digits; it is the angle of the point turned back by the first value. Both operands are scaled to
        be at most 1.
        """
        size = self("Max", self("Max", self("Abs", y), self("Abs", x)), 1e-300)
        y, x = (self("Where", self("IsInf", part), self("Sign", part), self("Div", part, size)) for part in (y, x))
        single = self._emit.cast(self("Div", y, self("Max", x, 1e-30)), "float32")
        angle = self._emit.cast(str(self._emit("Atan", single)), "float64")
        cos, sin = self("Cos", angle), self("Sin", angle)
        across = self("Sub", self("Mul", y, cos), self("Mul", x, sin))
        along = self("Max", self("Add", self("Mul", x, cos), self("Mul", y, sin)), 1e-300)
        return self("Add", angle, self("Div", across, along))


class Tan(WithFormula):
    """y = sin(x) / cos(x)"""

    name, onnx_name, triton = "tan", "Tan", "libdevice.tan({0})"
    low, high = -1.2, 1.2

    def compute(self, x: Array) -> Array:
        return np.tan(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad * (out * out + 1),)

    def formula(self, emit: Formula, x: str) -> str:
        return emit("Div", emit("Sin", x), emit("Cos", x))


class Arcsin(WithFormula):
    """sin(y) = x, -pi/2 <= y <= pi/2, for -1 <= x <= 1"""

    name, onnx_name, triton = "arcsin", "Asin", "libdevice.asin({0})"
    low, high = -0.9, 0.9

    def compute(self, x: Array) -> Array:
        return np.arcsin(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad * ops.rsqrt((1 - x) * (1 + x)),)

    def formula(self, emit: Formula, x: str) -> str:
        return emit.angle(x, emit("Sqrt", emit("Mul", emit("Sub", 1.0, x), emit("Add", 1.0, x))))


class Arccos(WithFormula):
    """cos(y) = x, 0 <= y <= pi, for -1 <= x <= 1"""

    name, onnx_name, triton = "arccos", "Acos", "libdevice.acos({0})"
    low, high = -0.9, 0.9

    def compute(self, x: Array) -> Array:
        return np.arccos(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (-(grad * ops.rsqrt((1 - x) * (1 + x))),)

    def formula(self, emit: Formula, x: str) -> str:
        """2 * atan(sqrt((1 - x) / (1 + x)))"""
        half = emit.angle(emit("Sqrt", emit("Sub", 1.0, x)), emit("Sqrt", emit("Add", 1.0, x)))
        return emit("Mul", half, 2.0)


class Arctan(WithFormula):
    """tan(y) = x, -pi/2 < y < pi/2"""

    name, onnx_name, triton = "arctan", "Atan", "libdevice.atan({0})"

    def compute(self, x: Array) -> Array:
        return np.arctan(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad / (x * x + 1),)

    def formula(self, emit: Formula, x: str) -> str:
        return emit.angle(x, emit.number(1.0))


class Arctan2(Elementwise):
    """y = the angle of the point (b, a) seen from the origin, -pi < y <= pi"""

    name, triton, flops_per_element = "arctan2", "libdevice.atan2({0}, {1})", 30
    dtypes, avoid = FLOATS, (0.0,)

    def compute(self, a: Array, b: Array) -> Array:
        return np.arctan2(a, b)

    def vjp(self, grad: Any, out: Any, a: Any, b: Any) -> Any:
        scaled = grad / (a * a + b * b)
        return scaled * b, -(scaled * a)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        """The angle of (|b|, |a|), reflected into the quadrant that the signs say, those of zeros included."""
        dtype = node.output.type.dtype
        via = "float64" if dtype == "float64" else "float32"
        write = Formula(emit, via)
        y, x = (name if dtype == via else emit.cast(name, via) for name in inputs)
        size_y, size_x = write("Abs", y), write("Abs", x)
        angle = write.angle(size_y, size_x) if via == "float64" else write.single_angle(size_y, size_x)
        angle = write("Where", write.is_negative(x), write("Sub", math.pi, angle), angle)
        angle = write("Mul", angle, write("Where", write.is_negative(y), -1.0, 1.0))  # Where would make 0 of -0
        return angle if dtype == via else emit.cast(angle, dtype)


class Sinh(WithFormula):
    """y = (e**x - e**-x) / 2"""

    name, onnx_name, triton = "sinh", "Sinh", "libdevice.sinh({0})"
    also_single = True

    def compute(self, x: Array) -> Array:
        return np.sinh(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad * ops.cosh(x),)

    def formula(self, emit: Formula, x: str) -> str:
        return emit("Mul", emit("Tanh", x), emit.cosh(x))


class Cosh(WithFormula):
    """y = (e**x + e**-x) / 2"""

    name, onnx_name, triton = "cosh", "Cosh", "libdevice.cosh({0})"
    also_single = True

    def compute(self, x: Array) -> Array:
        return np.cosh(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad * ops.sinh(x),)

    def formula(self, emit: Formula, x: str) -> str:
        return emit.cosh(x)


class Arcsinh(WithFormula):
    """sinh(y) = x"""

    name, onnx_name, triton = "arcsinh", "Asinh", "libdevice.asinh({0})"
    also_single = True

    def compute(self, x: Array) -> Array:
        return np.arcsinh(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad * ops.rsqrt(x * x + 1),)

    def formula(self, emit: Formula, x: str) -> str:
        """sign(x) * log1p(|x| + x**2 / (sqrt(x**2 + 1) + 1)), and log |x| + log 2 where squares would overflow"""
        size = emit("Abs", x)
        small = emit("Min", size, emit.huge)
        square = emit("Mul", small, small)
        root = emit("Sqrt", emit("Add", square, 1.0))
        near = emit.log1p(emit("Add", small, emit("Div", square, emit("Add", root, 1.0))))
        far = emit("Add", emit("Log", emit("Max", size, 1.0)), math.log(2))
        return emit("Mul", emit("Sign", x), emit("Where", emit("Greater", size, emit.large), far, near))


class Arccosh(WithFormula):
    """cosh(y) = x, y >= 0, for x >= 1"""

    name, onnx_name, triton = "arccosh", "Acosh", "libdevice.acosh({0})"
    also_single = True
    low, high = 1.2, 3.0

    def compute(self, x: Array) -> Array:
        return np.arccosh(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad * ops.rsqrt((x - 1) * (x + 1)),)

    def formula(self, emit: Formula, x: str) -> str:
        """log1p(d + sqrt(d * (x + 1))) with d = x - 1, and log x + log 2 where products would overflow"""
        small = emit("Min", x, emit.huge)
        above = emit("Sub", small, 1.0)
        near = emit.log1p(emit("Add", above, emit("Sqrt", emit("Mul", above, emit("Add", small, 1.0)))))
        far = emit("Add", emit("Log", emit("Max", x, 1.0)), math.log(2))
        return emit("Where", emit("Greater", x, emit.large), far, near)


class Arctanh(WithFormula):
    """tanh(y) = x, for -1 < x < 1"""

    name, onnx_name, triton = "arctanh", "Atanh", "libdevice.atanh({0})"
    also_single = True
    low, high = -0.9, 0.9

    def compute(self, x: Array) -> Array:
        return np.arctanh(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad / ((1 - x) * (1 + x)),)

    def formula(self, emit: Formula, x: str) -> str:
        return emit("Mul", emit("Sub", emit.log1p(x), emit.log1p(emit("Neg", x))), 0.5)
