"""`scan`: a loop with a known number of rounds that carries values along, reads slices of sequences and stacks what each round
gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..bodies import run_body
from ..dims import Dim, DimLike
from ..emitter import Emitter
from ..graph import Graph, Node, Value
from ..registry import ops
from ..types import TensorType, numpy_dtype
from .base import REQUIRED, Arg, Array, Op, Sample
from .body_rules import as_names, as_result, as_tuple, body_flops, check_carried, check_operands, reads, spread, with_inputs
from .elementwise import BATCH, LENGTH
from .scan_gradient import scan_gradient


class Scan(Op):
    """for k < length: carried, results[k] = body(carried, sequences[k], rest); y = carried, results

    Operands: what is carried (`carries` of them), then sequences (`sequences` of them, of which axis 0 has the size `length`),
    then what is the same in every round. `reverse` goes from the last slice to the first; results stay at their places.
    """

    name = "scan"
    attributes: ClassVar[Mapping[str, Any]] = {
        "body": REQUIRED,
        "carries": REQUIRED,
        "sequences": REQUIRED,
        "length": REQUIRED,
        "reverse": False,
    }

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        length = attrs["length"]
        return {
            **attrs,
            "length": length if isinstance(length, Dim) else int(length),
            "reverse": bool(attrs["reverse"]),
        }

    def infer(
        self, *types: TensorType, body: Graph, carries: int, sequences: int, length: DimLike, reverse: bool
    ) -> tuple[TensorType, ...]:
        if not isinstance(length, Dim) and length < 0:
            raise ValueError(f"scan: length must not be negative, got {length}.")
        scanned = types[carries : carries + sequences]
        for type_ in scanned:
            if type_.ndim == 0 or type_.shape[0] != length:
                raise ValueError(f"scan: axis 0 of every sequence must have the size of length, {length}, got {type_}.")
        slices = [type_.with_shape(type_.shape[1:]) for type_ in scanned]
        check_operands(self.name, "body", body, [*types[:carries], *slices, *types[carries + sequences :]])
        check_carried(self.name, body, types[:carries])
        stacked = [value.type.with_shape((length, *value.type.shape)) for value in body.outputs[carries:]]
        return (*types[:carries], *stacked)

    def evaluate(
        self, *arrays: Array, body: Graph, carries: int, sequences: int, length: int, reverse: bool
    ) -> Array | tuple[Array, ...]:
        state, scanned, rest = list(arrays[:carries]), arrays[carries : carries + sequences], arrays[carries + sequences :]
        types = [value.type for value in body.outputs[carries:]]
        stacked = [np.empty((length, *type_.shape), numpy_dtype(type_.dtype)) for type_ in types]
        for k in reversed(range(length)) if reverse else range(length):
            results = run_body(body, [*state, *(sequence[k] for sequence in scanned), *rest])
            state = results[:carries]
            for stack, result in zip(stacked, results[carries:], strict=True):
                stack[k] = result
        return as_result([*state, *stacked])

    def vjp(self, grad: Any, out: Any, *operands: Any, **attrs: Any) -> tuple[Value | None, ...]:
        return scan_gradient(as_tuple(grad), as_tuple(out), operands, **attrs)

    def trimmed(self, node: Node, used: Sequence[bool]) -> Sequence[Value | None] | None:
        """A body without the results that nobody reads, and then without the operands that it does not read."""
        body, carries, sequences = (node.attrs[key] for key in ("body", "carries", "sequences"))
        wanted = [True] * carries + list(used[carries:])
        shorter = Graph.of(body.inputs, [v for v, keep in zip(body.outputs, wanted) if keep], name=body.name)
        kept = [k < carries or reads(shorter, value) for k, value in enumerate(body.inputs)]
        if all(wanted) and all(kept):
            return None
        operands = [value for value, keep in zip(node.inputs, kept, strict=True) if keep]
        attrs = {**node.attrs, "body": with_inputs(shorter, kept), "sequences": sum(kept[carries : carries + sequences])}
        return spread(as_tuple(ops.scan(*operands, **attrs)), wanted)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> tuple[str, ...]:
        """``Scan``; without sequences it goes over numbers that nobody reads. onnxruntime's wants at least one round."""
        body, carries, sequences = (node.attrs[key] for key in ("body", "carries", "sequences"))
        if node.attrs["length"] == 0:
            kept = [str(emit("Identity", name)) for name in inputs[:carries]]
            return (*kept, *(_empty(emit, value.type) for value in node.outputs[carries:]))
        scanned, declared = list(inputs[carries : carries + sequences]), list(body.inputs[: carries + sequences])
        rest = inputs[carries + sequences :]
        if not scanned:
            zero, one = emit.constant(np.int64(0)), emit.constant(np.int64(1))
            scanned.append(str(emit("Range", zero, emit.dimension(node.attrs["length"]), one)))
            declared.append(Value(TensorType((), "int64"), "round"))
        graph = emit.subgraph("body", declared, lambda names: emit.inline(body, [*names[: carries + sequences], *rest]))
        directions = {}
        if node.attrs["reverse"]:
            directions["scan_input_directions"] = [1] * len(scanned)
            if len(node.outputs) > carries:
                directions["scan_output_directions"] = [1] * (len(node.outputs) - carries)
        made = emit(
            "Scan",
            *inputs[:carries],
            *scanned,
            outputs=len(node.outputs),
            body=graph,
            num_scan_inputs=len(scanned),
            **directions,
        )
        return as_names(made)

    def flops(self, node: Node) -> DimLike:
        length: DimLike = node.attrs["length"]
        return body_flops(node.attrs["body"]) * length

    def samples(self) -> Iterator[Sample]:
        yield _cumulative((5, 3), False)
        yield _cumulative((5, 3), True)
        yield _cumulative((5,), False)
        yield _cumulative((1, 3), False)
        yield _cumulative((0, 3), False)
        yield _cumulative((5, BATCH, 3), True)
        yield _cumulative((LENGTH, BATCH, 3), False)
        for reverse in (False, True):
            yield _recurrent(reverse)
        yield _counted()


