"""Recurrent ops as ONNX's operators LSTM, GRU and RNN. Their layouts differ from those of Keras's weights: time first, a first
axis for directions, transposed kernels with the gates in another order, and one bias that holds both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..emitter import Emitter
from ..graph import Node
from ..types import TensorType, numpy_dtype

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
    x, initial = inputs[0], inputs[1 : 1 + states]
    units = int(node.inputs[1].type.shape[1])
    gates = int(node.inputs[1 + states].type.shape[1]) // units
    first = emit.constant(np.asarray([0], np.int64))
    kernel, recurrent = (_kernel(emit, name, gates, layout) for name in inputs[1 + states : 3 + states])
    bias = _bias(emit, inputs[3 + states], gates, layout) if node.attrs["biased"] else ""
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
        kernel,
        recurrent,
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


def _kernel(emit: Emitter, name: str, gates: int, layout: WeightLayout) -> str:
    """A kernel, transposed; if it is stored in the model, it is stored this way."""
    array = emit.known(name)
    if array is not None:
        return emit.constant(_ordered(array, gates, layout).T[None])
    first = emit.constant(np.asarray([0], np.int64))
    rows = str(emit("Transpose", name, perm=[1, 0]))
    return str(emit("Unsqueeze", _in_order(emit, rows, emit.type_of(name), gates, layout), first))


def _bias(emit: Emitter, name: str, gates: int, layout: WeightLayout) -> str:
    """The biases of x and of h one after the other: Keras's have two rows for both, or are for x only."""
    array, type_ = emit.known(name), emit.type_of(name)
    if array is not None:
        rows = _ordered(array.reshape(-1, array.shape[-1]), gates, layout)
        both = rows if len(rows) == 2 else np.concatenate([rows, np.zeros_like(rows)])
        return emit.constant(both.reshape(1, -1))
    if type_.ndim == 2:
        assert not layout.order, "no op of ours has two biases in another order"
        return str(emit("Reshape", name, emit.constant(np.asarray([1, -1], np.int64))))
    none = emit.constant(np.zeros((int(type_.shape[0]),), numpy_dtype(type_.dtype)))
    both_biases = str(emit("Concat", _in_order(emit, name, type_, gates, layout), none, axis=0))
    return str(emit("Unsqueeze", both_biases, emit.constant(np.asarray([0], np.int64))))


def _in_order(emit: Emitter, rows: str, type_: TensorType, gates: int, layout: WeightLayout) -> str:
    """The gates along axis 0 in ONNX's order. `type_` is the weight's, with the gates along its last axis."""
    if not layout.order:
        return rows
    sizes = emit.constant(np.full(gates, int(type_.shape[-1]) // gates, np.int64))
    parts = emit("Split", rows, sizes, outputs=gates, axis=0)
    return str(emit("Concat", *(parts[k] for k in layout.order), axis=0))


def _ordered(columns: np.ndarray[Any, Any], gates: int, layout: WeightLayout) -> np.ndarray[Any, Any]:
    """The gates along axis 1 in ONNX's order."""
    parts = np.split(columns, gates, axis=1)
    return np.concatenate([parts[k] for k in layout.order or range(gates)], axis=1)
