"""A body applied to all slices at once: every node gets one more axis in front, instead of a loop around them.

`BATCHED` knows how an op does that. A composite without a rule is batched through what it expands to; if anything else has no
rule, the loop stays.
"""

# mypy: disable-error-code="no-any-return"
# (ops are looked up by name, so what they return has no static type)

from __future__ import annotations

from collections.abc import Callable, Sequence

from .dims import DimLike
from .graph import Graph, Node, Value
from .ops.activation import Clip, FloatComposite
from .ops.base import Composite, Op, expanded
from .ops.cumulative import Cumulative
from .ops.elementwise import Elementwise
from .ops.reduce import ArgReduction, Reduction
from .ops.select import Cast
from .ops.softmax import AxisComposite, LogSumExp
from .registry import ops

#: From a node, its operands (of which some have the axis in front), which of them have it, and its size, to the result with
#: (or results) with that axis; None if it cannot be done.
Rule = Callable[[Node, Sequence[Value], Sequence[bool], DimLike], "Value | tuple[Value, ...] | None"]


def batched(body: Graph, operands: Sequence[Value], has_axis: Sequence[bool], length: DimLike) -> list[Value] | None:
    """The body's results for all slices, stacked along axis 0; None if one of its nodes cannot be batched.

    Args:
        body: what is done with a slice.
        operands: the body's operands.
        has_axis: whether an operand has a slice for each along axis 0; the others are the same for all.
        length: the number of slices.
    """
    batch = Batch(length)
    batch.new.update(zip(body.inputs, zip(operands, has_axis, strict=True), strict=True))
    for node in body.nodes:
        if not batch.place(node):
            return None
    return [batch.with_axis(value) for value in body.outputs]


class Batch:
    """A body being batched.

    Attributes:
        length: the size of the new axis.
        new: for each value of the body what stands for it, and whether that has the axis.
    """

    def __init__(self, length: DimLike) -> None:
        self.length = length
        self.new: dict[Value, tuple[Value, bool]] = {}

    def place(self, node: Node) -> bool:
        """Batch a node; False if that cannot be done."""
        operands = [self.new.get(value, (value, False)) for value in node.inputs]
        values, has_axis = [value for value, _ in operands], [flag for _, flag in operands]
        if not any(has_axis):
            copy = node.with_operands(values)
            self.new.update((old, (made, False)) for old, made in zip(node.outputs, copy.outputs, strict=True))
            return True
        rule = _rule(node.op)
        made = rule(node, values, has_axis, self.length) if rule is not None else None
        if made is not None:
            results = made if isinstance(made, tuple) else (made,)
            self.new.update((old, (new, True)) for old, new in zip(node.outputs, results, strict=True))
            return True
        return isinstance(node.op, Composite) and self._place_parts(node)

    def _place_parts(self, node: Node) -> bool:
        """Batch what a composite expands to."""
        parts = Graph.of(node.inputs, expanded(node))
        if not all(self.place(part) for part in parts.nodes):
            return False
        self.new.update((old, self.new[made]) for old, made in zip(node.outputs, parts.outputs, strict=True))
        return True

    def with_axis(self, value: Value) -> Value:
        """A result, repeated if it is the same for all slices."""
        made, has_axis = self.new.get(value, (value, False))
        return made if has_axis else ops.broadcast_to(made, shape=(self.length, *made.type.shape))


def _rule(op: Op) -> Rule | None:
    if isinstance(op, (Elementwise, FloatComposite, Clip, Cast)):
        return _elementwise
    if isinstance(op, (Reduction, ArgReduction, AxisComposite, LogSumExp, Cumulative)):
        return _along_axis
    return BATCHED.get(op.name)


def _aligned(value: Value, has_axis: bool, ndim: int, length: DimLike) -> Value:
    """An operand with axes of size 1 behind the new axis, so that the slices have `ndim` axes."""
    if not has_axis:
        return value
    missing = ndim - (value.type.ndim - 1)
    return ops.reshape(value, shape=(length, *(1,) * missing, *value.type.shape[1:])) if missing > 0 else value


def _elementwise(node: Node, values: Sequence[Value], has_axis: Sequence[bool], length: DimLike) -> Value:
    ndim = node.output.type.ndim
    return node.op(*(_aligned(v, flag, ndim, length) for v, flag in zip(values, has_axis, strict=True)), **node.attrs)


def _along_axis(node: Node, values: Sequence[Value], has_axis: Sequence[bool], length: DimLike) -> Value:
    axis = node.attrs["axis"]
    shifted = tuple(k + 1 for k in axis) if isinstance(axis, tuple) else axis + 1
    return node.op(values[0], **{**node.attrs, "axis": shifted})


