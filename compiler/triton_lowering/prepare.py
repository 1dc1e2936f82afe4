"""Before regions are formed: ops that have no kernel of their own are spelled out in ops that have one, and reductions of many
elements to few results are made in two stages, so that a GPU has enough to do at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from ..bodies import everywhere
from ..dims import DimLike
from ..graph import Graph, Node, Value
from ..journal import note
from ..ops.base import Composite, expanded
from ..ops.flash_attention import flash_gradient
from ..ops.matrices import HostOp
from ..ops.sort import are_few
from ..passes.cse import eliminate_common_subexpressions
from ..passes.dce import eliminate_dead_code
from ..passes.unroll import unroll
from ..registry import ops
from ..rewrite import rewrite
from ..types import FLOATS
from .column_sums import split_column_sums
from .long_sort import sorted_by_steps
from .reduction import Plan, block_sizes
from .region import is_reduction, rows_of
from .row_sort import LARGEST_ROW, LEAST_ROW
from .split_product import split_product
from .split_scan import split_scan

#: Dtypes whose products triton's `dot` makes.
DOT_DTYPES = ("float32", "float16", "bfloat16")
#: A reduction of so many elements in all that fewer than so many program instances would make has two stages; a part of the
#: first stage has at least so many elements for one result.
MANY_ELEMENTS = 1 << 17
FEW_PROGRAMS = 64
LEAST_PART = 512


def prepare(graph: Graph, bindings: Mapping[str, DimLike]) -> Graph:
    """`graph` with symbols replaced by sizes, in ops that kernels can be written for."""
    return everywhere(_prepared, unroll(graph.bind(bindings)))


def _prepared(graph: Graph) -> Graph:
    while any(_is_whole_composite(node) for node in graph.nodes):
        graph = rewrite(graph, lambda node: _expanded(node) if _is_whole_composite(node) else None)
    graph = rewrite(graph, _spell_out)
    graph = eliminate_dead_code(eliminate_common_subexpressions(graph))
    graph = rewrite(graph, _pass_through)  # from here on nothing merges equal nodes
    graph = split_column_sums(eliminate_dead_code(rewrite(graph, split_product)))
    return eliminate_dead_code(rewrite(rewrite(graph, _split_reduction), split_scan))


def _pass_through(node: Node) -> Sequence[Value] | None:
    return (node.inputs[0],) if node.op.name in ("recompute", "ensure_shape") else None


def _expanded(node: Node) -> Sequence[Value]:
    if node.op.name == "top_k" and not are_few(node.attrs["k"], size := _row_length(node)) and size > LARGEST_ROW:
        return sorted_by_steps(node)
    return expanded(node)


def _row_length(node: Node) -> int:
    return int(node.inputs[0].type.shape[node.attrs["axis"]])


def _is_whole_composite(node: Node) -> bool:
    if node.op.name == "top_k":
        size = _row_length(node)
        return are_few(node.attrs["k"], size) or not LEAST_ROW < size <= LARGEST_ROW
    return isinstance(node.op, Composite) and not node.op.stays_whole(node, "element")


def _spell_out(node: Node) -> Sequence[Value] | None:
    if isinstance(node.op, HostOp):
        raise NotImplementedError(node.op.refused(node, "Triton"))
    if node.op.name == "matmul" and node.inputs[0].type.dtype not in DOT_DTYPES:
        note("matmul spelled out as a sum of products", node, why=f"triton's dot does not take {node.inputs[0].type.dtype}")
        return [_sum_of_products(*node.inputs)]
    if node.op.name == "dot_product_attention":
        return ops.flash_attention(*node.inputs, **node.attrs)[:1]  # type: ignore[no-any-return]
    if node.op.name == "dot_product_attention_gradient":
        return flash_gradient(node)
    if node.op.name == "scatter_add":
        note("scatter_add spelled out as a sum", node, why="so that the order of additions is always the same")
        return [_sum_of_selected(node.inputs[0], node.inputs[1], int(node.attrs["size"]))]
    return None


def _sum_of_products(a: Value, b: Value) -> Value:
    """sum over k of a[m, k] * b[k, n]"""
    columns = ops.expand_dims(a, axis=(a.type.ndim,))
    rows = ops.expand_dims(b, axis=(b.type.ndim - 2,))
    product = ops.multiply(columns, rows)
    return ops.sum(product, axis=(product.type.ndim - 2,))  # type: ignore[no-any-return]


def _sum_of_selected(indices: Value, updates: Value, size: int) -> Value:
    """y[s] = sum over j of (updates[j] where indices[j] == s, else 0)"""
    count = int(indices.type.size)
    row_shape = updates.type.shape[indices.type.ndim :]
    wanted = ops.expand_dims(ops.iota(size=size, dtype="int32"), axis=(1,))
    given = ops.reshape(ops.cast(indices, dtype="int32"), shape=(1, count))
    chosen = ops.reshape(ops.equal(given, wanted), shape=(size, count, *(1 for _ in row_shape)))
    rows = ops.reshape(updates, shape=(1, count, *row_shape))
    zero = ops.cast(ops.constant(value=np.zeros((), np.float32)), dtype=updates.type.dtype)
    return ops.sum(ops.where(chosen, rows, zero), axis=(1,))  # type: ignore[no-any-return]


def _split_reduction(node: Node) -> Sequence[Value] | None:
    if not is_reduction(node) or node.op.name in ("argmax", "argmin"):
        return None
    rows = rows_of(node)
    if prod(rows.full) < MANY_ELEMENTS or not rows.axes:
        return None
    block, _ = block_sizes(rows, whole=False)
    programs = -(-rows.kept // block)
    if programs >= FEW_PROGRAMS:
        return None
    axis = max(rows.axes, key=lambda k: rows.full[k])
    parts = min(2 * FEW_PROGRAMS // programs, rows.reduced // LEAST_PART, rows.full[axis])
    length = -(-rows.full[axis] // max(parts, 1))
    parts = -(-rows.full[axis] // length)
    if parts < 2:
        return None
    note(f"{node.op.name} made in two stages of {parts} parts", node, why=f"{rows} would keep too few programs busy")
    return [_in_two_stages(node, axis, parts, length)]


def _in_two_stages(node: Node, axis: int, parts: int, length: int) -> Value:
    """The axis cut into `parts` of `length`; the first stage leaves one result for every part."""
    (x,), name, dtype = node.inputs, node.op.name, node.inputs[0].type.dtype
    wide = "float32" if dtype in ("float16", "bfloat16") else dtype
    x = ops.cast(x, dtype=wide) if wide != dtype else x
    stage: Callable[..., Any] = getattr(ops, "sum" if name == "mean" else name)
    shape = tuple(int(dim) for dim in x.type.shape)
    missing = parts * length - shape[axis]
    if missing:
        after = tuple(missing if k == axis else 0 for k in range(len(shape)))
        identity = Plan(node).identity_number if dtype != "bool" else int(name == "all")
        x = ops.pad(x, before=(0,) * len(shape), after=after, value=identity)
    x = ops.reshape(x, shape=(*shape[:axis], parts, length, *shape[axis + 1 :]))
    axes = node.attrs["axis"]
    inner = tuple(k if k < axis else k + 1 for k in axes)  # of `parts, length` only the length
    partial = stage(x, axis=inner, keepdims=True)
    result = ops.reshape(stage(partial, axis=(axis,), keepdims=False), shape=node.output.type.shape)
    if name == "mean":
        result = ops.divide(result, float(prod(shape[k] for k in axes)))
    return ops.cast(result, dtype=dtype) if wide != dtype and dtype in FLOATS else result  # type: ignore[no-any-return]
