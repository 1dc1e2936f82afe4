"""The eliminations of `elimination.py` for large matrices, on targets without LAPACK: loops over the columns.

Every round works on whole matrices and hides by masks what is done already, so that all rounds are alike: n rounds of n * n
elements for n rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..graph import Graph, Value
from ..registry import ops
from ..types import TensorType
from .body_rules import as_tuple
from .matrices import size_of_matrix, turned


def cholesky_by_loop(x: Any) -> Any:
    """Column by column: each takes its product with itself off what is left."""
    size = size_of_matrix(x)

    def step(carried: Sequence[Any], slices: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        (left,), (number,) = carried, slices
        rows, columns = _row_numbers(size), _column_numbers(size)
        column = _chosen(left, ops.equal(columns, number), -1)
        head = ops.sqrt(_chosen(column, ops.equal(rows, number), -2))
        column = _where(ops.greater_equal(rows, number), column / head, None)
        return [left - ops.matmul(column, turned(column))], [column]

    _, (columns,) = _loop("cholesky", step, [(x + turned(x)) * 0.5], [_numbers(size)], size)
    last = columns.type.ndim - 1  # (column, ..., row, 1)
    return ops.squeeze(ops.transpose(columns, axes=(*range(1, last), last, 0)), axis=(last - 1,))


def substituted_by_loop(a: Any, b: Any, lower: bool) -> Any:
    """Row by row: what is left of it when the known rows are taken off, over the diagonal."""
    size = size_of_matrix(a)

    def step(carried: Sequence[Any], slices: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        (found,), (number, row, side) = carried, slices
        columns = _column_numbers(size)
        known = ops.less(columns, number) if lower else ops.greater(columns, number)
        new = (side - ops.matmul(_where(known, row, None), found)) / _chosen(row, ops.equal(columns, number), -1)
        return [_where(ops.equal(_row_numbers(size), number), new, found)], []

    rows = [_rows_first(a), _rows_first(b)]
    (found,), _ = _loop("substitution", step, [_zeros(b.type)], [_numbers(size), *rows], size, reverse=not lower)
    return found


def eliminated_by_loop(x: Any, rounds: int) -> tuple[Any, Any, Any, Any]:
    """Gauss's elimination of the first `rounds` columns; in each step the row with the greatest head comes first.

    Returns:
        What it leaves, with the factors below the diagonal; which row came first in each step, (rounds, ..., 1, 1); the
        rows' order, (..., rows, 1); the sign of the exchanges, (..., 1, 1).
    """
    count, width = (int(size) for size in x.type.shape[-2:])
    ahead = x.type.shape[:-2]
    order = ops.broadcast_to(ops.constant(value=np.arange(count, dtype=np.int32)[:, None]), shape=(*ahead, count, 1))
    sign = ops.broadcast_to(ops.constant(value=np.ones((), x.type.dtype)), shape=(*ahead, 1, 1))
    one, minus = np.ones((), x.type.dtype), -np.ones((), x.type.dtype)

    def step(carried: Sequence[Any], slices: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        (left, order, sign), (number,) = carried, slices
        rows, columns = _row_numbers(count), _column_numbers(width)
        here = ops.equal(rows, number)
        heads = _chosen(left, ops.equal(columns, number), -1)
        place = ops.argmax(_where(ops.greater_equal(rows, number), ops.abs(heads), minus), axis=-2, keepdims=True)
        chosen = ops.equal(place, rows)
        left, order, heads = (_exchanged(part, here, chosen) for part in (left, order, heads))
        head = _chosen(heads, here, -2)
        is_zero = ops.equal(head, np.zeros((), x.type.dtype))
        factor = _where(ops.greater(rows, number), heads / ops.where(is_zero, one, head), None)
        factor = _where(is_zero, None, factor)
        below = left - factor * _where(ops.greater(columns, number), _chosen(left, here, -2), None)
        is_head = ops.logical_and(ops.equal(columns, number), ops.greater(rows, number))
        sign = sign * ops.where(ops.equal(place, number), one, minus)
        return [_where(is_head, factor, below), order, sign], [place]

    (left, order, sign), (places,) = _loop("elimination", step, [x, order, sign], [_numbers(rounds)], rounds)
    return left, places, order, sign


def reflected_by_loop(x: Any) -> tuple[Any, Any]:
    """Householder's reflections, each of which makes zeros below the diagonal of one column; none for one that has them.

    Returns:
        Their product, (..., rows, rows), and what they make of x.
    """
    count, width = (int(size) for size in x.type.shape[-2:])
    identity = ops.constant(value=np.eye(count, dtype=x.type.dtype))
    product = ops.broadcast_to(identity, shape=(*x.type.shape[:-1], count))
    one, zero = np.ones((), x.type.dtype), np.zeros((), x.type.dtype)

    def step(carried: Sequence[Any], slices: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        (left, product), (number,) = carried, slices
        rows = _row_numbers(count)
        column = _chosen(left, ops.equal(_column_numbers(width), number), -1)
        head = _chosen(column, here := ops.equal(rows, number), -2)
        rest = _where(ops.greater(rows, number), column, None)
        size = ops.sum(ops.square(rest), axis=-2, keepdims=True)
        is_done = ops.equal(size, zero)
        length = ops.sqrt(size + ops.square(head))
        beta = ops.where(is_done, one, ops.where(ops.less(head, zero), length, -length))
        vector = ops.where(here, one, rest / ops.where(is_done, one, head - beta))
        tau = ops.where(is_done, zero, (beta - head) / beta)
        left = left - tau * ops.matmul(vector, ops.matmul(turned(vector), left))
        return [left, product - tau * ops.matmul(ops.matmul(product, vector), turned(vector))], []

    rounds = min(count, width)
    (left, product), _ = _loop("reflections", step, [x, product], [_numbers(rounds)], rounds)
    return product, left


def _loop(name: str, step: Any, start: Sequence[Any], sequences: Sequence[Any], length: int, reverse: bool = False) -> Any:
    """A scan of ``step(carried, slices) -> carried, results``; returns what is carried at the end, and the results."""
    carried = [Value(value.type, "carried") for value in start]
    slices = [Value(value.type.with_shape(value.type.shape[1:]), "slice") for value in sequences]
    new, results = step(carried, slices)
    body = Graph.of([*carried, *slices], [*new, *results], name=name)
    attrs = {"carries": len(start), "sequences": len(sequences), "length": length, "reverse": reverse}
    made = as_tuple(ops.scan(*start, *sequences, body=body, **attrs))
    return made[: len(start)], made[len(start) :]


def _exchanged(x: Any, here: Any, chosen: Any) -> Any:
    """The row `here` and the row that is `chosen` in each other's place."""
    first, best = _chosen(x, here, -2), _chosen(x, chosen, -2)
    return ops.where(here, best, ops.where(chosen, first, x))


