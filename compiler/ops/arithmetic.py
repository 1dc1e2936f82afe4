"""Arithmetic: + - * / and their relatives, elementwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..emitter import Emitter
from ..graph import Node
from ..registry import ops
from ..types import FLOATS, TensorType, numpy_dtype
from .base import Arg, Array, ElementBuilder, Index
from .elementwise import NUMBERS, SIGNED, UNSIGNED, Elementwise, Unary, operand_elements
from .onnx_kernels import kernel_dtype, native

_SIGN_CHANGING = (*SIGNED, *FLOATS)


class Add(Elementwise):
    """y = a + b"""

    name, onnx_name, triton = "add", "Add", "{0} + {1}"
    commutative = True

    def compute(self, a: Array, b: Array) -> Array:
        return np.add(a, b)

    def vjp(self, grad: Any, out: Any, a: Any, b: Any) -> Any:
        return grad, grad


class Subtract(Elementwise):
    """y = a - b"""

    name, onnx_name, triton = "subtract", "Sub", "{0} - {1}"

    def compute(self, a: Array, b: Array) -> Array:
        return np.subtract(a, b)

    def vjp(self, grad: Any, out: Any, a: Any, b: Any) -> Any:
        return grad, -grad


class Multiply(Elementwise):
    """y = a * b"""

    name, onnx_name, triton = "multiply", "Mul", "{0} * {1}"
    commutative = True

    def compute(self, a: Array, b: Array) -> Array:
        return np.multiply(a, b)

    def vjp(self, grad: Any, out: Any, a: Any, b: Any) -> Any:
        return grad * b, grad * a

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        """A column times a row as MatMul: onnxruntime's Mul takes 2 (rows of 256) to 12 times (rows of 2) as long."""
        types = [value.type for value in node.inputs]
        for column, row in ((0, 1), (1, 0)):
            if _is_outer_product(types[column], types[row]):
                matrix = inputs[row]
                if types[row].ndim == 1:
                    matrix = str(emit("Unsqueeze", matrix, emit.constant(np.asarray([0], np.int64))))
                return str(emit("MatMul", inputs[column], matrix))
        return super().onnx(emit, node, inputs)


def _is_outer_product(column: TensorType, row: TensorType) -> bool:
    """Whether ``column * row`` is a product of matrices with the inner size 1."""
    known = column.dtype in ("float32", "float64") and column.ndim >= 2 and 1 <= row.ndim <= 2
    return known and column.shape[-1] == 1 and row.shape[-1] != 1 and (row.ndim == 1 or row.shape[0] == 1)


class Divide(Elementwise):
    """y = a / b, for floats"""

    name, onnx_name, triton = "divide", "Div", "{0} / {1}"
    dtypes, avoid = FLOATS, (0.0,)

    def compute(self, a: Array, b: Array) -> Array:
        return np.divide(a, b)

    def vjp(self, grad: Any, out: Any, a: Any, b: Any) -> Any:
        scaled = grad / b
        return scaled, -(scaled * out)


class Power(Elementwise):
    """y = a ** b; for integers b must not be negative"""

    name, onnx_name = "power", "Pow"
    low, high, flops_per_element = 0.1, 3.0, 10

    def compute(self, a: Array, b: Array) -> Array:
        return np.power(a, b)

    def vjp(self, grad: Any, out: Any, a: Any, b: Any) -> Any:
        # At b = 0 and at a = 0 one factor would be infinite while the derivative is 0.
        slope = b * ops.power(a, b - ops.cast(ops.not_equal(b, 0), dtype=b.type.dtype))
        return grad * slope, grad * out * ops.log(a + ops.cast(ops.equal(a, 0), dtype=a.type.dtype))

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        a, b = operand_elements(k, node, index)
        return self._float(k, a, b, node) if node.output.type.is_float else self._integer(k, a, b, node)

    def _float(self, k: ElementBuilder, a: str, b: str, node: Node) -> str:
        """2 ** (b * log2 |a|) in float64, because the exponent's rounding grows with its size."""
        a, b = k.let(f"({a}).to(tl.float64)"), k.let(f"({b}).to(tl.float64)")
        size = k.let(f"tl.exp2({b} * tl.log2(tl.abs({a})))")
        whole = k.let(f"tl.floor({b}) == {b}")
        odd = k.let(f"{b} - 2.0 * tl.floor({b} * 0.5) == 1.0")
        broken = k.let(f"tl.where({a} == float('-inf'), {size}, float('nan'))")
        signed = k.let(f"tl.where({a} < 0.0, tl.where({whole}, tl.where({odd}, -{size}, {size}), {broken}), {size})")
        one = k.let(f"({b} == 0.0) | ({a} == 1.0) | (({a} == -1.0) & (tl.abs({b}) == float('inf')))")
        exact = f"tl.where({one}, 1.0, {signed})"
        return k.let(f"({exact}).to(tl.{'float64' if node.output.type.dtype == 'float64' else 'float32'})")

    def _integer(self, k: ElementBuilder, a: str, b: str, node: Node) -> str:
        """Repeated squaring, one step for each bit of the exponent."""
        result = k.let(f"tl.where(({b} & 1) == 1, {a}, {a} * 0 + 1)")
        bits = numpy_dtype(node.output.type.dtype).itemsize * 8
        for bit in range(1, bits - (node.output.type.dtype in SIGNED)):
            a = k.let(f"{a} * {a}")
            result = k.let(f"tl.where((({b} >> {bit}) & 1) == 1, {result} * {a}, {result})")
        return result


