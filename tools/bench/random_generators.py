"""Random generators as ONNX integer operators on onnxruntime: what a million numbers cost, and how random they are.

    python -m graphkeras.tools.bench.random_generators

The figures in docs/randomness.md come from here. `compiler/ops/random.py` holds the one that was chosen.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnxruntime as ort  # type: ignore[import-untyped]
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

SIZE = 1 << 20
ROUNDS = 15
KEY = np.array([1337, 5], np.uint32)


@dataclass
class Writer:
    """Collects ONNX nodes on uint32 tensors."""

    nodes: list[NodeProto] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def __call__(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def constant(self, value: Any, dtype: str = "uint32") -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def ramp(self, size: int) -> str:
        zero, stop, one = (self.constant(value, "int32") for value in (0, size, 1))
        return self("Cast", self("Range", zero, stop, one), to=TensorProto.UINT32)

    def word(self, number: int) -> str:
        return self("Slice", "key", self.constant([number], "int64"), self.constant([number + 1], "int64"))

    def times(self, x: str, factor: int) -> str:
        return self("Mul", x, self.constant(factor))

    def shifted(self, x: str, bits: int, direction: str = "RIGHT", dtype: str = "uint32") -> str:
        return self("BitShift", x, self.constant(bits, dtype), direction=direction)

    def folded(self, x: str, bits: int) -> str:
        return self("BitwiseXor", x, self.shifted(x, bits))

    def model(self, result: str) -> ModelProto:
        nodes = [*self.nodes, helper.make_node("Identity", [result], ["bits"])]
        key = helper.make_tensor_value_info("key", TensorProto.UINT32, [2])
        bits = helper.make_tensor_value_info("bits", TensorProto.UINT32, ["n"])
        graph = helper.make_graph(nodes, "generator", [key], [bits], self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def _lowbias32(w: Writer, x: str) -> str:
    x = w.times(w.folded(x, 16), 0x7FEB352D)
    x = w.times(w.folded(x, 15), 0x846CA68B)
    return w.folded(x, 16)


def _stream(w: Writer) -> tuple[str, str]:
    """Two words from (seed, counter), one-to-one."""
    seed, counter = w.word(0), w.word(1)
    mixed = w("Add", w.times(seed, 0x9E3779B1), counter)
    first = _lowbias32(w, w("Add", mixed, w.constant(0x7F4A7C15)))
    return first, w("Add", w.times(counter, 0x85EBCA77), first)


def ramp(w: Writer) -> str:
    """0, 1, 2, ...: what every counter-based generator begins with."""
    return w("Add", w.ramp(SIZE), w.word(1))


def two_rounds(w: Writer) -> str:
    """lowbias32 with the key's words before the first round and before the second."""
    first, second = _stream(w)
    x = w.times(w.folded(w("Add", w.ramp(SIZE), first), 16), 0x7FEB352D)
    x = w.times(w("Add", w.folded(x, 15), second), 0x846CA68B)
    return w.folded(x, 16)


def three_rounds(w: Writer) -> str:
    """triple32 with the key's words before the first round and before the second: chosen."""
    first, second = _stream(w)
    x = w.times(w.folded(w("Add", w.ramp(SIZE), first), 17), 0xED5AD4BB)
    x = w.times(w("Add", w.folded(x, 11), second), 0xAC4C1B51)
    x = w.times(w.folded(x, 15), 0x31848BAB)
    return w.folded(x, 14)


def pcg3d(w: Writer) -> str:
    """Jarzynski and Olano, Hash Functions for GPU Rendering, JCGT 9(3), 2020, on (i, seed, counter)."""
    words = [w.ramp(SIZE), w.word(0), w.word(1)]
    x, y, z = (w("Add", w.times(word, 1664525), w.constant(1013904223)) for word in words)
    for step in range(2):
        x = w("Add", x, w("Mul", y, z))
        if step == 0:
            y = w("Add", y, w("Mul", z, x))
            z = w("Add", z, w("Mul", x, y))
            x, y, z = (w.folded(word, 16) for word in (x, y, z))
    return x


