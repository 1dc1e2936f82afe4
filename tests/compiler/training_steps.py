"""Training steps as the framework traces them, written by hand with the compiler's ops: for tests of passes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.graph import Graph, StateSlot, Value
from graphkeras.compiler.provenance import scope
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType

batch = Dim.symbol("batch")


def state(name: str, *shape: int, dtype: str = "float32") -> Value:
    return Value(TensorType(shape, dtype), name)


def adam(weights: list[Value], grads: list[Value], iterations: Value, rate: Value) -> list[StateSlot]:
    """Keras's Adam, as written there."""
    slots = [StateSlot("optimizer/iterations", iterations, iterations + np.int64(1)), StateSlot("optimizer/rate", rate, rate)]
    step = ops.cast(iterations + np.int64(1), dtype="float32")
    beta_1, beta_2 = (ops.constant(value=np.float32(beta)) for beta in (0.9, 0.999))
    alpha = rate * ops.sqrt(1.0 - ops.power(beta_2, step)) / (1.0 - ops.power(beta_1, step))
    for weight, grad in zip(weights, grads, strict=True):
        m = Value(weight.type, f"{weight.name}_momentum")
        v = Value(weight.type, f"{weight.name}_velocity")
        new_m = m + (grad - m) * (1 - 0.9)
        new_v = v + (ops.square(grad) - v) * (1 - 0.999)
        slots.append(StateSlot(weight.name, weight, weight - new_m * alpha / (ops.sqrt(new_v) + 1e-7)))
        slots += [StateSlot(m.name, m, new_m), StateSlot(v.name, v, new_v)]
    return slots


def batch_norm(x: Value, gamma: Value, beta: Value, mean: Value, variance: Value) -> tuple[Value, list[StateSlot]]:
    """Batch normalization over axis 0 with moving averages."""
    center = ops.mean(x, axis=0, keepdims=True)
    spread = ops.mean(ops.square(x), axis=0, keepdims=True) - ops.square(center)
    y = (x - center) * ops.rsqrt(spread + 1e-3) * ops.reshape(gamma, shape=(1, *gamma.type.shape))
    updates = [
        StateSlot(name.name, name, name * 0.99 + ops.squeeze(now, axis=0) * (1 - 0.99))
        for name, now in ((mean, center), (variance, spread))
    ]
    return y + ops.reshape(beta, shape=(1, *beta.type.shape)), updates


def mlp_step(sizes: tuple[int, ...] = (784, 32, 10), normalized: bool = False, clipped_softmax: bool = False) -> Graph:
    """One step of a dense network: forward, mean loss with sample weights, backward, Adam, metric sums.

    `clipped_softmax`: Keras's categorical_crossentropy of probabilities, else of logits.
    """
    x, targets = Value(TensorType((batch, sizes[0])), "x"), Value(TensorType((batch, sizes[-1])), "targets")
    sample_weight = Value(TensorType((batch,)), "sample_weight")
    h, weights, slots = x, [], []
    for number, (inputs, units) in enumerate(pairwise(sizes)):
        with scope(f"model/dense_{number}"):
            kernel, bias = state(f"kernel_{number}", inputs, units), state(f"bias_{number}", units)
            weights += [kernel, bias]
            h = ops.matmul(h, kernel) + bias
            if number == len(sizes) - 2:
                break
            if normalized:
                parts = [state(f"{part}_{number}", units) for part in ("gamma", "beta", "mean", "variance")]
                weights += parts[:2]
                h, updates = batch_norm(h, *parts)
                slots += updates
            h = ops.relu(h)
    with scope("loss"):
        if clipped_softmax:
            output = ops.softmax(h, axis=-1)
            output = output / ops.sum(output, axis=-1, keepdims=True)
            losses = -ops.sum(targets * ops.log(ops.clip(output, low=1e-7, high=1 - 1e-7)), axis=-1)
        else:
            losses = ops.softmax_cross_entropy(h, targets)
        loss = ops.sum(losses * sample_weight) / ops.dimension(dim=batch, dtype="float32")
    slots += adam(weights, list(gradients([loss], weights)), state("iterations", dtype="int64"), state("rate"))
    with scope("metrics"):
        hits = ops.cast(ops.equal(ops.argmax(h, axis=-1), ops.argmax(targets, axis=-1)), dtype="float32")
        total, count = state("total"), state("count")
        slots.append(StateSlot("metrics/total", total, total + ops.sum(hits * sample_weight)))
        slots.append(StateSlot("metrics/count", count, count + ops.sum(sample_weight)))
    return Graph.of([x, targets, sample_weight], [loss], slots, "train_step", ["loss"])
