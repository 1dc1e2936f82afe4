"""Graphs for tests and measurements: the training step of a dense network, made of compiler ops only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphkeras.compiler import ops as _ops  # noqa: F401  (fills the registry)
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.graph import Graph, StateSlot, Value
from graphkeras.compiler.provenance import scope
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType

BATCH = Dim.symbol("batch")
Array = np.ndarray[Any, Any]


def dense_network(x: Value, parameters: Sequence[Value]) -> Value:
    """Layers of a kernel and a bias each, with relu between them."""
    pairs = list(zip(parameters[::2], parameters[1::2], strict=True))
    for number, (kernel, bias) in enumerate(pairs):
        with scope(f"dense_{number}"):
            x = ops.matmul(x, kernel) + bias
            x = ops.relu(x) if number < len(pairs) - 1 else x
    return x


def parameters_of(sizes: Sequence[int], seed: int = 0) -> dict[str, Array]:
    """Glorot-uniform kernels and zero biases."""
    rng = np.random.default_rng(seed)
    values: dict[str, Array] = {}
    for number, (m, n) in enumerate(zip(sizes[:-1], sizes[1:])):
        limit = np.sqrt(6 / (m + n))
        values[f"dense_{number}/kernel"] = rng.uniform(-limit, limit, (m, n)).astype(np.float32)
        values[f"dense_{number}/bias"] = np.zeros(n, np.float32)
    return values


def prediction(sizes: Sequence[int]) -> tuple[Graph, dict[str, Array]]:
    """The forward pass, and its weights."""
    state = parameters_of(sizes)
    variables = {name: Value(TensorType(value.shape), name) for name, value in state.items()}
    x = Value(TensorType((BATCH, sizes[0])), "x")
    logits = dense_network(x, list(variables.values()))
    slots = [StateSlot(name, value, value) for name, value in variables.items()]
    return Graph.of([x], [logits], slots, "predict", ["logits"]), state


def adam_step(sizes: Sequence[int], rate: float = 0.001) -> tuple[Graph, dict[str, Array]]:
    """Forward, softmax cross-entropy, backward and Adam (Kingma and Ba, arXiv:1412.6980, as Keras writes it); and the state."""
    state = parameters_of(sizes)
    names = list(state)
    state |= {f"{name}/{slot}": np.zeros_like(state[name]) for name in names for slot in ("m", "v")}
    state["iterations"] = np.zeros((), np.float32)
    variables = {name: Value(TensorType(value.shape), name) for name, value in state.items()}
    x, labels = Value(TensorType((BATCH, sizes[0])), "x"), Value(TensorType((BATCH,), "int32"), "labels")
    parameters = [variables[name] for name in names]
    with scope("loss"):
        logits = dense_network(x, parameters)
        loss = ops.mean(ops.sparse_softmax_cross_entropy(logits, labels))
    found = gradients([loss], parameters)
    new: dict[str, Value] = {}
    with scope("adam"):
        step = new["iterations"] = variables["iterations"] + 1
        alpha = rate * ops.sqrt(1 - ops.exp(step * np.float32(np.log(0.999)))) / (1 - ops.exp(step * np.float32(np.log(0.9))))
        for name, gradient in zip(names, found, strict=True):
            assert gradient is not None
            m, v = variables[f"{name}/m"], variables[f"{name}/v"]
            new[f"{name}/m"] = m + (gradient - m) * 0.1
            new[f"{name}/v"] = v + (ops.square(gradient) - v) * 0.001
            new[name] = variables[name] - new[f"{name}/m"] * alpha / (ops.sqrt(new[f"{name}/v"]) + 1e-7)
    slots = [StateSlot(name, variables[name], new[name]) for name in state]
    return Graph.of([x, labels], [loss], slots, "train_step", ["loss"]), state
