"""Which elements of its operands a node reads for one element of its result: found by running the op's `element` rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..graph import Node, Value
from ..indexing import IndexExpr, loaded
from ..ops.base import Array, Index, Op
from .spaces import broadcast_index

#: Stands in an index for an integer that is known only when the kernel runs.
GATHERED = "gathered"
Demands: TypeAlias = "dict[Value, dict[Index, None]]"


def has_element_rule(node: Node) -> bool:
    """True if elements of the result can be computed wherever they are needed."""
    return type(node.op).element is not Op.element


def reads(node: Node, index: Index) -> list[tuple[Value, Index]]:
    """The operands' elements that the node's element at `index` is made of."""
    recorder = _Recorder(node)
    node.op.element(recorder, node, index)
    return list(recorder.found)


def demands_of(
    wanted: Iterable[tuple[Value, Index]], operands: Callable[[Value, Index], Iterable[tuple[Value, Index]]]
) -> Demands:
    """Every element that is needed for the `wanted` ones. `operands` gives what an element needs; nothing for one in memory."""
    found: Demands = {}
    stack = list(wanted)[::-1]
    while stack:
        value, index = stack.pop()
        seen = found.setdefault(value, {})
        if index not in seen:
            seen[index] = None
            stack.extend(reversed(list(operands(value, index))))
    return found


def is_gathered(index: Index) -> bool:
    """True if the index depends on numbers in memory."""
    return any(GATHERED in expression.variables for expression in index)


@dataclass
class _Recorder:
    """An `ElementBuilder` that writes nothing."""

    node: Node
    found: list[tuple[Value, Index]] = field(default_factory=list)

    def operand(self, number: int, index: Index, mask: str = "") -> str:
        self.found.append((self.node.inputs[number], index))
        return "element"

    def let(self, expression: str) -> str:
        return "element"

    def broadcast(self, index: Index, shape: Sequence[object]) -> Index:
        return broadcast_index(index, shape)

    def literal(self, value: Any, dtype: str) -> str:
        return "number"

    def load_constant(self, value: Array, index: Index) -> str:
        return "element"

    def index_value(self, expression: IndexExpr, dtype: str) -> str:
        return "number"

    def index_of(self, value: str) -> IndexExpr:
        return loaded(GATHERED)

    def condition(self, expression: IndexExpr, low: int, high: int) -> str:
        least, most = expression.bounds
        return "condition" if least < low or most >= high else ""
