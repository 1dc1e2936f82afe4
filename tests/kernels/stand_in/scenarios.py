"""What the CUDA device does, on the stand-in: ``python -m tests.kernels.stand_in.scenarios NAME LIBRARY CACHE``.

Every scenario is a process of its own, since a wrong address would end it.
"""

from __future__ import annotations

import gc
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from graphkeras.kernels.build import compile_kernels
from graphkeras.kernels.cuda.device import CudaDevice
from graphkeras.kernels.cuda.launch import Function, PackedLaunch
from graphkeras.kernels.cuda.probe import gpu_available
from graphkeras.kernels.errors import CudaError
from graphkeras.kernels.interpreter.device import InterpreterDevice
from graphkeras.kernels.program import Launch, Pointer
from graphkeras.kernels.store import ArtifactStore
from tests.kernels.example_programs import ADD, EXAMPLES, Example, matmul, matmul_kernel
from tests.kernels.running import check_example, run_example
from tests.kernels.stand_in.library import StandIn


def large_matmul() -> Example:
    """Needs more shared memory than a kernel gets without asking."""
    example = matmul("bfloat16", "bf16", "ieee", 8e-3)
    kernel = replace(matmul_kernel("bf16", "ieee", 64), num_stages=5)
    launch = Launch(kernel, (1, 1, 1), (Pointer("a"), Pointer("b"), Pointer("out")))
    return replace(example, program=replace(example.program, name="large_matmul", steps=(launch,)))


LARGE = large_matmul()


def stand_in(library: Path, cache: Path) -> StandIn:
    fake = StandIn(library, cache)
    fake.know(launch.kernel for example in (*EXAMPLES.values(), LARGE) for launch in example.program.launches)
    return fake


def equal_to_the_interpreter(library: Path, cache: Path) -> None:
    """Every example gives the same bits on both devices, launch by launch and as a graph."""
    fake = stand_in(library, cache)
    device = CudaDevice(cache, library=str(library))
    assert (device.name, device.capability, device.multiprocessors) == ("Stand-in H100", 90, 132)
    for example in EXAMPLES.values():
        before = len(fake.log())
        check_example(device, example)
        launches = len(example.program.launches)
        new = [line for line in fake.log()[before:] if not line.startswith("module")]
        names = [launch.kernel.name for launch in example.program.launches]
        assert new == [
            *(f"launch {name} eager" for name in names),
            "begin capture 1",
            *(f"launch {name} recorded" for name in names),
            f"end capture {launches}",
            "graph launch",
        ]
        longer = replace(example, inputs=example.inputs * 2)
        for one, other in zip(run_example(device, longer), run_example(InterpreterDevice(), longer), strict=True):
            assert one.tobytes() == other.tobytes(), example.program.name
    assert not [line for line in fake.log() if line.startswith("refused")]


def shared_memory(library: Path, cache: Path) -> None:
    """More than 48 KiB are asked for; more than the GPU has is an error that says so."""
    fake = stand_in(library, cache)
    device = CudaDevice(cache, library=str(library))
    check_example(device, LARGE)
    (artifact,) = compile_kernels([LARGE.program.launches[0].kernel], 90, ArtifactStore(cache)).values()
    assert artifact.shared_bytes > 49152
    assert f"shared matmul {artifact.shared_bytes}" in fake.log()
    with pytest.raises(CudaError, match=r"matmul needs 300000 bytes of shared memory, but this GPU gives .* at most 232448"):
        Function(device._queue, 0, replace(artifact, shared_bytes=300000))


def wrong_launches(library: Path, cache: Path) -> None:
    """An artifact that does not fit its machine code is refused before it is launched, and by the driver too."""
    fake = stand_in(library, cache)
    device = CudaDevice(cache, library=str(library))
    (artifact,) = compile_kernels([ADD], 90, ArtifactStore(cache)).values()
    with pytest.raises(CudaError, match=r"takes parameters of \[8, 8, 8, 4, 8, 8\] bytes and 128 threads"):
        Function(device._queue, 0, replace(artifact, types=("*fp32", "*fp32", "i32", "i32")))
    with pytest.raises(CudaError, match=r"would be launched with .* and 64"):
        Function(device._queue, 0, replace(artifact, threads=64))
    function = Function(device._queue, 0, artifact)
    function.artifact = replace(artifact, threads=64)
    with pytest.raises(CudaError, match=r"cuLaunchKernel failed: CUDA_ERROR_INVALID_VALUE \(1\): invalid argument"):
        PackedLaunch(function, (1, 1, 1), [0, 0, 0, 0]).issue(device._queue)
    assert "refused 64 threads for add" in fake.log()


