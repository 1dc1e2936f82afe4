"""Many threads that compile at once parse one after the other (python/cpython issue 106905)."""

import gc
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("triton", reason="triton is on Linux only")

from triton.runtime.jit import JITFunction

from graphkeras.kernels.parsing import parsing_alone
from graphkeras.kernels.program import Kernel
from graphkeras.kernels.source import jit_function


class Garbage:
    """A cycle whose end lets another thread run, as a finalizer may."""

    def __init__(self):
        self.me = self

    def __del__(self):
        time.sleep(0)


def long_kernel(number):
    lines = "".join(f"    x = x + {'(' * 20}{number}{')' * 20} * (x - {line})\n" for line in range(150))
    source = f"""import triton
import triton.language as tl


@triton.jit
def long{number}(out):
    x = 1
{lines}    tl.store(out, x)
"""
    return jit_function(Kernel(f"long{number}", source, {"out": "*i32"}))


def test_threads_parse_one_after_the_other():
    functions = [long_kernel(number) for number in range(4)]
    threshold = gc.get_threshold()

    def parse(turn):
        garbage = [Garbage() for _ in range(20)]
        del garbage
        return functions[turn % 4].parse()

    gc.set_threshold(50)
    try:
        with parsing_alone(), ThreadPoolExecutor(4) as pool:
            trees = list(pool.map(parse, range(80)))
    finally:
        gc.set_threshold(*threshold)
    assert {tree.body[0].name for tree in trees} == {f"long{number}" for number in range(4)}


def test_the_method_is_restored():
    original = JITFunction.parse
    with pytest.raises(RuntimeError), parsing_alone():
        assert JITFunction.parse is not original
        raise RuntimeError
    assert JITFunction.parse is original