def _matmul(node: Node, values: Sequence[Value], has_axis: Sequence[bool], length: DimLike) -> Value:
    ndim = node.output.type.ndim
    return ops.matmul(*(_aligned(v, flag, ndim, length) for v, flag in zip(values, has_axis, strict=True)))


def _same_shape_behind(node: Node, values: Sequence[Value], has_axis: Sequence[bool], length: DimLike) -> Value:
    """reshape, expand_dims, squeeze: the elements stay in order."""
    return ops.reshape(values[0], shape=(length, *node.output.type.shape))


def _transpose(node: Node, values: Sequence[Value], has_axis: Sequence[bool], length: DimLike) -> Value:
    return ops.transpose(values[0], axes=(0, *(axis + 1 for axis in node.attrs["axes"])))


def _broadcast_to(node: Node, values: Sequence[Value], has_axis: Sequence[bool], length: DimLike) -> Value:
    shape = node.output.type.shape
    return ops.broadcast_to(_aligned(values[0], True, len(shape), length), shape=(length, *shape))


def _slice(node: Node, values: Sequence[Value], has_axis: Sequence[bool], length: DimLike) -> Value:
    attrs = node.attrs
    return ops.slice(values[0], starts=(0, *attrs["starts"]), stops=(length, *attrs["stops"]), steps=(1, *attrs["steps"]))


def _pad(node: Node, values: Sequence[Value], has_axis: Sequence[bool], length: DimLike) -> Value:
    attrs = node.attrs
    return ops.pad(values[0], before=(0, *attrs["before"]), after=(0, *attrs["after"]), value=attrs["value"])


def _with_axes(values: Sequence[Value], has_axis: Sequence[bool], length: DimLike) -> list[Value]:
    """The operands, those without the axis repeated."""
    return [
        value if flag else ops.broadcast_to(value, shape=(length, *value.type.shape))
        for value, flag in zip(values, has_axis, strict=True)
    ]


def _along_last_axis(node: Node, values: Sequence[Value], has_axis: Sequence[bool], length: DimLike) -> Value:
    """Ops that treat all axes but the last one alike."""
    return node.op(*_with_axes(values, has_axis, length), **node.attrs)


def _behind(node: Node, values: Sequence[Value], has_axis: Sequence[bool], length: DimLike) -> Value:
    """Ops of several operands along an axis: concatenate, gather_elements."""
    return node.op(*_with_axes(values, has_axis, length), **{**node.attrs, "axis": node.attrs["axis"] + 1})


def _take(node: Node, values: Sequence[Value], has_axis: Sequence[bool], length: DimLike) -> Value:
    axis, (x, indices) = node.attrs["axis"], values
    if not has_axis[1]:
        return ops.take(x, indices, axis=axis + 1)
    count = indices.type.ndim - 1
    if not has_axis[0]:
        made = ops.take(x, indices, axis=axis)  # the new axis is where the indices are
        order = (axis, *range(axis), *range(axis + 1, made.type.ndim))
        return ops.transpose(made, axes=order) if axis else made
    size, rest = x.type.shape[axis + 1], [k for k in range(1, x.type.ndim) if k != axis + 1]
    rows = ops.transpose(x, axes=(0, axis + 1, *rest)) if axis else x
    rows = ops.reshape(rows, shape=(length * size, *rows.type.shape[2:]))  # all slices' rows, one slice after the other
    dtype = "int64" if indices.type.dtype == "int64" else "int32"
    first = ops.reshape(ops.iota(size=length, dtype=dtype), shape=(length, *(1,) * count))
    first = ops.multiply(first, ops.dimension(dim=size, dtype=dtype))
    made = ops.take(rows, ops.add(ops.cast(indices, dtype=dtype), first), axis=0)
    before = range(count + 1, count + 1 + axis)
    return (
        ops.transpose(made, axes=(0, *before, *range(1, count + 1), *range(count + 1 + axis, made.type.ndim))) if axis else made
    )


BATCHED: dict[str, Rule] = {
    "matmul": _matmul,
    "reshape": _same_shape_behind,
    "expand_dims": _same_shape_behind,
    "squeeze": _same_shape_behind,
    "transpose": _transpose,
    "broadcast_to": _broadcast_to,
    "slice": _slice,
    "pad": _pad,
    "concatenate": _behind,
    "gather_elements": _behind,
    "take": _take,
    **dict.fromkeys(("one_hot", "softmax_cross_entropy", "sparse_softmax_cross_entropy"), _along_last_axis),
    "top_k": _along_axis,
}
