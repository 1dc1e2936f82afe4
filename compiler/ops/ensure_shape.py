"""`ensure_shape`: sizes that cannot be shown to be equal are taken to be, and looked at when the graph runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ..dims import Shape, is_symbolic
from ..emitter import Emitter
from ..graph import Node
from ..registry import ops
from ..types import DTYPES, TensorType, shape_text
from .base import REQUIRED, Arg, Array, ElementBuilder, Index, Op, Sample
from .elementwise import BATCH, check_arity
from .shape import canonical_shape


class EnsureShape(Op):
    """y = x, whose sizes are those of `shape`

    A network of strides gives sizes such as ``2*((n - 2)//2) + 2`` beside n: equal for every even n, but not for all. Where
    they differ, the reference and the triton target say so; onnxruntime does at the operation that needs them equal.
    """

    name = "ensure_shape"
    attributes: ClassVar[Mapping[str, Any]] = {"shape": REQUIRED}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        return {"shape": canonical_shape(self, attrs["shape"])}

    def infer(self, *types: TensorType, shape: Shape) -> TensorType:
        check_arity(self, types, 1)
        (x,) = types
        fits = len(x.shape) == len(shape)
        if not fits or any(a != b and not (is_symbolic(a) or is_symbolic(b)) for a, b in zip(x.shape, shape, strict=True)):
            raise ValueError(f"ensure_shape: a tensor of shape {shape_text(x.shape)} must have shape {shape_text(shape)} here.")
        return x.with_shape(shape)

    def evaluate(self, x: Array, *, shape: tuple[int, ...]) -> Array:
        if x.shape != tuple(shape):
            raise ValueError(f"ensure_shape: a tensor of shape {x.shape} must have shape {tuple(shape)} here.")
        return x

    def vjp(self, grad: Any, out: Any, x: Any, *, shape: Shape) -> Any:
        return (ops.ensure_shape(grad, shape=x.type.shape),)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return str(emit("Identity", inputs[0]))

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        return k.operand(0, index)

    def samples(self) -> Iterator[Sample]:
        for dtype in DTYPES:
            yield Sample((Arg((2, 3), dtype),), {"shape": (2, 3)})
        for before, after in (((BATCH, 3), (BATCH, 3)), ((), ()), ((0, 2), (0, 2))):
            yield Sample((Arg(before),), {"shape": after})
