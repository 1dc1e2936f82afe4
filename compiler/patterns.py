"""Patterns: expressions with holes, written as plain calls of ops, and matched against values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .graph import Node, Value, freeze
from .operators import Operators

if TYPE_CHECKING:
    from .ops.base import Op

Found = dict[str, Any]  # what stands in each hole: a value, or an attribute


@dataclass(frozen=True, eq=False)
class Pattern(Operators):
    """A hole (`name`), a constant whose elements all equal `number`, or an op applied to patterns.

    Attributes given to the op must be equal in the node; an attribute given as a hole is captured; one that is not given
    may be anything. Operands of a commutative op match in either order, at any depth. A hole that stands twice must be
    the same value both times.
    """

    name: str = ""
    number: float | None = None
    op: Op | None = None
    inputs: tuple[Pattern, ...] = ()
    attrs: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def of(op: Op, inputs: Sequence[Any], attrs: Mapping[str, Any]) -> Pattern:
        return Pattern(op=op, inputs=tuple(i if isinstance(i, Pattern) else Pattern(number=i) for i in inputs), attrs=attrs)

    def matches(self, value: Value, found: Found) -> Iterator[Found]:
        """Every way in which `value` has this form, given what is `found` already: what stands in the holes."""
        if self.op is not None:
            node = value.node
            if node is not None and node.op is self.op and len(node.outputs) == 1 and len(node.inputs) == len(self.inputs):
                yield from self._node_matches(node, found)
        elif self.number is not None:
            if is_filled_with(value, self.number):
                yield found
        elif self.name not in found:
            yield {**found, self.name: value}
        elif found[self.name] is value:
            yield found

    def may_match(self, node: Node) -> bool:
        """A quick look at `node` and its operands' ops; False for most nodes that do not match."""
        if len(node.inputs) != len(self.inputs):
            return False
        if all(pattern._may_stand_for(value) for pattern, value in zip(self.inputs, node.inputs)):
            return True
        return node.op.commutative and all(
            pattern._may_stand_for(value) for pattern, value in zip(self.inputs, node.inputs[::-1])
        )

    def _may_stand_for(self, value: Value) -> bool:
        if self.op is None and self.number is None:
            return True
        return value.node is not None and (value.node.op is self.op if self.op else value.node.op.name == "constant")

    def _node_matches(self, node: Node, found: Found) -> Iterator[Found]:
        with_attrs = self._match_attrs(node.attrs, found)
        if with_attrs is None:
            return
        yield from _all_match(self.inputs, node.inputs, with_attrs)
        if node.op.commutative and len(node.inputs) == 2 and node.inputs[0] is not node.inputs[1]:
            yield from _all_match(self.inputs, node.inputs[::-1], with_attrs)

    def _match_attrs(self, attrs: Mapping[str, Any], found: Found) -> Found | None:
        for key, wanted in self.attrs.items():
            if not isinstance(wanted, Pattern):
                if attrs[key] != wanted:
                    return None
            elif wanted.name not in found:
                found = {**found, wanted.name: attrs[key]}
            elif freeze(found[wanted.name]) != freeze(attrs[key]):
                return None
        return found


def _all_match(patterns: Sequence[Pattern], values: Sequence[Value], found: Found) -> Iterator[Found]:
    """Every way in which all `values` match their patterns together."""
    if not patterns:
        yield found
        return
    for with_first in patterns[0].matches(values[0], found):
        yield from _all_match(patterns[1:], values[1:], with_first)


def constant_of(value: Value) -> np.ndarray[Any, Any] | None:
    """The array of a constant; None for any other value."""
    if value.node is None or value.node.op.name != "constant":
        return None
    array: np.ndarray[Any, Any] = value.node.attrs["value"]
    return array


def is_filled_with(value: Value, number: float) -> bool:
    """Whether `value` is a constant that has elements, all equal to `number`."""
    array = constant_of(value)
    return array is not None and array.size > 0 and bool(array.flat[0] == number) and bool(np.all(array == number))
