"""Reading and adding up rows by number: `take`, `scatter_add`, `one_hot`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..dims import Dim, DimLike, is_symbolic
from ..emitter import Emitter
from ..graph import Node
from ..registry import ops
from ..types import DTYPES, INTEGERS, TensorType, normalize_axis, numpy_dtype, shape_text
from .base import REQUIRED, Arg, Array, ElementBuilder, Index, Op, Sample
from .elements import onnx_sum_of_rows
from .elementwise import BATCH, NUMBERS, any_numbers, check_arity, check_dtype
from .onnx_kernels import native

#: Up to this depth one-hot codes are rows that are read from a matrix; it is made when the model is loaded.
ROWS_DEPTH = 512


class Take(Op):
    """y = the parts of x along `axis` that `indices` name: 0 <= index < the size of that axis

    The axis of x is replaced by the axes of `indices`.
    """

    name = "take"
    attributes: ClassVar[Mapping[str, Any]] = {"axis": 0}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        check_arity(self, types, 2)
        return {"axis": normalize_axis(attrs["axis"], types[0].ndim, self.name)}

    def infer(self, *types: TensorType, axis: int) -> TensorType:
        check_arity(self, types, 2)
        x, indices = types
        _check_indices(self, indices)
        if x.shape[axis] == 0 and indices.size != 0:
            raise ValueError(f"take: axis {axis} of {x} has no elements to take.")
        return x.with_shape((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))

    def evaluate(self, x: Array, indices: Array, *, axis: int) -> Array:
        _check_range(self, indices, x.shape[axis])
        return np.asarray(np.take(x, indices, axis=axis))

    def vjp(self, grad: Any, out: Any, x: Any, indices: Any, *, axis: int) -> Any:
        """Rows of the gradient, added up where they were taken from."""
        count, ndim = indices.type.ndim, out.type.ndim
        front = (*range(axis, axis + count), *range(axis), *range(axis + count, ndim))
        rows = grad if axis == 0 else ops.transpose(grad, axes=front)
        summed = ops.scatter_add(indices, rows, size=x.type.shape[axis])
        back = (*range(1, axis + 1), 0, *range(axis + 1, x.type.ndim))
        return (summed if axis == 0 else ops.transpose(summed, axes=back)), None

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        """Of single numbers by GatherElements, which takes 1 ns for each where Gather takes 28."""
        indices = _onnx_indices(emit, inputs[1], node.inputs[1].type.dtype)
        if all(value.type.ndim == 1 for value in node.inputs):
            return native(emit, "GatherElements", node.output.type.dtype, inputs[0], extra=(indices,), axis=0)
        return str(emit("Gather", inputs[0], indices, axis=node.attrs["axis"]))

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        axis, count = node.attrs["axis"], node.inputs[1].type.ndim
        position = k.index_of(k.operand(1, index[axis : axis + count]))
        return k.operand(0, (*index[:axis], position, *index[axis + count :]))

    def samples(self) -> Iterator[Sample]:
        for dtype in DTYPES:
            yield Sample((any_numbers((5, 3), dtype), Arg((2, 4), "int32", 0, 5)), {"axis": 0})
        for dtype in INTEGERS:
            yield Sample((Arg((5, 3)), Arg((4,), dtype, 0, 5)), {"axis": 0})
        for shape, indices, axis in (
            ((2, 5, 3), (4,), 1),
            ((2, 3, 5), (2, 2), -1),
            ((5,), (4,), 0),
            ((5,), (BATCH,), 0),
            ((5, 3), (), 0),
            ((5, 3), (0,), 0),
            ((5, 0), (2,), 0),
            ((5, 3), (BATCH, 2), 0),
            ((BATCH, 5), (2,), 1),
        ):
            yield Sample((Arg(shape), Arg(indices, "int32", 0, 5)), {"axis": axis})


class ScatterAdd(Op):
    """y = zeros of shape (size, ...), to whose row indices[i] the row updates[i] is added, for all i: the gradient of `take`

    `updates` has the axes of `indices` first; 0 <= index < size.
    """

    name = "scatter_add"
    attributes: ClassVar[Mapping[str, Any]] = {"size": REQUIRED}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        return {"size": attrs["size"] if isinstance(attrs["size"], Dim) else int(attrs["size"])}

    def infer(self, *types: TensorType, size: DimLike) -> TensorType:
        check_arity(self, types, 2)
        indices, updates = types
        _check_indices(self, indices)
        check_dtype(self, updates.dtype, NUMBERS)
        if updates.shape[: indices.ndim] != indices.shape:
            raise ValueError(
                f"scatter_add: updates of shape {shape_text(updates.shape)} must begin with the axes of indices, "
                f"{shape_text(indices.shape)}."
            )
        if not is_symbolic(size) and size < 0:  # type: ignore[operator]
            raise ValueError(f"scatter_add: size must not be negative, got {size}.")
        return updates.with_shape((size, *updates.shape[indices.ndim :]))

    def evaluate(self, indices: Array, updates: Array, *, size: int) -> Array:
        """Floats are added up in float64."""
        _check_range(self, indices, size)
        wide = updates.dtype if updates.dtype.kind in "iu" else np.dtype(np.float64)
        result = np.zeros((size, *updates.shape[indices.ndim :]), wide)
        np.add.at(result, indices.astype(np.int64), updates.astype(wide))
        return result.astype(updates.dtype)

    def vjp(self, grad: Any, out: Any, indices: Any, updates: Any, *, size: DimLike) -> Any:
        return None, ops.take(grad, indices, axis=0)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        (indices, updates), type_ = inputs, node.output.type
        via = "float32" if type_.dtype in ("float16", "bfloat16") else type_.dtype
        zeros = str(emit("ConstantOfShape", emit.shape(type_.shape), value=np.zeros(1, numpy_dtype(via))))
        places = indices if node.inputs[0].type.dtype == "int64" else emit.cast(indices, "int64")
        updates = updates if via == type_.dtype else emit.cast(updates, via)
        types = (node.inputs[0].type, node.inputs[1].type)
        summed = onnx_sum_of_rows(emit, zeros, places, updates, types, type_.with_dtype(via))
        return summed if via == type_.dtype else emit.cast(summed, type_.dtype)

    def flops(self, node: Node) -> DimLike:
        return node.inputs[1].type.size if node.inputs[1].type.is_float else 0

    def samples(self) -> Iterator[Sample]:
        for dtype in NUMBERS:
            yield Sample((Arg((4,), "int32", 0, 5), any_numbers((4, 3), dtype)), {"size": 5})
        for indices, updates, size in (
            ((2, 4), (2, 4, 3), 5),
            ((), (3,), 5),
            ((4,), (4,), 5),
            ((0,), (0, 3), 5),
            ((BATCH,), (BATCH, 3), 5),
            ((4,), (4, BATCH), 5),
        ):
            yield Sample((Arg(indices, "int64", 0, 5), Arg(updates)), {"size": size})


class OneHot(Op):
    """y[..., k] = 1 where indices[...] = k, else 0, for k < `depth`; other indices give zeros"""

    name, differentiable = "one_hot", False
    attributes: ClassVar[Mapping[str, Any]] = {"depth": REQUIRED, "dtype": "float32"}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        depth = attrs["depth"]
        return {"depth": depth if isinstance(depth, Dim) else int(depth), "dtype": attrs["dtype"]}

    def infer(self, *types: TensorType, depth: DimLike, dtype: str) -> TensorType:
        check_arity(self, types, 1)
        _check_indices(self, types[0])
        if not is_symbolic(depth) and depth < 0:  # type: ignore[operator]
            raise ValueError(f"one_hot: depth must not be negative, got {depth}.")
        return TensorType((*types[0].shape, depth), dtype)

    def evaluate(self, indices: Array, *, depth: int, dtype: str) -> Array:
        return np.asarray(indices[..., None] == np.arange(depth)).astype(numpy_dtype(dtype))

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        """Comparison with 0, 1, 2, ...: ONNX's OneHot counts negative indices from the end. Rows of a small matrix instead
        take a third of the time."""
        source, depth = node.inputs[0].type.dtype, node.attrs["depth"]
        if source in ("int32", "int64") and not is_symbolic(depth) and depth <= ROWS_DEPTH and node.attrs["dtype"] == "float32":
            return _onnx_rows_of_ones(emit, inputs[0], source, int(depth))
        wide = source in ("int64", "uint64", "uint32")
        if is_symbolic(depth):
            ramp = str(emit("Range", emit.constant(np.int64(0)), emit.dimension(depth), emit.constant(np.int64(1))))
            ramp = ramp if wide else emit.cast(ramp, "int32")
        else:
            ramp = emit.constant(np.arange(depth, dtype=np.int64 if wide else np.int32))
        column = str(emit("Unsqueeze", inputs[0], emit.constant(np.asarray([-1], np.int64))))
        if source not in ("int32", "int64"):
            column = emit.cast(column, "int64" if wide else "int32")
        same = str(emit("Equal", column, ramp))
        return same if node.attrs["dtype"] == "bool" else emit.cast(same, node.attrs["dtype"])

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        dtype = node.attrs["dtype"]
        same = f"{k.operand(0, index[:-1])} == {k.index_value(index[-1], node.inputs[0].type.dtype)}"
        if dtype == "bool":
            return k.let(same)
        return k.let(f"({same}).to(tl.{'float32' if dtype in ('float16', 'bfloat16') else dtype})")

    def samples(self) -> Iterator[Sample]:
        for dtype in DTYPES:
            yield Sample((Arg((2, 3), "int32", 0, 5),), {"depth": 5, "dtype": dtype})
        for dtype in INTEGERS:
            low = 0 if dtype.startswith("uint") else -2
            yield Sample((Arg((4,), dtype, low, 7),), {"depth": 5, "dtype": "float32"})
        for shape in ((), (0,), (BATCH, 2)):
            yield Sample((Arg(shape, "int32", 0, 5),), {"depth": 5})


def _onnx_rows_of_ones(emit: Emitter, indices: str, dtype: str, depth: int) -> str:
    """Rows of the unit matrix with a row of zeros before and after it, where indices below and above end up."""
    zeros = emit("ConstantOfShape", emit.constant(np.asarray([depth + 2, depth])), value=np.zeros(1, np.float32))
    table = emit("EyeLike", zeros, k=-1)
    below, beyond, one = (emit.constant(np.asarray(number, dtype)) for number in (-1, depth, 1))
    return str(emit("Gather", table, emit("Add", emit("Clip", indices, below, beyond), one), axis=0))


def _check_indices(op: Op, indices: TensorType) -> None:
    if indices.dtype not in INTEGERS:
        raise TypeError(f"{op.name}: indices must be integers, got {indices.dtype}. Cast them to int32.")


def _check_range(op: Op, indices: Array, size: int) -> None:
    """No index outside of [0, size): other targets do not look, so the reference must not give it a meaning."""
    if indices.size and (indices.min() < 0 or indices.max() >= size):
        worst = indices.min() if indices.min() < 0 else indices.max()
        raise ValueError(f"{op.name}: index {worst} is out of range; indices must be at least 0 and less than {size}.")


def _onnx_indices(emit: Emitter, name: str, dtype: str) -> str:
    """ONNX takes int32 and int64 indices."""
    return name if dtype in ("int32", "int64") else emit.cast(name, "int64")
