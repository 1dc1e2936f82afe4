"""Control flow that depends on numbers: `cond` and `while_loop`. Their branches and steps are bodies: closed graphs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..autodiff import gradients
from ..bodies import run_body
from ..dims import DimLike
from ..emitter import Emitter
from ..graph import Graph, Node, Value
from ..registry import ops
from ..types import TensorType
from .base import REQUIRED, Arg, Array, Op, Sample
from .body_rules import (
    as_names,
    as_result,
    as_tuple,
    body_flops,
    check_carried,
    check_operands,
    filled_in,
    reads,
    spread,
    type_list,
    with_inputs,
)
from .elementwise import BATCH


class Cond(Op):
    """y = when_true(x, ...) if condition else when_false(x, ...), for the operands (condition, x, ...)

    Only the branch that is chosen is computed, where the target can; branches have no effects, so that others may compute both.
    """

    name = "cond"
    attributes: ClassVar[Mapping[str, Any]] = {"when_true": REQUIRED, "when_false": REQUIRED}

    def infer(self, *types: TensorType, when_true: Graph, when_false: Graph) -> tuple[TensorType, ...]:
        if not types or types[0] != TensorType((), "bool"):
            raise TypeError(f"cond: the condition must be one bool, of type bool[], got {types[0] if types else 'nothing'}.")
        for name, body in (("when_true", when_true), ("when_false", when_false)):
            check_operands(self.name, name, body, types[1:])
        results = [tuple(value.type for value in body.outputs) for body in (when_true, when_false)]
        if results[0] != results[1]:
            raise ValueError(
                f"cond: both branches must give the same types, got {type_list(results[0])} and {type_list(results[1])}. "
                "Cast or reshape one of them."
            )
        return results[0]

    def evaluate(self, *arrays: Array, when_true: Graph, when_false: Graph) -> Array | tuple[Array, ...]:
        return as_result(run_body(when_true if bool(arrays[0]) else when_false, arrays[1:]))

    def vjp(self, grad: Any, out: Any, *operands: Any, when_true: Graph, when_false: Graph) -> tuple[Value | None, ...]:
        """The gradients of the branch that was chosen. What only the other one reads has the gradient 0."""
        upstream = [one for one in as_tuple(grad) if one is not None]
        reached = [k for k, one in enumerate(as_tuple(grad)) if one is not None]
        seeds = [Value(one.type, "gradient") for one in upstream]
        inputs = [[*body.inputs] for body in (when_true, when_false)]
        found = [
            gradients([body.outputs[k] for k in reached], body.inputs, seeds) if seeds else (None,) * len(body.inputs)
            for body in (when_true, when_false)
        ]
        wanted = [k for k, pair in enumerate(zip(*found, strict=True)) if any(one is not None for one in pair)]
        if not wanted:
            return (None,) * len(operands)
        bodies = [
            Graph.of([*values, *seeds], [filled_in(slopes[k], values[k].type) for k in wanted], name=f"gradient_of_{body.name}")
            for values, slopes, body in zip(inputs, found, (when_true, when_false), strict=True)
        ]
        made = as_tuple(ops.cond(*operands, *upstream, when_true=bodies[0], when_false=bodies[1]))
        result: list[Value | None] = [None] * len(operands)
        for position, value in zip(wanted, made, strict=True):
            result[position + 1] = value
        return tuple(result)

    def trimmed(self, node: Node, used: Sequence[bool]) -> Sequence[Value | None] | None:
        """Branches without the results that nobody reads, and then without the operands that neither branch reads."""
        bodies = [node.attrs["when_true"], node.attrs["when_false"]]
        shorter = [
            Graph.of(body.inputs, [v for v, wanted in zip(body.outputs, used) if wanted], name=body.name) for body in bodies
        ]
        read = [any(reads(body, body.inputs[k]) for body in shorter) for k in range(len(bodies[0].inputs))]
        if all(used) and all(read):
            return None
        one, other = (with_inputs(body, read) for body in shorter)
        operands = [value for value, wanted in zip(node.inputs[1:], read) if wanted]
        return spread(as_tuple(ops.cond(node.inputs[0], *operands, when_true=one, when_false=other)), used)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> tuple[str, ...]:
        """``If``: the branches read the operands from outside."""
        branches = {
            attribute: emit.subgraph(name, (), lambda _, body=node.attrs[name]: emit.inline(body, inputs[1:]))  # type: ignore[misc]
            for attribute, name in (("then_branch", "when_true"), ("else_branch", "when_false"))
        }
        return as_names(emit("If", inputs[0], outputs=len(node.outputs), **branches))

    def flops(self, node: Node) -> DimLike:
        """Of the branch for True."""
        return body_flops(node.attrs["when_true"])

    def samples(self) -> Iterator[Sample]:
        for x_type, y_type in ((TensorType((2, 3)), TensorType((3,))), (TensorType((BATCH, 3)), TensorType(()))):
            x, y = Value(x_type, "x"), Value(y_type, "y")
            square = Graph.of([x, y], [ops.multiply(x, x), y], name="square")
            total = Graph.of([x, y], [ops.add(x, ops.sin(y)), ops.multiply(y, 2.0)], name="total")
            for low in (0, 1):
                condition = Arg((), "bool", low, low + 1)
                yield Sample((condition, Arg(x.type.shape), Arg(y.type.shape)), {"when_true": square, "when_false": total})
        x = Value(TensorType((3,), "int32"), "x")
        one, other = Graph.of([x], [ops.add(x, 1)]), Graph.of([x], [x])
        yield Sample((Arg((), "bool"), Arg((3,), "int32", 0, 9)), {"when_true": one, "when_false": other})


class WhileLoop(Op):
    """y = the first `variables` operands after `variables = body(variables, rest)`, repeated while condition(variables, rest)

    The other operands are the same in every round. `maximum` rounds at most; None for no limit.
    """

    name = "while_loop"
    attributes: ClassVar[Mapping[str, Any]] = {
        "condition": REQUIRED,
        "body": REQUIRED,
        "variables": REQUIRED,
        "maximum": None,
    }

    def infer(
        self, *types: TensorType, condition: Graph, body: Graph, variables: int, maximum: int | None
    ) -> tuple[TensorType, ...]:
        check_operands(self.name, "body", body, types)
        check_operands(self.name, "condition", condition, types)
        check_carried(self.name, body, types[:variables], exactly=True)
        if tuple(value.type for value in condition.outputs) != (TensorType((), "bool"),):
            raise TypeError(
                "while_loop: the condition must give one bool, of type bool[], "
                f"got {type_list([value.type for value in condition.outputs])}."
            )
        return types[:variables]

    def evaluate(
        self, *arrays: Array, condition: Graph, body: Graph, variables: int, maximum: int | None
    ) -> Array | tuple[Array, ...]:
        state, rest, rounds = list(arrays[:variables]), arrays[variables:], 0
        while (maximum is None or rounds < maximum) and bool(run_body(condition, [*state, *rest])[0]):
            state, rounds = run_body(body, [*state, *rest]), rounds + 1
        return as_result(state)

    def vjp(self, grad: Any, out: Any, *operands: Any, **attrs: Any) -> tuple[Value | None, ...]:
        raise NotImplementedError(
            "while_loop has no gradient: the number of its rounds is known only when it runs, so that what the gradient needs "
            "of every round cannot be kept. Use ops.fori_loop or ops.scan with a known number of rounds, or stop_gradient."
        )

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> tuple[str, ...]:
        """``Loop``: its body ends with the condition of the next round."""
        variables, maximum = node.attrs["variables"], node.attrs["maximum"]
        condition, body = node.attrs["condition"], node.attrs["body"]
        start, rest = inputs[:variables], inputs[variables:]
        number, go_on = Value(TensorType((), "int64"), "round"), Value(TensorType((), "bool"), "condition")

        def step(names: list[str]) -> list[str]:
            state = emit.inline(body, [*names[2:], *rest])
            return [*emit.inline(condition, [*state, *rest]), *state]

        first = emit.inline(condition, inputs)[0]
        loop = emit.subgraph("body", (number, go_on, *body.inputs[:variables]), step)
        limit = "" if maximum is None else emit.constant(np.int64(maximum))
        return as_names(emit("Loop", limit, first, *start, outputs=variables, body=loop))

    def flops(self, node: Node) -> DimLike:
        """Of one round: how many there are is not known."""
        return body_flops(node.attrs["condition"]) + body_flops(node.attrs["body"])

    def samples(self) -> Iterator[Sample]:
        for shape, maximum in (((3,), None), ((BATCH, 3), None), ((), 4)):
            count, x = Value(TensorType((), "int32"), "count"), Value(TensorType(shape, "int32"), "x")
            limit = Value(TensorType((), "int32"), "limit")
            condition = Graph.of([count, x, limit], [ops.less(count, limit)], name="condition")
            body = Graph.of([count, x, limit], [ops.add(count, 1), ops.add(ops.multiply(x, 2), count)], name="body")
            args = (Arg((), "int32", 0, 3), Arg(shape, "int32", 0, 5), Arg((), "int32", 0, 9))
            attrs = {"condition": condition, "body": body, "variables": 2, "maximum": maximum}
            yield Sample(args, attrs)  # integers only: there is no gradient to compare