def squares(w: Writer) -> str:
    """Widynski, Squares: A Fast Counter-Based RNG, arXiv:2004.06278, four rounds of 64 bits."""

    def turned(x: str) -> str:
        return w("BitwiseOr", w.shifted(x, 32, dtype="uint64"), w.shifted(x, 32, "LEFT", "uint64"))

    wide = [w("Cast", word, to=TensorProto.UINT64) for word in (w.word(0), w.word(1), w.ramp(SIZE))]
    seed = w("Mul", wide[0], w.constant(0x9E3779B97F4A7C15, "uint64"))
    key = w("Add", seed, w("Mul", wide[1], w.constant(0xD1B54A32D192ED03, "uint64")))
    y = w("Mul", wide[2], key)
    z, x = w("Add", y, key), y
    for added in (y, z, y):
        x = turned(w("Add", w("Mul", x, x), added))
    return w("Cast", w.shifted(w("Add", w("Mul", x, x), z), 32, dtype="uint64"), to=TensorProto.UINT32)


def philox(w: Writer) -> str:
    """Philox 4x32-10 (Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, SC11): four numbers for each counter."""

    def product(x: str, factor: int) -> tuple[str, str]:
        wide = w("Mul", w("Cast", x, to=TensorProto.UINT64), w.constant(factor, "uint64"))
        return w("Cast", w.shifted(wide, 32, dtype="uint64"), to=TensorProto.UINT32), w.times(x, factor)

    zero = w.constant(0)
    c0, c1, c2, c3, k0, k1 = w.ramp(SIZE // 4), zero, zero, zero, w.word(0), w.word(1)
    for _ in range(10):
        (high0, low0), (high1, low1) = product(c0, 0xD2511F53), product(c2, 0xCD9E8D57)
        c0, c2 = w("BitwiseXor", w("BitwiseXor", high1, c1), k0), w("BitwiseXor", w("BitwiseXor", high0, c3), k1)
        c1, c3 = low1, low0
        k0, k1 = w("Add", k0, w.constant(0x9E3779B9)), w("Add", k1, w.constant(0xBB67AE85))
    return w("Concat", c0, c1, c2, c3, axis=0)


GENERATORS: tuple[Callable[[Writer], str], ...] = (ramp, two_rounds, three_rounds, pcg3d, squares, philox)


def session(generator: Callable[[Writer], str]) -> Any:
    writer = Writer()
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    model = writer.model(generator(writer)).SerializeToString()
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def worst_bit(a: np.ndarray[Any, Any]) -> float:
    """How many standard deviations the most biased of 32 bits is from one half."""
    frequencies = np.array([np.mean((a >> np.uint32(bit)) & np.uint32(1)) for bit in range(32)])
    return float(np.abs(frequencies - 0.5).max() * 2 * np.sqrt(a.size))


def neighbours(run: Callable[[int, int], np.ndarray[Any, Any]]) -> float:
    """`worst_bit` of the exclusive or of streams whose seed or counter differ in one bit or by one."""
    steps = [(1, 0), (0, 1), (2**16, 0), (0, 2**16), (2**31, 0), (0, 2**31)]
    start = run(1337, 5)
    return max(worst_bit(start ^ run(1337 ^ seed, 5 ^ counter)) for seed, counter in steps)


def main() -> None:
    sessions = {generator.__name__: session(generator) for generator in GENERATORS}
    seconds: dict[str, list[float]] = {name: [] for name in sessions}
    for _ in range(ROUNDS):
        for name, one in sessions.items():
            started = time.perf_counter()
            one.run(None, {"key": KEY})
            seconds[name].append(time.perf_counter() - started)
    print(f"{SIZE} numbers, one thread, onnxruntime {ort.__version__}; median of {ROUNDS} interleaved rounds")
    print(f"{'generator':14}{'ms':>8}{'bits':>8}{'streams':>9}   (standard deviations; below 5 is noise)")
    for name, one in sessions.items():

        def run(seed: int, counter: int, one: Any = one) -> np.ndarray[Any, Any]:
            return np.asarray(one.run(None, {"key": np.array([seed, counter], np.uint32)})[0])

        print(f"{name:14}{np.median(seconds[name]) * 1e3:8.2f}{worst_bit(run(1337, 5)):8.1f}{neighbours(run):9.1f}")


if __name__ == "__main__":
    main()