class Maximum(Elementwise):
    """y = max(a, b); NaN if one is NaN. Where a = b, each gets half of the gradient."""

    name, onnx_name = "maximum", "Max"
    triton = "tl.maximum({0}, {1}, propagate_nan=tl.PropagateNan.ALL)"
    commutative = True

    def compute(self, a: Array, b: Array) -> Array:
        return np.maximum(a, b)

    def vjp(self, grad: Any, out: Any, a: Any, b: Any) -> Any:
        return _shared(grad, a > b, ops.greater_equal(a, b))

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return _onnx_bounded(emit, node, inputs) or super().onnx(emit, node, inputs)


class Minimum(Elementwise):
    """y = min(a, b); NaN if one is NaN. Where a = b, each gets half of the gradient."""

    name, onnx_name = "minimum", "Min"
    triton = "tl.minimum({0}, {1}, propagate_nan=tl.PropagateNan.ALL)"
    commutative = True

    def compute(self, a: Array, b: Array) -> Array:
        return np.minimum(a, b)

    def vjp(self, grad: Any, out: Any, a: Any, b: Any) -> Any:
        return _shared(grad, a < b, ops.less_equal(a, b))

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return _onnx_bounded(emit, node, inputs) or super().onnx(emit, node, inputs)


def _shared(grad: Any, wins: Any, wins_or_ties: Any) -> Any:
    """What the first operand gets, all or half or nothing of `grad`, and what it leaves for the second one: exact."""
    dtype = grad.type.dtype
    first = grad * ((ops.cast(wins, dtype=dtype) + ops.cast(wins_or_ties, dtype=dtype)) * 0.5)
    return first, grad - first


