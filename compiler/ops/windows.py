"""Windows that slide over the spatial axes of a tensor: `windows`, and `fold`, which adds up what windows share.

They are each other's gradient. Convolution and pooling are made of them where a target has nothing better; in Triton kernels
`windows` is an index map, so that a product of windows is a convolution without a copy of its operand.

Along one spatial axis, tap `t` of window `o` lies at ``o * stride + t * step + start``, of an operand whose elements are
`spread` apart with nothing between them. A step may be negative: so the windows of a convolution's gradient lie.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..dims import Dim, DimLike, is_symbolic
from ..emitter import Emitter
from ..graph import Node
from ..indexing import IndexExpr, number
from ..registry import ops
from ..types import TensorType, numpy_dtype, shape_text
from .base import REQUIRED, Arg, Array, ElementBuilder, Index, Op, Sample, require, widened
from .elementwise import BATCH, NUMBERS, any_numbers, check_arity, check_dtype
from .onnx_kernels import kernel_dtype

WINDOW_ATTRIBUTES: Mapping[str, Any] = {
    "first": REQUIRED,
    "size": REQUIRED,
    "strides": None,
    "steps": None,
    "starts": None,
    "spread": None,
}


def canonical_windows(op: Op, attrs: dict[str, Any], free: str) -> dict[str, Any]:
    """Attributes as tuples with one number for each spatial axis; `free` and starts may be symbolic."""
    ndim = len(attrs["size"])
    filled = {"strides": 1, "steps": 1, "starts": 0, "spread": 1}
    made: dict[str, Any] = {"first": int(attrs["first"])}
    for key in ("size", "strides", "steps", "starts", "spread"):
        given = (filled[key],) * ndim if attrs[key] is None else attrs[key]
        made[key] = tuple(int(item) if key != "starts" or not isinstance(item, Dim) else item for item in given)
    made[free] = tuple(item if isinstance(item, Dim) else int(item) for item in attrs[free])
    for key, numbers in made.items():
        if key != "first" and len(numbers) != ndim:
            raise ValueError(f"{op.name}: {key} needs {ndim} numbers, as many as size has, got {numbers}.")
        if key in ("size", "strides", "spread") and min(numbers, default=1) < 1:
            raise ValueError(f"{op.name}: {key} must be at least 1, got {numbers}.")
    return made


class Windows(Op):
    """y[..., o, ..., t] = x[..., o * stride + t * step + start, ...], or `value` where x has no element

    The spatial axes of x, from axis `first` on, become `counts` windows; the taps of a window are the last axes of y.
    """

    name = "windows"
    attributes: ClassVar[Mapping[str, Any]] = {**WINDOW_ATTRIBUTES, "counts": REQUIRED, "value": 0}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        return {**canonical_windows(self, attrs, "counts"), "value": attrs["value"]}

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, 1)
        (x,), first, ndim = types, attrs["first"], len(attrs["size"])
        require(first + ndim <= x.ndim, lambda: f"windows: {x} has no {ndim} spatial axes from axis {first} on.")
        return x.with_shape((*x.shape[:first], *attrs["counts"], *x.shape[first + ndim :], *attrs["size"]))

    def evaluate(self, x: Array, **attrs: Any) -> Array:
        """Axis by axis: a slot with `value` is put behind the axis, then its elements are taken by number."""
        first, ndim = attrs["first"], len(attrs["size"])
        y = x
        for axis, table in enumerate(_window_tables(x.shape[first : first + ndim], attrs)):
            place = first + 2 * axis
            y = np.take(_with_slot(y, place, attrs["value"]), table, axis=place)
        return y.transpose(_order(first, ndim, y.ndim))

    def vjp(self, grad: Any, out: Any, x: Any, **attrs: Any) -> Any:
        first, ndim = attrs["first"], len(attrs["size"])
        kept = {key: attrs[key] for key in WINDOW_ATTRIBUTES}
        return (ops.fold(grad, sizes=x.type.shape[first : first + ndim], **kept),)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        attrs, source = node.attrs, node.inputs[0].type
        first, ndim = attrs["first"], len(attrs["size"])
        sizes = _known(self, source.shape[first : first + ndim], attrs["counts"], attrs["starts"])
        tables = _window_tables(sizes, {**attrs, "counts": tuple(int(count) for count in attrs["counts"])})
        y = inputs[0]
        if any((table == size).any() for table, size in zip(tables, sizes)):
            slots = [int(first <= axis < first + ndim) for axis in range(source.ndim)]
            y = _onnx_pad(emit, y, [0] * source.ndim, slots, attrs["value"], source.dtype)
        for axis, table in enumerate(tables):
            y = str(emit("Gather", y, emit.constant(table), axis=first + 2 * axis))
        return str(emit("Transpose", y, perm=list(_order(first, ndim, source.ndim + ndim))))

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        ndim = len(node.attrs["size"])
        return window_element(k, node, index[: len(index) - ndim], index[len(index) - ndim :], node.attrs["value"])

    def samples(self) -> Iterator[Sample]:
        for dtype in NUMBERS:
            yield Sample((any_numbers((2, 5, 3), dtype),), {"first": 1, "counts": (4,), "size": (2,), "value": 1})
        for shape, attrs in (
            ((2, 5, 7, 3), {"first": 1, "counts": (3, 3), "size": (3, 2), "strides": (2, 3), "starts": (-1, 0)}),
            ((2, 3, 5, 7), {"first": 2, "counts": (5, 7), "size": (2, 3), "steps": (2, 1), "starts": (-1, -1), "value": -1.5}),
            (
                (2, 3, 4, 3),
                {"first": 1, "counts": (5, 7), "size": (3, 2), "steps": (-1, -1), "starts": (1, 0), "spread": (2, 2)},
            ),
            ((2, 4, 3), {"first": 1, "counts": (9,), "size": (2,), "steps": (-2,), "starts": (3,), "spread": (3,)}),
            ((2, 5), {"first": 1, "counts": (0,), "size": (2,)}),
            ((2, 0, 3), {"first": 1, "counts": (2,), "size": (3,), "value": 2}),
            ((BATCH, 5, 4, 3, 2), {"first": 1, "counts": (2, 2, 3), "size": (2, 1, 2), "strides": (2, 2, 1)}),
        ):
            yield Sample((Arg(shape),), attrs)


class Fold(Op):
    """y = zeros, to which every tap of every window of x is added where it lies: the gradient of `windows`

    `sizes` are those of the spatial axes of y; x has the windows there, and their taps as its last axes.
    """

    name = "fold"
    attributes: ClassVar[Mapping[str, Any]] = {**WINDOW_ATTRIBUTES, "sizes": REQUIRED}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        return canonical_windows(self, attrs, "sizes")

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, 1)
        (x,), first, size = types, attrs["first"], attrs["size"]
        check_dtype(self, x.dtype, NUMBERS)
        require(
            x.ndim >= first + 2 * len(size) and x.shape[x.ndim - len(size) :] == size,
            lambda: f"fold: {shape_text(x.shape)} must end with the taps {size} of windows that begin at axis {first}.",
        )
        return x.with_shape((*x.shape[:first], *attrs["sizes"], *x.shape[first + len(size) : x.ndim - len(size)]))

    def evaluate(self, x: Array, **attrs: Any) -> Array:
        """Axis by axis: windows and taps as one axis and a zero behind it, of which every element of y takes what it gets."""
        first, ndim, dtype = attrs["first"], len(attrs["size"]), x.dtype
        y = widened(x).transpose(np.argsort(_order(first, ndim, x.ndim)))
        for axis, table in enumerate(_fold_tables(x.shape[first : first + ndim], attrs)):
            place = first + axis
            y = y.reshape(*y.shape[:place], y.shape[place] * y.shape[place + 1], *y.shape[place + 2 :])
            y = np.take(_with_slot(y, place, 0), table, axis=place).sum(axis=place + 1, dtype=y.dtype)
        return y.astype(dtype, copy=False)

    def vjp(self, grad: Any, out: Any, x: Any, **attrs: Any) -> Any:
        first, ndim = attrs["first"], len(attrs["size"])
        kept = {key: attrs[key] for key in WINDOW_ATTRIBUTES}
        return (ops.windows(grad, counts=x.type.shape[first : first + ndim], value=0, **kept),)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        attrs, source = node.attrs, node.inputs[0].type
        first, ndim, dtype = attrs["first"], len(attrs["size"]), source.dtype
        counts = _known(self, source.shape[first : first + ndim], attrs["sizes"], attrs["starts"])
        via = kernel_dtype("ReduceSum", dtype)
        order = [int(axis) for axis in np.argsort(_order(first, ndim, source.ndim))]
        y = str(emit("Transpose", inputs[0] if via == dtype else emit.cast(inputs[0], via), perm=order))
        shape = [source.shape[axis] for axis in order]
        tables = _fold_tables(counts, {**attrs, "sizes": tuple(int(size) for size in attrs["sizes"])})
        for axis, table in enumerate(tables):
            place, joined = first + axis, counts[axis] * attrs["size"][axis]
            shape[place : place + 2] = [joined]
            y = str(emit("Reshape", y, emit.shape(tuple(shape)), allowzero=1))
            if (table == joined).any():
                after = [int(k == place) for k in range(len(shape))]
                y = _onnx_pad(emit, y, [0] * len(shape), after, 0, via)
            y = str(emit("Gather", y, emit.constant(table), axis=place))
            y = str(emit("ReduceSum", y, emit.constant(np.asarray([place + 1])), keepdims=0))
            shape[place] = attrs["sizes"][axis]
        return y if via == dtype else emit.cast(y, dtype)

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        attrs, shape, ndim = node.attrs, node.inputs[0].type.shape, len(node.attrs["size"])
        first, total = attrs["first"], ""
        for taps in np.ndindex(attrs["size"]):
            windows: list[IndexExpr] | None = []
            conditions: list[str] = []
            for axis, (i, t) in enumerate(zip(index[first : first + ndim], taps, strict=True)):
                place = i * attrs["spread"][axis] - t * attrs["steps"][axis] - attrs["starts"][axis]
                divided = _divided(k, place, attrs["strides"][axis], int(shape[first + axis]), conditions)
                if divided is None or windows is None:
                    windows = None
                else:
                    windows.append(divided)
            if windows is not None:
                mask = " & ".join(f"({condition})" for condition in dict.fromkeys(conditions))
                where = (*index[:first], *windows, *index[first + ndim :], *(number(tap) for tap in taps))
                tap = k.operand(0, where, mask=mask)
                total = k.let(f"{total} + {tap}") if total else tap
        return total or k.literal(0, node.output.type.dtype)

    def flops(self, node: Node) -> DimLike:
        return node.inputs[0].type.size if node.output.type.is_float else 0

    def samples(self) -> Iterator[Sample]:
        for dtype in NUMBERS:
            yield Sample((any_numbers((2, 4, 3, 2), dtype),), {"first": 1, "sizes": (5,), "size": (2,)})
        for shape, attrs in (
            ((2, 3, 3, 3, 3, 2), {"first": 1, "sizes": (5, 7), "size": (3, 2), "strides": (2, 3), "starts": (-1, 0)}),
            ((2, 3, 4, 2, 2, 2), {"first": 2, "sizes": (8, 5), "size": (2, 2), "strides": (2, 2)}),
            ((2, 5, 3, 3), {"first": 1, "sizes": (3,), "size": (3,), "steps": (-1,), "starts": (1,), "spread": (2,)}),
            ((2, 0, 3, 2), {"first": 1, "sizes": (2,), "size": (2,)}),
            ((BATCH, 2, 2, 3, 2, 1), {"first": 1, "sizes": (5, 4), "size": (2, 1), "strides": (2, 2)}),
        ):
            yield Sample((Arg(shape),), attrs)


def window_element(k: ElementBuilder, node: Node, index: Index, taps: Index, value: float) -> str:
    """What the window at `index` of the node's first operand has at `taps`; `value` where that is outside. The node has the
    attributes of `windows`."""
    attrs, x, ndim = node.attrs, node.inputs[0].type, len(taps)
    first = attrs["first"]
    places: list[IndexExpr] = []
    conditions: list[str] = []
    for axis, (o, t) in enumerate(zip(index[first : first + ndim], taps, strict=True)):
        place = o * attrs["strides"][axis] + t * attrs["steps"][axis] + attrs["starts"][axis]
        divided = _divided(k, place, attrs["spread"][axis], int(x.shape[first + axis]), conditions)
        if divided is None:
            return k.literal(value, x.dtype)
        places.append(divided)
    mask = " & ".join(f"({condition})" for condition in dict.fromkeys(conditions))
    element = k.operand(0, (*index[:first], *places, *index[first + ndim :]), mask=mask)
    if not mask or value == 0:
        return element
    return k.let(f"tl.where({mask}, {element}, {k.literal(value, x.dtype)})")


def _order(first: int, ndim: int, total: int) -> tuple[int, ...]:
    """Axes (..., o1, t1, o2, t2, ..., rest) in the order (..., o1, o2, ..., rest, t1, t2)."""
    windows = [first + 2 * axis for axis in range(ndim)]
    taps = [first + 2 * axis + 1 for axis in range(ndim)]
    return (*range(first), *windows, *range(first + 2 * ndim, total), *taps)


def _window_tables(sizes: Sequence[int], attrs: Mapping[str, Any]) -> list[Array]:
    """For each axis the element that every window has at every tap; the axis's size where it has none."""
    tables = []
    for axis, size in enumerate(sizes):
        place = np.arange(attrs["counts"][axis])[:, None] * attrs["strides"][axis] + attrs["starts"][axis]
        place = place + np.arange(attrs["size"][axis]) * attrs["steps"][axis]
        tables.append(_divided_table(place, attrs["spread"][axis], size))
    return tables


