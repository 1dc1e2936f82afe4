"""`resize`: axes of a tensor stretched or shrunk by interpolation.

The meaning is a product with an interpolation matrix along each axis; nearest copies elements. The gradient is the product
with the transposed matrix. Matrices with few weights in a row are multiplied tap by tap. ONNX's Resize is used where it
computes the same and is not slower.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..autodiff import gradients
from ..dims import Dim, DimLike, Shape, is_symbolic, size_of
from ..emitter import Emitter
from ..graph import Node, Value
from ..registry import OPS, ops
from ..types import DTYPES, FLOATS, TensorType, normalize_axis
from .base import REQUIRED, Arg, Array, Composite, Sample
from .elementwise import BATCH, LENGTH, any_numbers, check_arity, check_dtype
from .interpolation import METHODS, interpolation_weights, nearest_places
from .onnx_kernels import native

#: Interpolation matrices with at most so many weights in a row are multiplied tap by tap if rows are so many times longer.
MOST_TAPS, SPARSE = 8, 32
#: Rows of fewer numbers than this are slow to copy one by one; products of matrices so narrow are slow, too: there, matrices
#: are multiplied tap by tap if rows are only so many times longer.
SHORT, SPARSE_IF_SHORT = 16, 4
#: Rows of so many numbers are summed fast.
LONG = 128


class _Resizing(Composite):
    """What resizing and its gradient share: attributes and types."""

    attributes: ClassVar[Mapping[str, Any]] = {
        "axis": REQUIRED,
        "size": REQUIRED,
        "method": "linear",
        "antialias": False,
    }

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        check_arity(self, types, 1)
        axis = tuple(normalize_axis(k, types[0].ndim, self.name) for k in attrs["axis"])
        size = tuple(n if isinstance(n, Dim) else int(n) for n in attrs["size"])
        if len(size) != len(axis) or len(set(axis)) != len(axis):
            raise ValueError(f"{self.name}: size needs a number for each of axis={axis}, which must differ, got size={size}.")
        if attrs["method"] not in METHODS:
            raise ValueError(f"{self.name}: method must be one of {', '.join(METHODS)}, got {attrs['method']!r}.")
        pairs = sorted(zip(axis, size, strict=True), key=lambda pair: pair[0])
        return {
            "axis": tuple(k for k, _ in pairs),
            "size": tuple(n for _, n in pairs),
            "method": attrs["method"],
            "antialias": bool(attrs["antialias"]) and attrs["method"] != "nearest",
        }

    def infer(self, *types: TensorType, axis: tuple[int, ...], size: Shape, method: str, antialias: bool) -> TensorType:
        check_arity(self, types, 1)
        (x,) = types
        check_dtype(self, x.dtype, DTYPES if method == "nearest" else FLOATS)
        shape = list(x.shape)
        for k, n in zip(axis, size, strict=True):
            if not is_symbolic(n) and n < 1:  # type: ignore[operator]
                raise ValueError(f"{self.name}: sizes must be at least 1, got {size}.")
            if shape[k] == 0:
                raise ValueError(f"{self.name}: axis {k} of {x} has no elements to resize.")
            shape[k] = n
        return x.with_shape(tuple(shape))


class Resize(_Resizing):
    """y = x with the size of each of `axis` changed to `size`, by interpolation of the elements

    `method` is nearest, linear, cubic (a = -1/2), lanczos3 or lanczos5; pixels are areas, so the borders of x and y
    coincide. `antialias` widens the kernel where an axis gets shorter. All but nearest take floats only.
    """

    name = "resize"

    def expand(self, x: Any, *, axis: tuple[int, ...], size: Shape, method: str, antialias: bool) -> Any:
        y = x
        for k, n in zip(axis, size, strict=True):
            if y.type.shape[k] != n:
                y = _nearest(y, k, n) if method == "nearest" else _weighted(y, k, n, method, antialias)
        return ops.identity(y) if y is x else y

    def vjp(
        self, grad: Any, out: Any, x: Any, *, axis: tuple[int, ...], size: Shape, method: str, antialias: bool
    ) -> tuple[Any, ...]:
        if not x.type.is_float:
            return (None,)
        sizes = tuple(x.type.shape[k] for k in axis)
        return (ops.resize_gradient(grad, axis=axis, size=sizes, method=method, antialias=antialias),)

    def stays_whole(self, node: Node, rule: str) -> bool:
        """Where ONNX's Resize equals the reference and is fast: not its antialiased linear (other weights), nor its plain
        cubic (147 ms where two products take 17).

        It computes places in float32, as Keras on JAX does: for axes of 256 elements results are 6e-5 from the reference.
        """
        if rule != "onnx" or node.output.type.dtype == "float64":
            return False
        changes = [pair for pair in _changes(node) if pair[0] != pair[1]]
        if not changes:
            return False
        method, antialias = node.attrs["method"], node.attrs["antialias"]
        if method == "nearest":
            return all(_without_ties(*pair) for pair in changes)
        grows = all(_grows(*pair) for pair in changes)
        return (method == "linear" and (grows or not antialias)) or (method == "cubic" and (grows or antialias))

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        shape: list[DimLike] = list(node.inputs[0].type.shape)
        found = inputs[0]
        axis, size = node.attrs["axis"], node.attrs["size"]
        wanted = [(k, n) for k, n in zip(axis, size, strict=True) if shape[k] != n]
        while wanted:
            together = 2 if len(wanted) > 1 and wanted[1][0] == wanted[0][0] + 1 else 1
            found = _onnx_resize(emit, node, found, shape, wanted[:together])
            for k, n in wanted[:together]:
                shape[k] = n
            wanted = wanted[together:]
        return found

    def samples(self) -> Iterator[Sample]:
        for method in METHODS:
            for antialias in (False, True):
                attrs = {"method": method, "antialias": antialias}
                yield Sample((Arg((2, 5, 7, 3)),), {**attrs, "axis": (1, 2), "size": (8, 4)})
                yield Sample((Arg((2, 3, 5, 7)),), {**attrs, "axis": (-2, -1), "size": (10, 14)})
                yield Sample((Arg((2, 3, 6, 8)),), {**attrs, "axis": (2, 3), "size": (2, 4)})
            yield Sample((Arg((5, 7, 3)),), {"method": method, "axis": (1, 0), "size": (3, 9)})
            yield Sample((Arg((BATCH, 5, 3)),), {"method": method, "axis": (1,), "size": (4,)})
            yield Sample((Arg((BATCH, LENGTH, 3)),), {"method": method, "axis": (1,), "size": (LENGTH * 2,)})
            yield Sample((Arg((2, LENGTH, 5)),), {"method": method, "axis": (1, 2), "size": (4, 7)})
        for method, size in (("linear", 30), ("cubic", 33), ("lanczos3", 41)):
            antialias = method == "linear"
            yield Sample((Arg((BATCH, 40, 2)),), {"method": method, "axis": (1,), "size": (size,), "antialias": antialias})
        for shape in ((2, 130), (2, 130, 17)):
            yield Sample((Arg(shape),), {"axis": (1,), "size": (70,), "antialias": True})
        for dtype in FLOATS:
            yield Sample((Arg((2, 3, 4, 1), dtype),), {"axis": (1, 2), "size": (5, 2)})
        for dtype in DTYPES:
            yield Sample((any_numbers((2, 4, 3), dtype),), {"axis": (1, 2), "size": (6, 6), "method": "nearest"})
        yield Sample((Arg((2, 3, 4, 5)),), {"axis": (0, 1, 3), "size": (3, 2, 7)})
        yield Sample((Arg((0, 3, 4, 1)),), {"axis": (1, 2), "size": (5, 2)})
        yield Sample((Arg((2, 3)),), {"axis": (1,), "size": (3,)})


class ResizeGradient(_Resizing):
    """The gradient of `resize` by an x whose `axis` have `size`: the product with the transposed matrix along each axis"""

    name = "resize_gradient"

    def expand(self, grad: Any, *, axis: tuple[int, ...], size: Shape, method: str, antialias: bool) -> Any:
        y = grad
        pairs = list(zip(axis, size, strict=True))
        for k, m in pairs if method == "nearest" else reversed(pairs):  # copies of long rows are added up faster
            n = y.type.shape[k]
            if n == m:
                continue
            times = _factor(m, n) if method == "nearest" else None
            if times is not None:
                y = _sum_of_copies(y, k, m, times)
            elif method == "nearest":  # of copies what autodiff makes of them
                x = Value(y.type.with_shape((*y.type.shape[:k], m, *y.type.shape[k + 1 :])))
                (y,) = gradients([_nearest(x, k, n)], [x], [y])
            else:
                weights = interpolation_weights(m, n, method, antialias, y.type.dtype)
                y = product_along(y, ops.transpose(weights, axes=(1, 0)), k)
        return ops.identity(y) if y is grad else y

    def vjp(
        self, grad: Any, out: Any, given: Any, *, axis: tuple[int, ...], size: Shape, method: str, antialias: bool
    ) -> tuple[Any, ...]:
        sizes = tuple(given.type.shape[k] for k in axis)
        return (ops.resize(grad, axis=axis, size=sizes, method=method, antialias=antialias),)

    def samples(self) -> Iterator[Sample]:
        for sample in OPS["resize"].samples():
            (x,), attrs = sample.args, sample.attrs
            if x.dtype not in FLOATS or any(map(is_symbolic, attrs["size"])):
                continue
            shape = list(x.shape)
            for k, n in zip(attrs["axis"], attrs["size"], strict=True):
                shape[k] = n
            sizes = tuple(x.shape[k] for k in attrs["axis"])
            yield Sample((Arg(tuple(shape), x.dtype),), {**attrs, "size": sizes})


def _changes(node: Node) -> list[tuple[DimLike, DimLike]]:
    """The old and the new size of each axis."""
    shape = node.inputs[0].type.shape
    return [(shape[k], n) for k, n in zip(node.attrs["axis"], node.attrs["size"], strict=True)]


def _factor(small: DimLike, large: DimLike) -> int | None:
    """How many times `large` is `small`, if that is a whole number for certain."""
    if not is_symbolic(small) and not is_symbolic(large):
        return int(large) // int(small) if int(large) % int(small) == 0 else None
    return next((k for k in range(2, 17) if small * k == large), None)


def _grows(size: DimLike, new_size: DimLike) -> bool:
    """Whether an axis gets no shorter, for certain."""
    if is_symbolic(size) or is_symbolic(new_size):
        return _factor(size, new_size) is not None
    return int(new_size) >= int(size)


def _without_ties(size: DimLike, new_size: DimLike) -> bool:
    """Whether no sample point lies exactly between two elements, where the rounding of ONNX's Resize would decide."""
    if is_symbolic(size) or is_symbolic(new_size):
        return _factor(size, new_size) is not None
    m, n = int(size), int(new_size)
    return bool(((2 * np.arange(n, dtype=np.int64) + 1) * m % (2 * n) != 0).all())