def _onnx_bounded(emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
    """Clip, where the second operand is one number that is known: onnxruntime's Max and Min take 1.5 times as long. Else "".

    Both bounds are given, because onnxruntime takes the largest finite number where one is missing.
    """
    number, type_ = emit.known(inputs[1]), node.output.type
    if number is None or number.size != 1 or not type_.is_float or node.inputs[0].type != type_:
        return ""
    if type_.dtype == "float64" or kernel_dtype("Clip", type_.dtype) != type_.dtype:
        return ""  # onnxruntime's fusion of Relu and Clip ends with an error for doubles
    infinity, bound = np.asarray(np.inf, number.dtype), number.reshape(())
    low, high = (bound, infinity) if node.op.name == "maximum" else (-infinity, bound)
    return str(emit("Clip", inputs[0], emit.constant(low), emit.constant(high)))


class FloorDivide(Elementwise):
    """y = floor(a / b), as Python's //. An integer b must not be 0."""

    name, differentiable, avoid = "floor_divide", False, (0.0,)
    low, high, flops_per_element = -9.0, 9.0, 4

    def compute(self, a: Array, b: Array) -> Array:
        return np.floor_divide(a, b)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        (a, b), dtype = inputs, node.output.type.dtype
        if dtype in UNSIGNED:
            return native(emit, "Div", dtype, a, b)
        exact = native(emit, "Sub", dtype, a, _onnx_remainder(emit, dtype, a, b))
        quotient = native(emit, "Div", dtype, exact, b)
        return quotient if dtype in SIGNED else native(emit, "Round", dtype, quotient)

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        (a, b), dtype = operand_elements(k, node, index), node.output.type.dtype
        if dtype in UNSIGNED:
            return k.let(f"{a} // {b}")
        quotient = f"({a} - {_triton_remainder(k, dtype, a, b)})"
        return k.let(f"{quotient} // {b}" if dtype in SIGNED else f"tl.floor({quotient} / {b} + 0.5)")

    def sample_arg(self, shape: tuple[Any, ...], dtype: str, number: int) -> Arg:
        return _divisible(shape, dtype, number)


class Remainder(Elementwise):
    """y = a - b * floor(a / b), as Python's %: it has the sign of b. An integer b must not be 0."""

    name, avoid, flops_per_element = "remainder", (0.0,), 4

    def compute(self, a: Array, b: Array) -> Array:
        return np.remainder(a, b)

    def vjp(self, grad: Any, out: Any, a: Any, b: Any) -> Any:
        return grad, -(grad * ops.floor_divide(a, b))

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return _onnx_remainder(emit, node.output.type.dtype, *inputs)

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        return _triton_remainder(k, node.output.type.dtype, *operand_elements(k, node, index))

    def sample_arg(self, shape: tuple[Any, ...], dtype: str, number: int) -> Arg:
        return _divisible(shape, dtype, number)


def _divisible(shape: tuple[Any, ...], dtype: str, number: int) -> Arg:
    """Dividends between the multiples of all divisors that a sample may draw, so that no quotient jumps."""
    if dtype in FLOATS:
        return Arg(shape, dtype, 7.1, 7.4) if number == 0 else Arg(shape, dtype, 2.5, 3.4)
    return Arg(shape, dtype, 0 if dtype in UNSIGNED else -9, 9, (0.0,) if number else ())


def _onnx_remainder(emit: Emitter, dtype: str, a: str, b: str) -> str:
    """Mod is Python's % for integers; for floats it is C's fmod, which has the sign of a."""
    if dtype not in FLOATS:
        return native(emit, "Mod", dtype, a, b)
    rest = native(emit, "Mod", dtype, a, b, fmod=1)
    product = native(emit, "Mul", dtype, native(emit, "Sign", dtype, rest), native(emit, "Sign", dtype, b))
    differ = native(emit, "Less", dtype, product, emit.constant(np.zeros((), numpy_dtype(dtype))), result="bool")
    return native(emit, "Add", dtype, rest, native(emit, "Mul", dtype, emit.cast(differ, dtype), b))


def _triton_remainder(k: ElementBuilder, dtype: str, a: str, b: str) -> str:
    """Triton's % is C's: it has the sign of a."""
    rest = k.let(f"{a} % {b}")
    if dtype in UNSIGNED:
        return rest
    return k.let(f"tl.where(({rest} != 0) & (({rest} < 0) != ({b} < 0)), {rest} + {b}, {rest})")


class Negative(Unary):
    """y = -x"""

    name, onnx_name, triton = "negative", "Neg", "-{0}"
    dtypes = _SIGN_CHANGING

    def compute(self, x: Array) -> Array:
        return np.negative(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (-grad,)


class Abs(Unary):
    """y = |x|"""

    name, onnx_name, triton = "abs", "Abs", "tl.abs({0})"
    dtypes, avoid = NUMBERS, (0.0,)

    def compute(self, x: Array) -> Array:
        return np.abs(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad * ops.sign(x),)


class Sign(Unary):
    """y = -1, 0 or 1; NaN for NaN"""

    name, onnx_name, differentiable = "sign", "Sign", False
    dtypes = NUMBERS

    def compute(self, x: Array) -> Array:
        return np.sign(x)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        """Multiplied twice by nearly the greatest number, even the smallest one is above 1, where Clip cuts it: onnxruntime's
        Sign takes three times as long."""
        dtype = node.output.type.dtype
        if dtype not in ("float32", "float64"):
            return native(emit, "Sign", dtype, *inputs)
        great, low, high = (
            emit.constant(np.asarray(number, dtype)) for number in (2.0 ** (127 if dtype == "float32" else 1023), -1, 1)
        )
        return str(emit("Clip", emit("Mul", emit("Mul", inputs[0], great), great), low, high))

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        (x,) = operand_elements(k, node, index)
        below = x if node.output.type.dtype in UNSIGNED else k.let(f"tl.where({x} < 0, -1, {x})")
        return k.let(f"tl.where({x} > 0, 1, {below})")


class Reciprocal(Unary):
    """y = 1 / x"""

    name, onnx_name, triton = "reciprocal", "Reciprocal", "1.0 / {0}"
    avoid = (0.0,)

    def compute(self, x: Array) -> Array:
        return np.reciprocal(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (-(grad * out * out),)


class Square(Unary):
    """y = x * x"""

    name, triton = "square", "{0} * {0}"
    dtypes = NUMBERS

    def compute(self, x: Array) -> Array:
        return np.square(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad * (x + x),)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return native(emit, "Mul", node.output.type.dtype, inputs[0], inputs[0])
