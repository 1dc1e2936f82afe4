"""What happens when a symbolic tensor is passed to NumPy, TensorFlow or PyTorch: an error that names what to call instead.

Each library asks its arguments for a method of its own before it looks for numbers; here that method says which function of
`graphkeras.ops` does the same. None of the libraries is imported. JAX says by itself that a KerasTensor is no array.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, NoReturn

#: Every operation of `graphkeras.ops` by name; `operation.py` fills it, so that operators need no import of ops.
OPERATIONS: dict[str, Any] = {}

#: Functions of other libraries whose name is another one here.
RENAMED = {
    "reduce_sum": "sum",
    "reduce_mean": "mean",
    "reduce_max": "max",
    "reduce_min": "min",
    "reduce_prod": "prod",
    "reduce_any": "any",
    "reduce_all": "all",
    "reduce_logsumexp": "logsumexp",
    "concat": "concatenate",
    "cat": "concatenate",
    "pow": "power",
    "clip_by_value": "clip",
    "clamp": "clip",
    "gather": "take",
    "index_select": "take",
    "dim": "ndim",
    "permute": "transpose",
    "unsqueeze": "expand_dims",
    "broadcast": "broadcast_to",
    "div": "divide",
    "true_divide": "divide",
    "mul": "multiply",
    "sub": "subtract",
    "neg": "negative",
    "mm": "matmul",
    "bmm": "matmul",
    "remainder": "mod",
    "astype": "cast",
    "stop_grad": "stop_gradient",
    "detach": "stop_gradient",
    "invert": "logical_not",
}

_NO_NUMBERS = "It is symbolic: its numbers exist only when the model runs."


class SymbolsOnly:
    """For tensors without numbers: refuses every function of other libraries, and names the operation to use."""

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(
            f"{self!r} cannot become a NumPy array. {_NO_NUMBERS} "
            "Use graphkeras.ops in place of NumPy functions, or Model(inputs, tensor).predict to get numbers."
        )

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> NoReturn:
        raise TypeError(refusal("numpy", function.__name__))

    @classmethod
    def __torch_function__(cls, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> NoReturn:
        raise TypeError(refusal("torch", getattr(function, "__name__", str(function))))

    def __tf_tensor__(self, dtype: Any = None, name: str | None = None) -> NoReturn:
        raise TypeError(
            f"{self!r} was passed to TensorFlow. {_NO_NUMBERS} Use the function of graphkeras.ops that does the same."
        )


def refusal(library: str, name: str) -> str:
    """What to say when ``library.name`` was called on a symbolic tensor."""
    return f"{library}.{name} needs numbers, a symbolic tensor has none before the model runs. {advice(name)}"


def advice(name: str) -> str:
    """Which operation to use in place of another library's function."""
    known = RENAMED.get(name, name)
    if known in OPERATIONS:
        return f"Use graphkeras.ops.{known}."
    near = get_close_matches(name, sorted(OPERATIONS), 3, 0.75)
    hint = f", such as {' or '.join(near)}," if near else ""
    return f"Write it with the operations of graphkeras.ops{hint} or keep it out of the model."
