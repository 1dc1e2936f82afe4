"""Choosing between tiles by the clock: each candidate of a launch is timed once on the GPU, and the fastest is remembered.

The table is one JSON file in the cache folder. It is written whole: a reader sees the old or the new one. Two processes that
measure at the same time may lose an entry of one of them, which is then measured again.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from .build import kernel_key
from .checks import buffer_bytes
from .device import Device, Memory
from .program import Buffer, Launch, Pointer, Program

FILE, VERSION = "tuning.json", 1
#: Launches before the clock starts; launches between two looks at the clock; and looks, of which the least counts.
WARM_UP, LAUNCHES, ROUNDS = 3, 10, 3


@runtime_checkable
class Clock(Protocol):
    """What a device with a clock of its own can do: a CUDA GPU."""

    def seconds(self, work: Callable[[], None]) -> float:
        """Time on the device from before `work` to the end of all that it started."""
        ...


class TuningTable:
    """The fastest kernel of each choice that was measured, in the file `tuning.json` of the folder `root`."""

    def __init__(self, root: Path) -> None:
        self.path = root / FILE

    def fastest(self, key: str) -> str | None:
        """The key of the fastest kernel; None if that was not measured, or the file is damaged or of another version."""
        entry = self._read().get(key)
        return entry.get("fastest") if isinstance(entry, dict) else None

    def put(self, key: str, entry: Mapping[str, Any]) -> None:
        """Remember a measurement.

        Raises:
            OSError: if the folder cannot be written; says which setting chooses another.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps({"version": VERSION, "entries": {**self._read(), key: entry}}, indent=1, sort_keys=True)
            handle, fresh = tempfile.mkstemp(prefix=f".{FILE}.", dir=self.path.parent)
            with os.fdopen(handle, "w") as file:
                file.write(text + "\n")
            Path(fresh).replace(self.path)
        except OSError as error:
            raise OSError(
                error.errno,
                f"Cannot keep the measured tiles in {self.path} ({error.strerror or error}). Make room, set "
                "GRAPHKERAS_CACHE to a folder that can be written, or set GRAPHKERAS_AUTOTUNE=0",
            ) from error

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self.path.read_text())
        except (OSError, ValueError):  # absent or damaged: measured again
            return {}
        if not isinstance(found, dict) or found.get("version") != VERSION or not isinstance(found.get("entries"), dict):
            return {}
        return dict(found["entries"])


def tuned(program: Program, device: Device, table: TuningTable) -> Program:
    """`program` with the fastest candidate of every launch that has several. Launches in loops keep the first.

    Raises:
        TypeError: for a device without a clock.
        OSError: if the table cannot be written.
    """
    if not isinstance(device, Clock):
        raise TypeError(f"Tiles are measured on a device with a clock, such as a CUDA GPU, not on {device.name!r}.")
    steps = (_fastest(step, program, device, table) if isinstance(step, Launch) else step for step in program.steps)
    return replace(program, steps=tuple(steps))


def _fastest(launch: Launch, program: Program, device: Device, table: TuningTable) -> Launch:
    """The table's choice if it has one, else the one that a clock chooses."""
    if not launch.alternatives:
        return launch
    candidates = [replace(launch, alternatives=()), *launch.alternatives]
    keys = [kernel_key(candidate.kernel, device.capability) for candidate in candidates]
    key = hashlib.sha256("\n".join([device.name, *keys]).encode()).hexdigest()[:32]
    known = table.fastest(key)
    if known not in keys:
        seconds = _measured(candidates, program, device)
        known = keys[int(np.argmin(seconds))]
        tiles = [{"constants": dict(c.kernel.constants), "seconds": s} for c, s in zip(candidates, seconds, strict=True)]
        table.put(key, {"kernel": launch.kernel.name, "device": device.name, "fastest": known, "candidates": tiles})
    return candidates[keys.index(known)]


def _measured(candidates: Sequence[Launch], program: Program, device: Device) -> list[float]:
    """Seconds of one launch of each candidate, on memory of its own: variables of a model are not touched."""
    assert isinstance(device, Clock)
    names = {argument.buffer for argument in candidates[0].arguments if isinstance(argument, Pointer)}
    buffers = tuple(replace(buffer, kind="state", data=None) for buffer in program.buffers if buffer.name in names)
    states = {buffer.name: _filled(buffer, device) for buffer in buffers}
    found = []
    for launch in candidates:
        loaded = device.load(Program(f"{program.name}/tuning", buffers, (launch,), 0), states)

        def repeat(count: int, run: Callable[[Sequence[Any]], None] = loaded.run) -> None:
            for _ in range(count):
                run([])

        repeat(WARM_UP)
        found.append(min(device.seconds(partial(repeat, LAUNCHES)) for _ in range(ROUNDS)) / LAUNCHES)
    return found


def _filled(buffer: Buffer, device: Device) -> Memory:
    """Memory with floats as a network has them: multiplying zeros takes less power, so a GPU does it faster."""
    memory, dtype = device.allocate(buffer_bytes(buffer)), np.dtype(buffer.dtype)
    if dtype.kind not in "biu":
        memory.write(np.random.default_rng(0).standard_normal(buffer.size, np.float32).astype(dtype))
    return memory
