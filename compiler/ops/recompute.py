"""`recompute`: what is computed from here on is computed a second time, so that the first results need not be kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..types import DTYPES, TensorType
from .base import Arg, Array, Op, Sample
from .elementwise import check_arity


class Recompute(Op):
    """y = x, as it is after `after` was computed

    Expressions of y are not merged with the same expressions of x. The triton target computes them when they are needed, and
    so frees the memory of the first ones early; onnxruntime merges them again.
    """

    name = "recompute"

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, 2)
        return types[0]

    def evaluate(self, x: Array, after: Array) -> Array:
        return x.copy()

    def vjp(self, grad: Any, out: Any, x: Any, after: Any) -> Any:
        return grad, None

    def onnx(self, emit: Any, node: Any, inputs: Any) -> str:
        return str(emit("Identity", inputs[0]))

    def samples(self) -> Iterator[Sample]:
        for dtype in DTYPES:
            yield Sample((Arg((2, 3), dtype), Arg(())), differentiable=(0,) if "float" in dtype else ())
        yield Sample((Arg((0, 3)), Arg((2,), "int32")))
