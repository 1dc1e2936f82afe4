"""Random graphs over all registered ops, for hypothesis.

Numbers are kept where float arithmetic is well conditioned, so that two right programs agree up to rounding: magnitudes are
tracked and clipped, operands with a limited domain are mapped into it, and ops that jump (comparisons, floor, argmax)
get only *exact* values, which no rewrite may change by a rounding.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.graph import Graph, StateSlot, Value, topological
from graphkeras.compiler.ops.activation import FloatComposite
from graphkeras.compiler.ops.base import REQUIRED
from graphkeras.compiler.ops.elementwise import Comparison, Elementwise
from graphkeras.compiler.ops.reduce import ArgReduction, Reduction
from graphkeras.compiler.registry import OPS, ops
from graphkeras.compiler.types import TensorType, numpy_dtype

batch = Dim.symbol("batch")
BATCH_SIZE = 5
LARGE = 1e3


@dataclass(frozen=True)
class Tracked:
    """A value of the graph under construction.

    Attributes:
        bound: no element is larger in size.
        exact: made by ops that do not round, from inputs and constants.
    """

    value: Value
    bound: float = 1.0
    exact: bool = False


def unary_floats(differentiable: bool) -> list[str]:
    """Registered elementwise ops of one float operand with a float result."""
    return sorted(
        name
        for name, op in OPS.items()
        if (isinstance(op, Elementwise) and op.arity == 1 and "float32" in op.dtypes and not op.result_dtype)
        or isinstance(op, FloatComposite)
        if op.differentiable == differentiable or name == "stop_gradient"
        if REQUIRED not in op.attributes.values()
    )


EXACT = ("negative", "abs", "relu", "identity", "stop_gradient", "sign", "floor", "ceil", "round")
SMOOTH = unary_floats(differentiable=True)
JUMPING = [name for name in unary_floats(differentiable=False) if name != "stop_gradient"]
COMPARISONS = sorted(name for name, op in OPS.items() if isinstance(op, Comparison) and op.arity == 2)
FLOAT_REDUCTIONS = sorted(name for name, op in OPS.items() if isinstance(op, Reduction) and "float32" in op.dtypes)
BOOL_REDUCTIONS = sorted(name for name, op in OPS.items() if isinstance(op, Reduction) and "bool" in op.dtypes)
ARG_REDUCTIONS = sorted(name for name, op in OPS.items() if isinstance(op, ArgReduction))
BITWISE = ("bitwise_and", "bitwise_or", "bitwise_xor", "add", "subtract", "multiply", "maximum", "minimum")
LOGICAL = ("logical_and", "logical_or", "logical_xor")
NUMBERS = (0.0, 1.0, -1.0, 2.0, 0.5, 3.0, -0.25)


class Builder:
    """Grows a graph; every method adds one op to values drawn from those that are there."""

    def __init__(self, seed: int, dtype: str) -> None:
        self.rng, self.dtype = random.Random(seed), dtype
        self.inputs = [Value(TensorType((batch, 3), dtype), "x"), Value(TensorType((3,), dtype), "y")]
        self.inputs += [Value(TensorType((batch,), "int32"), "labels"), Value(TensorType((2, 1, 3), dtype), "z")]
        self.floats = [Tracked(value, 2.0, True) for value in self.inputs if value.type.is_float]
        self.integers = [Tracked(self.inputs[2], 2.0, True)]
        self.bools: list[Tracked] = []
        self.variable = Value(TensorType((3,), dtype), "weight")
        self.floats.append(Tracked(self.variable, 2.0, True))

    # ---- choosing

    def coin(self) -> bool:
        return self.rng.random() < 0.5

    def a_float(self, exact: bool = False) -> Tracked:
        """Mostly the last one, so that graphs grow deep and rules meet what other ops made."""
        candidates = [item for item in self.floats if item.exact or not exact]
        return candidates[-1] if self.rng.random() < 0.6 else self.rng.choice(candidates)

    def another_float(self, first: Tracked) -> Tracked:
        """A value or a number that `first` can be broadcast with."""
        fitting = [item for item in self.floats if self.fits(first.value, item.value)]
        if self.rng.randint(0, 2) == 0:
            number = self.rng.choice(NUMBERS)
            array = np.full(self.rng.choice([(), (3,), (1, 3)]), number, numpy_dtype(self.dtype))
            constant = Tracked(ops.constant(value=array), abs(number), True)
            fitting = [constant] if self.fits(first.value, constant.value) else fitting
        return self.rng.choice(fitting)

    @staticmethod
    def fits(a: Value, b: Value) -> bool:
        try:
            ops.add(a, b)
        except ValueError:
            return False
        return True

    def axes(self, value: Value) -> tuple[int, ...]:
        return tuple(axis for axis in range(value.type.ndim) if self.coin())

    def keep(self, value: Value, bound: float, exact: bool) -> None:
        """Add a float result; large ones are clipped, as they would overflow soon."""
        if bound > LARGE:
            value, bound = ops.clip(value, low=-10.0, high=10.0), 10.0
        self.floats.append(Tracked(value, max(bound, 1e-3), exact))

    # ---- one op each

    def unary(self) -> None:
        name = self.rng.choice(SMOOTH)
        op, x = OPS[name], self.a_float()
        low, high = getattr(op, "low", -2.0), getattr(op, "high", 2.0)
        operand, exact = x.value, x.exact and name in EXACT
        if (low, high) != (-2.0, 2.0) or (0.0 in getattr(op, "avoid", ()) and name == "reciprocal"):
            low = max(low, 0.1) if name == "reciprocal" else low
            operand, points = ops.sigmoid(operand) * (high - low) + low, np.linspace(low, high, 99)
        else:
            points = np.linspace(-x.bound, x.bound, 99)
        with np.errstate(all="ignore"):
            bound = float(np.nan_to_num(np.abs(op(points)), nan=0.0, posinf=1e9).max())
        self.keep(op(operand), bound * 1.1, exact)

    def jumping(self) -> None:
        x = self.a_float(exact=True)
        self.keep(OPS[self.rng.choice(JUMPING)](x.value), x.bound + 1, True)

    def binary(self) -> None:
        name = self.rng.choice(["add", "subtract", "multiply", "maximum", "minimum", "divide", "power"])
        a = self.a_float()
        b = a if self.rng.randint(0, 4) == 0 else self.another_float(a)
        if name == "divide":
            divisor = b.value if b.value.node is not None and b.value.node.op.name == "constant" and b.bound else None
            safe = divisor if divisor is not None else ops.abs(b.value) + 0.5
            self.keep(a.value / safe, a.bound * 4, False)
        elif name == "power":
            exponent = self.rng.choice([0.0, 1.0, 2.0, 3.0, -1.0, 0.5, 1.5])
            base = ops.abs(a.value) + 0.25
            self.keep(ops.power(base, exponent), max((a.bound + 0.25) ** exponent, 4.0), False)
        else:
            x, y = (b, a) if self.coin() else (a, b)
            bound = a.bound * b.bound if name == "multiply" else a.bound + b.bound
            self.keep(OPS[name](x.value, y.value), bound, a.exact and b.exact and name in ("maximum", "minimum"))

    def reduction(self) -> None:
        name, x = self.rng.choice(FLOAT_REDUCTIONS), self.a_float()
        axis = self.axes(x.value)
        if name == "prod":
            x = Tracked(ops.tanh(x.value), 1.0)
        result = OPS[name](x.value, axis=axis, keepdims=self.coin())
        self.keep(result, x.bound * (3 * BATCH_SIZE if name == "sum" else 1), x.exact and name in ("max", "min"))

    def order(self) -> None:
        """Sorting, reading in an order, running sums."""
        kind = self.rng.choice(["sort", "read", "run"])
        x = self.a_float(exact=kind != "run")
        if not x.value.type.ndim:
            return
        axis = self.rng.randint(0, x.value.type.ndim - 1)
        size = x.value.type.shape[axis]
        if kind == "run":
            self.keep(ops.cumsum(x.value, axis=axis, reverse=self.coin()), x.bound * 3 * BATCH_SIZE, False)
            return
        count = size if isinstance(size, Dim) or self.coin() else self.rng.randint(1, int(size))
        values, places = ops.top_k(x.value, k=count, axis=axis, largest=self.coin())
        if kind == "sort":
            self.keep(values, x.bound, True)
            self.integers.append(Tracked(places, 0, True))
        else:
            source = self.rng.choice([item for item in self.floats if item.value.type == x.value.type])
            self.keep(ops.gather_elements(source.value, places, axis=axis), source.bound, source.exact)

    def normalization(self) -> None:
        x = self.a_float()
        if x.value.type.ndim:
            axis = self.rng.randint(0, x.value.type.ndim - 1)
            name = self.rng.choice(["softmax", "log_softmax", "logsumexp"])
            result = OPS[name](x.value, axis=(axis,) if name == "logsumexp" else axis)
            if self.coin() and name == "softmax" and x.bound < 10:
                self.keep(ops.log(result), 2 * x.bound + 4, False)
            self.keep(result, 2 * x.bound + 4, False)

    def matmul(self) -> None:
        matrices = [item for item in self.floats if item.value.type.ndim >= 2 and item.bound <= 30]
        pairs = [(a, b) for a in matrices for b in matrices if a.value.type.ndim == b.value.type.ndim == 2]
        if not pairs:
            return
        a, b = self.rng.choice(pairs)
        right = ops.transpose(b.value, axes=(1, 0)) if a.value.type.shape[1] != b.value.type.shape[0] else b.value
        if a.value.type.shape[1] == right.type.shape[0]:
            self.keep(ops.matmul(a.value, right), a.bound * b.bound * 3 * BATCH_SIZE, False)

    def view(self) -> None:
        """Up to three views in a row: they are what rules about views look at."""
        self.one_view(self.a_float())
        for _ in range(self.rng.randint(0, 2)):
            self.one_view(self.floats[-1])

    def one_view(self, x: Tracked) -> None:
        value, shape = x.value, x.value.type.shape
        kind = self.rng.choice(["reshape", "transpose", "expand_dims", "squeeze", "broadcast_to", "slice", "pad"])
        if kind == "reshape":
            result = ops.reshape(value, shape=self.rng.choice([(-1,), (1, *shape), (*shape, 1), shape]))
        elif kind == "transpose":
            result = ops.transpose(value, axes=tuple(self.rng.sample(range(len(shape)), len(shape))))
        elif kind == "expand_dims":
            result = ops.expand_dims(value, axis=(self.rng.randint(0, len(shape)),))
        elif kind == "squeeze":
            result = ops.squeeze(value, axis=None)
        elif kind == "broadcast_to":
            wide = tuple(3 if dim == 1 else dim for dim in shape)
            result = ops.broadcast_to(value, shape=self.rng.choice([wide, shape, (2, *shape)]))
        elif kind == "slice":
            stops = tuple(dim if isinstance(dim, Dim) else max(1, int(dim) - self.rng.randint(0, 1)) for dim in shape)
            result = ops.slice(value, starts=(0,) * len(shape), stops=stops, steps=(1,) * len(shape))
        else:
            after = tuple(0 if isinstance(dim, Dim) else self.rng.randint(0, 1) for dim in shape)
            result = ops.pad(value, before=(0,) * len(shape), after=after, value=0.5)
        if result.type.ndim <= 4:
            self.keep(result, max(x.bound, 0.5), x.exact)

    def concatenate(self) -> None:
        x = self.a_float()
        if x.value.type.ndim:
            same = [item for item in self.floats if item.value.type == x.value.type]
            pieces = self.rng.choices(same, k=self.rng.randint(1, 3))
            axis = self.rng.randint(0, x.value.type.ndim - 1)
            result = ops.concatenate(*(piece.value for piece in pieces), axis=axis)
            self.keep(result, max(piece.bound for piece in pieces), all(piece.exact for piece in pieces))

    def compare(self) -> None:
        a = self.a_float(exact=True)
        b = self.another_float(a)
        if b.exact:
            self.bools.append(Tracked(OPS[self.rng.choice(COMPARISONS)](a.value, b.value)))

    def logic(self) -> None:
        if not self.bools:
            return self.compare()
        a = self.rng.choice(self.bools).value
        kind = self.rng.choice(["not", "pair", "constant", "reduce"])
        if kind == "not":
            result = ops.logical_not(a)
        elif kind == "reduce":
            result = OPS[self.rng.choice(BOOL_REDUCTIONS)](a, axis=self.axes(a))
        else:
            others = [item.value for item in self.bools if self.fits_bool(a, item.value)]
            b = np.asarray(self.coin()) if kind == "constant" else self.rng.choice(others)
            result = OPS[self.rng.choice(LOGICAL)](a, b)
        return self.bools.append(Tracked(result))

    @staticmethod
    def fits_bool(a: Value, b: Value) -> bool:
        try:
            ops.logical_and(a, b)
        except ValueError:
            return False
        return True

    def choose(self) -> None:
        if not self.bools:
            return self.compare()
        condition, a = self.rng.choice(self.bools).value, self.a_float()
        b = a if self.rng.randint(0, 3) == 0 else self.another_float(a)
        try:
            result = ops.where(condition, a.value, b.value)
        except ValueError:
            return None
        return self.keep(result, max(a.bound, b.bound), a.exact and b.exact)

    def convert(self) -> None:
        kind = self.rng.choice(["bool", "int", "twice", "round", "size"])
        if kind == "bool" and self.bools:
            self.keep(ops.cast(self.rng.choice(self.bools).value, dtype=self.dtype), 1.0, True)
        elif kind == "int":
            self.keep(ops.cast(self.rng.choice(self.integers).value, dtype=self.dtype) * 0.01, LARGE, False)
        elif kind == "twice":
            x = self.a_float()
            self.keep(ops.cast(ops.cast(x.value, dtype="float64"), dtype=self.dtype), x.bound, x.exact)
        elif kind == "round":
            x = self.a_float(exact=True)
            self.integers.append(Tracked(ops.cast(x.value, dtype="int32"), x.bound, True))
        else:
            size = ops.cast(ops.dimension(dim=batch, dtype="int32"), dtype=self.dtype)
            x = self.a_float()
            self.keep(x.value / size, x.bound, False)

    def integer(self) -> None:
        a = self.rng.choice(self.integers).value
        number = np.asarray(self.rng.randint(0, 5), np.int32)
        others = [number, *(item.value for item in self.integers if self.fits(a, item.value))]
        kind = self.rng.choice([*BITWISE, "shift", "remainder", "take", "one_hot", "argmax"])
        if kind == "shift":
            result = ops.right_shift(a, number)
        elif kind == "remainder":
            result = ops.floor_divide(ops.remainder(a, np.int32(7)), np.int32(2))
        elif kind == "argmax":
            x = self.a_float(exact=True)
            if not x.value.type.ndim:
                return
            result = OPS[self.rng.choice(ARG_REDUCTIONS)](x.value, axis=x.value.type.ndim - 1)
        elif kind in ("take", "one_hot"):
            index = ops.remainder(a, np.int32(3))
            if kind == "one_hot":
                self.keep(ops.one_hot(index, depth=3, dtype=self.dtype), 1.0, True)
            else:
                table = self.rng.choice([item for item in self.floats if item.value.type.shape[-1:] == (3,)])
                if table.value.type.ndim + index.type.ndim < 5:
                    self.keep(ops.take(table.value, index, axis=-1), table.bound, table.exact)
            return
        else:
            result = OPS[kind](a, self.rng.choice(others))
        self.integers.append(Tracked(result, 0, True))

    def loss(self) -> None:
        x = self.a_float()
        shape = x.value.type.shape
        kind = self.rng.choice(["softmax_cross_entropy", "sparse_softmax_cross_entropy", "sigmoid_cross_entropy"])
        if kind == "sparse_softmax_cross_entropy":
            if shape == (batch, 3):
                self.keep(
                    ops.sparse_softmax_cross_entropy(x.value, ops.remainder(self.inputs[2], np.int32(3))), x.bound * 3, False
                )
        elif shape:
            targets = [item for item in self.floats if item.value.type == x.value.type]
            target = self.rng.choice(targets)
            self.keep(OPS[kind](x.value, ops.sigmoid(target.value)), x.bound * 9 + 9, False)

    def differentiate(self) -> None:
        """Gradients of a scalar made of one value, if its ops can be differentiated without jumps."""
        x = self.a_float()
        total = ops.sum(ops.tanh(x.value), axis=None)
        for grad in gradients([total], [self.inputs[0], self.variable]):
            if grad is not None:
                self.keep(ops.clip(grad, low=-10.0, high=10.0), 10.0, False)


STEPS = (
    *(["unary", "binary", "view"] * 4),
    *(["reduction", "choose", "integer", "convert", "logic"] * 2),
    "order",
    *("jumping", "normalization", "matmul", "concatenate", "compare", "loss", "differentiate"),
)


def random_graph(seed: int, steps: int, dtype: str) -> Graph:
    """A graph with inputs x, y, labels, z, a variable, and everything that nothing reads as outputs."""
    builder = Builder(seed, dtype)
    for _ in range(steps):
        getattr(builder, builder.rng.choice(STEPS))()
    made = [item.value for item in (*builder.floats, *builder.bools, *builder.integers) if item.value.node is not None]
    read = {value for node in topological(made) for value in node.inputs}
    updates = [item.value for item in builder.floats if item.value.type == builder.variable.type]
    slot = StateSlot("weight", builder.variable, updates[-1])
    return Graph.of(builder.inputs, [value for value in made if value not in read], [slot], "random")


def graphs(dtype: str = "float64", max_steps: int = 30) -> st.SearchStrategy[Graph]:
    """Hypothesis draws a seed and a number of steps: it shrinks to a prefix of the steps that failed."""
    return st.builds(random_graph, st.integers(0, 2**32 - 1), st.integers(5, max_steps), st.just(dtype))


def feeds_for(graph: Graph, seed: int = 0) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Feeds and state with |x| <= 2 and labels 0, 1, 2; some numbers are whole, so that comparisons tie."""
    rng = np.random.default_rng(seed)

    def numbers(type_: TensorType) -> np.ndarray:
        shape = tuple(BATCH_SIZE if dim == batch else int(dim) for dim in type_.shape)
        if not type_.is_float:
            return rng.integers(0, 3, shape).astype(numpy_dtype(type_.dtype))
        drawn = rng.uniform(-2, 2, shape)
        return np.where(rng.random(shape) < 0.3, np.round(drawn), drawn).astype(numpy_dtype(type_.dtype))

    return [numbers(value.type) for value in graph.inputs], [numbers(slot.input.type) for slot in graph.state]
