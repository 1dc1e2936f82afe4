"""Rules of sums of padded pieces: what the gradients of the parts of a tensor add up to."""

# mypy: disable-error-code="no-any-return"
# (ops are looked up by name, so what they return has no static type)

from __future__ import annotations

from typing import Any

from ...dims import Dim
from ...graph import Node, Value
from ...registry import ops
from ...rewrite import Replacement, Rule, node_rule

RULES: list[Rule] = []


@node_rule(RULES, "pad(x, behind) + pad(y, before) -> concatenate(x, y) where the pieces fill the axis", ("add",))
def pieces_that_fill(node: Node) -> Replacement:
    """The gradient of split(x) is a sum of padded tensors, one for each part: every place holds one number and zeros."""
    pieces = _terms(node.output)
    if pieces is None or len(pieces) < 2:
        return None
    places = [_place(piece) for piece in pieces]
    axes = {place[0] for place in places if place is not None}
    if None in places or len(axes) != 1:
        return None
    axis = axes.pop()
    ordered = sorted(zip(places, pieces, strict=True), key=lambda pair: pair[0][1])  # type: ignore[index]
    position = 0
    for place, piece in ordered:
        size = piece.inputs[0].type.shape[axis]
        if place[1] != position or isinstance(size, Dim):  # type: ignore[index]
            return None
        position += size
    if position != node.output.type.shape[axis]:
        return None
    return ops.concatenate(*(piece.inputs[0] for _, piece in ordered), axis=axis)


def _terms(value: Value) -> list[Node] | None:
    """The pads that a sum is made of; None if something else is in it."""
    node = value.node
    if node is None:
        return None
    if node.op.name == "pad":
        return [node] if float(node.attrs["value"]) == 0.0 else None
    if node.op.name != "add" or any(operand.type != value.type for operand in node.inputs):
        return None
    one, other = (_terms(operand) for operand in node.inputs)
    return None if one is None or other is None else one + other


def _place(pad: Node) -> tuple[int, int] | None:
    """(axis, start) of what a pad keeps, if it pads one axis by known sizes."""
    before: tuple[Any, ...] = pad.attrs["before"]
    padded = [
        axis for axis, sizes in enumerate(zip(before, pad.attrs["after"], strict=True)) if any(size != 0 for size in sizes)
    ]
    if len(padded) != 1 or isinstance(before[padded[0]], Dim):
        return None
    return padded[0], int(before[padded[0]])
