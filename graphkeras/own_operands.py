"""What an operation of a functional model may read: its operands, and what it computes from them.

A functional model makes the calls again when it runs on other tensors, with the operands exchanged. An operation such as
`ops.ctc_loss` has loops inside, whose functions read what the operation has computed: that is made again, too. A function
of the user that reads a tensor which is no operand would still read the old one, and must be refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from graphkeras.compiler.graph import Node, Value, nodes_made, topological

_OPERANDS: ContextVar[tuple[frozenset[Value], list[Node]] | None] = ContextVar("graphkeras_operands", default=None)


@contextmanager
def operating_on(operands: Sequence[Value]) -> Iterator[None]:
    """Inside, an operation that a functional model records computes on `operands`. Operations inside of it belong to it."""
    if _OPERANDS.get() is not None:
        yield
        return
    with nodes_made() as made:
        token = _OPERANDS.set((frozenset(operands), made))
        try:
            yield
        finally:
            _OPERANDS.reset(token)


def foreign_sources(values: Sequence[Value]) -> list[Value]:
    """The inputs and variables that `values` were computed from, but for those that the running operation has as operands."""
    operands, made = _OPERANDS.get() or (frozenset(), [])
    own = {id(node) for node in made}
    before: dict[Value, None] = {}
    waiting, seen = list(values), set(operands)
    while waiting:
        value = waiting.pop()
        if value in seen:
            continue
        seen.add(value)
        if value.node is not None and id(value.node) in own:
            waiting.extend(value.node.inputs)
        else:
            before[value] = None
    sources = {value: None for value in before if value.node is None}
    for node in topological(tuple(before)):
        sources.update((value, None) for value in node.inputs if value.node is None)
    return list(sources)
