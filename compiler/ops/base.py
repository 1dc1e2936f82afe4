"""What an op is. One class holds every rule that the system knows about it.

A *primitive* op defines `infer`, `evaluate`, `vjp` and a rule for each target. A *composite* op defines `expand` in terms
of other ops and gets all of that from it; it keeps a rule of its own only where a target has something better.
Rules are strings or plain data: this package imports neither onnx nor triton.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from ..autodiff import gradients
from ..dims import DimLike, Shape
from ..graph import Graph, Node, Value, has_symbol, topological
from ..indexing import IndexExpr
from ..patterns import Pattern
from ..provenance import current_origin, derived_from
from ..registry import OPS
from ..types import TensorType, numpy_dtype, type_of

if TYPE_CHECKING:
    from ..emitter import Emitter

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Arg:
    """One operand of a conformance sample: random numbers in [low, high), integers for integer dtypes.

    `avoid` lists points where the op has a kink or a jump; samples keep 0.05 away from them.
    """

    shape: tuple[DimLike, ...]
    dtype: str = "float32"
    low: float = -2.0
    high: float = 2.0
    avoid: tuple[float, ...] = ()


@dataclass(frozen=True)
class Sample:
    """One call of an op that the conformance suite makes on every target.

    `differentiable` names the operands whose gradient is checked; None means all of a float dtype.
    """

    args: tuple[Arg, ...]
    attrs: Mapping[str, Any] = field(default_factory=dict)
    differentiable: tuple[int, ...] | None = None


Index = tuple[IndexExpr, ...]  # one index expression for each axis


#: The default of an attribute that every call must give.
REQUIRED = object()


class ElementBuilder(Protocol):
    """What an op's `element` rule may use. The Triton lowering implements it; ops see only this protocol.

    Expressions are Triton source text for a tile of elements. 16-bit floats are held as float32, bool as int1.
    """

    def operand(self, number: int, index: Index, mask: str = "") -> str:
        """The element of the node's operand `number` at `index`; only where `mask` holds, if given (0 elsewhere)."""
        ...

    def let(self, expression: str) -> str:
        """Name `expression` so that it is computed once; returns the name."""
        ...

    def broadcast(self, index: Index, shape: Shape) -> Index:
        """Where an operand of `shape` is read for the result's `index`: trailing axes, 0 on axes of size 1."""
        ...

    def literal(self, value: Any, dtype: str) -> str:
        """A number of that dtype."""
        ...

    def load_constant(self, value: Array, index: Index) -> str:
        """An element of a constant array."""
        ...

    def index_value(self, expression: IndexExpr, dtype: str) -> str:
        """An index expression as a number of that dtype."""
        ...

    def index_of(self, value: str) -> IndexExpr:
        """A computed integer (from `operand` or `let`) to be used inside an index."""
        ...

    def condition(self, expression: IndexExpr, low: int, high: int) -> str:
        """The mask low <= expression < high; "" where it always holds."""
        ...


