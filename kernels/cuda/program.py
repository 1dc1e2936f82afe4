"""A program on the GPU: run once launch by launch, from then on as one CUDA graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..checks import IN_ARENA, buffer_bytes, check_inputs
from ..device import Memory
from ..program import Argument, Buffer, Kernel, Pointer, Program
from .driver import CAPTURE_THREAD_LOCAL, EVENT_DISABLE_TIMING
from .launch import Function, PackedLaunch
from .memory import DeviceMemory, PinnedMemory, Queue

Array = np.ndarray[Any, Any]

ALIGNMENT = 256


class CudaProgram:
    """A program with its arena, its constants and its launches.

    The first run issues every launch by itself, which loads what the driver loads lazily; the second records them all as
    one graph, since nothing in them changes: arguments are addresses, and numbers that change live in memory.
    """

    def __init__(
        self, queue: Queue, program: Program, states: Mapping[str, Memory], function_of: Callable[[Kernel], Function]
    ) -> None:
        self._queue = queue
        self._name = program.name
        self._states = dict(states)  # keeps them alive: launches hold bare addresses
        self._arena = DeviceMemory(queue, program.arena_bytes)
        self._held: list[DeviceMemory] = []
        self._addresses: dict[str, int] = {}
        self._element_bytes = {buffer.name: np.dtype(buffer.dtype).itemsize for buffer in program.buffers}
        for buffer in sorted(program.buffers, key=lambda buffer: buffer.kind == "table"):  # tables last: they hold addresses
            self._addresses[buffer.name] = self._place(buffer)
        self._launches = [
            PackedLaunch(
                function_of(launch.kernel),
                launch.grid,
                [self._value(argument) for argument in launch.arguments],
            )
            for launch in program.launches
        ]
        self._inputs = [buffer for buffer in program.buffers if buffer.kind == "input"]
        self._outputs = [buffer for buffer in program.buffers if buffer.kind == "output"]
        self._staging = [_Staging(queue, self._inputs) for _ in range(2)]
        self._results = PinnedMemory(queue, sum(_padded(buffer) for buffer in self._outputs))
        self._runs = 0
        self._graph: int | None = None

    def run(self, inputs: Sequence[Array]) -> None:
        """Copy `inputs` to the GPU and launch; returns before the GPU is done.

        Raises:
            ValueError: for another number of inputs, dtype or size.
            CudaError: when the driver refuses a call.
        """
        check_inputs(self._name, self._inputs, inputs)
        self._queue.enter()
        if self._runs == 1 and self._launches:
            self._record()
        self._staging[self._runs % 2].send(inputs, [self._addresses[buffer.name] for buffer in self._inputs])
        if self._graph is not None:
            self._queue.driver("cuGraphLaunch", self._graph, self._queue.stream)
        else:
            self._issue()
        self._runs += 1

    def outputs(self) -> list[Array]:
        """The output buffers after the last run, as flat arrays; waits for it.

        Raises:
            CudaError: also for what a launch did wrong: the driver tells it late.
        """
        self._queue.enter()
        views, start = [], 0
        for buffer in self._outputs:
            size = buffer_bytes(buffer)
            if size:
                host, device = self._results.address + start, self._addresses[buffer.name]
                self._queue.driver("cuMemcpyDtoHAsync_v2", host, device, size, self._queue.stream)
            views.append(self._results.bytes[start : start + size].view(np.dtype(buffer.dtype)))
            start += _padded(buffer)
        self._queue.wait()
        return [view.copy() for view in views]

    def _issue(self) -> None:
        for launch in self._launches:
            launch.issue(self._queue)

    def _record(self) -> None:
        """Make one graph of all launches. A failing launch ends the recording too, so that the stream stays usable."""
        driver, stream = self._queue.driver, self._queue.stream
        driver("cuStreamBeginCapture_v2", stream, CAPTURE_THREAD_LOCAL)
        try:
            self._issue()
        finally:
            recorded = driver("cuStreamEndCapture", stream)
        self._graph = driver("cuGraphInstantiateWithFlags", recorded, 0)
        driver("cuGraphDestroy", recorded)
        self._queue.release_with(self, "cuGraphExecDestroy", self._graph)
        driver("cuGraphUpload", self._graph, stream)

    def _value(self, argument: Argument) -> float:
        """A scalar as it is, or the address that a pointer stands for."""
        if isinstance(argument, (int, float)):
            return argument
        assert isinstance(argument, Pointer), "launches of a program have plain pointers"
        return self._addresses[argument.buffer] + argument.offset * self._element_bytes[argument.buffer]

    def _place(self, buffer: Buffer) -> int:
        if buffer.kind in IN_ARENA:
            return self._arena.address + buffer.offset
        if buffer.kind == "state":
            return self._states[buffer.name].address
        memory = DeviceMemory(self._queue, buffer_bytes(buffer))
        if buffer.data is not None:
            memory.write(buffer.data)
        else:
            memory.write(np.array([self._addresses[name] for name in buffer.entries], np.uint64))
        self._held.append(memory)
        return memory.address


class _Staging:
    """Pinned memory for the inputs of one run. There are two, so that the next is filled while this one is copied."""

    def __init__(self, queue: Queue, buffers: Sequence[Buffer]) -> None:
        self._queue = queue
        self._memory = PinnedMemory(queue, sum(_padded(buffer) for buffer in buffers))
        self._sent = queue.driver("cuEventCreate", EVENT_DISABLE_TIMING)
        queue.release_with(self, "cuEventDestroy_v2", self._sent)

    def send(self, arrays: Sequence[Array], addresses: Sequence[int]) -> None:
        """Copy `arrays` here and let the GPU fetch them; waits only while it still fetches what was here before."""
        driver, stream, start = self._queue.driver, self._queue.stream, 0
        driver("cuEventSynchronize", self._sent)
        for array, address in zip(arrays, addresses, strict=True):
            view = self._memory.bytes[start : start + array.nbytes].view(array.dtype)
            view[:] = array.reshape(-1)
            if array.nbytes:
                driver("cuMemcpyHtoDAsync_v2", address, self._memory.address + start, array.nbytes, stream)
            start += -(-array.nbytes // ALIGNMENT) * ALIGNMENT
        driver("cuEventRecord", self._sent, stream)


def _padded(buffer: Buffer) -> int:
    return -(-buffer_bytes(buffer) // ALIGNMENT) * ALIGNMENT
