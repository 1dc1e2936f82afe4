"""The protocol of devices. The same `Program` runs on every one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from .program import Program

Array = np.ndarray[Any, Any]


class Memory(Protocol):
    """A piece of device memory that outlives programs: a variable of a model."""

    nbytes: int
    address: int

    def read(self, dtype: np.dtype[Any]) -> Array:
        """A copy of the contents as a flat array; waits for the device."""
        ...

    def write(self, array: Array) -> None:
        """Replace the contents, in the order of everything else that the device does."""
        ...


class LoadedProgram(Protocol):
    """A program whose kernels are compiled and whose arena is allocated."""

    def run(self, inputs: Sequence[Array]) -> None:
        """Copy `inputs` (in the order of the input buffers) to the device and launch; does not wait for the end."""
        ...

    def outputs(self) -> list[Array]:
        """The output buffers after the last run, as flat arrays; waits for it."""
        ...


class Device(Protocol):
    """Where programs run.

    Attributes:
        name: for people, such as ``interpreter`` or ``NVIDIA H100 80GB HBM3``.
        capability: compute capability x 10 that kernels are compiled for, such as 90.
    """

    name: str
    capability: int

    def allocate(self, nbytes: int) -> Memory:
        """New memory, zeroed, aligned to 256 bytes."""
        ...

    def load(self, program: Program, states: Mapping[str, Memory]) -> LoadedProgram:
        """Compile the kernels of `program` and bind its state buffers to `states`.

        Raises:
            KernelError: when a kernel does not compile; holds its source.
        """
        ...
