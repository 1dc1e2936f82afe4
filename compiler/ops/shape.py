"""Views: `reshape`, `transpose`, `expand_dims`, `squeeze`, `broadcast_to`. To Triton they are index maps, never kernels.

Shapes may hold symbolic dimensions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..dims import Dim, DimLike, Shape, is_symbolic, size_of
from ..emitter import Emitter
from ..graph import Node
from ..indexing import flatten_index, number, unflatten_index
from ..registry import ops
from ..types import DTYPES, TensorType, broadcast, normalize_axes, normalize_axis, shape_text
from .base import REQUIRED, Arg, Array, ElementBuilder, Index, Op, Sample
from .elementwise import BATCH, LENGTH, any_numbers, check_arity
from .onnx_kernels import native


def canonical_shape(op: Op, shape: Any) -> Shape:
    """`shape` as a tuple of plain integers and `Dim`s.

    Raises:
        TypeError: for something else, such as None or a float.
        ValueError: for a negative size.
    """
    if isinstance(shape, (int, np.integer, Dim)):
        shape = (shape,)
    if not isinstance(shape, Iterable):
        raise TypeError(f"{op.name}: shape must be a tuple of sizes, got {shape!r}.")
    sizes: list[DimLike] = []
    for size in shape:
        if isinstance(size, bool) or not isinstance(size, (int, np.integer, Dim)):
            raise TypeError(f"{op.name}: a shape consists of integers and symbolic dimensions, got {size!r} in {shape!r}.")
        if not isinstance(size, Dim) and size < 0:
            raise ValueError(f"{op.name}: sizes must not be negative, got {shape_text(tuple(shape))}.")
        sizes.append(size if isinstance(size, Dim) else int(size))
    return tuple(sizes)


#: Concatenating so many copies is faster than Expand.
_FEW = 16


class View(Op):
    """Base of ops that only rename the places of one operand's elements."""

    def source(self, node: Node, index: Index) -> Index:
        """Where in the operand the result's element at `index` is; sizes are plain integers here."""
        raise NotImplementedError(self._missing("source"))

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        return k.operand(0, self.source(node, index))


class Reshape(View):
    """y = the elements of x, in row-major order, in another shape; in a call one size may be -1, "what is left" """

    name = "reshape"
    attributes: ClassVar[Mapping[str, Any]] = {"shape": REQUIRED}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        check_arity(self, types, 1)
        shape = attrs["shape"]
        sizes = list(shape) if isinstance(shape, Iterable) else [shape]
        unknown = [k for k, size in enumerate(sizes) if isinstance(size, (int, np.integer)) and size == -1]
        if len(unknown) > 1:
            raise ValueError(f"reshape: only one size may be -1, got {shape_text(tuple(sizes))}.")
        if unknown:
            sizes[unknown[0]] = self._rest(types[0], [size for k, size in enumerate(sizes) if k != unknown[0]], sizes)
        return {"shape": canonical_shape(self, sizes)}

    def _rest(self, x: TensorType, others: Sequence[Any], sizes: Sequence[Any]) -> DimLike:
        known = size_of(canonical_shape(self, others))
        try:
            rest = x.size // known
        except (ValueError, ZeroDivisionError):
            rest = -1
        if rest == -1 or rest * known != x.size:
            raise ValueError(
                f"reshape: {x} has {x.size} elements, which is not known to be a multiple of {known}, "
                f"so the -1 in {shape_text(tuple(sizes))} has no value."
            )
        return rest

    def infer(self, *types: TensorType, shape: Shape) -> TensorType:
        check_arity(self, types, 1)
        (x,) = types
        if x.size != size_of(shape):
            raise ValueError(f"reshape: {x} has {x.size} elements, the shape {shape_text(shape)} has {size_of(shape)}.")
        return x.with_shape(shape)

    def evaluate(self, x: Array, *, shape: tuple[int, ...]) -> Array:
        return x.reshape(shape)

    def vjp(self, grad: Any, out: Any, x: Any, *, shape: Shape) -> Any:
        return (ops.reshape(grad, shape=x.type.shape),)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        """A constant shape wherever one will do: 0 copies the operand's size, one -1 is computed by Reshape itself."""
        shape, source = node.attrs["shape"], node.inputs[0].type.shape
        if 0 in shape:
            return str(emit("Reshape", inputs[0], emit.shape(shape), allowzero=1))
        copied = [is_symbolic(dim) and axis < len(source) and source[axis] == dim for axis, dim in enumerate(shape)]
        if sum(is_symbolic(dim) and not copy for dim, copy in zip(shape, copied)) > 1:
            return str(emit("Reshape", inputs[0], emit.shape(shape), allowzero=1))
        sizes = [0 if copy else -1 if is_symbolic(dim) else dim for dim, copy in zip(shape, copied)]
        return str(emit("Reshape", inputs[0], emit.constant(np.asarray(sizes, np.int64))))

    def source(self, node: Node, index: Index) -> Index:
        before, after = _static(node.inputs[0].type.shape), _static(node.attrs["shape"])
        return unflatten_index(flatten_index(index, after), before)

    def samples(self) -> Iterator[Sample]:
        for dtype in DTYPES:
            yield Sample((any_numbers((2, 3, 5), dtype),), {"shape": (5, 6)})
        for before, after in (
            ((2, 3, 5), (30,)),
            ((2, 3, 5), (-1, 5)),
            ((6,), (1, 2, 3)),
            ((), (1, 1)),
            ((1,), ()),
            ((0, 3), (3, 0)),
            ((BATCH, 6), (BATCH, 2, 3)),
            ((BATCH, 6), (BATCH * 6,)),
            ((BATCH, 6), (-1, 3)),
            ((BATCH, 2, 3), (BATCH * 2, 3)),
            ((BATCH, LENGTH, 6), (BATCH * LENGTH, 6)),
            ((BATCH, LENGTH, 6), (BATCH, LENGTH, 2, 3)),
            ((BATCH, LENGTH), (LENGTH, BATCH)),
        ):
            yield Sample((Arg(before),), {"shape": after})


