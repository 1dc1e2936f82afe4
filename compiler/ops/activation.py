"""Activations and `clip`: elementwise functions with kinks, or made of other functions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
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
        """`out` as bool tells where it is positive; onnxruntime converts faster than it compares."""
        positive = ops.cast(ops.cast(out, dtype="bool"), dtype=out.type.dtype)
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


#: 2 atanh(z) / z as a polynomial of z ** 2 from 0 to 1/9, from the highest power down; its relative error is 4e-9.
_LOGARITHM = (0.2817466557, 0.2796142697, 0.4002485275, 0.6666631699, 2.0)


class Softplus(FloatComposite):
    """y = log(1 + e ** x), written so that neither a large nor a small x overflows"""

    name = "softplus"

    def expand(self, x: Any) -> Any:
        return ops.relu(x) + ops.log1p(ops.exp(-ops.abs(x)))

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad * ops.sigmoid(x),)

    def stays_whole(self, node: Node, rule: str) -> bool:
        """But not in float64: the polynomial is for float32."""
        return super().stays_whole(node, rule) and node.output.type.dtype != "float64"

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        """log(1 + t) = 2 atanh(t / (t + 2)): onnxruntime's Log is slower than the polynomial, and its Softplus 4 times so."""
        x, two = emit.cast(inputs[0], "float32"), emit.constant(np.float32(2))
        t = emit("Exp", emit("Neg", emit("Abs", x)))
        z = emit("Div", t, emit("Add", t, two))
        w = emit("Mul", z, z)
        series, *others = (emit.constant(np.float32(coefficient)) for coefficient in _LOGARITHM)
        for coefficient in others:
            series = emit("Add", emit("Mul", series, w), coefficient)
        y = str(emit("Add", emit("Relu", x), emit("Mul", series, z)))
        return emit.cast(y, node.output.type.dtype) if node.output.type.dtype != "float32" else y


