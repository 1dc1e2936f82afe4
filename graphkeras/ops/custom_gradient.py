"""`custom_gradient`: a function whose derivative its author writes down."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from graphkeras.compiler.bodies import captured, closed
from graphkeras.compiler.graph import Value
from graphkeras.compiler.ops.body_rules import as_tuple, zeros
from graphkeras.compiler.registry import ops

from .. import tree
from ..operation import OpFunction
from ..tensor import KerasTensor
from .bodies import BodyTrace, as_value, check_function, leaves_of, packed, shown_to_user

__all__ = ["custom_gradient"]


def custom_gradient(f: Callable[..., Any]) -> OpFunction:
    """A decorator for functions that bring their own gradient.

    Args:
        f: returns its result and a function from the gradient of the result (in its structure) to the gradients of the
            arguments: one for each, None for no gradient. That function may read what f has computed.

    Example:

    ```python
    @ops.custom_gradient
    def log1pexp(x):
        e = ops.exp(x)
        def grad(upstream):
            return upstream * (1 - 1 / (1 + e))
        return ops.log(1 + e), grad
    ```
    """
    check_function(f, "ops.custom_gradient: f")

    @functools.wraps(f)
    def body(*args: Any, **kwargs: Any) -> Any:
        made = f(*shown_to_user(args), **shown_to_user(kwargs))
        if not isinstance(made, (tuple, list)) or len(made) != 2 or not callable(made[1]):
            raise TypeError(
                f"ops.custom_gradient: {body.__name__} must return its result and a function for the gradient, got {made!r}."
            )
        result, gradient = made
        if not any(isinstance(leaf, KerasTensor) for leaf in tree.flatten((result, args, kwargs))) and not any(
            isinstance(leaf, Value) for leaf in tree.flatten((args, kwargs))
        ):
            return result
        return _with_gradient(body.__name__, args, result, gradient)

    return OpFunction(body)


def _with_gradient(name: str, args: tuple[Any, ...], result: Any, gradient: Callable[..., Any]) -> Any:
    results = [as_value(leaf) for leaf in leaves_of(result)]
    arguments = [leaf for leaf in tree.flatten(args) if isinstance(leaf, Value) and leaf.type.is_float]
    seeds = [Value(value.type, "upstream") for value in results]
    with BodyTrace(f"ops.custom_gradient of {name}"):
        found = gradient(packed(result, [KerasTensor.of(seed) for seed in seeds]))
    slopes = [_slope(name, argument, one) for argument, one in zip(arguments, _for_arguments(name, args, found), strict=True)]
    outer = captured(seeds, slopes)
    body = closed(seeds, slopes, outer, f"gradient_of_{name}")
    made = ops.with_gradient(*results, *arguments, *outer, gradient=body, results=len(results), arguments=len(arguments))
    return packed(result, as_tuple(made))


def _for_arguments(name: str, args: tuple[Any, ...], found: Any) -> list[Any]:
    """The gradient for every float tensor among the arguments."""
    slopes = list(found) if isinstance(found, (tuple, list)) and len(args) > 1 else [found]
    if len(args) == 1 and isinstance(found, (tuple, list)) and not isinstance(args[0], (tuple, list)):
        slopes = list(found)
    if len(slopes) != len(args):
        raise ValueError(
            f"ops.custom_gradient: the gradient of {name} must return a gradient for each of the {len(args)} arguments, got "
            f"{len(slopes)}."
        )
    chosen = []
    for argument, slope in zip(args, slopes, strict=True):
        leaves = tree.flatten(argument)
        given = [None] * len(leaves) if slope is None else tree.flatten(slope)
        if len(given) != len(leaves):
            raise ValueError(
                f"ops.custom_gradient: the gradient of {name} must have the structure of its argument, with {len(leaves)} "
                f"tensors, got {len(given)}."
            )
        chosen += [one for leaf, one in zip(leaves, given) if isinstance(leaf, Value) and leaf.type.is_float]
    return chosen


def _slope(name: str, argument: Value, given: Any) -> Value:
    """A gradient as a value of the argument's type.

    Raises:
        ValueError: if it has another shape.
    """
    if given is None:
        return zeros(argument.type)
    value = as_value(given)
    if value.type.shape != argument.type.shape:
        raise ValueError(
            f"ops.custom_gradient: the gradient of {name} for an argument of type {argument.type} has type {value.type}."
        )
    return value if value.type == argument.type else ops.cast(value, dtype=argument.type.dtype)
