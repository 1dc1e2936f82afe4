"""The CUDA device without a GPU: a stand-in for the driver library checks every call, and the interpreter calculates.

On a machine with a GPU, `test_gpu.py` runs the same programs on it.
"""

import ctypes
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("triton", reason="triton is the compiler")

from graphkeras.kernels.build import compile_kernels
from graphkeras.kernels.cuda.driver import (
    _CALLS,
    CAPTURE_THREAD_LOCAL,
    EVENT_DISABLE_TIMING,
    HOST_MEMORY_PORTABLE,
    STREAM_NON_BLOCKING,
    DeviceAttribute,
    Driver,
    FunctionAttribute,
)
from graphkeras.kernels.cuda.launch import _word
from graphkeras.kernels.cuda.probe import gpu_available
from graphkeras.kernels.devices import get_device
from graphkeras.kernels.errors import CudaError
from graphkeras.kernels.store import ArtifactStore
from tests.kernels.example_programs import ADD
from tests.kernels.stand_in import library, scenarios

ROOT = Path(__file__).resolve().parents[2]
needs_c_compiler = pytest.mark.skipif(library.COMPILER is None, reason="no C compiler (cc or gcc) to build the stand-in")


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory) -> Path:
    return library.build(tmp_path_factory.mktemp("stand_in"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("kernels")


def run(code: list[str]) -> None:
    done = subprocess.run([sys.executable, "-W", "error", *code], capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_c_compiler
@pytest.mark.parametrize("scenario", [scenario.__name__ for scenario in scenarios.SCENARIOS])
def test_on_the_stand_in(scenario, stand_in, cache):
    run(["-m", "tests.kernels.stand_in.scenarios", scenario, str(stand_in), str(cache)])


@needs_c_compiler
def test_a_training_step_on_the_stand_in(stand_in, cache):
    run(["-m", "tests.kernels.stand_in.training_step", str(stand_in), str(cache)])


@needs_c_compiler
def test_a_filled_store_makes_triton_needless(stand_in, cache):
    compile_kernels([ADD], 90, ArtifactStore(cache))
    run(
        [
            "-c",
            "import sys, numpy as np\nfrom pathlib import Path\nfrom graphkeras.kernels.cuda.device import CudaDevice\n"
            "from tests.kernels.example_programs import EXAMPLES\nfrom tests.kernels.running import run_example\n"
            f"device = CudaDevice(Path({str(cache)!r}), library={str(stand_in)!r})\n"
            "run_example(device, EXAMPLES['vector_add'])\nassert 'triton' not in sys.modules",
        ]
    )


def test_arguments_are_packed_as_the_kernel_reads_them():
    assert _word("*fp32", 2**63 + 5) == 2**63 + 5
    assert _word("i32", -1) == 0xFFFFFFFF
    assert _word("i64", -2) == 2**64 - 2
    assert _word("fp32", 1.0) == 0x3F800000
    assert _word("i1", 1) == 1


def declared_calls() -> dict[str, list[str]]:
    """Types of the arguments of every function that the driver exports, from NVIDIA's own header in triton's wheel."""
    header = Path(pytest.importorskip("triton").__file__).parent / "backends" / "nvidia" / "include" / "cuda.h"
    text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.DOTALL)
    exported = dict(re.findall(r"#define (cu\w+)\s+(?:__CUDA_API_PT[SD]Z\()?(cu\w+)", text))
    calls = re.findall(r"CUresult CUDAAPI (cu\w+)\((.*?)\);", text, re.DOTALL)
    found: dict[str, list[str]] = {}
    for name, arguments in calls:
        found.setdefault(exported.get(name, name), [" ".join(argument.split()) for argument in arguments.split(",")])
    return found


def bytes_of(argument: str) -> int:
    """Size of a C argument."""
    words = argument.replace("const ", "").split()
    if "*" in argument or words[0] in ("CUstream", "CUmodule", "CUfunction", "CUevent", "CUgraph", "CUgraphExec", "CUcontext"):
        return 8
    return {"CUdeviceptr": 8, "size_t": 8, "unsigned long long": 8, "unsigned char": 1}.get(" ".join(words[:-1]), 4)


def test_every_call_has_the_form_of_the_header():
    calls = declared_calls()
    for name, call in _CALLS.items():
        result = [ctypes.c_void_p] if call.result is not None else []
        types = [*call.arguments, *result] if call.result_is_last else [*result, *call.arguments]
        declared = calls[name]
        assert [ctypes.sizeof(c_type) for c_type in types] == [bytes_of(argument) for argument in declared], (name, declared)
        if result:
            assert "*" in declared[-1 if call.result_is_last else 0], name


@pytest.mark.parametrize(
    ("number", "spelling"),
    [
        (DeviceAttribute.MULTIPROCESSOR_COUNT, "CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT"),
        (DeviceAttribute.COMPUTE_CAPABILITY_MAJOR, "CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR"),
        (DeviceAttribute.COMPUTE_CAPABILITY_MINOR, "CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR"),
        (DeviceAttribute.MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, "CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN"),
        (FunctionAttribute.MAX_DYNAMIC_SHARED_SIZE_BYTES, "CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES"),
        (STREAM_NON_BLOCKING, "CU_STREAM_NON_BLOCKING"),
        (EVENT_DISABLE_TIMING, "CU_EVENT_DISABLE_TIMING"),
        (HOST_MEMORY_PORTABLE, "CU_MEMHOSTALLOC_PORTABLE"),
        (CAPTURE_THREAD_LOCAL, "CU_STREAM_CAPTURE_MODE_THREAD_LOCAL"),
    ],
)
def test_every_number_is_that_of_the_header(number, spelling):
    header = Path(pytest.importorskip("triton").__file__).parent / "backends" / "nvidia" / "include" / "cuda.h"
    value = re.search(rf"\b{spelling}\s*=?\s*(0x[0-9a-fA-F]+|\d+)", header.read_text())
    assert value is not None and int(value[1], 0) == number


def test_devices_by_name():
    assert get_device("interpreter", 80).capability == 80
    with pytest.raises(ValueError, match="Unknown device 'tpu'; it must be one of cuda, interpreter"):
        get_device("tpu")


@pytest.mark.skipif(gpu_available(), reason="a GPU answers")
def test_cuda_without_a_gpu_is_an_error():
    with pytest.raises(CudaError):
        get_device("cuda")


def test_without_a_driver_the_error_says_what_to_do():
    message = r"cannot be loaded .* Install the NVIDIA driver, or set GRAPHKERAS_DEVICE=interpreter"
    with pytest.raises(CudaError, match=message):
        Driver("libcuda_that_is_not_there.so.1")
