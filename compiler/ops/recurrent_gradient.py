"""The gradient of a recurrent op, written down: a backward loop of few steps.

The forward loop keeps the states and what the activations read. From these all factors of the gradients follow for all time
steps at once, before the backward loop; the loop itself multiplies by them, and the gradients of the weights are one product
each behind it. For an LSTM, with g and d for the gradients of the states h and c behind a time step, and slopes s' and a':

    before the loop:  A = o a'(c);  B = [n s'(i), c_before s'(f), i a'(n), a(c) s'(o)];  C = f
    in every round:   d = d + g A;  dz = [d, d, d, g] B;  g = dz @ transpose(recurrent);  d = d C
    behind the loop:  gradient of kernel = transpose(x) @ dz, of recurrent = transpose(h_before) @ dz, of bias = sum of dz

Where a mask is False, A and B are 0 and C is 1, and g goes on as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..autodiff import gradients
from ..dims import DimLike
from ..graph import Graph, Value
from ..registry import ops
from .base import substituted
from .body_rules import filled_in
from .scan_gradient import saving_scan


@dataclass(frozen=True)
class Kept:
    """What the gradient reads of the forward loop. All have the axes (time, batch, ...).

    Attributes:
        before, after: each state before and after the time steps.
        read: what else was kept.
        mask: 1 for the time steps that count and 0 for those left out, (time, batch, 1); None if all count.
    """

    before: tuple[Value, ...]
    after: tuple[Value, ...]
    read: tuple[Value, ...]
    mask: Any = None

    def counting(self, factor: Any) -> Any:
        """The factor, 0 for time steps that are left out."""
        return factor if self.mask is None else ops.multiply(factor, self.mask)

    def staying(self, factor: Any) -> Any:
        """The factor, 1 for time steps that are left out."""
        return factor if self.mask is None else ops.add(self.counting(factor), self.left_out)

    @property
    def left_out(self) -> Any:
        """1 for the time steps that are left out, else 0."""
        return ops.subtract(1.0, self.mask)

    @property
    def passing(self) -> list[Any]:
        """One more factor of rounds with a mask: of the gradient of a state that passes a time step that is left out."""
        return [] if self.mask is None else [self.left_out]


#: The gradients of the states before a time step, and what is stacked for the products behind the loop.
Before = tuple[Sequence[Any], Sequence[Any]]
#: From the gradients of the states behind a time step, the factors of that step and the transposed recurrent kernel.
Round = Callable[[Sequence[Any], Sequence[Any], Any], Before]


def backward_loop(
    round_: Round,
    factors: Sequence[Any],
    recurrent: Value,
    kept: Kept,
    grad_outputs: Value | None,
    grad_states: Sequence[Value | None],
    reverse: bool,
    name: str,
) -> tuple[list[Value], list[Value]]:
    """The gradients of the initial states, and what the rounds stack.

    Args:
        grad_outputs: of the outputs of all time steps, time first; None if only the last states count.
        grad_states: of the last states.
        reverse: whether the forward loop went from the last time step to the first.
    """
    start = [filled_in(one, state.type.with_shape(state.type.shape[1:])) for one, state in zip(grad_states, kept.after)]
    scanned = [*factors, *([] if grad_outputs is None else [grad_outputs])]
    carried = [Value(value.type, f"gradient_{k}") for k, value in enumerate(start)]
    slices = [Value(value.type.with_shape(value.type.shape[1:]), f"factor_{k}") for k, value in enumerate(scanned)]
    transposed = ops.transpose(recurrent, axes=(1, 0))
    weight = Value(transposed.type, "recurrent")
    first = carried[0] if grad_outputs is None else ops.add(carried[0], slices[-1])
    before, stacked = round_([first, *carried[1:]], slices[: len(factors)], weight)
    body = Graph.of([*carried, *slices, weight], [*before, *stacked], name=f"gradient_of_{name}")
    length = kept.after[0].type.shape[0]
    sizes = {"carries": len(start), "sequences": len(scanned), "length": length}
    made = saving_scan(*start, *scanned, transposed, body=body, **sizes, reverse=not reverse)  # type: ignore[arg-type]
    return list(made[: len(start)]), list(made[len(start) :])


def through(activation: Callable[[Any], Any], z: Value, factor: Value) -> Value:
    """factor * the slope of the activation at z"""
    at, upstream = Value(z.type, "z"), Value(factor.type, "factor")
    (slope,) = substituted(gradients([activation(at)], [at], [upstream]), {at: z, upstream: factor})
    assert slope is not None
    return slope


def with_passing(before: Any, after: Any, passing: Sequence[Any]) -> Any:
    """The gradient of a state before a time step, and what of that behind it passes where the step is left out."""
    return ops.add(ops.multiply(after, passing[0]), before) if passing else before


def shifted(first: Value, after: Value, reverse: bool) -> Value:
    """A state before each time step, given the initial one and those after each time step (time, batch, units)."""
    start = ops.expand_dims(first, axis=(0,))
    length, *rest = after.type.shape
    both = ops.concatenate(*((after, start) if reverse else (start, after)), axis=0)
    offset = 1 if reverse else 0
    return ops.slice(both, starts=(offset, 0, 0), stops=(length + offset, *rest))  # type: ignore[no-any-return]


def summed_product(rows: Value, columns: Value) -> Value:
    """The sum over all time steps of transpose(rows[t]) @ columns[t]"""
    return ops.matmul(ops.transpose(_flat(rows), axes=(1, 0)), _flat(columns))  # type: ignore[no-any-return]


def _flat(x: Value) -> Value:
    time, batch, width = x.type.shape
    count: DimLike = time * batch
    return ops.reshape(x, shape=(count, width))  # type: ignore[no-any-return]
