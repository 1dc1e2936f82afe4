"""The examples on a real GPU, where one answers."""

import numpy as np
import pytest

pytest.importorskip("triton", reason="triton is the compiler")

from graphkeras.kernels.cuda.device import CudaDevice
from graphkeras.kernels.cuda.probe import gpu_available
from graphkeras.kernels.devices import get_device
from graphkeras.kernels.interpreter.device import InterpreterDevice
from tests.kernels.example_programs import EXAMPLES
from tests.kernels.running import check_example, run_example
from tests.kernels.stand_in.scenarios import LARGE

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not gpu_available(), reason="no CUDA GPU answers")]


@pytest.fixture(scope="module")
def device(tmp_path_factory) -> CudaDevice:
    return CudaDevice(tmp_path_factory.mktemp("kernels"))


@pytest.mark.parametrize("example", [*EXAMPLES.values(), LARGE], ids=lambda example: example.program.name)
def test_examples(device, example):
    check_example(device, example)


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=lambda example: example.program.name)
def test_a_repeated_run_gives_the_same_bits(device, example):
    for one, other in zip(run_example(device, example), run_example(device, example), strict=True):
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("name", ["vector_add", "pointer_table", "state_update"])
def test_elementwise_programs_agree_with_the_interpreter(device, name):
    for one, other in zip(run_example(device, EXAMPLES[name]), run_example(InterpreterDevice(), EXAMPLES[name]), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_time_is_measured(device):
    example = EXAMPLES["vector_add"]
    loaded = device.load(example.program, {})
    for _ in range(3):
        loaded.run(example.inputs[0])
    assert 0 < device.seconds(lambda: loaded.run(example.inputs[0])) < 1


def test_it_is_the_device_called_cuda(tmp_path):
    assert get_device("cuda", cache=tmp_path).capability >= 80
