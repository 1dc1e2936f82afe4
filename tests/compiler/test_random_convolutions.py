"""Random networks of convolutions and pooling, with their gradients: every target agrees with the reference."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler import driver
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType
from tests.compiler.conformance import interpreter

BATCH = Dim.symbol("batch")


class Network:
    """Grows layer by layer; shapes stay small and numbers bounded."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.ndim = self.rng.choice([1, 2, 2, 3])
        self.channels, self.last = self.rng.choice([2, 3, 4]), self.rng.random() < 0.5
        sizes = [self.rng.randint(5, 7) for _ in range(self.ndim)]
        self.weights: list[Value] = []
        shape = (BATCH, *sizes, self.channels) if self.last else (BATCH, self.channels, *sizes)
        self.x = self.y = Value(TensorType(shape, "float32"), "x")
        layers = [
            self.convolve,
            self.convolve,
            self.transposed,
            self.pool,
            self.activate,
            self.residual,
            self.normalize,
            self.turn,
        ]
        for _ in range(self.rng.randint(2, 6)):
            self.rng.choice(layers)()

    def weight(self, *shape: int) -> Value:
        self.weights.append(Value(TensorType(shape, "float32"), f"w{len(self.weights)}"))
        return self.weights[-1]

    def places(self) -> dict[str, Any]:
        return {"padding": self.rng.choice(["same", "same", "valid"]), "channels_last": self.last}

    def convolve(self) -> None:
        groups = self.rng.choice([1, 1, self.channels])
        size = [self.rng.randint(1, 3) for _ in range(self.ndim)]
        filters = groups * self.rng.randint(1, 2) if groups > 1 else self.rng.randint(2, 4)
        kernel = self.weight(*size, self.channels // groups, filters)
        step = self.rng.choice([{"strides": self.rng.randint(1, 2)}, {"dilation": self.rng.randint(1, 2)}])
        self.attempt(lambda: ops.conv(self.y, kernel, groups=groups, **step, **self.places()), filters)

    def transposed(self) -> None:
        filters, stride = self.rng.randint(2, 3), self.rng.randint(1, 2)
        kernel = self.weight(*(2,) * self.ndim, filters, self.channels)
        sizes = self.y.type.shape[1:-1] if self.last else self.y.type.shape[2:]
        grown = tuple(n * stride for n in sizes)
        where = {"padding": "same", "channels_last": self.last}
        self.attempt(lambda: ops.conv_input_gradient(self.y, kernel, sizes=grown, strides=stride, **where), filters)

    def pool(self) -> None:
        name = self.rng.choice(["max_pool", "average_pool"])
        size, strides = self.rng.randint(1, 3), self.rng.choice([None, 1, 2])
        self.attempt(lambda: getattr(ops, name)(self.y, size=size, strides=strides, **self.places()), self.channels)

    def activate(self) -> None:
        self.y = ops.tanh(self.y + self.vector())

    def residual(self) -> None:
        self.y = self.y + ops.relu(self.y) * 0.5

    def normalize(self) -> None:
        axes = tuple(range(self.ndim + 1)) if self.last else (0, *range(2, self.ndim + 2))
        mean, variance = ops.moments(self.y, axis=axes)
        self.y = (self.y - mean) * ops.rsqrt(variance + 0.5)

    def turn(self) -> None:
        """The user changes the layout."""
        order = (0, self.ndim + 1, *range(1, self.ndim + 1)) if self.last else (0, *range(2, self.ndim + 2), 1)
        self.y, self.last = ops.transpose(self.y, axes=order), not self.last

    def vector(self) -> Any:
        shape = (self.channels,) if self.last else (self.channels, *(1,) * self.ndim)
        return ops.reshape(self.weight(self.channels), shape=shape)

    def attempt(self, make: Any, channels: int) -> None:
        """Windows that do not fit any more are left out."""
        try:
            self.y, self.channels = ops.tanh(make()), channels
        except ValueError as error:
            assert "does not fit" in str(error)

    def graph(self) -> Graph:
        known = [self.x, *self.weights]
        slopes = [slope for slope in gradients([ops.square(self.y)], known) if slope is not None]
        return Graph.of(known, [self.y, *slopes])


@pytest.mark.parametrize("seed", range(16))
@pytest.mark.parametrize("target", ["onnxruntime", "triton"])
def test_targets_agree_with_the_reference(target: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(driver._BACKENDS, "triton", interpreter())
    graph, rng = Network(seed).graph(), np.random.default_rng(seed)
    feeds = [rng.normal(size=[3 if dim == BATCH else dim for dim in v.type.shape]).astype(np.float32) for v in graph.inputs]
    expected, _ = evaluate_graph(graph, feeds)
    found = driver.compile_graph(graph, {}, target).executable.run(feeds)
    for actual, wanted in zip(found, expected, strict=True):
        scale = max(1.0, float(np.abs(wanted).max(initial=0.0)))
        np.testing.assert_allclose(actual, wanted, rtol=0, atol=1e-4 * scale)