def _fold_tables(counts: Sequence[int], attrs: Mapping[str, Any]) -> list[Array]:
    """For each axis the window * taps + tap that every element gets at every tap; the axis's size where it gets nothing."""
    tables = []
    for axis, count in enumerate(counts):
        taps = np.arange(attrs["size"][axis])
        place = np.arange(attrs["sizes"][axis])[:, None] * attrs["spread"][axis] - attrs["starts"][axis]
        window = _divided_table(place - taps * attrs["steps"][axis], attrs["strides"][axis], count)
        tables.append(np.where(window == count, count * taps.size, window * taps.size + taps))
    return tables


def _divided_table(place: Array, divisor: int, size: int) -> Array:
    inside = (place >= 0) & (place < size * divisor) & (place % divisor == 0)
    return np.where(inside, place // divisor, size).astype(np.int64)


def _divided(k: ElementBuilder, place: IndexExpr, divisor: int, size: int, conditions: list[str]) -> IndexExpr | None:
    """place / divisor as an index below `size`, with what must hold added to `conditions`; None if it never does."""
    low, high = place.bounds
    rest = place % divisor
    if high < 0 or low >= size * divisor or (not rest.terms and rest.offset):
        return None
    inside = k.condition(place, 0, size * divisor)
    conditions += [inside] if inside else []
    conditions += [f"{rest} == 0"] if rest.terms else []
    return place // divisor


def _with_slot(x: Array, axis: int, value: float) -> Array:
    """One element of `value` more along `axis`."""
    shape = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
    return np.concatenate([x, np.full(shape, value, x.dtype)], axis=axis)


def _known(op: Op, *shapes: Sequence[DimLike]) -> tuple[int, ...]:
    """The first of `shapes`, all of which must consist of plain numbers."""
    if any(is_symbolic(dim) for shape in shapes for dim in shape):
        raise NotImplementedError(f"{op.name} needs spatial sizes that are known; give Input fixed ones.")
    return tuple(int(dim) for dim in shapes[0])


def _onnx_pad(emit: Emitter, x: str, before: list[int], after: list[int], value: float, dtype: str) -> str:
    via = kernel_dtype("Pad", dtype)
    amounts = emit.constant(np.asarray([*before, *after], np.int64))
    number_ = emit.constant(np.asarray(value, numpy_dtype(via)))
    padded = str(emit("Pad", x if via == dtype else emit.cast(x, via), amounts, number_))
    return padded if via == dtype else emit.cast(padded, dtype)
