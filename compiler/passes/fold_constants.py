"""Constant folding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..graph import Graph, Node, Value, has_symbol
from ..journal import note
from ..registry import ops
from ..rewrite import rewrite

#: Folding must not make the program's data much larger: results up to this size, or no larger than the operands.
MAX_BYTES = 1 << 16
#: Ops that cost nothing where they are read: index ramps and repetitions. As data they would have to be loaded.
FREE, FREE_ELEMENTS = ("iota", "broadcast_to"), 16


def fold_constants(graph: Graph) -> Graph:
    """Compute what depends on constants only, by the ops' NumPy references.

    before: x * (2.0 * 3.0)        after: x * 6.0
    """

    def fold(node: Node) -> Sequence[Value] | None:
        if node.op.name == "constant" or not all(_is_constant(value) for value in node.inputs) or _has_symbol(node):
            return None
        size = sum(int(value.type.nbytes) for value in node.outputs)
        if size > max(MAX_BYTES, sum(int(value.type.nbytes) for value in node.inputs)):
            note(f"{node.op.name} of constants was left", node, why=f"its result has {size} bytes", refused=True)
            return None
        if node.op.name in FREE and int(node.output.type.size) > FREE_ELEMENTS:
            return None
        with np.errstate(all="ignore"):
            results = node.op.evaluate(*(value.node.attrs["value"] for value in node.inputs), **node.attrs)  # type: ignore[union-attr]
        note(f"folded {node.op.name} of constants", node)
        return [ops.constant(value=np.asarray(result)) for result in (results if isinstance(results, tuple) else (results,))]

    return rewrite(graph, fold)


def _is_constant(value: Value) -> bool:
    return value.node is not None and value.node.op.name == "constant"


def _has_symbol(node: Node) -> bool:
    return any(map(has_symbol, node.attrs.values()))