class Silu(FloatComposite):
    """y = x * sigmoid(x)"""

    name = "silu"

    def expand(self, x: Any) -> Any:
        return x * ops.sigmoid(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        gate = ops.sigmoid(x)
        return (grad * (gate + out * (1 - gate)),)


#: Of the argument of the sigmoid that the tanh formula of gelu is, at 0.
GELU_SLOPE = 2 * math.sqrt(2 / math.pi)


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
            return x * self._gate(x)
        return x * self._doubled_probability(x) * 0.5

    def _gate(self, x: Any) -> Any:
        """The tanh formula (1 + tanh(u)) / 2 of u = sqrt(2 / pi) (x + 0.044715 x**3), which is sigmoid(2 u)."""
        return ops.sigmoid(x * (ops.square(x) * (0.044715 * GELU_SLOPE) + GELU_SLOPE))

    def _doubled_probability(self, x: Any) -> Any:
        """2 P(X <= x), in the form that onnxruntime fuses with what follows in `expand`."""
        return ops.erf(x / math.sqrt(2)) + 1

    def vjp(self, grad: Any, out: Any, x: Any, *, approximate: bool) -> Any:
        """P(X <= x) + x * the normal density at x; for the tanh formula, the gate and x times its derivative."""
        if approximate:
            gate = self._gate(x)
            return (grad * (gate + out * (1 - gate) * (ops.square(x) * (3 * 0.044715 * GELU_SLOPE) + GELU_SLOPE)),)
        density = ops.exp(-math.log(2 * math.pi) / 2 - ops.square(x / math.sqrt(2)))
        return (grad * (self._doubled_probability(x) * 0.5 + x * density),)

    def stays_whole(self, node: Node, rule: str) -> bool:
        """Its ONNX rule is only for what `passes/run_forms.py` makes: no standard operator before opset 20."""
        return rule != "onnx" and super().stays_whole(node, rule)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        """The tanh formula in one pass, by an operator that only onnxruntime has."""
        return str(emit("FastGelu", *inputs, domain="com.microsoft"))

    def samples(self) -> Iterator[Sample]:
        for sample in super().samples():
            yield Sample(sample.args, {"approximate": False})
            yield Sample(sample.args, {"approximate": True})


class LeakyRelu(FloatComposite):
    """y = x where x >= 0, else x * slope"""

    name = "leaky_relu"
    attributes: ClassVar[Mapping[str, Any]] = {"slope": REQUIRED}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        return {"slope": float(attrs["slope"])}

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        return super().infer(*types)

    def expand(self, x: Any, *, slope: float) -> Any:
        return ops.where(ops.greater_equal(x, 0), x, x * slope)

    def vjp(self, grad: Any, out: Any, x: Any, *, slope: float) -> Any:
        """The slope is the greater of 1 or 0 and `slope`, or a sum where `slope` is above 1."""
        straight = ops.cast(ops.greater_equal(x, 0), dtype=x.type.dtype)
        if 0 <= slope <= 1:
            return (grad * ops.clip(straight, low=slope, high=1.0),)
        return (grad * (straight * (1 - slope) + slope),)

    def stays_whole(self, node: Node, rule: str) -> bool:
        """But not in float64: ONNX's slope is a float32."""
        return super().stays_whole(node, rule) and node.output.type.dtype != "float64"

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return native(emit, "LeakyRelu", node.output.type.dtype, *inputs, alpha=node.attrs["slope"])

    def samples(self) -> Iterator[Sample]:
        for sample in super().samples():
            yield Sample((replace(sample.args[0], avoid=(0.0,)),), {"slope": 0.2})
        yield Sample((Arg((2, 3), avoid=(0.0,)),), {"slope": -1.5})


class Elu(FloatComposite):
    """y = x where x > 0, else alpha * (e ** (x / scale) - 1)"""

    name = "elu"
    attributes: ClassVar[Mapping[str, Any]] = {"alpha": 1.0, "scale": 1.0}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        return {"alpha": float(attrs["alpha"]), "scale": float(attrs["scale"])}

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        return super().infer(*types)

    def expand(self, x: Any, *, alpha: float, scale: float) -> Any:
        """As a sum, because onnxruntime's Elu and Where take twice as long."""
        return ops.relu(x) + ops.expm1(ops.minimum(x, 0) * (1 / scale)) * alpha

    def vjp(self, grad: Any, out: Any, x: Any, *, alpha: float, scale: float) -> Any:
        slope = ops.exp(ops.minimum(x, 0) * (1 / scale)) * (alpha / scale)
        if alpha != scale:
            slope = slope + ops.cast(ops.greater(x, 0), dtype=x.type.dtype) * (1 - alpha / scale)
        return (grad * slope,)

    def samples(self) -> Iterator[Sample]:
        for sample in super().samples():
            yield Sample((replace(sample.args[0], avoid=(0.0,)),))
        yield Sample((Arg((2, 3), avoid=(0.0,)),), {"alpha": 0.5, "scale": 0.5})
        yield Sample((Arg((2, 3), avoid=(0.0,)),), {"alpha": 1.7})


class Mish(FloatComposite):
    """y = x * tanh(log(1 + e ** x)) (Misra, arXiv:1908.08681)"""

    name = "mish"

    def expand(self, x: Any) -> Any:
        """tanh(log(1 + w)) = w (w + 2) / (w (w + 2) + 2), and it is 1 for every float from x = 40 on."""
        w = ops.exp(ops.minimum(x, 40.0 if x.type.dtype != "float16" else 5.0))
        n = w * (w + 2)
        return x * (n / (n + 2))

    def samples(self) -> Iterator[Sample]:
        yield from super().samples()
        yield Sample((Arg((2, 9), low=-100.0, high=100.0),))


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
        if dtype == "float64":  # onnxruntime's fusion of Relu and Clip ends with an error for doubles
            return str(emit("Min", emit("Max", inputs[0], bounds[0]), bounds[1]))
        return native(emit, "Clip", dtype, inputs[0], *bounds)

    def samples(self) -> Iterator[Sample]:
        for dtype in NUMBERS:
            low = 0.0 if dtype.startswith("uint") else -3.0
            yield Sample((Arg((2, 3, 5), dtype, low, 3.0, (1.0, 2.0)),), {"low": 1, "high": 2})
        for shape in ((), (0, 3), (BATCH, 3)):
            yield Sample((Arg(shape, low=-3.0, high=3.0, avoid=(-0.5, 1.5)),), {"low": -0.5, "high": 1.5})
