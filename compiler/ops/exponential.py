"""Exponentials, logarithms, roots and trigonometry, elementwise, for floats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..emitter import Emitter
from ..graph import Node
from ..registry import ops
from ..types import numpy_dtype
from .base import Array, ElementBuilder, Index
from .elementwise import Unary, operand_elements
from .onnx_kernels import native


class Exp(Unary):
    """y = e ** x"""

    name, onnx_name, triton = "exp", "Exp", "tl.exp({0})"
    flops_per_element = 8

    def compute(self, x: Array) -> Array:
        return np.exp(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad * out,)


class Expm1(Unary):
    """y = e ** x - 1, exact near 0"""

    name, flops_per_element = "expm1", 12

    def compute(self, x: Array) -> Array:
        return np.expm1(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad * (out + 1),)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        (x,), dtype = inputs, node.output.type.dtype
        half, one = _number(emit, 0.5, dtype), _number(emit, 1.0, dtype)
        slope = native(emit, "Tanh", dtype, native(emit, "Mul", dtype, x, half))  # (e**x - 1) / (e**x + 1)
        return native(emit, "Mul", dtype, slope, native(emit, "Add", dtype, native(emit, "Exp", dtype, x), one))

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        return _triton_expm1(k, node.output.type.dtype, *operand_elements(k, node, index))


class Log(Unary):
    """y = natural logarithm of x"""

    name, onnx_name, triton = "log", "Log", "tl.log({0})"
    low, high, flops_per_element = 0.1, 3.0, 8

    def compute(self, x: Array) -> Array:
        return np.log(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad / x,)


class Log1p(Unary):
    """y = log(1 + x), exact near 0"""

    name, low, high, flops_per_element = "log1p", -0.8, 2.0, 14

    # With u = 1 + x rounded, log(1 + x) = log(u) + (x - (u - 1)) / u up to the square of the rounding. The correction uses
    # min(x, 1e6) so that it stays finite, and a positive divisor so that log1p(-1) is -inf.

    def compute(self, x: Array) -> Array:
        return np.log1p(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad / (x + 1),)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        dtype = node.output.type.dtype
        via = "float64" if dtype == "float64" else "float32"
        x = inputs[0] if dtype == via else emit.cast(inputs[0], via)
        one = _number(emit, 1.0, via)
        bounded = emit("Min", x, _number(emit, 1e6, via))
        u = emit("Add", bounded, one)
        lost = emit("Sub", bounded, emit("Sub", u, one))
        correction = emit("Div", lost, emit("Max", u, _number(emit, 1e-30, via)))
        result = str(emit("Add", emit("Log", emit("Add", x, one)), correction))
        return result if dtype == via else emit.cast(result, dtype)

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        (x,) = operand_elements(k, node, index)
        bounded = k.let(f"tl.minimum({x}, 1e6)")
        u = k.let(f"{bounded} + 1.0")
        return k.let(f"tl.log({x} + 1.0) + ({bounded} - ({u} - 1.0)) / tl.maximum({u}, 1e-30)")


class Sqrt(Unary):
    """y = square root of x"""

    name, onnx_name, triton = "sqrt", "Sqrt", "tl.sqrt({0})"
    low, high, flops_per_element = 0.1, 3.0, 4

    def compute(self, x: Array) -> Array:
        return np.sqrt(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad * 0.5 / out,)


class Rsqrt(Unary):
    """y = 1 / square root of x"""

    name, triton = "rsqrt", "1.0 / tl.sqrt({0})"
    low, high, flops_per_element = 0.1, 3.0, 5

    def compute(self, x: Array) -> Array:
        return np.reciprocal(np.sqrt(x))

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad * -0.5 * (out * out * out),)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        dtype = node.output.type.dtype
        return native(emit, "Reciprocal", dtype, native(emit, "Sqrt", dtype, *inputs))


class Tanh(Unary):
    """y = (e**x - e**-x) / (e**x + e**-x)"""

    name, onnx_name, flops_per_element = "tanh", "Tanh", 16

    def compute(self, x: Array) -> Array:
        return np.tanh(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad * (1 - out * out),)

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        """-m / (m + 2) with m = e ** (-2 |x|) - 1, which never overflows and is exact near 0; then the sign of x."""
        (x,) = operand_elements(k, node, index)
        m = _triton_expm1(k, node.output.type.dtype, k.let(f"-2.0 * tl.abs({x})"))
        size = k.let(f"-{m} / ({m} + 2.0)")
        return k.let(f"tl.where({x} < 0, -{size}, {size})")


class Sigmoid(Unary):
    """y = 1 / (1 + e ** -x)"""

    name, onnx_name, triton = "sigmoid", "Sigmoid", "1.0 / (1.0 + tl.exp(-{0}))"
    flops_per_element = 10

    def compute(self, x: Array) -> Array:
        small = np.exp(-np.abs(x))
        return np.asarray(np.where(x < 0, small, 1) / (1 + small))

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad * (out * (1 - out)),)


class Erf(Unary):
    """y = 2 / sqrt(pi) * the integral of e ** -t**2 from 0 to x"""

    name, triton, flops_per_element = "erf", "tl.erf({0})", 16

    def compute(self, x: Array) -> Array:
        return _erf(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad * ops.exp(math.log(2 / math.sqrt(math.pi)) - x * x),)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        """Erf; onnxruntime has none for float64, there the integral by Gauss and Legendre's 48 points is exact to 1e-15."""
        if node.output.type.dtype != "float64":
            return native(emit, "Erf", node.output.type.dtype, *inputs)
        points, weights = np.polynomial.legendre.leggauss(48)
        squares, weights = -(((points + 1) / 2) ** 2), weights / math.sqrt(math.pi)
        x = emit("Clip", inputs[0], emit.constant(np.float64(-6)), emit.constant(np.float64(6)))
        column = emit("Unsqueeze", x, emit.constant(np.asarray([-1])))
        heights = emit("Exp", emit("Mul", emit("Mul", column, column), emit.constant(squares)))
        mean = emit("ReduceSum", emit("Mul", heights, emit.constant(weights)), emit.constant(np.asarray([-1])), keepdims=0)
        return str(emit("Mul", x, mean))


class Sin(Unary):
    """y = sine of x, in radians"""

    name, onnx_name, triton = "sin", "Sin", "tl.sin({0})"
    flops_per_element = 10

    def compute(self, x: Array) -> Array:
        return np.sin(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad * ops.cos(x),)


class Cos(Unary):
    """y = cosine of x, in radians"""

    name, onnx_name, triton = "cos", "Cos", "tl.cos({0})"
    flops_per_element = 10

    def compute(self, x: Array) -> Array:
        return np.cos(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (-(grad * ops.sin(x)),)


_erf_of_number = np.frompyfunc(math.erf, 1, 1)


def _erf(x: Array) -> Array:
    """The error function; NumPy has none."""
    return np.asarray(_erf_of_number(x.astype(np.float64))).astype(x.dtype)


def _number(emit: Emitter, value: float, dtype: str) -> str:
    return emit.constant(np.asarray(value, numpy_dtype(dtype)))


def _triton_expm1(k: ElementBuilder, dtype: str, x: str) -> str:
    """e ** x - 1: its Taylor series where |x| < 1/2, so that nothing cancels, else the plain difference."""
    series = "1.0"
    for n in range(16 if dtype == "float64" else 9, 1, -1):
        series = k.let(f"1.0 + {x} * {series} * {1 / n!r}")
    return k.let(f"tl.where(tl.abs({x}) < 0.5, {x} * {series}, tl.exp({x}) - 1.0)")