class Op:
    """One operation."""

    name: ClassVar[str] = ""
    #: Its attributes with their defaults; `REQUIRED` for one without.
    attributes: ClassVar[Mapping[str, Any]] = {}
    #: The ONNX operator with the same operands and no attributes; an op that needs more overrides `onnx`.
    onnx_name: ClassVar[str] = ""
    #: True if two operands may change places.
    commutative: ClassVar[bool] = False
    #: Floating-point operations for each element of the result, for cost figures.
    flops_per_element: ClassVar[int] = 0
    #: False for an op whose result has no useful derivative (comparisons, integers, random bits).
    differentiable: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" in cls.__dict__:
            if cls.name in OPS:
                raise ValueError(f"The op {cls.name!r} is defined twice: {type(OPS[cls.name]).__name__} and {cls.__name__}.")
            OPS[cls.name] = cls()

    # ---- rules that an op defines -------------------------------------------------------------------------------------

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        """Attributes, of which none is missing, in their one canonical form (axes counted from the front)."""
        return attrs

    def infer(self, *types: Any, **attrs: Any) -> TensorType | tuple[TensorType, ...]:
        """Result types.

        Raises:
            ValueError: for shapes that do not fit.
            TypeError: for dtypes that the op does not take.
        """
        raise NotImplementedError(self._missing("infer"))

    def evaluate(self, *arrays: Any, **attrs: Any) -> Array | tuple[Array, ...]:
        """The meaning of the op, in NumPy. Sizes in `attrs` are plain integers here."""
        raise NotImplementedError(self._missing("evaluate"))

    def vjp(self, grad: Any, out: Any, *inputs: Any, **attrs: Any) -> tuple[Value | None, ...]:
        """Gradients of the operands (None for no gradient), given the gradient of the result (a tuple of them, None
        where unused, for several results)."""
        raise NotImplementedError(self._missing("vjp"))

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str | tuple[str, ...]:
        """Emit ONNX nodes for `node`; returns the names of the results."""
        if self.onnx_name:
            return str(emit(self.onnx_name, *inputs))
        raise NotImplementedError(self._missing("onnx"))

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        """The Triton expression of the result's element at `index`. An op that has this rule can be fused into any kernel.

        Reductions, matmul and the like have no such rule: the Triton lowering schedules them by what they are.
        """
        raise NotImplementedError(self._missing("element"))

    def trimmed(self, node: Node, used: Sequence[bool]) -> Sequence[Value | None] | None:
        """A node that computes less than `node`, whose results are not all `used`: its value for each result of `node`, None
        for those that it leaves out. None if there is no such node."""
        return None

    def flops(self, node: Node) -> DimLike:
        """Floating-point operations of one application."""
        total: DimLike = 0
        for value in node.outputs:
            total = total + value.type.size * self.flops_per_element
        return total

    def samples(self) -> Iterator[Sample]:
        """Calls for the conformance suite: broadcasting, zero sizes, scalars, negative axes, a symbolic batch."""
        raise NotImplementedError(self._missing("samples"))

    # ---- what all ops share -------------------------------------------------------------------------------------------

    def infer_types(self, types: Sequence[TensorType], attrs: Mapping[str, Any]) -> tuple[TensorType, ...]:
        result = self.infer(*types, **attrs)
        return result if isinstance(result, tuple) else (result,)

    def __call__(self, *inputs: Any, **attrs: Any) -> Any:
        """Add a node on values, run at once on arrays, or build a pattern on pattern variables.

        Without operands, or with a symbolic size among the attributes, arrays make a node, too.
        """
        if any(isinstance(operand, Pattern) for operand in inputs):
            return Pattern.of(self, inputs, attrs)
        operands = self._operands(inputs)
        types = [operand.type if isinstance(operand, Value) else type_of(operand) for operand in operands]
        attrs = self._attributes(types, attrs)
        if not operands or any(isinstance(operand, Value) for operand in operands) or _has_symbols(attrs):
            node = self._node(operands, types, attrs)
            return node.outputs[0] if len(node.outputs) == 1 else node.outputs
        self.infer_types(types, attrs)  # the same errors as on values
        return self.evaluate(*operands, **attrs)

    def _operands(self, inputs: Sequence[Any]) -> list[Any]:
        """Python numbers take the dtype of the first tensor operand."""
        dtype = next(
            (
                i.type.dtype if isinstance(i, Value) else i.dtype.name
                for i in inputs
                if hasattr(i, "dtype") or isinstance(i, Value)
            ),
            None,
        )
        operands: list[Any] = []
        for operand in inputs:
            if isinstance(operand, (Value, np.ndarray)):
                operands.append(operand)
            elif isinstance(operand, np.generic):
                operands.append(np.asarray(operand))
            elif isinstance(operand, (bool, int, float)):
                operands.append(np.asarray(operand, numpy_dtype(dtype or "float32")))
            else:
                raise TypeError(
                    f"{self.name}: an operand must be a tensor, an array or a number, got {type(operand).__name__}."
                )
        return operands

    def _attributes(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        """All attributes, canonical; the error for one that is missing or unknown names the op."""
        wrong = [key for key in attrs if key not in self.attributes]
        if wrong:
            raise TypeError(f"{self.name} has no attribute {wrong[0]!r}; it has {', '.join(self.attributes) or 'none'}.")
        complete = {**self.attributes, **attrs}
        missing = [key for key, value in complete.items() if value is REQUIRED]
        if missing:
            raise TypeError(f"{self.name} needs the attribute {missing[0]!r}.")
        return self.canonical(types, complete)

    def _node(self, operands: Sequence[Any], types: Sequence[TensorType], attrs: Mapping[str, Any]) -> Node:
        constant = OPS["constant"]
        values = [
            operand if isinstance(operand, Value) else constant._node((), (), {"value": operand}).outputs[0]
            for operand in operands
        ]
        return Node(self, values, attrs, self.infer_types(types, attrs), current_origin())

    def _missing(self, rule: str) -> str:
        file = inspect.getsourcefile(type(self)) or "?"
        where = "/".join(file.split("/")[-3:])
        return f"The op {self.name!r} has no {rule} rule; add {type(self).__name__}.{rule} in {where}."

    def __repr__(self) -> str:
        return f"<Op {self.name}>"


def _has_symbols(attrs: Mapping[str, Any]) -> bool:
    """Whether an attribute is, or holds, a size that is known only at run time."""
    return any(map(has_symbol, attrs.values()))


class Composite(Op):
    """An op that is defined by other ops. It stays whole in the graph until a target's pipeline expands it."""

    def expand(self, *inputs: Any, **attrs: Any) -> Any:
        """The op in terms of other ops, on values."""
        raise NotImplementedError(self._missing("expand"))

    def stays_whole(self, node: Node, rule: str) -> bool:
        """Whether a target that goes by `rule` ("onnx" or "element") has something better than the parts for this node: the
        rule, if the op has one. An op whose rule is not for every dtype says so here."""
        return has_own_rule(self, rule)

    def infer(self, *types: Any, **attrs: Any) -> TensorType | tuple[TensorType, ...]:
        outputs = self._expanded(types, attrs)[1]
        return tuple(value.type for value in outputs) if len(outputs) != 1 else outputs[0].type

    def evaluate(self, *arrays: Any, **attrs: Any) -> Array | tuple[Array, ...]:
        """Of 16-bit floats all steps are computed in float32, and the results are rounded."""
        rounded = self.infer_types([type_of(array) for array in arrays], attrs)
        arrays = tuple(widened(array) for array in arrays)
        inputs, outputs = self._expanded([type_of(array) for array in arrays], attrs)
        values: dict[Value, Array] = dict(zip(inputs, arrays, strict=True))
        for node in topological(outputs):
            results = node.op.evaluate(*(values[value] for value in node.inputs), **node.attrs)
            values.update(zip(node.outputs, results if isinstance(results, tuple) else (results,), strict=True))
        narrow = [
            values[value].astype(numpy_dtype(type_.dtype), copy=False) for value, type_ in zip(outputs, rounded, strict=True)
        ]
        return tuple(narrow) if len(narrow) != 1 else narrow[0]

    def vjp(self, grad: Any, out: Any, *inputs: Any, **attrs: Any) -> tuple[Value | None, ...]:
        """The gradients of what the op expands to, computed on stand-ins for the operands, because one operand may depend on
        another one."""
        stand_ins, outputs = self._expanded([value.type for value in inputs], attrs)
        upstream = grad if isinstance(grad, tuple) else (grad,)
        real = dict(zip(stand_ins, inputs, strict=True))
        reached, seeds = [], []
        for output, gradient in zip(outputs, upstream, strict=True):
            if gradient is not None:
                reached.append(output)
                seeds.append(Value(output.type))
                real[seeds[-1]] = gradient
        return substituted(gradients(reached, stand_ins, seeds), real)

    def flops(self, node: Node) -> DimLike:
        inputs, outputs = self._expanded([value.type for value in node.inputs], node.attrs)
        total: DimLike = 0
        for inner in Graph.of(inputs, outputs).nodes:
            total = total + inner.op.flops(inner)
        return total

    def _expanded(self, types: Sequence[TensorType], attrs: Mapping[str, Any]) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
        inputs = tuple(Value(type_, f"x{k}") for k, type_ in enumerate(types))
        result = self.expand(*inputs, **attrs)
        return inputs, result if isinstance(result, tuple) else (result,)


def has_own_rule(op: Op, rule: str) -> bool:
    """Whether the op defines the rule `onnx` or `element`, or names the ONNX operator that it is."""
    return getattr(type(op), rule) is not getattr(Op, rule) or (rule == "onnx" and bool(op.onnx_name))


def substituted(values: Sequence[Value | None], new: Mapping[Value, Value]) -> tuple[Value | None, ...]:
    """`values` computed from others: every value in `new` is replaced."""
    made = dict(new)
    for node in topological(value for value in values if value is not None):
        copy = node.with_operands([made.get(value, value) for value in node.inputs])
        made.update(zip(node.outputs, copy.outputs, strict=True))
    return tuple(None if value is None else made.get(value, value) for value in values)


def expanded(node: Node) -> tuple[Value, ...]:
    """The results of a composite's node, spelled out on the node's own operands."""
    assert isinstance(node.op, Composite)
    with derived_from(node.origin):
        result = node.op.expand(*node.inputs, **node.attrs)
    return result if isinstance(result, tuple) else (result,)


def widened(array: Array) -> Array:
    """16-bit floats as float32, anything else as it is."""
    return array.astype(np.float32) if array.dtype.itemsize == 2 and array.dtype.kind not in "iub" else array


def same_dtype(op: Op, types: Sequence[TensorType]) -> str:
    """The one dtype of all operands.

    Raises:
        TypeError: if they differ.
    """
    dtypes = {type_.dtype for type_ in types}
    if len(dtypes) != 1:
        shown = ", ".join(type_.dtype for type_ in types)
        raise TypeError(f"{op.name}: operands have dtypes {shown}; they must be equal. Cast one of them.")
    return dtypes.pop()


def require(condition: bool, message: Callable[[], str]) -> None:
    """Raise ValueError(message()) unless `condition`."""
    if not condition:
        raise ValueError(message())
