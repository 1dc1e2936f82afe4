"""Logic on bool and on the bits of integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..emitter import Emitter
from ..graph import Node
from ..types import INTEGERS, numpy_dtype
from .base import Arg, Array
from .elementwise import UNSIGNED, Elementwise
from .onnx_kernels import native


class LogicalAnd(Elementwise):
    """y = a and b"""

    name, onnx_name, triton = "logical_and", "And", "{0} & {1}"
    dtypes, commutative, differentiable = ("bool",), True, False

    def compute(self, a: Array, b: Array) -> Array:
        return np.logical_and(a, b)


class LogicalOr(Elementwise):
    """y = a or b"""

    name, onnx_name, triton = "logical_or", "Or", "{0} | {1}"
    dtypes, commutative, differentiable = ("bool",), True, False

    def compute(self, a: Array, b: Array) -> Array:
        return np.logical_or(a, b)


class LogicalXor(Elementwise):
    """y = a != b"""

    name, onnx_name, triton = "logical_xor", "Xor", "{0} ^ {1}"
    dtypes, commutative, differentiable = ("bool",), True, False

    def compute(self, a: Array, b: Array) -> Array:
        return np.logical_xor(a, b)


class LogicalNot(Elementwise):
    """y = not x"""

    name, onnx_name, triton = "logical_not", "Not", "{0} == 0"
    arity, dtypes, differentiable = 1, ("bool",), False

    def compute(self, x: Array) -> Array:
        return np.logical_not(x)


class BitwiseAnd(Elementwise):
    """y = a & b"""

    name, onnx_name, triton = "bitwise_and", "BitwiseAnd", "{0} & {1}"
    dtypes, commutative, differentiable = INTEGERS, True, False

    def compute(self, a: Array, b: Array) -> Array:
        return np.bitwise_and(a, b)


class BitwiseOr(Elementwise):
    """y = a | b"""

    name, onnx_name, triton = "bitwise_or", "BitwiseOr", "{0} | {1}"
    dtypes, commutative, differentiable = INTEGERS, True, False

    def compute(self, a: Array, b: Array) -> Array:
        return np.bitwise_or(a, b)


class BitwiseXor(Elementwise):
    """y = a ^ b"""

    name, onnx_name, triton = "bitwise_xor", "BitwiseXor", "{0} ^ {1}"
    dtypes, commutative, differentiable = INTEGERS, True, False

    def compute(self, a: Array, b: Array) -> Array:
        return np.bitwise_xor(a, b)


class BitwiseNot(Elementwise):
    """y = ~x"""

    name, onnx_name, triton = "bitwise_not", "BitwiseNot", "~{0}"
    arity, dtypes, differentiable = 1, INTEGERS, False

    def compute(self, x: Array) -> Array:
        return np.invert(x)


class LeftShift(Elementwise):
    """y = a << b, for 0 <= b < the bits of the dtype"""

    name, triton = "left_shift", "{0} << {1}"
    dtypes, differentiable = INTEGERS, False

    def compute(self, a: Array, b: Array) -> Array:
        return np.left_shift(a, b)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        a, b = inputs
        return _bit_shift(emit, node.output.type.dtype, a, b, direction="LEFT")

    def sample_arg(self, shape: tuple[Any, ...], dtype: str, number: int) -> Arg:
        return _shift_arg(shape, dtype, number)


class RightShift(Elementwise):
    """y = a >> b, for 0 <= b < the bits of the dtype; fills with zeros, for signed dtypes with the sign"""

    name, triton = "right_shift", "{0} >> {1}"
    dtypes, differentiable = INTEGERS, False

    def compute(self, a: Array, b: Array) -> Array:
        return np.right_shift(a, b)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        (a, b), dtype = inputs, node.output.type.dtype
        if dtype in UNSIGNED:
            return _bit_shift(emit, dtype, a, b, direction="RIGHT")
        # BitShift takes no signed dtype: flip the bits of negative numbers before and after.
        negative = native(emit, "Less", dtype, a, emit.constant(np.zeros((), numpy_dtype(dtype))), result="bool")
        flip = native(emit, "Neg", dtype, emit.cast(negative, dtype))
        shifted = _bit_shift(emit, dtype, native(emit, "BitwiseXor", dtype, a, flip), b, direction="RIGHT")
        return native(emit, "BitwiseXor", dtype, shifted, flip)

    def sample_arg(self, shape: tuple[Any, ...], dtype: str, number: int) -> Arg:
        return _shift_arg(shape, dtype, number)


def _shift_arg(shape: tuple[Any, ...], dtype: str, number: int) -> Arg:
    if number == 1:
        return Arg(shape, dtype, 0, numpy_dtype(dtype).itemsize * 8)
    return Arg(shape, dtype, 0 if dtype in UNSIGNED else -100, 100)


def _bit_shift(emit: Emitter, dtype: str, a: str, b: str, direction: str) -> str:
    """BitShift in the narrowest unsigned dtype with a kernel; for signed dtypes `a` must not be negative when it goes right."""
    via = {1: "uint8", 2: "uint32", 4: "uint32", 8: "uint64"}[numpy_dtype(dtype).itemsize]
    if via == dtype:
        return str(emit("BitShift", a, b, direction=direction))
    return emit.cast(str(emit("BitShift", emit.cast(a, via), emit.cast(b, via), direction=direction)), dtype)
