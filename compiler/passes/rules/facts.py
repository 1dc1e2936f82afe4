"""What can be known of a value without running it, and small values that rules make."""

# mypy: disable-error-code="no-any-return"
# (ops are looked up by name, so what they return has no static type)

from __future__ import annotations

from typing import Any

import numpy as np

from ...graph import Value
from ...patterns import constant_of
from ...registry import OPS, ops
from ...types import INTEGERS, numpy_dtype

_NEVER_NEGATIVE = frozenset({"exp", "relu", "abs", "square", "sigmoid", "sqrt", "softmax", "softplus", "random_uniform"})

_NEVER_IF_OPERANDS = frozenset(
    {"add", "multiply", "minimum", "power"}
    | {"sum", "mean", "max", "min", "prod"}
    | {"reshape", "transpose", "expand_dims", "squeeze", "broadcast_to", "slice", "concatenate"}
)
_WRAPS_AROUND = frozenset({"add", "multiply", "power", "sum", "prod"})  # in integers, from the largest to the smallest
_DEPTH = 8


def is_integer(x: Value) -> bool:
    return x.type.dtype in INTEGERS


def is_never_negative(x: Value, depth: int = _DEPTH) -> bool:
    """Whether no element of `x` is below 0, whatever the program is fed (it may be NaN). Looks a few nodes back."""
    node = x.node
    if x.type.dtype.startswith("uint") or x.type.dtype == "bool":
        return True
    if node is None or depth == 0:
        return False
    array = constant_of(x)
    if array is not None:
        return not bool(np.any(array < 0))
    if node.op.name in _NEVER_NEGATIVE:
        # A square of integers may wrap around into the negative, and so may the size of the smallest.
        return x.type.is_float or node.op.name == "relu"
    if node.op.name == "maximum":
        return any(is_never_negative(value, depth - 1) for value in node.inputs)
    if node.op.name in _NEVER_IF_OPERANDS and (
        x.type.is_float or node.op.name not in ("add", "multiply", "power", "sum", "prod")
    ):
        return all(is_never_negative(value, depth - 1) for value in node.inputs)
    return False


def filled(like: Value, number: float) -> Value:
    """A value of the same type with all elements equal to `number`."""
    scalar: Value = ops.constant(value=np.asarray(number, numpy_dtype(like.type.dtype)))
    return scalar if like.type.ndim == 0 else ops.broadcast_to(scalar, shape=like.type.shape)


def combined(name: str, c: Value, d: Value) -> Value | None:
    """The constant ``name(c, d)`` of two constants; None if one is not constant or the result is larger than both."""
    a, b = constant_of(c), constant_of(d)
    if a is None or b is None or np.broadcast(a, b).size > max(a.size, b.size):
        return None
    with np.errstate(all="ignore"):
        return ops.constant(value=np.asarray(OPS[name].evaluate(a, b)))


def negated(c: Value) -> Value | None:
    """The constant -c; None if `c` is not constant or has no sign."""
    array = constant_of(c)
    if array is None or c.type.dtype.startswith("uint"):
        return None
    return ops.constant(value=np.asarray(-array))


def is_moderate(array: np.ndarray[Any, Any]) -> bool:
    """Whether multiplying by `array` is far from overflow and underflow: 2**-20 <= |a| <= 2**20 (2**8 for float16)."""
    bound = 2.0**8 if array.dtype == np.float16 else 2.0**20
    size = np.abs(array.astype(np.float64))
    return bool(np.all((size >= 1 / bound) & (size <= bound)))