def _empty(emit: Emitter, type_: TensorType) -> str:
    zero = np.zeros(1, numpy_dtype("float32" if type_.dtype == "bfloat16" else type_.dtype))
    return emit.cast(str(emit("ConstantOfShape", emit.shape(type_.shape), value=zero)), type_.dtype)


def _cumulative(shape: tuple[DimLike, ...], reverse: bool) -> Sample:
    """One carry, one sequence, one result."""
    total, x = Value(TensorType(shape[1:]), "total"), Value(TensorType(shape[1:]), "x")
    after = ops.add(ops.multiply(total, 0.5), ops.sin(x))
    body = Graph.of([total, x], [after, ops.multiply(after, x)], name="cumulative")
    attrs = {"body": body, "carries": 1, "sequences": 1, "length": shape[0], "reverse": reverse}
    return Sample((Arg(shape[1:]), Arg(shape)), attrs)


def _recurrent(reverse: bool) -> Sample:
    """Two carries, two sequences of different dtypes, a weight that every round reads, results of which one is an integer."""
    state, count = Value(TensorType((BATCH, 3)), "state"), Value(TensorType((), "int32"), "count")
    x, flag = Value(TensorType((BATCH, 3)), "x"), Value(TensorType((BATCH, 1), "bool"), "flag")
    weight = Value(TensorType((3, 3)), "weight")
    new = ops.where(flag, ops.tanh(ops.add(ops.matmul(state, weight), x)), state)
    body = Graph.of([state, count, x, flag, weight], [new, ops.add(count, 1), ops.square(new), count], name="recurrent")
    args = (
        Arg((BATCH, 3)),
        Arg((), "int32", 0, 3),
        Arg((4, BATCH, 3)),
        Arg((4, BATCH, 1), "bool"),
        Arg((3, 3), low=-1.0, high=1.0),
    )
    return Sample(args, {"body": body, "carries": 2, "sequences": 2, "length": 4, "reverse": reverse})


def _counted() -> Sample:
    """No sequence."""
    x, step = Value(TensorType((3,)), "x"), Value(TensorType((3,)), "step")
    body = Graph.of([x, step], [ops.add(ops.multiply(x, x), step)], name="iterated")
    args = (Arg((3,), low=-0.5, high=0.5), Arg((3,), low=-0.2, high=0.2))
    return Sample(args, {"body": body, "carries": 1, "sequences": 0, "length": 3})
