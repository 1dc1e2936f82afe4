"""A compiled kernel: machine code and what is needed to launch it. Neither triton nor a compiler is needed to use one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .arguments import parameter_bytes
from .program import Kernel

FORMAT = 1
"""Part of every key; raise it when the meaning of an artifact changes."""

SCRATCH_PARAMETERS = 2
"""Pointers that triton appends to every parameter list (global and profile scratch memory); null when unused."""


@dataclass(frozen=True)
class Artifact:
    """What the compiler made of one kernel.

    Attributes:
        name: of the function in `cubin`.
        capability: compute capability x 10 that it runs on.
        types: of its run-time parameters, in order; the hidden scratch pointers come after them.
        threads: threads of a program instance.
        shared_bytes: dynamic shared memory of a program instance.
        cubin: the machine code, an ELF file.
        ptx: the assembly that it was made from, for reading.
    """

    name: str
    capability: int
    types: tuple[str, ...]
    threads: int
    shared_bytes: int
    cubin: bytes
    ptx: str

    def parameter_sizes(self) -> list[int]:
        """Bytes of every parameter that a launch passes."""
        return [parameter_bytes(type_name) for type_name in self.types] + [8] * SCRATCH_PARAMETERS


def artifact_key(kernel: Kernel, capability: int, triton_version: str) -> str:
    """A name for all that decides what the compiler makes of `kernel`: 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(describe(kernel, capability, triton_version), sort_keys=True).encode()).hexdigest()


def describe(kernel: Kernel, capability: int, triton_version: str) -> Mapping[str, Any]:
    """The same as plain data. Constants count by their `repr`, so 1, 1.0 and True differ."""
    description = asdict(kernel)
    description.update(
        signature=list(kernel.signature.items()),
        constants=sorted((name, repr(value)) for name, value in kernel.constants.items()),
        aligned=sorted(kernel.aligned),
        capability=capability,
        triton=triton_version,
        format=FORMAT,
    )
    return description