def errors(library: Path, cache: Path) -> None:
    """Errors carry the driver's words; a launch that fails is told when its results are asked for."""
    fake = stand_in(library, cache)
    device = CudaDevice(cache, library=str(library))
    fake.fail("cuMemAlloc_v2", 2)
    with pytest.raises(CudaError, match=r"cuMemAlloc_v2 failed: CUDA_ERROR_OUT_OF_MEMORY \(2\): out of memory"):
        device.allocate(1 << 40)
    fake.fail("cuGraphUpload", 12345)
    example = EXAMPLES["vector_add"]
    with pytest.raises(CudaError, match=r"cuGraphUpload failed: unknown error \(12345\)"):
        run_example(device, example)
    with pytest.raises(ValueError, match="2 inputs, but 0 arrays"):
        device.load(example.program, {}).run([])
    with pytest.raises(ValueError, match="does not fit into a memory of 8 bytes"):
        device.allocate(8).write(np.zeros(3, np.float32))
    with pytest.raises(CudaError, match=r"There is no GPU 1; the driver knows 1"):
        CudaDevice(cache, ordinal=1, library=str(library))
    launch = example.program.launches[0]
    wild = replace(launch, grid=(1000, 1, 1), arguments=(*launch.arguments[:3], 256000))
    loaded = device.load(replace(example.program, steps=(wild,)), {})
    loaded.run(example.inputs[0])
    with pytest.raises(CudaError, match=r"CUDA_ERROR_LAUNCH_FAILED \(719\)"):
        loaded.outputs()


def giving_back(library: Path, cache: Path) -> None:
    """What nobody holds any more is given back, but not in the middle of a recording."""
    fake = stand_in(library, cache)
    device = CudaDevice(cache, library=str(library))
    run_example(device, EXAMPLES["state_update"])
    gc.collect()
    device.allocate(1)
    before = fake.live()
    for _ in range(3):
        run_example(device, EXAMPLES["state_update"])
        gc.collect()
        device.allocate(1)
    assert fake.live() == before
    assert not [line for line in fake.log() if line.startswith("refused")]


def memory(library: Path, cache: Path) -> None:
    """State memory is zeroed, aligned, written and read in the order of everything else."""
    fake = stand_in(library, cache)
    device = CudaDevice(cache, library=str(library))
    state = device.allocate(1000)
    assert state.address % 256 == 0 and state.nbytes == 1000
    assert not state.read(np.dtype(np.int32)).any()
    array = np.arange(250, dtype=np.int32).reshape(10, 25)
    state.write(array.T)
    array[:] = -1
    np.testing.assert_array_equal(state.read(np.dtype(np.int32)), np.arange(250).reshape(10, 25).T.reshape(-1))
    assert device.allocate(0).read(np.dtype(np.float32)).size == 0
    example = EXAMPLES["vector_add"]
    loaded = device.load(example.program, {})
    loaded.run(example.inputs[0])
    assert 0 < device.seconds(lambda: loaded.run(example.inputs[1])) < 60
    np.testing.assert_array_equal(loaded.outputs()[0], example.outputs[1][0])
    assert fake.log().count("graph launch") == 1


def probe(library: Path, cache: Path) -> None:
    assert gpu_available(str(library))
    assert not gpu_available(str(library.parent / "absent.so"))
    assert not gpu_available(str(Path(__file__)))
    with pytest.raises(CudaError, match=r"absent\.so cannot be loaded .*GRAPHKERAS_DEVICE=interpreter"):
        CudaDevice(library=str(library.parent / "absent.so"))


SCENARIOS = (equal_to_the_interpreter, shared_memory, wrong_launches, errors, giving_back, memory, probe)

if __name__ == "__main__":
    _, wanted, library_path, cache_path = sys.argv
    globals()[wanted](Path(library_path), Path(cache_path))
