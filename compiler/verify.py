"""Checks of a graph: every node is what its op says, and a pass has not changed what the graph computes."""

from __future__ import annotations

import numpy as np

from .dims import bind_shape
from .executables.base import Array
from .executables.reference import evaluate_graph
from .graph import Graph, Node, Value
from .types import TensorType, numpy_dtype

_PRIMES = (3, 5, 7, 11, 13, 17, 19, 23)


class VerificationError(RuntimeError):
    """A pass has made a wrong graph. Names the pass; the message holds the offending node or values."""


def verify_structure(graph: Graph, after: str, checked: set[Node] | None = None) -> None:
    """Every operand is made before it is used, and every type is what the op infers.

    Types of the nodes in `checked` are not inferred again (a node never changes); adds the graph's nodes to it.

    Raises:
        VerificationError: otherwise.
    """
    checked = set() if checked is None else checked
    known: set[Value] = set(graph.sources)
    for node in graph.nodes:
        for value in node.inputs:
            if value not in known:
                raise VerificationError(f"After {after}: {node} uses {value} before it is made.\n{graph}")
        known.update(node.outputs)
        if node in checked:
            continue
        inferred = node.op.infer_types([value.type for value in node.inputs], node.attrs)
        if inferred != tuple(value.type for value in node.outputs):
            raise VerificationError(
                f"After {after}: {node.op.name} infers {', '.join(map(str, inferred))} for {node}.\n{graph}"
            )
        for name, body in node.bodies.items():
            if body.state:
                raise VerificationError(f"After {after}: the {name} of {node} has variables; a body must be closed.\n{graph}")
            verify_structure(body, after, checked)
        checked.add(node)
    for value in graph.results:
        if value not in known:
            raise VerificationError(f"After {after}: the result {value} is not made by the graph.\n{graph}")


def verify_same_meaning(before: Graph, after: Graph, pass_name: str) -> None:
    """Both graphs give the same results on random feeds, by the NumPy reference.

    Raises:
        VerificationError: otherwise.
    """
    feeds, state = random_feeds(before)
    with np.errstate(all="ignore"):
        try:
            outputs, new_state = evaluate_graph(before, feeds, state)
        except IndexError:  # an index of 1 into an axis of size 1
            feeds, state = random_feeds(before, largest_integer=0)
            outputs, new_state = evaluate_graph(before, feeds, state)
        kept = {slot.name: value for slot, value in zip(before.state, state, strict=True)}
        outputs_after, new_state_after = evaluate_graph(after, feeds, [kept[slot.name] for slot in after.state])
    expected = dict(zip(before.output_names, outputs)) | {s.name: v for s, v in zip(before.state, new_state)}
    actual = dict(zip(after.output_names, outputs_after)) | {s.name: v for s, v in zip(after.state, new_state_after)}
    for name, value in actual.items():
        if not close(value, expected[name]):
            raise VerificationError(
                f"The pass {pass_name} changed the result {name!r}: {_sample(expected[name])} became {_sample(value)}.\n"
                f"--- before\n{before}\n--- after\n{after}"
            )


def close(a: Array, b: Array) -> bool:
    """Equal up to the rounding of the dtype."""
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype.kind in "biu":
        return bool(np.array_equal(a, b))
    tolerance = {"float64": 1e-9, "float32": 1e-4, "float16": 2e-2, "bfloat16": 1e-1}[a.dtype.name]
    return bool(np.allclose(a.astype(np.float64), b.astype(np.float64), rtol=tolerance, atol=tolerance, equal_nan=True))


def random_feeds(graph: Graph, seed: int = 0, largest_integer: int = 1) -> tuple[list[Array], list[Array]]:
    """Random feeds and state. Symbols get different small primes; integers are small, so that they may be indices."""
    rng = np.random.default_rng(seed)
    bindings = dict(zip(sorted(graph.symbols), _PRIMES))

    def draw(type_: TensorType) -> Array:
        shape = bind_shape(type_.shape, bindings)
        if type_.is_float:
            return rng.uniform(0.1, 1.0, shape).astype(numpy_dtype(type_.dtype))
        return rng.integers(0, largest_integer + 1, shape).astype(numpy_dtype(type_.dtype))

    return [draw(value.type) for value in graph.inputs], [draw(slot.input.type) for slot in graph.state]


def _sample(array: Array) -> str:
    return np.array2string(array.ravel()[:4], precision=6) + (" ..." if array.size > 4 else "")
