"""What the ops that have bodies share: checks of a body against its operands, and small steps on results and inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dims import DimLike
from ..graph import Graph, Value
from ..registry import ops
from ..types import TensorType, numpy_dtype
from .base import Array


def check_operands(op: str, name: str, body: Graph, types: Sequence[TensorType]) -> None:
    """The body takes operands of these types, and has no variables.

    Raises:
        ValueError: otherwise.
    """
    expected = tuple(value.type for value in body.inputs)
    if body.state:
        raise ValueError(f"{op}: {name} has variables ({', '.join(slot.name for slot in body.state)}); a body must be closed.")
    if expected != tuple(types):
        raise ValueError(f"{op}: {name} takes {type_list(expected)}, got operands {type_list(types)}.")


def check_carried(op: str, body: Graph, types: Sequence[TensorType], exactly: bool = False) -> None:
    """The body's first results (all, if `exactly`) have the types of what is carried from round to round.

    Raises:
        ValueError: otherwise.
    """
    results = tuple(value.type for value in body.outputs)
    if results[: len(types)] != tuple(types) or (exactly and len(results) != len(types)):
        raise ValueError(
            f"{op}: every round must give back what it got, of types {type_list(types)}; "
            f"the body gives {type_list(results if exactly else results[: len(types)])}."
        )


def type_list(types: Sequence[TensorType]) -> str:
    return ", ".join(map(str, types)) or "nothing"


def as_result(arrays: Sequence[Array]) -> Array | tuple[Array, ...]:
    """What `evaluate` returns: one array, or a tuple of several."""
    copies = tuple(np.array(array) for array in arrays)  # a body may return its input
    return copies[0] if len(copies) == 1 else copies


def as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def as_value(operand: Any) -> Value:
    return operand if isinstance(operand, Value) else ops.constant(value=np.asarray(operand))


def as_names(names: Any) -> tuple[str, ...]:
    return tuple(map(str, as_tuple(names)))


def zeros(type_: TensorType) -> Value:
    zero: Value = ops.constant(value=np.zeros((), numpy_dtype(type_.dtype)))
    return ops.broadcast_to(zero, shape=type_.shape) if type_.shape else zero


def filled_in(gradient: Value | None, type_: TensorType) -> Value:
    """The gradient, or zeros of this type for none."""
    return zeros(type_) if gradient is None else gradient


def body_flops(body: Graph) -> DimLike:
    total: DimLike = 0
    for node in body.nodes:
        total = total + node.op.flops(node)
    return total


def reads(body: Graph, value: Value) -> bool:
    """Whether the body reads that input of its, or returns it."""
    return value in body.users or any(value is output for output in body.outputs)


def with_inputs(body: Graph, kept: Sequence[bool]) -> Graph:
    """The body without the inputs that are not `kept`."""
    return Graph.of([value for value, keep in zip(body.inputs, kept, strict=True) if keep], body.outputs, name=body.name)


def spread(values: Sequence[Value], used: Sequence[bool]) -> list[Value | None]:
    """`values` at the places that are `used`, None elsewhere."""
    left = iter(values)
    return [next(left) if place else None for place in used]
