"""Loops over the slices of tensors: `scan`, `map`, `vectorized_map`, `vectorize`, `associative_scan`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graphkeras.compiler.batching import batched
from graphkeras.compiler.dims import Dim, DimLike
from graphkeras.compiler.ops.scan_gradient import saving_scan
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import normalize_axis, numpy_dtype

from .. import tree
from ..operation import operation
from ..tensor import KerasTensor
from .bodies import (
    Traced,
    as_tensors,
    as_value,
    check_function,
    is_concrete,
    leaves_of,
    packed,
    shown_to_user,
    trace_rounds,
    type_of_leaf,
)
from .manipulation import stack
from .operands import ndim_of, shape_of, tensor

__all__ = ["associative_scan", "map", "scan", "vectorized_map"]


@operation
def scan(
    f: Callable[[Any, Any], Any],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: Any = 1,
) -> Any:
    """Goes over the slices of `xs` along axis 0 and carries a state along: ``carry, y = f(carry, x)``.

    Args:
        f: from the state and a slice to the new state, of the same shapes and dtypes, and what to keep of this round.
        init: the first state: a structure of tensors.
        xs: a structure of tensors with the same first axis, or None: then f gets None.
        length: the number of rounds; needed without `xs`.
        reverse: from the last slice to the first. Results stay at the places of their slices.
        unroll: taken for Keras's sake; the target decides.

    Returns:
        The last state, and the kept results, stacked along axis 0.

    Raises:
        ValueError: if a round changes shapes or dtypes of the state, or the first axes differ.

    Example:

    ```python
    total, running = ops.scan(lambda total, x: (total + x, total + x), ops.zeros(3), xs)   # cumulative sums
    ```
    """
    check_function(f, "ops.scan: f")
    sequences = [tensor(leaf) for leaf in leaves_of(xs)]
    size = _length("ops.scan", sequences, length)
    if is_concrete((init, xs)) and not isinstance(size, Dim):
        return _scan_now(f, init, xs, sequences, size, reverse)
    count = len(leaves_of(init))

    def arguments(leaves: Sequence[Any]) -> tuple[Any, Any]:
        return packed(init, leaves[:count]), packed(xs, leaves[count:])

    def step(carry: Any, x: Any) -> Any:
        return _checked_round("ops.scan", f(carry, x), init)

    step.__name__ = getattr(f, "__name__", "f")
    start, traced = trace_rounds(step, leaves_of(init), [_slice_type(x) for x in sequences], arguments, "ops.scan")
    outer = traced.reads()
    operands = [as_value(leaf) for leaf in (*start, *sequences)]
    made = saving_scan(
        *operands,
        *outer,
        body=traced.body(outer),
        carries=count,
        sequences=len(sequences),
        length=size,
        reverse=bool(reverse),
    )
    return traced.packed(made)


def _checked_round(what: str, result: Any, init: Any) -> tuple[Any, Any]:
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise ValueError(f"{what}: f must return the new state and a result, as (carry, y), got {type(result).__name__}.")
    try:
        tree.assert_same_structure(init, result[0])
    except ValueError as error:
        raise ValueError(f"{what}: f must give back the structure of the state that it got. {error}") from None
    return result[0], result[1]


def _scan_now(f: Callable[..., Any], init: Any, xs: Any, sequences: list[Any], size: int, reverse: bool) -> Any:
    """On numbers, one round after the other."""
    if size == 0:  # a round that is traced tells what its results would be
        types = [type_of_leaf(tensor(leaf)) for leaf in leaves_of(init)]
        count = len(types)
        traced = Traced(
            f,
            [*types, *(_slice_type(x) for x in sequences)],
            lambda leaves: (packed(init, leaves[:count]), packed(xs, leaves[count:])),
            "ops.scan",
        )
        empty = [np.zeros((0, *value.type.shape), numpy_dtype(value.type.dtype)) for value in traced.values]
        return tree.map_structure(tensor, init), traced.packed(empty)[1]
    carry, results = as_tensors(init), []
    order = range(size)
    for k in reversed(order) if reverse else order:
        carry, y = _checked_round("ops.scan", f(carry, packed(xs, [x[k] for x in sequences])), init)
        results.append(y)
    return as_tensors(carry), _stacked(results[::-1] if reverse else results)


def _stacked(results: Sequence[Any]) -> Any:
    """Equal structures as one, its leaves stacked."""
    return tree.map_structure(lambda *leaves: None if leaves[0] is None else stack(leaves), *results)


def _length(what: str, sequences: Sequence[Any], length: Any) -> DimLike:
    """The one size of axis 0 of all sequences."""
    sizes: list[Any] = [] if length is None else [length if isinstance(length, Dim) else int(length)]
    for x in sequences:
        if ndim_of(x) == 0:
            raise ValueError(f"{what}: a scalar has no slices; every tensor needs at least one axis.")
        sizes.append(shape_of(x)[0])
    if not sizes:
        raise ValueError(f"{what}: give xs, or the number of rounds as length.")
    if any(size != sizes[0] for size in sizes):
        shown = ", ".join(str(size) for size in dict.fromkeys(sizes))
        raise ValueError(f"{what}: axis 0 of all tensors (and length) must have one size, got {shown}.")
    return sizes[0]  # type: ignore[no-any-return]


def _slice_type(x: Any) -> Any:
    type_ = type_of_leaf(x)
    return type_.with_shape(type_.shape[1:])


@operation
def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """f of every slice of `xs` along axis 0, one after the other, stacked.

    Args:
        f: from a slice (of every tensor, in the structure of `xs`) to a structure of tensors.
        xs: a structure of tensors with the same first axis.
    """
    check_function(f, "ops.map: f")
    return mapped("ops.map", f, xs)


def mapped(what: str, f: Callable[[Any], Any], xs: Any, at_once: bool = False) -> Any:
    """f of every slice of the tensors in `xs`, stacked. `what` is the name that errors give.

    `at_once` computes on all slices together, where all operations in f can; else they are taken one after the other.
    """
    sequences = [tensor(leaf) for leaf in leaves_of(xs)]
    size = _length(what, sequences, None)
    if is_concrete(xs) and not isinstance(size, Dim) and size > 0:
        return _stacked([as_tensors(f(packed(xs, [x[k] for x in sequences]))) for k in range(size)])
    traced = Traced(f, [_slice_type(x) for x in sequences], lambda leaves: (packed(xs, leaves),), what)
    if is_concrete(xs) and not isinstance(size, Dim):
        return traced.packed([np.zeros((0, *v.type.shape), numpy_dtype(v.type.dtype)) for v in traced.values])
    outer = traced.reads()
    operands, body = [*(as_value(x) for x in sequences), *outer], traced.body(outer)
    if at_once:
        has_axis = [True] * len(sequences) + [False] * len(outer)
        if (results := batched(body, operands, has_axis, size)) is not None:
            return traced.packed(results)
    made = saving_scan(*operands, body=body, carries=0, sequences=len(sequences), length=size)
    return traced.packed(made)


@operation
def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """function of every slice of `elements` along axis 0, computed on all slices together where all operations in it can.

    Args:
        function: from a slice (of every tensor, in the structure of `elements`) to a structure of tensors.
        elements: a structure of tensors with the same first axis.
    """
    check_function(function, "ops.vectorized_map: function")
    return mapped("ops.vectorized_map", function, elements, at_once=True)


@operation
def associative_scan(f: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """f of all elements up to each one, along `axis`, for an associative f: cumulative sums for addition.

    Elements are combined over distances 1, 2, 4, ..., so that it takes log2(size) steps.

    Args:
        f: from two (structures of) tensors of the same shape to one, elementwise along `axis`.
        elems: a structure of tensors whose `axis` has one size, which must be known.
        reverse: of all elements from each one on.
        axis: the axis to go along.

    Raises:
        ValueError: if the sizes differ.
        NotImplementedError: if the size is known only when the model runs.
    """
    check_function(f, "ops.associative_scan: f")
    leaves = [tensor(leaf) for leaf in leaves_of(elems)]
    places = [normalize_axis(axis, ndim_of(x), "associative_scan") for x in leaves]
    sizes = {shape_of(x)[place] for x, place in zip(leaves, places, strict=True)}
    if len(sizes) != 1:
        shown = ", ".join(sorted(str(size) for size in sizes))
        raise ValueError(f"ops.associative_scan: all tensors must have one size along axis {axis}, got {shown}.")
    size = sizes.pop()
    if isinstance(size, Dim):
        raise NotImplementedError(
            f"ops.associative_scan: the size of axis {axis}, {size}, is known only when the model runs, and with it the number "
            "of steps. Use ops.scan, or ops.cumsum and its like."
        )
    distance = 1
    while distance < size:
        early = [_part(x, place, 0, size - distance) for x, place in zip(leaves, places)]
        late = [_part(x, place, distance, size) for x, place in zip(leaves, places)]
        pair = (late, early) if reverse else (early, late)
        combined = leaves_of(_unwrapped(f(*(packed(elems, [shown_to_user(x) for x in part]) for part in pair))))
        ends = [
            _part(x, place, size - distance, size) if reverse else _part(x, place, 0, distance)
            for x, place in zip(leaves, places)
        ]
        joined = [(new, end) if reverse else (end, new) for new, end in zip(combined, ends, strict=True)]
        leaves = [ops.concatenate(*both, axis=place) for both, place in zip(joined, places)]
        distance *= 2
    return packed(elems, leaves)


def _unwrapped(structure: Any) -> Any:
    """What a function of the user returned, as values and arrays."""
    return tree.map_structure(lambda leaf: leaf.value if isinstance(leaf, KerasTensor) else tensor(leaf), structure)


def _part(x: Any, axis: int, start: int, stop: int) -> Any:
    """x[start:stop] along `axis`"""
    starts: list[Any] = [None] * ndim_of(x)
    stops: list[Any] = [None] * ndim_of(x)
    starts[axis], stops[axis] = start, stop
    return ops.slice(x, starts=tuple(starts), stops=tuple(stops))
