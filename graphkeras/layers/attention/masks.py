"""Which query may see which key: one mask from all that are given."""

from __future__ import annotations

from typing import Any

from ... import ops


def combined_mask(
    query: Any,
    value: Any,
    query_mask: Any = None,
    value_mask: Any = None,
    key_mask: Any = None,
    attention_mask: Any = None,
    use_causal_mask: bool = False,
    sliding_window: int | None = None,
) -> Any:
    """True where all masks let a query see a key, of shape (batch or 1, queries, keys); None if there is no mask."""
    masks = [] if attention_mask is None else [ops.cast(attention_mask, "bool")]
    if query_mask is not None:
        masks.append(ops.expand_dims(ops.cast(query_mask, "bool"), -1))
    masks += [ops.expand_dims(ops.cast(mask, "bool"), -2) for mask in (value_mask, key_mask) if mask is not None]
    if use_causal_mask:
        masks.append(causal_mask(query, value))
    if sliding_window is not None:
        rows, columns = _positions(ops.shape(query)[1], ops.shape(value)[1])
        masks.append(ops.less(ops.abs(ops.subtract(rows, columns)), sliding_window))
    result = None
    for mask in masks:
        result = mask if result is None else ops.logical_and(result, mask)
    return result


def causal_mask(query: Any, value: Any) -> Any:
    """True where the key is not later than the query: (1, queries, keys), from the lengths of query and value."""
    return ops.greater_equal(*_positions(ops.shape(query)[1], ops.shape(value)[1]))


def _positions(queries: Any, keys: Any) -> tuple[Any, Any]:
    ones = ops.ones((1, queries, keys), dtype="int32")
    return ops.cumsum(ones, axis=-2), ops.cumsum(ones, axis=-1)


def spread_to(mask: Any, ndim: int, axis: int) -> Any:
    """`mask` with axes of size 1 at `axis` until it has `ndim` axes."""
    for _ in range(ndim - ops.ndim(mask)):
        mask = ops.expand_dims(mask, axis)
    return mask
