"""Putting tensors together and taking pieces of them: `concatenate`, `slice`, `pad`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..dims import Dim, DimLike, Shape, is_symbolic
from ..emitter import Emitter
from ..graph import Node
from ..registry import ops
from ..types import DTYPES, TensorType, normalize_axis, numpy_dtype, shape_text
from .base import REQUIRED, Arg, Array, ElementBuilder, Index, Op, Sample, same_dtype
from .elementwise import BATCH, LENGTH, any_numbers, check_arity
from .onnx_kernels import kernel_dtype

_END = np.iinfo(np.int64).max


class Concatenate(Op):
    """y = the operands one after the other along `axis`"""

    name = "concatenate"
    attributes: ClassVar[Mapping[str, Any]] = {"axis": 0}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        if not types:
            raise TypeError("concatenate takes at least one operand, got none.")
        return {"axis": normalize_axis(attrs["axis"], types[0].ndim, self.name)}

    def infer(self, *types: TensorType, axis: int) -> TensorType:
        dtype, first = same_dtype(self, types), types[0]
        total: DimLike = 0
        for type_ in types:
            rest = type_.shape[:axis] + type_.shape[axis + 1 :]
            if type_.ndim != first.ndim or rest != first.shape[:axis] + first.shape[axis + 1 :]:
                shown = ", ".join(shape_text(type_.shape) for type_ in types)
                raise ValueError(f"concatenate: shapes {shown} must be equal except along axis {axis}.")
            total = total + type_.shape[axis]
        return TensorType((*first.shape[:axis], total, *first.shape[axis + 1 :]), dtype)

    def evaluate(self, *arrays: Array, axis: int) -> Array:
        return np.concatenate(arrays, axis=axis)

    def vjp(self, grad: Any, out: Any, *inputs: Any, axis: int) -> Any:
        pieces, start = [], 0
        for value in inputs:
            starts: list[Any] = [0] * value.type.ndim
            stops = list(out.type.shape)
            starts[axis], stops[axis] = start, start + value.type.shape[axis]
            pieces.append(ops.slice(grad, starts=tuple(starts), stops=tuple(stops)))
            start = stops[axis]
        return tuple(pieces)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return str(emit("Concat", *inputs, axis=node.attrs["axis"]))

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        """Every operand is read where its part of the axis is; the last one that applies is taken."""
        axis, start, result = node.attrs["axis"], 0, ""
        for number, value in enumerate(node.inputs):
            size = int(value.type.shape[axis])
            if size == 0:
                continue
            inside = k.condition(index[axis], start, start + size)
            place = (*index[:axis], index[axis] - start, *index[axis + 1 :])
            element = k.operand(number, place, mask=inside)
            result = k.let(f"tl.where({inside}, {element}, {result})") if result and inside else element
            start += size
        return result or k.literal(0, node.output.type.dtype)

    def samples(self) -> Iterator[Sample]:
        for dtype in DTYPES:
            yield Sample((any_numbers((2, 3), dtype), any_numbers((2, 2), dtype)), {"axis": 1})
        for shapes, axis in (
            (((2, 3), (4, 3), (1, 3)), 0),
            (((2, 3, 5), (2, 1, 5)), -2),
            (((3,),), 0),
            (((0, 3), (2, 3)), 0),
            (((BATCH, 3), (BATCH, 2)), 1),
            (((BATCH, 3), (2, 3)), 0),
            (((BATCH, LENGTH), (BATCH, 2), (BATCH, LENGTH)), 1),
        ):
            yield Sample(tuple(Arg(shape) for shape in shapes), {"axis": axis})


class Slice(Op):
    """y = x[start:stop:step, ...], one of each for every axis, step >= 1

    In a call, None stands for the whole axis and negative numbers count from its end, as in Python.
    """

    name = "slice"
    attributes: ClassVar[Mapping[str, Any]] = {"starts": REQUIRED, "stops": REQUIRED, "steps": None}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        check_arity(self, types, 1)
        (x,) = types
        given = [attrs["starts"], attrs["stops"], attrs["steps"] or (1,) * x.ndim]
        if any(len(numbers) != x.ndim for numbers in given):
            raise ValueError(f"slice: {x} has {x.ndim} axes; starts, stops and steps must have one number for each.")
        starts = tuple(_position(0 if start is None else start, dim) for start, dim in zip(given[0], x.shape))
        stops = [_position(dim if stop is None else stop, dim) for stop, dim in zip(given[1], x.shape)]
        for axis, (start, stop) in enumerate(zip(starts, stops)):
            if not is_symbolic(start) and not is_symbolic(stop):
                stops[axis] = max(start, stop)  # type: ignore[type-var]
        return {"starts": starts, "stops": tuple(stops), "steps": tuple(int(step) for step in given[2])}

    def infer(self, *types: TensorType, starts: Shape, stops: Shape, steps: tuple[int, ...]) -> TensorType:
        check_arity(self, types, 1)
        (x,) = types
        shape = []
        for axis, (dim, start, stop, step) in enumerate(zip(x.shape, starts, stops, steps, strict=True)):
            if step < 1:
                raise ValueError(f"slice: steps must be at least 1, got {step} for axis {axis}.")
            if not any(map(is_symbolic, (dim, start, stop))):
                _check_piece(axis, int(start), int(stop), int(dim))
            shape.append((stop - start + (step - 1)) // step)
        return x.with_shape(tuple(shape))

    def evaluate(self, x: Array, *, starts: tuple[int, ...], stops: tuple[int, ...], steps: tuple[int, ...]) -> Array:
        for axis, (start, stop, dim) in enumerate(zip(starts, stops, x.shape)):
            _check_piece(axis, start, stop, dim)
        return np.asarray(x[tuple(slice(start, stop, step) for start, stop, step in zip(starts, stops, steps))])

    def vjp(self, grad: Any, out: Any, x: Any, *, starts: Shape, stops: Shape, steps: tuple[int, ...]) -> Any:
        """Zeros between the elements if the steps are longer than 1, then zeros around."""
        for axis, (start, stop, step) in enumerate(zip(starts, stops, steps)):
            if step > 1:
                grad = _spread(grad, axis, step, stop - start)
        after = tuple(dim - stop for dim, stop in zip(x.type.shape, stops))
        return (ops.pad(grad, before=starts, after=after, value=0),)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        """Axes that stay whole are left out; an end at the end is written as such, so that no size must be computed."""
        shape, attrs = node.inputs[0].type.shape, node.attrs
        rows = list(zip(range(len(shape)), shape, attrs["starts"], attrs["stops"], attrs["steps"]))
        cut = [row for row in rows if row[2] != 0 or row[3] != row[1] or row[4] != 1]
        if not cut:
            return str(emit("Identity", *inputs))
        starts = [_onnx_position(start, dim) for _, dim, start, _, _ in cut]
        stops = [_END if stop == dim else _onnx_position(stop, dim) for _, dim, _, stop, _ in cut]
        axes = emit.constant(np.asarray([axis for axis, *_ in cut], np.int64))
        steps = emit.constant(np.asarray([step for *_, step in cut], np.int64))
        return str(emit("Slice", inputs[0], _vector(emit, starts), _vector(emit, stops), axes, steps))

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        starts, steps = node.attrs["starts"], node.attrs["steps"]
        return k.operand(0, tuple(i * step + int(start) for i, start, step in zip(index, starts, steps)))

    def samples(self) -> Iterator[Sample]:
        for dtype in DTYPES:
            yield Sample((any_numbers((5, 7), dtype),), {"starts": (1, 0), "stops": (4, 7), "steps": (1, 3)})
        for shape, starts, stops, steps in (
            ((5, 7), (0, 2), (5, 2), (1, 1)),
            ((5, 7), (-3, None), (None, -1), None),
            ((5, 7), (1, 2), (5, 7), (2, 2)),
            ((), (), (), ()),
            ((0, 3), (0, 0), (0, 2), (1, 1)),
            ((BATCH, 7), (0, 2), (None, 5), (1, 2)),
            ((BATCH, 7), (1, 0), (-1, None), (1, 1)),
            ((BATCH, 7), (0, 0), (None, None), (2, 1)),
            ((BATCH, LENGTH), (0, 1), (2, None), (1, 3)),
            ((LENGTH, BATCH), (0, 1), (LENGTH - 2, -1), (1, 1)),
        ):
            yield Sample((Arg(shape),), {"starts": starts, "stops": stops, "steps": steps})


class Pad(Op):
    """y = x with `before[k]` and `after[k]` elements of `value` put around it along axis k"""

    name = "pad"
    attributes: ClassVar[Mapping[str, Any]] = {"before": REQUIRED, "after": REQUIRED, "value": 0}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        amounts = {key: tuple(n if isinstance(n, Dim) else int(n) for n in attrs[key]) for key in ("before", "after")}
        return {**amounts, "value": attrs["value"]}

    def infer(self, *types: TensorType, before: Shape, after: Shape, value: float) -> TensorType:
        check_arity(self, types, 1)
        (x,) = types
        if len(before) != x.ndim or len(after) != x.ndim:
            raise ValueError(
                f"pad: {x} has {x.ndim} axes; before and after must have one number for each, got {before}, {after}."
            )
        if any(not is_symbolic(n) and n < 0 for n in (*before, *after)):  # type: ignore[operator]
            raise ValueError(f"pad: amounts must not be negative, got before={before}, after={after}. Use slice to cut.")
        return x.with_shape(tuple(low + dim + high for low, dim, high in zip(before, x.shape, after)))

    def evaluate(self, x: Array, *, before: tuple[int, ...], after: tuple[int, ...], value: float) -> Array:
        padded = np.full([low + dim + high for low, dim, high in zip(before, x.shape, after)], value, x.dtype)
        padded[tuple(slice(low, low + dim) for low, dim in zip(before, x.shape))] = x
        return padded

    def vjp(self, grad: Any, out: Any, x: Any, *, before: Shape, after: Shape, value: float) -> Any:
        stops = tuple(low + dim for low, dim in zip(before, x.type.shape))
        return (ops.slice(grad, starts=before, stops=stops),)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        (x,), dtype, attrs = inputs, node.output.type.dtype, node.attrs
        amounts = (*attrs["before"], *attrs["after"])
        if all(amount == 0 for amount in amounts):
            return str(emit("Identity", x))
        via = kernel_dtype("Pad", dtype)
        value = emit.constant(np.asarray(attrs["value"], numpy_dtype(via)))
        padded = str(emit("Pad", x if via == dtype else emit.cast(x, via), _vector(emit, amounts), value))
        return padded if via == dtype else emit.cast(padded, dtype)

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        before = [int(low) for low in node.attrs["before"]]
        place = tuple(i - low for i, low in zip(index, before))
        conditions = [k.condition(i, 0, int(dim)) for i, dim in zip(place, node.inputs[0].type.shape)]
        mask = " & ".join(f"({condition})" for condition in conditions if condition)
        element = k.operand(0, place, mask=mask)
        if not mask or node.attrs["value"] == 0:
            return element
        return k.let(f"tl.where({mask}, {element}, {k.literal(node.attrs['value'], node.output.type.dtype)})")

    def samples(self) -> Iterator[Sample]:
        for dtype in DTYPES:
            yield Sample((any_numbers((2, 3), dtype),), {"before": (1, 0), "after": (0, 2), "value": 1})
        for shape, before, after, value in (
            ((2, 3), (0, 0), (0, 0), 0),
            ((2, 3, 5), (0, 2, 0), (1, 1, 0), 0),
            ((), (), (), 0),
            ((0, 3), (2, 0), (0, 1), -1.5),
            ((BATCH, 3), (0, 1), (0, 2), 0.5),
            ((BATCH, 3), (BATCH, 0), (1, 0), 0),
            ((BATCH, LENGTH), (0, LENGTH), (0, BATCH), 2),
        ):
            yield Sample((Arg(shape),), {"before": before, "after": after, "value": value})


def _check_piece(axis: int, start: int, stop: int, dim: int) -> None:
    if not 0 <= start <= stop <= dim:
        raise ValueError(f"slice: {start}:{stop} does not lie in axis {axis} of the operand, which has size {dim}.")


def _position(position: Any, dim: DimLike) -> DimLike:
    """A slice's start or stop, counted from the front and, where the size is known, moved into the axis."""
    if isinstance(position, Dim):
        return position
    place = int(position)
    if isinstance(dim, Dim):
        return place if place >= 0 else dim + place
    return min(max(place + dim if place < 0 else place, 0), dim)


