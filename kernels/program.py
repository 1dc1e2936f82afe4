"""What a device runs: buffers, and launches of kernels on them. Plain data; kernels/ knows nothing of graphs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np

Kind = Literal["input", "output", "state", "constant", "temporary", "table"]
Scalar: TypeAlias = int | float


@dataclass(frozen=True)
class Kernel:
    """One Triton kernel, to be compiled.

    Attributes:
        name: of the ``@triton.jit`` function in `source`.
        source: a Python module as text: imports triton and defines the function.
        signature: type of every run-time parameter by name, in the function's order: ``*fp32``, ``*i64``, ``fp32``
        constants: values of its ``tl.constexpr`` parameters, by name.
        num_warps: warps of a program instance.
        num_stages: stages of software pipelining in loops.
        aligned: parameters that are divisible by 16 (pointers: in bytes), which lets loads be vectorized.
        fast_math: True where multiply-add contraction is allowed.
    """

    name: str
    source: str
    signature: Mapping[str, str]
    constants: Mapping[str, Any] = field(default_factory=dict)
    num_warps: int = 4
    num_stages: int = 1
    aligned: frozenset[str] = frozenset()
    fast_math: bool = True


@dataclass(frozen=True)
class Buffer:
    """A typed piece of device memory.

    Attributes:
        name: unique within the program.
        dtype: name of the elements' dtype; bool is one byte.
        size: number of elements.
        kind: inputs are written before every run and outputs read after it; states live as long as the model, in memory of
            their own that other programs share; constants are written once; temporaries live in the arena at `offset`
            (inputs and outputs do too); a table holds the addresses of `entries`, and is written once.
        offset: bytes from the start of the arena; for inputs, outputs and temporaries.
        data: the numbers of a constant.
        entries: names of the buffers whose addresses a table holds, one uint64 each.
    """

    name: str
    dtype: str
    size: int
    kind: Kind = "temporary"
    offset: int = 0
    data: np.ndarray[Any, Any] | None = None
    entries: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pointer:
    """An argument: the address of a buffer's first element."""

    buffer: str


Argument: TypeAlias = Pointer | int | float


@dataclass(frozen=True)
class Launch:
    """One launch: `arguments` in the order of the kernel's signature.

    `note` says in words what it computes, for the dump tool.
    """

    kernel: Kernel
    grid: tuple[int, int, int]
    arguments: tuple[Argument, ...]
    note: str = ""


@dataclass(frozen=True)
class Program:
    """One run: all launches in order, in one arena of `arena_bytes`."""

    name: str
    buffers: tuple[Buffer, ...]
    launches: tuple[Launch, ...]
    arena_bytes: int