def _chosen(x: Any, mask: Any, axis: int) -> Any:
    """The one element along `axis` for which the mask holds."""
    return ops.sum(_where(mask, x, None), axis=x.type.ndim + axis, keepdims=True)


def _where(mask: Any, x: Any, other: Any) -> Any:
    """x where the mask holds, else `other`; None stands for 0."""
    zero = ops.constant(value=np.zeros((), (x if x is not None else other).type.dtype))
    return ops.where(mask, zero if x is None else x, zero if other is None else other)


def _rows_first(x: Any) -> Any:
    """(..., rows, columns) as (rows, ..., 1, columns)"""
    ndim = x.type.ndim
    turned_x = ops.transpose(x, axes=(ndim - 2, *range(ndim - 2), ndim - 1))
    return ops.expand_dims(turned_x, axis=(ndim - 1,))


def _numbers(length: int) -> Any:
    return ops.constant(value=np.arange(length, dtype=np.int32))


def _row_numbers(size: int) -> Any:
    return ops.constant(value=np.arange(size, dtype=np.int32)[:, None])


def _column_numbers(size: int) -> Any:
    return ops.constant(value=np.arange(size, dtype=np.int32)[None, :])


def _zeros(type_: TensorType) -> Any:
    return ops.broadcast_to(ops.constant(value=np.zeros((), type_.dtype)), shape=type_.shape)
