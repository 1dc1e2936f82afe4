"""Rows that are too long for one program instance put in order: every step of a bitonic network is a launch over all elements.

n elements take log2(n) * (log2(n) + 1) / 2 steps: 120 for 2**15, 210 for 2**20. The steps are a loop that carries the places of
the elements; the same network for short rows, within one kernel, is the template row_sort.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..graph import Graph, Node, Value
from ..journal import note
from ..ops.elements import places_along
from ..ops.sort import before_or_equal
from ..registry import ops
from ..types import TensorType
from .draft import power_of_two


def sorted_by_steps(node: Node) -> Sequence[Value]:
    """top_k(x, k=k) -> the first k of all places in order, and the elements there."""
    (x,), axis, k = node.inputs, node.attrs["axis"], int(node.attrs["k"])
    shape = tuple(int(dim) for dim in x.type.shape)
    room = power_of_two(shape[axis])
    full = (*shape[:axis], room, *shape[axis + 1 :])
    lengths, distances = _steps(room)
    note(f"top_k made in {len(lengths)} steps", node, why=f"a row of {shape[axis]} elements is too long for one kernel")
    numbers = ops.cast(x, dtype="int32") if x.type.dtype == "bool" else x
    body = _body(numbers.type, full, axis, node.attrs["largest"])
    start = ops.broadcast_to(places_along(room, axis, len(shape)), shape=full)
    attrs = {"carries": 1, "sequences": 2, "length": len(lengths)}
    places = ops.scan(start, *(ops.constant(value=each) for each in (lengths, distances)), numbers, body=body, **attrs)
    stops = tuple(k if number == axis else size for number, size in enumerate(full))
    places = ops.slice(places, starts=(0,) * len(full), stops=stops)
    return ops.gather_elements(x, places, axis=axis), places


def _steps(room: int) -> tuple[Any, Any]:
    """For each step how long the runs are that it makes, and how far apart the elements are that it compares."""
    pairs = [(2**run, 2**near) for run in range(1, room.bit_length()) for near in reversed(range(run))]
    lengths, distances = zip(*pairs, strict=True)
    return np.asarray(lengths, np.int32), np.asarray(distances, np.int32)


def _body(x_type: TensorType, full: tuple[int, ...], axis: int, largest: bool) -> Graph:
    """One step. Places behind the end of the row come last."""
    place, x = Value(x_type.with_shape(full).with_dtype("int32"), "place"), Value(x_type, "x")
    length, distance = (Value(TensorType((), "int32"), name) for name in ("length", "distance"))
    size, spot = int(x_type.shape[axis]), places_along(full[axis], axis, len(full))

    def is_even(number: Any) -> Any:
        return ops.equal(ops.remainder(ops.floor_divide(spot, number), 2), 0)

    is_low = is_even(distance)
    partner = ops.broadcast_to(ops.where(is_low, spot + distance, spot - distance), shape=full)
    other = ops.gather_elements(place, partner, axis=axis)
    mine, its = (ops.gather_elements(x, ops.minimum(each, size - 1), axis=axis) for each in (place, other))
    is_mine_inside, is_its_inside = (ops.less(each, size) for each in (place, other))
    is_equal_or_first = before_or_equal(its, mine, largest)
    is_first = ops.logical_not(before_or_equal(mine, its, largest))
    is_first = ops.logical_or(is_first, ops.logical_and(is_equal_or_first, ops.less(other, place)))
    is_first = ops.where(ops.logical_and(is_mine_inside, is_its_inside), is_first, ops.less(other, place))
    is_taken = ops.equal(is_first, ops.equal(is_even(length), is_low))
    return Graph.of([place, length, distance, x], [ops.where(is_taken, other, place)], name="bitonic_step")