def _spread(x: Any, axis: int, step: int, span: DimLike) -> Any:
    """`step` - 1 zeros after each element along `axis`, of which those beyond `span` elements are cut off."""
    shape = x.type.shape
    apart = ops.expand_dims(x, axis=axis + 1)
    after = tuple(step - 1 if k == axis + 1 else 0 for k in range(apart.type.ndim))
    wide = ops.pad(apart, before=(0,) * apart.type.ndim, after=after, value=0)
    flat = ops.reshape(wide, shape=(*shape[:axis], shape[axis] * step, *shape[axis + 1 :]))
    return ops.slice(flat, starts=(0,) * x.type.ndim, stops=(*shape[:axis], span, *shape[axis + 1 :]))


def _onnx_position(position: DimLike, dim: DimLike) -> DimLike:
    """Counted from the end where that makes a plain number of a symbolic position."""
    if is_symbolic(position):
        from_end = position - dim
        if not is_symbolic(from_end) and from_end < 0:  # type: ignore[operator]
            return from_end
    return position


def _vector(emit: Emitter, numbers: Sequence[DimLike]) -> str:
    """A 1-D int64: a constant where all numbers are known."""
    if any(map(is_symbolic, numbers)):
        return emit.shape(tuple(numbers))
    return emit.constant(np.asarray(numbers, np.int64))
