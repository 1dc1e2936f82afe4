"""Rounding floats to whole numbers. The derivatives are zero almost everywhere, so there are none."""

from __future__ import annotations

import numpy as np

from ..graph import Node
from .base import Array, ElementBuilder, Index
from .elementwise import Unary, operand_elements


class Floor(Unary):
    """y = the largest whole number <= x"""

    name, onnx_name, triton = "floor", "Floor", "tl.floor({0})"
    differentiable, low, high = False, -5.0, 5.0

    def compute(self, x: Array) -> Array:
        return np.floor(x)


class Ceil(Unary):
    """y = the smallest whole number >= x"""

    name, onnx_name, triton = "ceil", "Ceil", "tl.ceil({0})"
    differentiable, low, high = False, -5.0, 5.0

    def compute(self, x: Array) -> Array:
        return np.ceil(x)


class Round(Unary):
    """y = the nearest whole number; halves go to the even one"""

    name, onnx_name, differentiable = "round", "Round", False
    low, high = -5.0, 5.0

    def compute(self, x: Array) -> Array:
        return np.rint(x)

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        """Adding 1.5 * 2**mantissa bits leaves no room for a fraction; the hardware rounds, and the number goes again."""
        (x,) = operand_elements(k, node, index)
        bits = 52 if node.output.type.dtype == "float64" else 23
        shift = 1.5 * 2.0**bits
        return k.let(f"tl.where(tl.abs({x}) < {2.0 ** (bits - 1)}, ({x} + {shift}) - {shift}, {x})")
