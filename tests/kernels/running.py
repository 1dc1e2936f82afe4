"""Run an example program on a device."""

from __future__ import annotations

import numpy as np

from graphkeras.kernels.device import Device
from tests.kernels.example_programs import Example


def run_example(device: Device, example: Example) -> list[np.ndarray]:
    """Outputs of both runs and the states after them."""
    states = {name: device.allocate(array.nbytes) for name, array in example.states.items()}
    for name, array in example.states.items():
        states[name].write(array)
    loaded = device.load(example.program, states)
    results = []
    for inputs in example.inputs:
        loaded.run(inputs)
        results += loaded.outputs()
    return results + [states[name].read(array.dtype) for name, array in example.states.items()]


def check_example(device: Device, example: Example) -> None:
    """The device gets what is expected."""
    expected = [array for run in example.outputs for array in run] + [example.states_after[name] for name in example.states]
    for got, want in zip(run_example(device, example), expected, strict=True):
        scale = max(1.0, float(np.abs(want).max()))
        np.testing.assert_allclose(
            got.astype(np.float64), want.reshape(-1).astype(np.float64), rtol=0, atol=example.tolerance * scale
        )
