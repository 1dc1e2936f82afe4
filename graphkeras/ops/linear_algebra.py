"""Products of matrices and tensors, and norms."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from graphkeras.compiler.dims import size_of
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import normalize_axes, normalize_axis, shape_text

from ..operation import operation
from .indexing import diagonal_of
from .matrices import matrix_norm
from .operands import Tensor, as_float, cast, dtype_of, ndim_of, promoted, scalar, shape_of, tensor, weak_dtype, zero_of

# fmt: off
__all__ = [
    "cross", "dot", "einsum", "inner", "matmul", "norm", "outer", "tensordot", "vdot",
]
# fmt: on


def _with_numbers(compute: Callable[..., Tensor], *operands: Any, widens: bool = False) -> Tensor:
    """compute(*operands) in their common dtype.

    Booleans are multiplied as numbers, and the result is whether it is not 0.
    Where `widens`, int8 operands give int32, as in Keras.
    """
    tensors = promoted(*operands)
    if widens and all(weak_dtype(x) == "int8" for x in operands):
        return compute(*(cast(x, "int32") for x in tensors))
    if dtype_of(tensors[0]) == "bool":
        counted = compute(*(cast(x, "int32") for x in tensors))
        return ops.not_equal(counted, zero_of(counted))
    return compute(*tensors)


def product_of(x1: Any, x2: Any) -> Tensor:
    """The matrix product; vectors count as a row on the left and a column on the right.

    Raises:
        ValueError: for a scalar, or if the inner sizes differ.
    """
    a, b = promoted(x1, x2)
    left, right = ndim_of(a), ndim_of(b)
    if not left or not right:
        raise ValueError(
            f"ops.matmul: both operands need at least 1 axis, got {shape_text(shape_of(a))} and {shape_text(shape_of(b))}."
        )
    inner, other = shape_of(a)[-1], shape_of(b)[-2 if right > 1 else 0]
    if inner != other:
        raise ValueError(
            f"ops.matmul: the last axis of x1 {shape_text(shape_of(a))} and the "
            f"{'second last' if right > 1 else 'only'} axis of x2 {shape_text(shape_of(b))} must be equal, "
            f"got {inner} and {other}."
        )
    a = ops.expand_dims(a, axis=(0,)) if left == 1 else a
    b = ops.expand_dims(b, axis=(1,)) if right == 1 else b
    product = ops.matmul(a, b)
    ndim = ndim_of(product)
    dropped = ((ndim - 2,) if left == 1 else ()) + ((ndim - 1,) if right == 1 else ())
    return ops.squeeze(product, axis=dropped) if dropped else product


@operation
def matmul(x1: Any, x2: Any) -> Any:
    """The matrix product over the last two axes; leading axes are broadcast, vectors allowed.

    Raises:
        ValueError: for a scalar, or if the inner sizes differ.
    """
    return _with_numbers(product_of, x1, x2, widens=True)


@operation
def dot(x1: Any, x2: Any) -> Any:
    """The sum of products over the last axis of x1 and the second last (only) axis of x2; a product for scalars."""
    return _with_numbers(_dot, x1, x2)


def _dot(a: Tensor, b: Tensor) -> Tensor:
    if not ndim_of(a) or not ndim_of(b):
        return ops.multiply(a, b)
    if ndim_of(b) <= 2:
        return product_of(a, b)
    return _tensordot(a, b, (ndim_of(a) - 1,), (ndim_of(b) - 2,))


@operation
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """The sum of products over axes: the last `axes` of x1 with the first of x2, or a pair of axis lists.

    Raises:
        ValueError: if the axes do not fit.
    """
    if isinstance(axes, int):
        if not 0 <= axes <= min(ndim_of(x1), ndim_of(x2)):
            raise ValueError(
                f"ops.tensordot: axes must be between 0 and the number of axes of both operands, got {axes} for shapes "
                f"{shape_text(shape_of(x1))} and {shape_text(shape_of(x2))}."
            )
        left, right = tuple(range(ndim_of(x1) - axes, ndim_of(x1))), tuple(range(axes))
    else:
        left, right = ((side,) if isinstance(side, int) else tuple(side) for side in axes)
        left = tuple(normalize_axis(axis, ndim_of(x1), "tensordot") for axis in left)
        right = tuple(normalize_axis(axis, ndim_of(x2), "tensordot") for axis in right)
    return _with_numbers(lambda a, b: _tensordot(a, b, left, right), x1, x2)


def _tensordot(a: Tensor, b: Tensor, left: tuple[int, ...], right: tuple[int, ...]) -> Tensor:
    sizes = [tuple(shape_of(x)[axis] for axis in axes) for x, axes in ((a, left), (b, right))]
    if sizes[0] != sizes[1]:
        raise ValueError(
            f"ops.tensordot: axes {left} of {shape_text(shape_of(a))} and {right} of {shape_text(shape_of(b))} must have equal "
            f"sizes, got {shape_text(sizes[0])} and {shape_text(sizes[1])}."
        )
    rest_a = tuple(axis for axis in range(ndim_of(a)) if axis not in left)
    rest_b = tuple(axis for axis in range(ndim_of(b)) if axis not in right)
    rows, columns = (tuple(shape_of(x)[axis] for axis in axes) for x, axes in ((a, rest_a), (b, rest_b)))
    inner = size_of(sizes[0])
    flat_a = ops.reshape(ops.transpose(a, axes=rest_a + left), shape=(size_of(rows), inner))
    flat_b = ops.reshape(ops.transpose(b, axes=right + rest_b), shape=(inner, size_of(columns)))
    return ops.reshape(ops.matmul(flat_a, flat_b), shape=rows + columns)


@operation
def outer(x1: Any, x2: Any) -> Any:
    """All products of an element of x1 (flattened) with one of x2 (flattened)."""
    return _with_numbers(_outer, x1, x2)


def _outer(a: Tensor, b: Tensor) -> Tensor:
    return ops.multiply(ops.reshape(a, shape=(size_of(shape_of(a)), 1)), ops.reshape(b, shape=(1, size_of(shape_of(b)))))


@operation
def inner(x1: Any, x2: Any) -> Any:
    """The sum of products over the last axes; a product for scalars."""
    return _with_numbers(_inner, x1, x2)


def _inner(a: Tensor, b: Tensor) -> Tensor:
    if not ndim_of(a) or not ndim_of(b):
        return ops.multiply(a, b)
    return _tensordot(a, b, (ndim_of(a) - 1,), (ndim_of(b) - 1,))


@operation
def vdot(x1: Any, x2: Any) -> Any:
    """The sum of products of all elements.

    Raises:
        ValueError: for different numbers of elements.
    """
    sizes = size_of(shape_of(x1)), size_of(shape_of(x2))
    if sizes[0] != sizes[1]:
        raise ValueError(f"ops.vdot: both operands need the same number of elements, got {sizes[0]} and {sizes[1]}.")
    return _with_numbers(lambda a, b: ops.sum(ops.multiply(ops.reshape(a, shape=(-1,)), ops.reshape(b, shape=(-1,)))), x1, x2)


@operation
def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    """The sum of products that `subscripts` names, as numpy.einsum: "bij,bjk->bik". Ellipsis is allowed.

    Contracts from left to right, each step as one batched matrix product.

    Raises:
        ValueError: for subscripts that do not fit the operands.
    """
    return _with_numbers(lambda *tensors: _einsum(subscripts, tensors), *operands, widens=True)


def _einsum(subscripts: str, operands: Sequence[Tensor]) -> Tensor:
    tensors = list(operands)
    terms, output = _parse(subscripts, [ndim_of(x) for x in tensors])
    terms, tensors = map(list, zip(*(_with_diagonals(term, x) for term, x in zip(terms, tensors))))
    labels, result = terms[0], tensors[0]
    for k, (term, x) in enumerate(zip(terms[1:], tensors[1:]), start=1):
        later = set(output).union(*terms[k + 1 :])
        labels, result = _contract(labels, result, term, x, later)
    summed = tuple(k for k, label in enumerate(labels) if label not in output)
    result = ops.sum(result, axis=summed) if summed else result
    labels = [label for label in labels if label in output]
    return ops.transpose(result, axes=tuple(labels.index(label) for label in output))


def _parse(subscripts: str, ndims: list[int]) -> tuple[list[list[str]], list[str]]:
    """Labels of each operand and of the result; an ellipsis becomes labels of its own."""
    text = subscripts.replace(" ", "")
    inputs, arrow, output = text.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(ndims):
        raise ValueError(f"ops.einsum: {subscripts!r} names {len(terms)} operands, got {len(ndims)}.")
    widest = max((ndim - len(t.replace("...", "")) for t, ndim in zip(terms, ndims) if "..." in t), default=0)
    labelled = []
    for term, ndim in zip(terms, ndims):
        extra = ndim - len(term.replace("...", ""))
        if extra < 0 or (extra and "..." not in term):
            raise ValueError(f"ops.einsum: {term!r} in {subscripts!r} names {ndim - extra} axes, the operand has {ndim}.")
        labels = _spread(term, [f"...{k}" for k in range(widest - extra, widest)])
        labelled.append(labels)
    if arrow:
        result = _spread(output, [f"...{k}" for k in range(widest)])
    else:
        every = [label for labels in labelled for label in labels]
        once = sorted(label for label in set(every) if every.count(label) == 1 and not label.startswith("..."))
        result = [f"...{k}" for k in range(widest)] + once
    missing = set(result) - {label for labels in labelled for label in labels}
    if missing or len(set(result)) < len(result):
        raise ValueError(f"ops.einsum: the result in {subscripts!r} must name axes of the operands, each once.")
    return labelled, result


def _spread(term: str, ellipsis: list[str]) -> list[str]:
    before, dots, after = term.partition("...")
    return [*before, *(ellipsis if dots else []), *after]


def _with_diagonals(labels: list[str], x: Tensor) -> tuple[list[str], Tensor]:
    """Axes that stand twice in one operand mean its diagonal."""
    for label in sorted({label for label in labels if labels.count(label) > 1}):
        while labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            x = diagonal_of(x, 0, first, second)
            labels = [*(each for k, each in enumerate(labels) if k not in (first, second)), label]
    return labels, x


def _contract(left: list[str], a: Tensor, right: list[str], b: Tensor, later: set[str]) -> tuple[list[str], Tensor]:
    """One product of two labelled tensors that sums over shared labels which nothing needs later."""
    left, a = _sum_out(left, a, set(right) | later)
    right, b = _sum_out(right, b, set(left) | later)
    sizes = dict(zip(left, shape_of(a)))
    for label, size in zip(right, shape_of(b)):
        if sizes.setdefault(label, size) != size:
            if 1 not in (sizes[label], size):
                raise ValueError(f"ops.einsum: axis {label!r} has sizes {sizes[label]} and {size}.")
            sizes[label] = size if sizes[label] == 1 else sizes[label]
    a = ops.broadcast_to(a, shape=tuple(sizes[label] for label in left))
    b = ops.broadcast_to(b, shape=tuple(sizes[label] for label in right))
    batch = [label for label in left if label in right and label in later]
    inner_ = [label for label in left if label in right and label not in later]
    rows = [label for label in left if label not in right]
    columns = [label for label in right if label not in left]
    a = ops.transpose(a, axes=tuple(left.index(label) for label in batch + rows + inner_))
    b = ops.transpose(b, axes=tuple(right.index(label) for label in batch + inner_ + columns))
    shapes = [tuple(sizes[label] for label in group) for group in (batch, rows, inner_, columns)]
    shape, row_sizes, inner_sizes, column_sizes = shapes
    product = ops.matmul(
        ops.reshape(a, shape=(*shape, size_of(row_sizes), size_of(inner_sizes))),
        ops.reshape(b, shape=(*shape, size_of(inner_sizes), size_of(column_sizes))),
    )
    return batch + rows + columns, ops.reshape(product, shape=shape + row_sizes + column_sizes)


def _sum_out(labels: list[str], x: Tensor, needed: set[str]) -> tuple[list[str], Tensor]:
    axes = tuple(k for k, label in enumerate(labels) if label not in needed)
    return [label for label in labels if label in needed], ops.sum(x, axis=axes) if axes else x


@operation
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The norm of vectors (one axis: ord None, 1, 2, inf, -inf, 0 or any p) or matrices (two axes: None, "fro", 1,
    -1, inf, -inf, 2, -2, "nuc").

    With axis None the norm is over all axes and `ord` must fit their number, or be None for the root of the sum of squares.

    Raises:
        ValueError: for an `ord` that does not exist.
    """
    x = as_float(x)
    axes = normalize_axes(axis, ndim_of(x), "norm")
    if ord is None or (ord == "fro" and len(axes) == 2) or (ord == 2 and len(axes) == 1):
        return ops.sqrt(ops.sum(ops.square(x), axis=axes, keepdims=keepdims))
    size = ops.abs(x)
    if len(axes) == 1:
        if ord in (math.inf, -math.inf):
            return (ops.max if ord > 0 else ops.min)(size, axis=axes, keepdims=keepdims)
        if isinstance(ord, str):
            raise ValueError(f"ops.norm: a vector norm has a number as ord, got {ord!r}.")
        if ord == 0:
            return ops.sum(cast(ops.not_equal(x, scalar(0, x)), "float32"), axis=axes, keepdims=keepdims)
        if ord == 1:
            return ops.sum(size, axis=axes, keepdims=keepdims)
        total = ops.sum(ops.power(size, scalar(ord, x)), axis=axes, keepdims=keepdims)
        return ops.power(total, scalar(1 / ord, x))
    if len(axes) == 2 and ord in (1, -1, math.inf, -math.inf):
        first, second = (normalize_axis(a, ndim_of(x), "norm") for a in (axis if axis is not None else (0, 1)))
        summed, kept = (first, second) if abs(ord) == 1 else (second, first)
        sums = ops.sum(size, axis=(summed,), keepdims=True)
        result = (ops.max if ord > 0 else ops.min)(sums, axis=(kept,), keepdims=True)
        return result if keepdims else ops.squeeze(result, axis=tuple(sorted(axes)))
    if len(axes) == 2 and ord in (2, -2, "nuc"):
        return matrix_norm(x, ord, axes, keepdims)
    raise ValueError(f"ops.norm: ord={ord!r} does not exist for {len(axes)} axes.")


@operation
def cross(x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """The cross product of vectors of 3 elements along an axis.

    Raises:
        ValueError: for vectors of another length.
    """
    a, b = promoted(x1, x2)
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    parts = []
    for x, place in ((a, axisa), (b, axisb)):
        place = normalize_axis(place, ndim_of(x), "cross")
        if shape_of(x)[place] != 3:
            raise ValueError(f"ops.cross: vectors of 3 elements are needed, axis {place} of {shape_text(shape_of(x))} is not.")
        order = (place, *(k for k in range(ndim_of(x)) if k != place))
        moved = ops.transpose(x, axes=order)
        parts.append([ops.take(moved, tensor(k), axis=0) for k in range(3)])
    (a0, a1, a2), (b0, b1, b2) = parts
    pairs = ((a1, b2, a2, b1), (a2, b0, a0, b2), (a0, b1, a1, b0))
    rows = [ops.subtract(ops.multiply(p, q), ops.multiply(r, s)) for p, q, r, s in pairs]
    target = normalize_axis(axisc, ndim_of(rows[0]) + 1, "cross")
    return ops.concatenate(*(ops.expand_dims(row, axis=(target,)) for row in rows), axis=target)