class Transpose(View):
    """y[i0, i1, ...] = x with axis k of y being axis axes[k] of x; in a call, None reverses all axes"""

    name = "transpose"
    attributes: ClassVar[Mapping[str, Any]] = {"axes": None}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        check_arity(self, types, 1)
        ndim, axes = types[0].ndim, attrs["axes"]
        if axes is None:
            return {"axes": tuple(reversed(range(ndim)))}
        return {"axes": tuple(normalize_axis(axis, ndim, "transpose") for axis in axes)}

    def infer(self, *types: TensorType, axes: tuple[int, ...]) -> TensorType:
        check_arity(self, types, 1)
        (x,) = types
        if sorted(axes) != list(range(x.ndim)):
            raise ValueError(f"transpose: axes must be an order of the {x.ndim} axes of {x}, got {axes}.")
        return x.with_shape(tuple(x.shape[axis] for axis in axes))

    def evaluate(self, x: Array, *, axes: tuple[int, ...]) -> Array:
        return np.transpose(x, axes)

    def vjp(self, grad: Any, out: Any, x: Any, *, axes: tuple[int, ...]) -> Any:
        return (ops.transpose(grad, axes=tuple(axes.index(axis) for axis in range(len(axes)))),)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        if not node.attrs["axes"]:
            return str(emit("Identity", *inputs))
        return str(emit("Transpose", *inputs, perm=list(node.attrs["axes"])))

    def source(self, node: Node, index: Index) -> Index:
        axes = node.attrs["axes"]
        return tuple(index[axes.index(axis)] for axis in range(len(axes)))

    def samples(self) -> Iterator[Sample]:
        for dtype in DTYPES:
            yield Sample((any_numbers((2, 3, 5), dtype),), {"axes": (1, 2, 0)})
        for shape, axes in (((2, 3, 5), (0, 2, 1)), ((2, 3, 5), None), ((2, 3), (-1, 0)), ((), ()), ((0, 3), (1, 0))):
            yield Sample((Arg(shape),), {"axes": axes})
        yield Sample((Arg((BATCH, 3, LENGTH)),), {"axes": (1, 0, 2)})


class ExpandDims(View):
    """y = x with axes of size 1 put in, so that they are the axes `axis` of y"""

    name = "expand_dims"
    attributes: ClassVar[Mapping[str, Any]] = {"axis": REQUIRED}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        check_arity(self, types, 1)
        count = 1 if isinstance(attrs["axis"], (int, np.integer)) else len(attrs["axis"])
        return {"axis": normalize_axes(attrs["axis"], types[0].ndim + count, self.name)}

    def infer(self, *types: TensorType, axis: tuple[int, ...]) -> TensorType:
        check_arity(self, types, 1)
        (x,) = types
        rest = iter(x.shape)
        return x.with_shape(tuple(1 if k in axis else next(rest) for k in range(x.ndim + len(axis))))

    def evaluate(self, x: Array, *, axis: tuple[int, ...]) -> Array:
        return np.expand_dims(x, axis)

    def vjp(self, grad: Any, out: Any, x: Any, *, axis: tuple[int, ...]) -> Any:
        return (ops.squeeze(grad, axis=axis),)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        return str(emit("Unsqueeze", *inputs, emit.constant(np.asarray(node.attrs["axis"], np.int64))))

    def source(self, node: Node, index: Index) -> Index:
        return tuple(expression for k, expression in enumerate(index) if k not in node.attrs["axis"])

    def samples(self) -> Iterator[Sample]:
        for dtype in DTYPES:
            yield Sample((any_numbers((2, 3), dtype),), {"axis": (1,)})
        for shape, axis in (((2, 3), -1), ((2, 3), (0, 2)), ((), 0), ((0, 3), 2), ((BATCH, 3), (1,))):
            yield Sample((Arg(shape),), {"axis": axis})


