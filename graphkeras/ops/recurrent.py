"""What recurrent layers are built on: `rnn` for any cell, and `simple_rnn`, `lstm` and `gru`, each one op of the graph.

These are not part of the public `keras.ops`. They return, like Keras's backends, (last output, outputs, last states).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from graphkeras.compiler.graph import Value
from graphkeras.compiler.ops.recurrent import ACTIVATIONS
from graphkeras.compiler.registry import ops

from .. import tree
from ..operation import operation
from .comparison import where
from .core import shape
from .loops import scan
from .manipulation import expand_dims, flip, stack, swapaxes
from .operands import Tensor, as_bool, dtype_of, shape_of, tensor, zero_of

__all__ = ["activation_name", "gru", "lstm", "rnn", "simple_rnn"]


def activation_name(activation: Any) -> str | None:
    """The name by which `simple_rnn`, `lstm` and `gru` know an activation; None if they do not: then use `rnn`."""
    name = (
        activation if isinstance(activation, str) else "linear" if activation is None else getattr(activation, "__name__", "")
    )
    return name if name in ACTIVATIONS else None


def rnn(
    step_function: Callable[..., Any],
    inputs: Any,
    initial_states: Any,
    go_backwards: bool = False,
    mask: Any = None,
    constants: Sequence[Any] = (),
    time_major: bool = False,
    zero_output_for_mask: bool = False,
    unroll: bool = False,
) -> tuple[Any, Any, Any]:
    """Applies a cell to every time step.

    Args:
        step_function: from the input of one time step and a tuple of states and constants to (output, new states).
        inputs: a structure of tensors (batch, time, ...).
        initial_states: a list or tuple of (structures of) tensors (batch, ...).
        go_backwards: from the last time step to the first; outputs come in the order in which they are computed.
        mask: booleans (batch, time). Where it is False, states stay, and the output is the first state.
        constants: further tensors that every step gets behind the states.
        time_major: inputs, mask and outputs have the time first.
        zero_output_for_mask: where the mask is False, the output is 0.
        unroll: write the step into the graph once for each time step, in place of a loop.

    Returns:
        The last output, all outputs (batch, time, ...), and the last states.

    Raises:
        ValueError: for unroll=True where the number of time steps is not known or is 0.
    """
    states = tuple(initial_states)
    scanned = inputs if time_major else tree.map_structure(_swapped, inputs)
    if mask is not None:
        scanned = (scanned, mask if time_major else _swapped(mask))

    def step(before: Any, current: Any) -> tuple[Any, Any]:
        x, kept = current if mask is not None else (current, None)
        output, after = step_function(x, (*before, *constants))
        after = tuple(after)
        if kept is None:
            return after, output
        after = tree.map_structure(lambda new, old: where(_like(kept, new), new, old), after, before)
        if zero_output_for_mask:
            return after, tree.map_structure(lambda y: where(_like(kept, y), y, 0), output)
        previous = before[-1][0] if tree.is_nested(before[0]) else before[0]
        return after, tree.map_structure(lambda y: where(_like(kept, y), y, previous), output)

    step.__name__ = getattr(step_function, "__name__", "step")
    if unroll:
        last_states, outputs = _unrolled(step, states, scanned, go_backwards)
    else:
        last_states, outputs = scan(step, states, scanned, reverse=go_backwards)
        outputs = tree.map_structure(lambda y: flip(y, 0), outputs) if go_backwards else outputs
    last = tree.map_structure(lambda y: y[-1], outputs)
    outputs = outputs if time_major else tree.map_structure(_swapped, outputs)
    return last, outputs, list(last_states)


def _unrolled(step: Callable[..., Any], states: Any, scanned: Any, go_backwards: bool) -> tuple[Any, Any]:
    """The last states, and the outputs in the order in which they are computed."""
    length = shape(tree.flatten(scanned)[0])[0]
    if not isinstance(length, int) or length < 1:
        raise ValueError(
            f"rnn: unroll=True needs a known number of time steps, got {length}. Give Input a shape with the number, such as "
            "(10, 8), or use unroll=False."
        )
    collected = []
    for k in reversed(range(length)) if go_backwards else range(length):
        states, output = step(states, tree.map_structure(lambda x, k=k: x[k], scanned))
        collected.append(output)
    return states, tree.map_structure(lambda *ys: stack(ys, axis=0), *collected)


def _swapped(x: Any) -> Any:
    return swapaxes(x, 0, 1)


def _like(mask: Any, x: Any) -> Any:
    """A mask of shape (batch,) with as many axes as x."""
    for _ in range(len(shape(x)) - len(shape(mask))):
        mask = expand_dims(mask, -1)
    return mask


@operation
def simple_rnn(
    inputs: Any,
    initial_state: Any,
    mask: Any,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any,
    activation: Any = "tanh",
    go_backwards: bool = False,
    zero_output_for_mask: bool = False,
) -> Any:
    """h = activation(inputs[:, t] @ kernel + bias + h @ recurrent_kernel) for every time step; `bias` may be None."""
    attrs = {"activation": _known("simple_rnn", "activation", activation)}
    weights = (kernel, recurrent_kernel, bias)
    return _whole("simple_rnn", inputs, [initial_state], mask, weights, attrs, go_backwards, zero_output_for_mask)


@operation
def lstm(
    inputs: Any,
    initial_state_h: Any,
    initial_state_c: Any,
    mask: Any,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any,
    activation: Any = "tanh",
    recurrent_activation: Any = "sigmoid",
    go_backwards: bool = False,
    zero_output_for_mask: bool = False,
) -> Any:
    """A long short-term memory over all time steps. Columns of the kernels: input, forget, cell, output; `bias` may be None."""
    attrs = {
        "activation": _known("lstm", "activation", activation),
        "recurrent_activation": _known("lstm", "recurrent_activation", recurrent_activation),
    }
    states, weights = [initial_state_h, initial_state_c], (kernel, recurrent_kernel, bias)
    return _whole("lstm", inputs, states, mask, weights, attrs, go_backwards, zero_output_for_mask)


@operation
def gru(
    inputs: Any,
    initial_state: Any,
    mask: Any,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any,
    activation: Any = "tanh",
    recurrent_activation: Any = "sigmoid",
    go_backwards: bool = False,
    reset_after: bool = True,
    zero_output_for_mask: bool = False,
) -> Any:
    """A gated recurrent unit over all time steps. Columns of the kernels: update, reset, candidate; `bias` may be None, has two
    rows with `reset_after` (for the input and for the state), and one without."""
    attrs = {
        "activation": _known("gru", "activation", activation),
        "recurrent_activation": _known("gru", "recurrent_activation", recurrent_activation),
        "reset_after": bool(reset_after),
    }
    weights = (kernel, recurrent_kernel, bias)
    return _whole("gru", inputs, [initial_state], mask, weights, attrs, go_backwards, zero_output_for_mask)


def _known(op: str, argument: str, activation: Any) -> str:
    name = activation_name(activation)
    if name is None:
        raise ValueError(f"{op}: {argument} must be one of {', '.join(ACTIVATIONS)}, got {activation!r}. Use rnn for others.")
    return name


def _whole(
    op: str,
    inputs: Any,
    states: Sequence[Any],
    mask: Any,
    weights: Sequence[Any],
    attrs: dict[str, Any],
    go_backwards: bool,
    zero_output_for_mask: bool,
) -> Any:
    """The op on operands of one dtype, with what its gradient needs; unused results go away before the graph runs."""
    x = tensor(inputs)
    dtype = dtype_of(x)
    operands = [x, *(tensor(one, dtype) for one in (*states, *weights) if one is not None)]
    if mask is not None:
        mask = as_bool(mask)
        operands.append(mask)
    made = getattr(ops, op)(
        *operands,
        **attrs,
        biased=weights[-1] is not None,
        masked=mask is not None,
        reverse=bool(go_backwards),
        residuals=any(isinstance(operand, Value) for operand in operands),
    )
    outputs, last_states = made[0], list(made[1 : 1 + len(states)])
    last = last_states[0]
    if mask is not None and zero_output_for_mask:
        kept = ops.expand_dims(mask, axis=(2,))
        outputs = ops.where(kept, outputs, zero_of(outputs))
        last = _time_step(outputs, 0 if go_backwards else shape_of(outputs)[1] - 1)
    if go_backwards:
        outputs = flip.body(outputs, 1)
    return last, outputs, last_states


def _time_step(outputs: Tensor, k: Any) -> Tensor:
    batch, _, units = shape_of(outputs)
    return ops.squeeze(ops.slice(outputs, starts=(0, k, 0), stops=(batch, k + 1, units)), axis=(1,))
