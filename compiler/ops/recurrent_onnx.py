"""Recurrent ops as ONNX's operators LSTM, GRU and RNN. Their layouts differ from those of Keras's weights: time first, a first
axis for directions, transposed kernels with the gates in another order, and one bias that holds both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..emitter import Emitter
from ..graph import Node

#: name -> ONNX's name, and its parameters alpha and beta where it has some
ACTIVATIONS: Mapping[str, tuple[str, tuple[float, float] | None]] = {
    "tanh": ("Tanh", None),
    "sigmoid": ("Sigmoid", None),
    "relu": ("Relu", None),
    "softplus": ("Softplus", None),
    "softsign": ("Softsign", None),
    "hard_sigmoid": ("HardSigmoid", (1 / 6, 0.5)),
    "linear": ("Affine", (1.0, 0.0)),
}


@dataclass(frozen=True)
class WeightLayout:
    """`order` lists Keras's gates as ONNX orders them; () where they agree."""

    order: tuple[int, ...] = ()


def emit_recurrent(
    emit: Emitter,
    node: Node,
    inputs: Sequence[str],
    operator: str,
    layout: WeightLayout,
    states: int,
    activations: Sequence[str],
    attributes: Mapping[str, Any],
) -> tuple[str, ...]:
    """The operator on converted operands; returns the outputs (batch, time, units) and the last states."""
    x, initial, kernel, recurrent = inputs[0], inputs[1 : 1 + states], inputs[1 + states], inputs[2 + states]
    dtype, units = node.inputs[0].type.dtype, int(node.inputs[1].type.shape[1])
    gates = int(node.inputs[1 + states].type.shape[1]) // units
    first = emit.constant(np.asarray([0], np.int64))

    def in_order(rows: str) -> str:
        """Rows of gates, in ONNX's order, under a new first axis."""
        if layout.order:
            sizes = emit.constant(np.full(gates, units, np.int64))
            parts = emit("Split", rows, sizes, outputs=gates, axis=0)
            rows = str(emit("Concat", *(parts[k] for k in layout.order), axis=0))
        return str(emit("Unsqueeze", rows, first))

    bias = ""
    if node.attrs["biased"]:
        given = inputs[3 + states]
        if len(node.inputs[3 + states].type.shape) == 2:  # one row for x and one for h, as in ONNX
            bias = str(emit("Reshape", given, emit.constant(np.asarray([1, -1], np.int64))))
        else:
            none = emit.constant(np.zeros((1, gates * units), dtype))
            bias = str(emit("Concat", in_order(given), none, axis=1))
    parameters = [ACTIVATIONS[name][1] for name in activations]
    alphas_betas = [pair for pair in parameters if pair is not None]
    if alphas_betas:
        attributes = {
            **attributes,
            "activation_alpha": [alpha for alpha, _ in alphas_betas],
            "activation_beta": [beta for _, beta in alphas_betas],
        }
    made = emit(
        operator,
        emit("Transpose", x, perm=[1, 0, 2]),
        in_order(str(emit("Transpose", kernel, perm=[1, 0]))),
        in_order(str(emit("Transpose", recurrent, perm=[1, 0]))),
        bias,
        "",
        *(str(emit("Unsqueeze", state, first)) for state in initial),
        outputs=1 + states,
        hidden_size=units,
        direction="reverse" if node.attrs["reverse"] else "forward",
        activations=[ACTIVATIONS[name][0] for name in activations],
        **attributes,
    )
    one = emit.constant(np.asarray([1], np.int64))
    outputs = emit("Transpose", emit("Squeeze", made[0], one), perm=[1, 0, 2])
    return (str(outputs), *(str(emit("Squeeze", last, first)) for last in made[1:]))