class Squeeze(View):
    """y = x without the axes `axis`, which have size 1; in a call, None means all that have size 1"""

    name = "squeeze"
    attributes: ClassVar[Mapping[str, Any]] = {"axis": None}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        check_arity(self, types, 1)
        (x,), axis = types, attrs["axis"]
        if axis is None:
            axis = tuple(k for k, dim in enumerate(x.shape) if dim == 1)
        return {"axis": normalize_axes(axis, x.ndim, self.name)}

    def infer(self, *types: TensorType, axis: tuple[int, ...]) -> TensorType:
        check_arity(self, types, 1)
        (x,) = types
        wrong = [k for k in axis if x.shape[k] != 1]
        if wrong:
            raise ValueError(f"squeeze: axis {wrong[0]} of {x} has size {x.shape[wrong[0]]}; only axes of size 1 can go.")
        return x.with_shape(tuple(dim for k, dim in enumerate(x.shape) if k not in axis))

    def evaluate(self, x: Array, *, axis: tuple[int, ...]) -> Array:
        return np.squeeze(x, axis)

    def vjp(self, grad: Any, out: Any, x: Any, *, axis: tuple[int, ...]) -> Any:
        return (ops.expand_dims(grad, axis=axis),)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        if not node.attrs["axis"]:  # an empty list of axes would mean all of size 1
            return str(emit("Identity", *inputs))
        return str(emit("Squeeze", *inputs, emit.constant(np.asarray(node.attrs["axis"], np.int64))))

    def source(self, node: Node, index: Index) -> Index:
        rest = iter(index)
        return tuple(number(0) if k in node.attrs["axis"] else next(rest) for k in range(node.inputs[0].type.ndim))

    def samples(self) -> Iterator[Sample]:
        for dtype in DTYPES:
            yield Sample((any_numbers((2, 1, 3), dtype),), {"axis": (1,)})
        for shape, axis in (((1, 3, 1), None), ((1, 3, 1), -1), ((1,), 0), ((2, 3), ()), ((0, 1), 1), ((BATCH, 1), (1,))):
            yield Sample((Arg(shape),), {"axis": axis})


class BroadcastTo(View):
    """y = x repeated along axes of size 1 and new leading axes, NumPy's broadcasting"""

    name = "broadcast_to"
    attributes: ClassVar[Mapping[str, Any]] = {"shape": REQUIRED}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        return {"shape": canonical_shape(self, attrs["shape"])}

    def infer(self, *types: TensorType, shape: Shape) -> TensorType:
        check_arity(self, types, 1)
        (x,) = types
        try:
            fits = broadcast(x.shape, shape) == shape
        except ValueError:
            fits = False
        if not fits:
            raise ValueError(f"broadcast_to: {x} cannot be broadcast to {shape_text(shape)}.")
        return x.with_shape(shape)

    def evaluate(self, x: Array, *, shape: tuple[int, ...]) -> Array:
        return np.broadcast_to(x, shape)

    def vjp(self, grad: Any, out: Any, x: Any, *, shape: Shape) -> Any:
        return (grad,)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        """Expand; where the operand has the symbolic sizes itself, 1 keeps them and the shape is a constant.

        A few copies of single elements side by side are concatenated: Expand copies each span by itself.
        """
        (x,), source, shape = inputs, node.inputs[0].type.shape, node.attrs["shape"]
        if source == shape:
            return str(emit("Identity", x))
        copies = shape[-1] if shape else 1
        if source and source[-1] == 1 and not is_symbolic(copies) and 1 < copies <= _FEW and source[:-1] == shape[:-1]:
            return str(emit("Concat", *[x] * int(copies), axis=-1))
        aligned = (1,) * (len(shape) - len(source)) + source
        kept = tuple(1 if is_symbolic(dim) and dim == own else dim for dim, own in zip(shape, aligned))
        return native(emit, "Expand", node.output.type.dtype, x, extra=(emit.shape(kept),))

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        return k.operand(0, k.broadcast(index, node.inputs[0].type.shape))

    def samples(self) -> Iterator[Sample]:
        for dtype in DTYPES:
            yield Sample((any_numbers((3, 1), dtype),), {"shape": (2, 3, 5)})
        for before, after in (
            ((), (2, 3)),
            ((3,), (3,)),
            ((1,), (0,)),
            ((BATCH, 1), (BATCH, 3)),
            ((3,), (BATCH, 3)),
            ((), (BATCH,)),
            ((LENGTH,), (BATCH, LENGTH)),
            ((BATCH, 1), (BATCH, LENGTH)),
            ((2, 1), (2, 17)),
        ):
            yield Sample((Arg(before),), {"shape": after})


def _static(shape: Shape) -> tuple[int, ...]:
    """`shape` where all symbols have been replaced by sizes."""
    return tuple(int(dim) for dim in shape)
