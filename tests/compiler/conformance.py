"""What the conformance tests of all ops share: numbers for samples, graphs of them, and how close results must be."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from graphkeras.compiler.dims import Dim, bind_shape, symbols_of
from graphkeras.compiler.executables.triton import TritonBackend
from graphkeras.compiler.graph import Graph, Value, bind_attrs
from graphkeras.compiler.ops.base import Arg, Op, Sample
from graphkeras.compiler.ops.matrices import MatrixArg
from graphkeras.compiler.parser import parse_graph
from graphkeras.compiler.types import TensorType, numpy_dtype
from graphkeras.kernels.devices import get_device

Array = np.ndarray[Any, Any]

#: The size that symbols of samples get when they run.
SIZES: Mapping[str, int] = {"batch": 4, "length": 7}

#: How far a result may be from the reference: relative to the largest magnitude of the result, and at least to 1.
TOLERANCE: Mapping[str, float] = {"float64": 1e-12, "float32": 5e-6, "float16": 4e-3, "bfloat16": 3e-2}


@dataclass(frozen=True)
class Case:
    """A sample as a graph input or several, a node on them, and numbers to run it with."""

    op: Op
    sample: Sample
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    feeds: tuple[Array, ...]

    def __str__(self) -> str:
        operands = ", ".join(str(value.type) for value in self.inputs)
        return f"{self.op.name}({operands}; {dict(self.sample.attrs)})"

    def reference(self) -> tuple[Array, ...]:
        """What the op's NumPy reference says."""
        node = self.outputs[0].node
        assert node is not None
        result = self.op.evaluate(*self.feeds, **bind_attrs(node.attrs, SIZES))
        return result if isinstance(result, tuple) else (result,)


@cache
def interpreter() -> TritonBackend:
    """The triton target without a GPU, shared by all tests."""
    return TritonBackend(get_device("interpreter"))


def cases(op: Op) -> Iterator[Case]:
    """All samples of `op`, with numbers that are the same in every run."""
    for number, sample in enumerate(op.samples()):
        yield case(op, sample, np.random.default_rng([zlib.crc32(op.name.encode()), number]))


def case(op: Op, sample: Sample, rng: np.random.Generator) -> Case:
    inputs = tuple(Value(TensorType(arg.shape, arg.dtype), f"x{k}") for k, arg in enumerate(sample.args))
    made = op(*inputs, **sample.attrs)
    outputs = made if isinstance(made, tuple) else (made,)
    return Case(op, sample, inputs, outputs, tuple(draw(arg, rng) for arg in sample.args))


def draw(arg: Arg, rng: np.random.Generator) -> Array:
    """Numbers for one operand."""
    shape = tuple(int(dim) for dim in bind_shape(arg.shape, SIZES))
    if arg.dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if numpy_dtype(arg.dtype).kind in "iu":
        allowed = [n for n in range(int(arg.low), int(arg.high)) if n not in arg.avoid] if arg.high - arg.low < 1000 else None
        numbers = rng.choice(allowed, shape) if allowed else rng.integers(int(arg.low), int(arg.high), shape)
        return np.asarray(numbers).astype(numpy_dtype(arg.dtype))
    numbers = np.asarray(rng.uniform(arg.low, arg.high, shape))
    for point in arg.avoid:
        near = np.abs(numbers - point) < 0.05
        numbers = np.where(near, point + np.where(numbers < point, -0.1, 0.1), numbers)
    if isinstance(arg, MatrixArg):
        numbers = numbers + arg.diagonal * np.eye(*shape[-2:])
    return numbers.astype(numpy_dtype(arg.dtype))


def graph_of(several: Sequence[Case]) -> tuple[Graph, list[Array]]:
    """One graph of several cases, so that a target compiles once for all; and its feeds.

    A symbol that occurs only in attributes gets an input that tells its size.
    """
    inputs = [value for one in several for value in one.inputs]
    feeds = [feed for one in several for feed in one.feeds]
    outputs = [value for one in several for value in one.outputs]
    known = frozenset[str]().union(*(symbols_of(value.type.shape) for value in inputs))
    wanted = frozenset[str]().union(*(_symbols(value.node.attrs) for value in outputs if value.node is not None))
    for name in sorted(wanted - known):
        inputs.append(Value(TensorType((Dim.symbol(name),)), f"size_of_{name}"))
        feeds.append(np.zeros(SIZES[name], np.float32))
    return Graph.of(inputs, outputs, name=several[0].op.name), feeds


def _symbols(attrs: Mapping[str, Any]) -> frozenset[str]:
    def walk(value: Any) -> frozenset[str]:
        if isinstance(value, Dim):
            return value.symbols
        return frozenset[str]().union(*map(walk, value)) if isinstance(value, tuple) else frozenset()

    return frozenset[str]().union(*map(walk, attrs.values()))


def float64_samples(op: Op) -> Iterator[Sample]:
    """The samples with float32 operands, in float64: those whose derivatives are compared with finite differences."""
    for sample in op.samples():
        dtypes = {arg.dtype for arg in sample.args}
        if "float32" not in dtypes or dtypes & {"float16", "bfloat16", "float64"}:
            continue
        args = tuple(replace(arg, dtype="float64") if arg.dtype == "float32" else arg for arg in sample.args)
        attrs = {key: _in_float64(value) if isinstance(value, Graph) else value for key, value in sample.attrs.items()}
        if attrs.get("dtype") in ("bfloat16", "float16", "float32"):
            attrs["dtype"] = "float64"
        yield replace(sample, args=args, attrs=attrs)


def _in_float64(body: Graph) -> Graph:
    return parse_graph(str(body).replace("float32", "float64"))


def difference(actual: Array, expected: Array, slack: float = 1) -> str:
    """How `actual` differs from `expected` by more than `slack` times the dtype's tolerance; "" if it does not."""
    if actual.dtype != expected.dtype or actual.shape != expected.shape:
        return f"is {actual.dtype.name}{list(actual.shape)}, expected {expected.dtype.name}{list(expected.shape)}"
    if expected.dtype.kind in "biu":
        wrong = actual != expected
    else:
        a, b = actual.astype(np.float64), expected.astype(np.float64)
        finite = np.isfinite(b)
        scale = max(1.0, float(np.abs(b[finite]).max(initial=0.0)))
        with np.errstate(invalid="ignore"):
            near = np.abs(a - b) <= slack * TOLERANCE[expected.dtype.name] * scale
        wrong = ~(near | (a == b) | (np.isnan(a) & np.isnan(b)))
    if not wrong.any():
        return ""
    place = tuple(int(k) for k in np.argwhere(wrong)[0])
    return f"at {list(place)} is {actual[place]}, expected {expected[place]} ({int(wrong.sum())} of {wrong.size} differ)"
