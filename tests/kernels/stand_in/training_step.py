"""A whole training step as the compiler lowers it, on the stand-in: ``python -m tests.kernels.stand_in.training_step ...``."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from graphkeras.compiler.executables.triton import TritonBackend
from graphkeras.compiler.pipeline import optimize
from graphkeras.compiler.types import numpy_dtype
from graphkeras.kernels.cuda.device import CudaDevice
from graphkeras.kernels.device import Device
from graphkeras.kernels.interpreter.device import InterpreterDevice
from tests.compiler.training_steps import mlp_step
from tests.kernels.stand_in.library import StandIn

STEPS, CLASSES, FEATURES = 4, 5, 12


def train(device: Device, fake: StandIn | None = None) -> list[bytes]:
    """Every loss and then every state as bytes; the last batch is smaller."""
    graph = optimize(mlp_step((FEATURES, 8, CLASSES)), "triton")[-1].graph
    generator = np.random.default_rng(5)
    backend, cells = TritonBackend(device), {}
    for slot in graph.state:
        shape = tuple(int(size) for size in slot.input.type.shape)
        moment = slot.name.endswith(("momentum", "velocity"))
        start = np.zeros(shape) if moment else generator.normal(0, 0.1, shape)
        cells[slot.name] = backend.new_cell(slot.input.type, np.asarray(start).astype(numpy_dtype(slot.input.type.dtype)))
    executable = backend.load(graph, cells)
    results = []
    for size in [16] * (STEPS - 1) + [7]:
        if fake is not None:
            program = executable.load({"batch": size}).lowered.program
            fake.know(launch.kernel for launch in program.launches)
        x = generator.normal(size=(size, FEATURES)).astype(np.float32)
        targets = np.eye(CLASSES, dtype=np.float32)[generator.integers(0, CLASSES, size)]
        results += executable.run([x, targets, np.ones(size, np.float32)])
    results += [cell.read() for cell in cells.values()]
    return [np.asarray(result).tobytes() for result in results]


if __name__ == "__main__":
    _, library, cache = map(Path, sys.argv)
    fake = StandIn(library, cache)
    got, expected = train(CudaDevice(cache, library=str(library)), fake), train(InterpreterDevice())
    assert got == expected
    losses = np.frombuffer(b"".join(got[:STEPS]), np.float32)
    assert np.isfinite(losses).all() and len(set(losses)) == STEPS
    assert fake.log().count("graph launch") == STEPS - 2