# ---- in other ops --------------------------------------------------------------------------------------------------------


def _nearest(x: Any, axis: int, new_size: DimLike) -> Any:
    """Copies: repetition or a slice for whole factors, so that kernels and gradients need no table."""
    shape = x.type.shape
    size = shape[axis]
    times = _factor(size, new_size)
    if times is not None:
        column = ops.expand_dims(x, axis=(axis + 1,))
        repeated = ops.broadcast_to(column, shape=(*shape[: axis + 1], times, *shape[axis + 1 :]))
        return ops.reshape(repeated, shape=(*shape[:axis], new_size, *shape[axis + 1 :]))
    step = _factor(new_size, size)
    if step is not None:
        starts = tuple(step // 2 if k == axis else 0 for k in range(len(shape)))
        steps = tuple(step if k == axis else 1 for k in range(len(shape)))
        return ops.slice(x, starts=starts, stops=shape, steps=steps)
    return ops.take(x, nearest_places(size, new_size), axis=axis)


def _sum_of_copies(y: Any, axis: int, size: DimLike, times: int) -> Any:
    """What becomes of the gradient of an axis of `size` whose elements have been repeated; few short copies one by one, because
    onnxruntime sums along short rows slowly."""
    shape = y.type.shape
    behind = shape[axis + 1 :]
    parts = ops.reshape(y, shape=(*shape[:axis], size, times, *behind))
    count = size_of(behind)
    if times > MOST_TAPS or isinstance(count, Dim) or count >= LONG or y.type.dtype not in ("float32", "float64"):
        return ops.sum(parts, axis=(axis + 1,), keepdims=False)
    total: Any = None
    for number in range(times):
        starts = tuple(number if k == axis + 1 else 0 for k in range(len(shape) + 1))
        stops = tuple(number + 1 if k == axis + 1 else n for k, n in enumerate(parts.type.shape))
        part = ops.slice(parts, starts=starts, stops=stops)
        total = part if total is None else ops.add(total, part)
    return ops.reshape(total, shape=(*shape[:axis], size, *behind))


def _weighted(x: Any, axis: int, new_size: DimLike, method: str, antialias: bool) -> Any:
    """The product with the interpolation matrix along one axis."""
    shape = x.type.shape
    weights = interpolation_weights(shape[axis], new_size, method, antialias, x.type.dtype)
    return product_along(x, weights, axis)


def product_along(x: Any, weights: Any, axis: int) -> Any:
    """`x` whose axis of size m is replaced by the product with `weights`, a matrix (n, m); values or arrays."""
    shape, (new_size, _) = (part.shape if isinstance(part, np.ndarray) else part.type.shape for part in (x, weights))
    front, behind = size_of(shape[:axis]), size_of(shape[axis + 1 :])
    narrow = not is_symbolic(behind) and 1 < behind < SHORT  # type: ignore[operator]
    taps = _taps(weights, SPARSE_IF_SHORT if narrow else SPARSE) if isinstance(weights, np.ndarray) else None
    if taps is not None:
        mixed = _mixed(ops.reshape(x, shape=(front, shape[axis], behind)), *taps)
    elif axis == len(shape) - 1:
        flat = ops.reshape(x, shape=(front, shape[axis]))
        mixed = ops.matmul(flat, ops.transpose(weights, axes=(1, 0)))
    else:
        mixed = ops.matmul(weights, ops.reshape(x, shape=(front, shape[axis], behind)))
    return ops.reshape(mixed, shape=(*shape[:axis], new_size, *shape[axis + 1 :]))


def _taps(weights: Array, sparse: int) -> tuple[Array, Array] | None:
    """The places (n, taps) and the weights (n, taps) of a matrix (n, m) whose rows are nearly all zeros; else None."""
    size = weights.shape[1]
    count = int((weights != 0).sum(axis=1).max(initial=1))
    if count > MOST_TAPS or count * sparse > size:
        return None
    places = np.argsort(weights == 0, axis=1, kind="stable")[:, :count]  # those that count first, in order
    values = np.take_along_axis(weights, places, axis=1)
    places = np.where(values == 0, places[:, :1], places)
    return places.astype(np.int32), values


def _mixed(x: Any, places: Array, weights: Array) -> Any:
    """The sum over taps t of weights[:, t] * x[:, places[:, t]], of x (front, size, behind): copies of whole rows, so the axis
    comes first where what lies behind it is short."""
    known = x.shape if isinstance(x, np.ndarray) else x.type.shape
    first = not is_symbolic(known[2]) and known[2] < SHORT
    if first:
        x = ops.transpose(x, axes=(1, 0, 2))
    total: Any = None
    for tap in range(places.shape[1]):
        row = ops.take(x, np.ascontiguousarray(places[:, tap]), axis=0 if first else 1)
        weight = np.ascontiguousarray(weights[:, tap]).reshape((-1, 1, 1) if first else (-1, 1))
        part = ops.multiply(row, weight)
        total = part if total is None else ops.add(total, part)
    return ops.transpose(total, axes=(1, 0, 2)) if first else total


# ---- in ONNX -------------------------------------------------------------------------------------------------------------


def _onnx_resize(emit: Emitter, node: Node, x: str, shape: Sequence[DimLike], wanted: Sequence[tuple[int, DimLike]]) -> str:
    """One Resize of an axis, or of two that are neighbours, on four axes: those whose layouts onnxruntime has fast code for."""
    first, last = wanted[0][0], wanted[-1][0]
    front, behind = tuple(shape[:first]), tuple(shape[last + 1 :])
    before, middle = size_of(behind), tuple(shape[first : last + 1])
    if len(wanted) == 1:
        layout: Shape = (1, size_of(front), *middle, before)
        axes = [2]
    elif not behind:
        layout, axes = ((*shape,) if len(shape) == 4 else (1, size_of(front), *middle)), [2, 3]
    else:
        layout, axes = (size_of(front), *middle, before), [1, 2]
    resized = list(layout)
    for place, (_, n) in zip(axes, wanted, strict=True):
        resized[place] = n
    operand = x if layout == tuple(shape) else str(emit("Reshape", x, emit.shape(layout)))
    sizes = emit.shape(tuple(resized[place] for place in axes))
    attributes = {"axes": axes, "mode": node.attrs["method"], "coordinate_transformation_mode": "half_pixel"}
    if node.attrs["method"] == "nearest":
        attributes["nearest_mode"] = "round_prefer_ceil"
    if node.attrs["method"] == "cubic":  # antialiasing does nothing where the axis grows, and its code is much faster
        attributes |= {"cubic_coeff_a": -0.5, "exclude_outside": 1, "antialias": 1}
    dtype = node.output.type.dtype
    found = native(emit, "Resize", dtype, operand, extra=("", "", sizes), **attributes)
    result = (*front, *(n for _, n in wanted), *behind)
    return found if tuple(resized) == result else str(emit("Reshape", found, emit.shape(result)))
