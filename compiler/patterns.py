"""Patterns: expressions with holes, written as plain calls of ops, and matched against values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .graph import Value
from .operators import Operators

if TYPE_CHECKING:
    from .ops.base import Op


@dataclass(frozen=True, eq=False)
class Pattern(Operators):
    """A hole (`name`), a constant whose elements all equal `number`, or an op applied to patterns.

    Attributes given to the op must be equal in the node; an attribute given as a hole is captured; one that is not given
    may be anything. Operands of a commutative op match in either order.
    """

    name: str = ""
    number: float | None = None
    op: Op | None = None
    inputs: tuple[Pattern, ...] = ()
    attrs: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def of(op: Op, inputs: Sequence[Any], attrs: Mapping[str, Any]) -> Pattern:
        return Pattern(op=op, inputs=tuple(i if isinstance(i, Pattern) else Pattern(number=i) for i in inputs), attrs=attrs)

    def match(self, value: Value, found: dict[str, Any]) -> bool:
        """Whether `value` has this form; fills `found` with what stands in the holes."""
        if self.op is None and self.number is None:
            return found.setdefault(self.name, value) is value
        node = value.node
        if node is None:
            return False
        if self.number is not None:
            return node.op.name == "constant" and bool(np.all(node.attrs["value"] == self.number))
        if node.op is not self.op or len(node.outputs) != 1 or not self._match_attrs(node.attrs, found):
            return False
        orders = [node.inputs, node.inputs[::-1]] if self.op.commutative and len(node.inputs) == 2 else [node.inputs]
        for operands in orders:
            trial = dict(found)
            if len(operands) == len(self.inputs) and all(p.match(v, trial) for p, v in zip(self.inputs, operands, strict=True)):
                found.update(trial)
                return True
        return False

    def _match_attrs(self, attrs: Mapping[str, Any], found: dict[str, Any]) -> bool:
        for key, wanted in self.attrs.items():
            if isinstance(wanted, Pattern):
                if found.setdefault(wanted.name, attrs[key]) != attrs[key]:
                    return False
            elif attrs[key] != wanted:
                return False
        return True
