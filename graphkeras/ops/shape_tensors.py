"""Tensors that are shapes: ``ops.concatenate([ops.expand_dims(batch, -1), [4, 4]])`` is read back as sizes.

A shape argument is known before the run, as numbers and symbolic dimensions. Code written for other backends may make it with
operations on tensors. Those are done again here, on arrays of objects whose elements are numbers and dimensions.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import add, floordiv, mul, sub
from typing import Any

import numpy as np

from graphkeras.compiler.graph import Value
from graphkeras.compiler.types import INTEGERS

Sizes = np.ndarray[Any, Any]

_STEPS: dict[str, Callable[..., Any]] = {
    "constant": lambda value: np.asarray(value).astype(object),
    "dimension": lambda dim, dtype: _whole(dim),
    "cast": lambda x, dtype: x if dtype in INTEGERS else None,
    "identity": lambda x: x,
    "concatenate": lambda *xs, axis: np.concatenate(xs, axis=axis),
    "expand_dims": lambda x, axis: np.expand_dims(x, axis),
    "squeeze": lambda x, axis: np.squeeze(x, axis),
    "reshape": lambda x, shape: x.reshape(tuple(map(int, shape))),
    "slice": lambda x, starts, stops, steps: x[tuple(map(slice, starts, stops, steps))],
    "add": add,
    "subtract": sub,
    "multiply": mul,
    "floor_divide": floordiv,
    "prod": lambda x, axis, keepdims: None if x.ndim != 1 or keepdims else _whole(reduce(mul, x.tolist(), 1)),
}


def sizes_in(shape: Any, name: str) -> Any:
    """`shape` with the sizes that its tensors stand for: a list if it is a tensor, else what it was, item by item.

    Raises:
        TypeError: for a tensor whose numbers come from data.
    """
    if isinstance(shape, Value):
        return _sizes(shape, name).ravel().tolist() if shape.type.ndim else _sizes(shape, name).item()
    if isinstance(shape, (list, tuple)):
        return [_sizes(size, name).item() if isinstance(size, Value) else _number(size) for size in shape]
    return shape


def _number(size: Any) -> Any:
    """An array of one number as that number."""
    return size.item() if isinstance(size, np.ndarray) and size.ndim == 0 else size


def _sizes(value: Value, name: str) -> Sizes:
    node = value.node
    step = None if node is None else _STEPS.get(node.op.name)
    if node is not None and step is not None:
        found = step(*(_sizes(operand, name) for operand in node.inputs), **node.attrs)
        if found is not None:
            return _whole(found)
    raise TypeError(
        f"{name}: a shape must be known before the run: numbers and sizes of ops.shape, and what is computed of those. Got a "
        f"tensor that {'is an input' if node is None else f'{node.op.name} makes'}."
    )


def _whole(found: Any) -> Sizes:
    """An array of objects, also of rank 0."""
    if isinstance(found, np.ndarray):
        return found
    made = np.empty((), object)
    made[()] = found
    return made
