"""Pure JAX: the training step as one jitted function with donated state."""

from __future__ import annotations

from typing import Any

import jax  # type: ignore[import-not-found,unused-ignore]
import jax.numpy as jnp  # type: ignore[import-not-found,unused-ignore]


def versions() -> str:
    return f"jax {jax.__version__}"


def logits_of(parameters: Any, x: Any) -> Any:
    for kernel, bias in parameters[:-1]:
        x = jax.nn.relu(x @ kernel + bias)
    kernel, bias = parameters[-1]
    return x @ kernel + bias


def mean_loss(parameters: Any, x: Any, y: Any) -> Any:
    log_probabilities = jax.nn.log_softmax(logits_of(parameters, x))
    return -jnp.mean(jnp.take_along_axis(log_probabilities, y[:, None], axis=1))


def adam_step(state: Any, x: Any, y: Any) -> Any:
    parameters, m, v, count = state
    loss, gradients = jax.value_and_grad(mean_loss)(parameters, x, y)
    count = count + 1
    rate = 0.001 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
    m = jax.tree.map(lambda old, new: old + (new - old) * 0.1, m, gradients)
    v = jax.tree.map(lambda old, new: old + (new * new - old) * 0.001, v, gradients)
    parameters = jax.tree.map(lambda p, a, b: p - rate * a / (jnp.sqrt(b) + 1e-12), parameters, m, v)
    return (parameters, m, v, count), loss


class Model:
    """A dense network with relu, on logits, trained by Adam."""

    def __init__(self, weights: list[Any], x: Any, y: Any, batch_size: int) -> None:
        parameters = [(jnp.asarray(kernel), jnp.asarray(bias)) for kernel, bias in zip(weights[::2], weights[1::2])]
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        self._state = (parameters, zeros, jax.tree.map(jnp.zeros_like, parameters), jnp.zeros((), jnp.float32))
        self._step = jax.jit(adam_step, donate_argnums=0)
        self._forward = jax.jit(logits_of)
        self._batches = [(x[k : k + batch_size], y[k : k + batch_size]) for k in range(0, len(x), batch_size)]
        self._loss: Any = None

    def train_step(self, k: int) -> None:
        self._state, self._loss = self._step(self._state, *self._batches[k])

    def train_loss(self) -> float:
        jax.block_until_ready(self._state)
        return float(self._loss)

    def fit(self) -> None:
        total = 0.0
        for k in range(len(self._batches)):
            self.train_step(k)
            total += self._loss
        float(total)

    def predict(self) -> None:
        for x, _ in self._batches:
            jax.device_get(self._forward(self._state[0], x))
