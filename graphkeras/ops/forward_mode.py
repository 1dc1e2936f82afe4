"""`jvp`: the derivative of a function along a direction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.graph import Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import numpy_dtype, type_of

from .. import tree
from ..operation import operation
from ..trace import Trace, current_trace
from .bodies import as_value, check_function, leaves_of, packed, shown_to_user
from .operands import tensor

__all__ = ["jvp"]


@operation
def jvp(fun: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """(fun(*primals), its derivative along `tangents`), and what else `fun` returned if `has_aux`.

    Args:
        fun: from tensors to a float tensor or a nested structure of them; with `has_aux` to a pair of that and anything.
        primals: a tuple or list of the arguments of `fun`.
        tangents: the direction, in the structure and shapes of `primals`.

    Raises:
        TypeError: if `fun` cannot be called, or primals and tangents are no tuples or lists.
        ValueError: if tangents have another structure.

    Example:

    ```python
    value, slope = ops.jvp(ops.sin, (0.1,), (0.2,))   # sin(0.1), 0.2 * cos(0.1)
    ```
    """
    check_function(fun, "ops.jvp: fun")
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError(
            f"ops.jvp: primals and tangents must be tuples, got {type(primals).__name__} and {type(tangents).__name__}."
        )
    tree.assert_same_structure(primals, tangents)
    given = leaves_of((primals, tangents))
    if current_trace() is not None or any(isinstance(leaf, Value) for leaf in given):
        return _along(fun, primals, tangents, has_aux)
    arrays = [np.asarray(tensor(leaf)) for leaf in given]
    with Trace() as trace:
        symbols = [trace.placeholder(type_of(array), "x").value for array in arrays]
        points, directions = packed((primals, tangents), symbols)
        result = _along(fun, points, directions, has_aux)
    graph = trace.graph(leaves_of(result))
    found, _ = evaluate_graph(graph, arrays, [variable.numpy() for variable in trace.variables])
    return packed(result, found)


def _along(fun: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool) -> Any:
    """The gradient of <weights, fun> is linear in the weights: its own gradient by them is the derivative along a direction."""
    points, directions = ([as_value(leaf) for leaf in leaves_of(part)] for part in (primals, tangents))
    result = fun(*shown_to_user(packed(primals, points)))
    auxiliary: tuple[Any, ...] = ()
    if has_aux:
        result, auxiliary = result[0], (tree.map_structure(as_value, result[1]),)
    outputs = [as_value(leaf) for leaf in leaves_of(result)]
    weights = [_zeros(value) for value in outputs]
    reached = [
        (slope, direction)
        for slope, direction in zip(gradients(outputs, points, weights), directions, strict=True)
        if slope is not None
    ]
    slopes, along = [pair[0] for pair in reached], [pair[1] for pair in reached]
    found = gradients(slopes, weights, along) if reached else [None] * len(weights)
    derivatives = [_zeros(value) if one is None else one for one, value in zip(found, outputs, strict=True)]
    return (packed(result, outputs), packed(result, derivatives), *auxiliary)


def _zeros(value: Value) -> Value:
    nothing = ops.constant(value=np.zeros((), numpy_dtype(value.type.dtype)))
    return ops.identity(ops.broadcast_to(nothing, shape=value.type.shape))  # type: ignore[no-any-return]
