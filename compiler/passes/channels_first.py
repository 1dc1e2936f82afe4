"""Channels before the spatial axes, as ONNX's convolutions and pooling have them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from ..dims import Shape
from ..graph import Graph, Node, Value
from ..journal import note
from ..ops.base import Composite
from ..ops.onnx_convolution import is_pointwise
from ..patterns import constant_of
from ..registry import ops
from ..rewrite import rewrite
from .rules.views import elementwise

#: op with the attribute `channels_last` -> the operands that are images, and whether the result is one.
_LAYOUTS: dict[str, tuple[tuple[int, ...], bool]] = {
    "conv": ((0,), True),
    "conv_input_gradient": ((0,), True),
    "conv_kernel_gradient": ((0, 1), False),
    "max_pool": ((0,), True),
    "max_pool_gradient": ((0, 1), True),
    "average_pool": ((0,), True),
    "average_pool_gradient": ((0,), True),
}
_REDUCTIONS = frozenset({"sum", "mean", "prod", "max", "min", "any", "all"})
Axes = tuple[int, ...]


def channels_first(graph: Graph) -> Graph:
    """Give convolutions and pooling ONNX's layout, and move the transposes behind what does not care, so that they cancel.

    A convolution with a kernel of size 1 stays as it is where it comes first: there it is a product of matrices.

    before: conv(relu(conv(x)))        after: transpose(conv(relu(conv(transpose(x))))), both with channels first
    """
    if not any(_is_turned(node) for node in graph.nodes):
        return graph
    return rewrite(graph, _offer)


def _is_turned(node: Node) -> bool:
    return (
        node.op.name in _LAYOUTS
        and bool(node.attrs["channels_last"])
        and isinstance(node.op, Composite)
        and node.op.stays_whole(node, "onnx")
    )


def _offer(node: Node) -> Sequence[Value] | None:
    if _is_turned(node):
        return None if is_pointwise(node) and not _has_turned_image(node) else [_with_channels_first(node)]
    made: Sequence[Value] | None = None
    name = node.op.name
    if name == "transpose":
        inner = _transposed(node.inputs[0])
        made = None if inner is None else [_turn(node.inputs[0], node.attrs["axes"])]
    elif name in _elementwise_names() or name == "batch_normalization":
        made = _behind_elementwise(node)
    elif name in _REDUCTIONS or name == "moments":
        made = _behind_reduction(node)
    elif name in ("pad", "slice"):
        made = _behind_piece(node)
    elif name == "concatenate":
        made = _behind_concatenate(node)
    elif name in ("resize", "resize_gradient"):
        made = _behind_resize(node)
    if made is not None:
        note(f"{name}(transpose(x)) -> transpose({name}(x))", node)
    return made


@cache
def _elementwise_names() -> frozenset[str]:
    return frozenset(elementwise())


def _has_turned_image(node: Node) -> bool:
    """Whether an image has its channels first already, but for a transpose at its end."""
    images = (node.inputs[k] for k in _LAYOUTS[node.op.name][0])
    return any((inner := _transposed(value)) is not None and _moves_channels(inner[1]) for value in images)


def _with_channels_first(node: Node) -> Value:
    images, is_image = _LAYOUTS[node.op.name]
    ndim = node.inputs[0].type.ndim
    first = (0, ndim - 1, *range(1, ndim - 1))
    operands = [_turn(value, first) if k in images else value for k, value in enumerate(node.inputs)]
    note(f"{node.op.name} with channels first", node, why="ONNX has it only so")
    result: Value = node.op(*operands, **{**node.attrs, "channels_last": False})
    return _turn(result, (0, *range(2, ndim), 1)) if is_image else result


def _turn(value: Value, axes: Axes) -> Value:
    """transpose(value), without two transposes in a row."""
    inner = _transposed(value)
    if inner is not None:
        value, axes = inner[0], tuple(inner[1][axis] for axis in axes)
    if axes == tuple(range(len(axes))):
        return value
    turned: Value = ops.transpose(value, axes=axes)
    return turned


def _transposed(value: Value) -> tuple[Value, Axes] | None:
    """(x, axes) if the value is transpose(x, axes)."""
    if value.node is None or value.node.op.name != "transpose":
        return None
    return value.node.inputs[0], value.node.attrs["axes"]


def _moves_channels(axes: Axes) -> bool:
    """Whether this is the order of axes that brings channels to the end or back."""
    last = (0, *range(2, len(axes)), 1)
    return len(axes) >= 3 and axes in (last, _inverse(last))


def _common_axes(values: Sequence[Value]) -> Axes | None:
    """The one order in which all transposed ones of `values` are transposed."""
    found = {inner[1] for value in values if (inner := _transposed(value)) is not None}
    axes = found.pop() if len(found) == 1 else None
    return axes if axes is not None and _moves_channels(axes) else None


def _untransposed(value: Value, axes: Axes) -> Value | None:
    """x with transpose(x, axes) == value, if that costs nothing."""
    inner, inverse = _transposed(value), _inverse(axes)
    if inner is not None:
        return inner[0] if inner[1] == axes else None
    shape: Shape = (1,) * (len(axes) - value.type.ndim) + value.type.shape
    if value.type.ndim == 0:
        return value
    turned = tuple(shape[axis] for axis in inverse)
    long = [axis for axis in inverse if shape[axis] != 1]
    if long == sorted(long):  # only axes of size 1 move
        return value if turned == value.type.shape else _reshaped(value, turned)
    if constant_of(value) is not None:
        return _turn(_reshaped(value, shape), inverse)
    if value.node is not None and value.node.op.name == "broadcast_to":
        small = _untransposed(value.node.inputs[0], axes)
        if small is not None:
            spread: Value = ops.broadcast_to(small, shape=turned)
            return spread
    return None


def _reshaped(value: Value, shape: Shape) -> Value:
    result: Value = value if value.type.shape == shape else ops.reshape(value, shape=shape)
    return result


def _inverse(axes: Axes) -> Axes:
    return tuple(axes.index(axis) for axis in range(len(axes)))


def _behind_elementwise(node: Node) -> Sequence[Value] | None:
    """f(transpose(x), y) -> transpose(f(x, y')), where y' costs nothing."""
    axes = _common_axes(node.inputs)
    if axes is None or len(node.outputs) != 1 or len(axes) != node.output.type.ndim:
        return None
    if node.op.name == "batch_normalization":  # the others are vectors
        inner = _transposed(node.inputs[0])
        if inner is None:
            return None
        attrs = {**node.attrs, "axis": axes[node.attrs["axis"]]}
        return [_turn(node.op(inner[0], *node.inputs[1:], **attrs), axes)]
    plain = [_untransposed(value, axes) for value in node.inputs]
    if any(value is None for value in plain):
        return None
    return [_turn(node.op(*plain, **node.attrs), axes)]


def _behind_reduction(node: Node) -> Sequence[Value] | None:
    """sum(transpose(x)) -> sum(x) over the same elements, its axes in the order that is wanted."""
    inner = _transposed(node.inputs[0])
    if inner is None or not _moves_channels(inner[1]):
        return None
    (x, axes), axis = inner, node.attrs["axis"]
    keeps = node.op.name == "moments" or bool(node.attrs["keepdims"])
    made = node.op(x, **{**node.attrs, "axis": tuple(sorted(axes[k] for k in axis))})
    if keeps:
        order = axes
    else:
        kept = [axes[k] for k in range(len(axes)) if k not in axis]
        order = tuple(sorted(kept).index(k) for k in kept)
    return [_turn(value, order) for value in (made if isinstance(made, tuple) else (made,))]


def _behind_piece(node: Node) -> Sequence[Value] | None:
    """pad and slice, whose attributes have a number for each axis."""
    axes = _common_axes(node.inputs)
    if axes is None:
        return None
    (x, _), inverse = _transposed(node.inputs[0]) or (node.inputs[0], axes), _inverse(axes)
    attrs: dict[str, Any] = {
        key: tuple(value[axis] for axis in inverse) if isinstance(value, tuple) else value for key, value in node.attrs.items()
    }
    return [_turn(node.op(x, **attrs), axes)]


def _behind_concatenate(node: Node) -> Sequence[Value] | None:
    axes = _common_axes(node.inputs)
    if axes is None:
        return None
    plain = [_untransposed(value, axes) for value in node.inputs]
    if any(value is None for value in plain):
        return None
    return [_turn(node.op(*plain, axis=axes[node.attrs["axis"]]), axes)]


def _behind_resize(node: Node) -> Sequence[Value] | None:
    """Each axis of the image gets its new size, wherever it is."""
    inner = _transposed(node.inputs[0])
    if inner is None or not _moves_channels(inner[1]):
        return None
    x, axes = inner
    return [_turn(node.op(x, **{**node.attrs, "axis": tuple(axes[k] for k in node.attrs["axis"])}), axes)]
