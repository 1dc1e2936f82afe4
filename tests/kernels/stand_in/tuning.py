"""Tiles chosen by a clock on the CUDA device, on the stand-in: ``python -m tests.kernels.stand_in.tuning LIBRARY CACHE``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler import config
from graphkeras.compiler.executables.triton import TritonBackend
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.triton_lowering.lower import lower
from graphkeras.compiler.types import TensorType
from graphkeras.kernels.cuda.device import CudaDevice
from graphkeras.kernels.tuning import ROUNDS
from tests.kernels.stand_in.library import StandIn

SIZE = 48


class Clocked(CudaDevice):
    """The device with a clock that says what it is told; the work between two looks runs on the stand-in all the same."""

    times: list[float]
    looks = 0

    def seconds(self, work: Callable[[], None]) -> float:
        assert super().seconds(work) >= 0
        self.looks += 1
        return self.times[(self.looks - 1) // ROUNDS]


def tile(device: Clocked, graph: Graph) -> tuple[int, int]:
    """Run the product; its tile."""
    executable = TritonBackend(device).load(graph, {})
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=(SIZE, SIZE)).astype(np.float32) for _ in range(2))
    for _ in range(3):
        (y,) = executable.run([a, b])
        np.testing.assert_allclose(y, a @ b, rtol=0, atol=1e-4)
    constants = executable.programs[0].launches[0].kernel.constants
    return int(constants["BLOCK_M"]), int(constants["BLOCK_N"])


if __name__ == "__main__":
    _, library, cache = map(Path, sys.argv)
    config.update(autotune=True, cache=cache)
    a, b = (Value(TensorType((SIZE, SIZE), "float32"), name) for name in "ab")
    graph = Graph.of([a, b], [ops.matmul(a, b)])
    (launch,) = lower(graph, {}).program.launches
    fake = StandIn(library, cache)
    fake.know(each.kernel for each in (launch, *launch.alternatives))
    device = Clocked(cache, library=str(library))
    device.times = [0.5, 0.2]
    assert tile(device, graph) == (64, 64) and device.looks == 2 * ROUNDS
    later = Clocked(cache, library=str(library))
    assert tile(later, graph) == (64, 64) and later.looks == 0
