"""Reading and adding up single elements by number along one axis: `gather_elements`, `scatter_add_elements`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..dims import Dim, DimLike, is_symbolic, size_of
from ..emitter import Emitter
from ..graph import Node
from ..registry import ops
from ..types import DTYPES, INTEGERS, TensorType, normalize_axis, numpy_dtype, shape_text
from .base import REQUIRED, Arg, Array, Composite, ElementBuilder, Index, Op, Sample
from .elementwise import BATCH, NUMBERS, any_numbers, check_arity, check_dtype
from .onnx_kernels import kernel_dtype, native

#: onnxruntime's ScatterND takes one thread for so many numbers; more than so many pieces are not worth their nodes.
PIECE, PIECES, MOST_PIECES = 100_000, 8, 64
#: Of more numbers than this a table is not copied for every piece.
LARGE_TABLE = 1 << 18


class GatherElements(Op):
    """y[..., j, ...] = x[..., indices[..., j, ...], ...] along `axis`; 0 <= index < the size of that axis

    `indices` has the shape of x but for `axis`.
    """

    name = "gather_elements"
    attributes: ClassVar[Mapping[str, Any]] = {"axis": REQUIRED}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        check_arity(self, types, 2)
        return {"axis": normalize_axis(attrs["axis"], types[0].ndim, self.name)}

    def infer(self, *types: TensorType, axis: int) -> TensorType:
        check_arity(self, types, 2)
        x, indices = types
        check_dtype(self, indices.dtype, INTEGERS)
        _check_same_but(self, x, indices, axis)
        if x.shape[axis] == 0 and indices.size != 0:
            raise ValueError(f"gather_elements: axis {axis} of {x} has no elements to read.")
        return x.with_shape(indices.shape)

    def evaluate(self, x: Array, indices: Array, *, axis: int) -> Array:
        check_range(self, indices, x.shape[axis])
        return np.take_along_axis(x, indices.astype(np.int64), axis=axis)

    def vjp(self, grad: Any, out: Any, x: Any, indices: Any, *, axis: int) -> Any:
        return ops.scatter_add_elements(indices, grad, axis=axis, size=x.type.shape[axis]), None

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        indices = onnx_indices(emit, inputs[1], node.inputs[1].type.dtype)
        dtype, axis = node.output.type.dtype, node.attrs["axis"]
        return native(emit, "GatherElements", dtype, inputs[0], extra=(indices,), axis=axis)

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        axis = node.attrs["axis"]
        return k.operand(0, (*index[:axis], k.index_of(k.operand(1, index)), *index[axis + 1 :]))

    def samples(self) -> Iterator[Sample]:
        for dtype in DTYPES:
            yield Sample((any_numbers((5, 3), dtype), Arg((4, 3), "int32", 0, 5)), {"axis": 0})
        for dtype in INTEGERS:
            yield Sample((Arg((2, 5)), Arg((2, 4), dtype, 0, 5)), {"axis": 1})
        for shape, indices, axis in (
            ((2, 5, 3), (2, 4, 3), 1),
            ((2, 3, 5), (2, 3, 7), -1),
            ((5,), (0,), 0),
            ((0, 5), (0, 2), 1),
            ((BATCH, 5), (BATCH, 2), 1),
            ((5, BATCH), (2, BATCH), 0),
        ):
            yield Sample((Arg(shape), Arg(indices, "int32", 0, 5)), {"axis": axis})


class ScatterAddElements(Composite):
    """y = zeros with `size` elements along `axis`, to whose y[..., indices[..., j, ...], ...] updates[..., j, ...] is added

    The gradient of `gather_elements`. `indices` and `updates` have the same shape; 0 <= index < size.
    """

    name = "scatter_add_elements"
    attributes: ClassVar[Mapping[str, Any]] = {"axis": REQUIRED, "size": REQUIRED}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        check_arity(self, types, 2)
        size = attrs["size"] if isinstance(attrs["size"], Dim) else int(attrs["size"])
        return {"axis": normalize_axis(attrs["axis"], types[0].ndim, self.name), "size": size}

    def infer(self, *types: TensorType, axis: int, size: DimLike) -> TensorType:
        check_arity(self, types, 2)
        indices, updates = types
        check_dtype(self, indices.dtype, INTEGERS)
        check_dtype(self, updates.dtype, NUMBERS)
        if indices.shape != updates.shape:
            raise ValueError(
                "scatter_add_elements: indices and updates must have the same shape, got "
                f"{shape_text(indices.shape)} and {shape_text(updates.shape)}."
            )
        if not is_symbolic(size) and size < 0:  # type: ignore[operator]
            raise ValueError(f"scatter_add_elements: size must not be negative, got {size}.")
        return updates.with_shape((*updates.shape[:axis], size, *updates.shape[axis + 1 :]))

    def expand(self, indices: Any, updates: Any, *, axis: int, size: DimLike) -> Any:
        """For every place the sum of the updates that go there: always in the same order."""
        there = places_along(size, axis, updates.type.ndim + 1, indices.type.dtype)
        chosen = ops.equal(ops.expand_dims(indices, axis=axis), there)
        zero = ops.constant(value=np.zeros((), numpy_dtype(updates.type.dtype)))
        return ops.sum(ops.where(chosen, ops.expand_dims(updates, axis=axis), zero), axis=axis + 1)

    def evaluate(self, indices: Array, updates: Array, *, axis: int, size: int) -> Array:
        """Floats are added up in float64."""
        check_range(self, indices, size)
        wide = updates.dtype if updates.dtype.kind in "iu" else np.dtype(np.float64)
        result = np.zeros((*updates.shape[:axis], size, *updates.shape[axis + 1 :]), wide)
        place: list[Any] = list(np.indices(indices.shape, sparse=True))
        place[axis] = indices.astype(np.int64)
        np.add.at(result, tuple(place), updates.astype(wide))
        return result.astype(updates.dtype)

    def vjp(self, grad: Any, out: Any, indices: Any, updates: Any, *, axis: int, size: DimLike) -> Any:
        return None, ops.gather_elements(grad, indices, axis=axis)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        type_ = node.output.type
        via = kernel_dtype("ScatterAdd", type_.dtype)
        zeros = str(emit("ConstantOfShape", emit.shape(type_.shape), value=np.zeros(1, numpy_dtype(via))))
        indices = onnx_indices(emit, inputs[0], node.inputs[0].type.dtype)
        updates = inputs[1] if via == type_.dtype else emit.cast(inputs[1], via)
        summed = str(emit("ScatterElements", zeros, indices, updates, axis=node.attrs["axis"], reduction="add"))
        return summed if via == type_.dtype else emit.cast(summed, type_.dtype)

    def flops(self, node: Node) -> DimLike:
        return node.inputs[1].type.size if node.inputs[1].type.is_float else 0

    def samples(self) -> Iterator[Sample]:
        for dtype in NUMBERS:
            yield Sample((Arg((4, 3), "int32", 0, 5), any_numbers((4, 3), dtype)), {"axis": 0, "size": 5})
        for dtype in INTEGERS:
            yield Sample((Arg((2, 3), dtype, 0, 5), Arg((2, 3))), {"axis": 1, "size": 5})
        for shape, axis in (((2, 4, 3), 1), ((2, 3, 7), -1), ((4,), 0), ((0, 2), 1), ((2, 0), 1), ((BATCH, 3), 1)):
            yield Sample((Arg(shape, "int64", 0, 5), Arg(shape)), {"axis": axis, "size": 5})
        yield Sample((Arg((2, 3), "int32", 0, 4), Arg((2, 3))), {"axis": 1, "size": BATCH})


def places_along(size: DimLike, axis: int, ndim: int, dtype: str = "int32") -> Any:
    """0, 1, 2, ... along `axis` of `ndim` axes; the others have size 1."""
    return ops.reshape(ops.iota(size=size, dtype=dtype), shape=tuple(size if k == axis else 1 for k in range(ndim)))


def onnx_indices(emit: Emitter, name: str, dtype: str) -> str:
    """ONNX takes int32 and int64 indices."""
    return name if dtype in ("int32", "int64") else emit.cast(name, "int64")


def onnx_scatter_rows(
    emit: Emitter, x: str, indices: str, updates: str, reduction: str, types: tuple[TensorType, TensorType]
) -> str:
    """x with rows written by number; indices and updates are of `types`, int64 and the dtype of x.

    onnxruntime's ScatterND loses updates where several threads write to one row (1.31.1: 14 of 300 runs of an embedding's
    gradient were wrong). It takes one thread for little work, so it gets the rows in small pieces. ScatterElements is always
    right, and up to 60 times slower for wide rows: it writes single numbers, and what is left after `PIECES` pieces
    (`MOST_PIECES` where their number is known).
    """
    row_shape, count = types[1].shape[types[0].ndim :], types[0].size
    if types[0].ndim != 1:
        indices = str(emit("Reshape", indices, emit.shape((count,)), allowzero=1))
        updates = str(emit("Reshape", updates, emit.shape((count, *row_shape)), allowzero=1))
    width, first = size_of(row_shape), 0
    if row_shape and not isinstance(width, Dim) and width <= PIECE:
        length = PIECE // max(width, 1)
        pieces = PIECES if isinstance(count, Dim) else min(MOST_PIECES, max(-(-count // length), 1))
        for number in range(pieces):
            first = (number + 1) * length
            part = [_rows_of(emit, name, number * length, first, pieces, count) for name in (indices, updates)]
            column = str(emit("Unsqueeze", part[0], emit.constant(np.asarray([-1], np.int64))))
            x = str(emit("ScatterND", x, column, part[1], reduction=reduction))
        if not isinstance(count, Dim) and count <= first:
            return x
    if first:
        indices, updates = (_rows_of(emit, name, first, np.iinfo(np.int64).max, 2, count) for name in (indices, updates))
    if row_shape:
        column = str(emit("Unsqueeze", indices, emit.constant(np.arange(1, len(row_shape) + 1, dtype=np.int64))))
        indices = str(emit("Expand", column, emit("Shape", updates)))
    return str(emit("ScatterElements", x, indices, updates, axis=0, reduction=reduction))


def onnx_sum_of_rows(
    emit: Emitter, zeros: str, indices: str, updates: str, types: tuple[TensorType, TensorType], result: TensorType
) -> str:
    """The rows of updates added up at their numbers in `zeros`, which are of the type `result`.

    Into a large table each row is written once: the rows with one number are first added up at the place of the last of them.
    All of them write the same sum then, so that it does not matter which thread comes last.
    """
    row_shape, count = types[1].shape[types[0].ndim :], types[0].size
    size = result.size
    if not row_shape or isinstance(size, Dim) or size < LARGE_TABLE:
        return onnx_scatter_rows(emit, zeros, indices, updates, "add", types)
    if types[0].ndim != 1:
        indices = str(emit("Reshape", indices, emit.shape((count,)), allowzero=1))
        updates = str(emit("Reshape", updates, emit.shape((count, *row_shape)), allowzero=1))
    nobody = emit("ConstantOfShape", emit.shape(result.shape[:1]), value=np.zeros(1, np.int64))
    number = emit("Range", emit.constant(np.int64(0)), emit.dimension(count), emit.constant(np.int64(1)))
    last = str(emit("Gather", emit("ScatterElements", nobody, indices, number, axis=0), indices))
    via = np.zeros(1, numpy_dtype(result.dtype))
    places = str(emit("ConstantOfShape", emit.shape((count, *row_shape)), value=via))
    flat = (TensorType((count,), "int64"), TensorType((count, *row_shape), result.dtype))
    sums = emit("Gather", onnx_scatter_rows(emit, places, last, updates, "add", flat), last)
    column = emit("Unsqueeze", indices, emit.constant(np.asarray([-1], np.int64)))
    return str(emit("ScatterND", zeros, column, sums))


def _rows_of(emit: Emitter, name: str, start: int, stop: int, pieces: int, count: DimLike) -> str:
    """The rows from `start` to `stop`, or to the end; all of them if there is only one piece of known length."""
    if pieces == 1 and not isinstance(count, Dim):
        return name
    bounds = [emit.constant(np.asarray([place], np.int64)) for place in (start, stop, 0)]
    return str(emit("Slice", name, *bounds))


def check_range(op: Op, indices: Array, size: int) -> None:
    """No index outside of [0, size): other targets do not look, so the reference must not give it a meaning."""
    if indices.size and (indices.min() < 0 or indices.max() >= size):
        worst = indices.min() if indices.min() < 0 else indices.max()
        raise ValueError(f"{op.name}: index {worst} is out of range; indices must be at least 0 and less than {size}.")


def _check_same_but(op: Op, x: TensorType, indices: TensorType, axis: int) -> None:
    rest = x.shape[:axis] + x.shape[axis + 1 :]
    if indices.ndim != x.ndim or indices.shape[:axis] + indices.shape[axis + 1 :] != rest:
        raise ValueError(
            f"{op.name}: indices of shape {shape_text(indices.shape)} must have the shape {shape_text(x.shape)} of the operand "
            f"but for axis {axis}."
        )
