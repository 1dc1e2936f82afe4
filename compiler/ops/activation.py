"""Activations and `clip`: elementwise functions with kinks, or made of other functions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..emitter import Emitter
from ..graph import Node
from ..registry import ops
from ..types import FLOATS, TensorType, numpy_dtype
from .base import REQUIRED, Arg, Array, Composite, Sample
from .elementwise import BATCH, NUMBERS, Unary, check_arity, check_dtype
from .onnx_kernels import native


class Relu(Unary):
    """y = max(x, 0)"""

    name, onnx_name, triton = "relu", "Relu", "tl.maximum({0}, 0, propagate_nan=tl.PropagateNan.ALL)"
    dtypes, avoid = NUMBERS, (0.0,)

    def compute(self, x: Array) -> Array:
        return np.asarray(np.maximum(x, x.dtype.type(0)))

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        positive = ops.cast(ops.greater(out, 0), dtype=out.type.dtype)
        return (grad * positive,)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        dtype = node.output.type.dtype
        if dtype.startswith("uint"):
            return str(emit("Identity", *inputs))
        return native(emit, "Relu", dtype, *inputs)


class FloatComposite(Composite):
    """Base of composites that map one float tensor element by element."""

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, 1)
        check_dtype(self, types[0].dtype, FLOATS)
        return types[0]

    def samples(self) -> Iterator[Sample]:
        for shape in ((2, 3, 5), (), (0, 3), (BATCH, 3)):
            yield Sample((Arg(shape, low=-4.0, high=4.0),))
        for dtype in FLOATS:
            yield Sample((Arg((2, 3), dtype, low=-4.0, high=4.0),))


class Softplus(FloatComposite):
    """y = log(1 + e ** x), written so that neither a large nor a small x overflows"""

    name = "softplus"

    def expand(self, x: Any) -> Any:
        return ops.relu(x) + ops.log1p(ops.exp(-ops.abs(x)))

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad * ops.sigmoid(x),)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return native(emit, "Softplus", node.output.type.dtype, *inputs)


class Silu(FloatComposite):
    """y = x * sigmoid(x)"""

    name = "silu"

    def expand(self, x: Any) -> Any:
        return x * ops.sigmoid(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        gate = ops.sigmoid(x)
        return (grad * (gate + out * (1 - gate)),)


class Gelu(FloatComposite):
    """y = x * P(X <= x) for a standard normal X (Hendrycks and Gimpel, arXiv:1606.08415); `approximate`: their tanh formula"""

    name = "gelu"
    attributes: ClassVar[Mapping[str, Any]] = {"approximate": False}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        return {"approximate": bool(attrs["approximate"])}

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        return super().infer(*types)

    def expand(self, x: Any, *, approximate: bool) -> Any:
        if approximate:
            inner = (x + ops.square(x) * x * 0.044715) * math.sqrt(2 / math.pi)
            return x * 0.5 * (ops.tanh(inner) + 1)
        return x * self._doubled_probability(x) * 0.5

    def _doubled_probability(self, x: Any) -> Any:
        """2 P(X <= x), in the form that onnxruntime fuses with what follows in `expand`."""
        return ops.erf(x / math.sqrt(2)) + 1

    def vjp(self, grad: Any, out: Any, x: Any, *, approximate: bool) -> Any:
        """P(X <= x) + x * the normal density at x"""
        if approximate:
            return super().vjp(grad, out, x, approximate=approximate)
        density = ops.exp(ops.square(x) * -0.5) * (1 / math.sqrt(2 * math.pi))
        return (grad * (self._doubled_probability(x) * 0.5 + x * density),)

    def samples(self) -> Iterator[Sample]:
        for sample in super().samples():
            yield Sample(sample.args, {"approximate": False})
            yield Sample(sample.args, {"approximate": True})


class Clip(Composite):
    """y = min(max(x, low), high); the gradient passes where x is inside or on the bounds"""

    name = "clip"
    attributes: ClassVar[Mapping[str, Any]] = {"low": REQUIRED, "high": REQUIRED}

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, 1)
        check_dtype(self, types[0].dtype, NUMBERS)
        if attrs["low"] > attrs["high"]:
            raise ValueError(f"clip: low must not be above high, got low={attrs['low']} and high={attrs['high']}.")
        return types[0]

    def expand(self, x: Any, *, low: float, high: float) -> Any:
        return ops.minimum(ops.maximum(x, low), high)

    def vjp(self, grad: Any, out: Any, x: Any, *, low: float, high: float) -> Any:
        return (grad * ops.cast(ops.equal(x, out), dtype=x.type.dtype),)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        dtype = node.output.type.dtype
        bounds = [emit.constant(np.asarray(node.attrs[name], numpy_dtype(dtype))) for name in ("low", "high")]
        return native(emit, "Clip", dtype, inputs[0], *bounds)

    def samples(self) -> Iterator[Sample]:
        for dtype in NUMBERS:
            low = 0.0 if dtype.startswith("uint") else -3.0
            yield Sample((Arg((2, 3, 5), dtype, low, 3.0, (1.0, 2.0)),), {"low": 1, "high": 2})
        for shape in ((), (0, 3), (BATCH, 3)):
            yield Sample((Arg(shape, low=-3.0, high=3.0, avoid=(-0.5, 1.5)),), {"low": -0.5, "high": 1.5})
