"""`@operation`: a function on tensors that builds a graph when called on symbols and computes when called on arrays."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np

from graphkeras.compiler.graph import Value
from graphkeras.compiler.provenance import user_source
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import FLOATS, STRING

from . import tree
from .call_context import current_call
from .naming import auto_name
from .own_operands import operating_on
from .tensor import OPERATIONS, Call, History, KerasTensor
from .trace import current_trace
from .tracebacks import filtered
from .variable import Variable


class OpFunction:
    """A function of `graphkeras.ops`, made of a body that works on graph values and NumPy arrays alike.

    Calling it unwraps KerasTensors and Variables anywhere in the arguments. The result is symbolic if an argument was (or
    a variable inside a trace), else NumPy arrays.
    """

    def __init__(self, body: Callable[..., Any], name: str | None = None) -> None:
        functools.update_wrapper(self, body)
        self.body = body
        self.name = name or body.__name__
        self.__signature__ = inspect.signature(body)

    @filtered
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._applied(args, kwargs, args)

    def _applied(self, args: tuple[Any, ...], kwargs: dict[str, Any], recorded: tuple[Any, ...]) -> Any:
        """The result for `args`; a functional model makes the call again with the arguments `recorded`."""
        trace, call = current_trace(), current_call()
        mixed = None if call is None else call.dtype
        leaves = tree.flatten((args, kwargs))
        symbolic = any(
            isinstance(leaf, (KerasTensor, Value)) or (trace is not None and isinstance(leaf, Variable)) for leaf in leaves
        )

        def unwrap(leaf: Any) -> Any:
            if isinstance(leaf, KerasTensor):
                if leaf.dtype == STRING:
                    raise TypeError(
                        f"{self.name}: takes numbers, got strings ({leaf!r}). StringLookup, TextVectorization and Hashing turn "
                        "them into numbers."
                    )
                return leaf.value
            if isinstance(leaf, Variable):
                value = (trace.read(leaf) if trace is not None else leaf.symbol) if symbolic else leaf.numpy()
                casts = mixed is not None and leaf.autocast and leaf.dtype in FLOATS and leaf.dtype != mixed
                return ops.cast(value, dtype=mixed) if casts else value
            if isinstance(leaf, slice):
                return slice(unwrap(leaf.start), unwrap(leaf.stop), unwrap(leaf.step))
            return leaf

        inner_args, inner_kwargs = tree.map_structure(unwrap, (args, kwargs))
        is_recorded = symbolic and trace is None and call is None
        operands = [leaf for leaf in tree.flatten((inner_args, inner_kwargs)) if isinstance(leaf, Value)] if is_recorded else []
        try:
            with operating_on(operands) if is_recorded else nullcontext():
                result = self.body(*inner_args, **inner_kwargs)
        except (ValueError, TypeError, IndexError, NotImplementedError) as error:
            if call is None:
                error.add_note(f"  in {self.name} at {user_source()}")
            raise
        if not symbolic and not any(isinstance(leaf, Value) for leaf in tree.flatten(result)):  # a Value: of a symbolic size
            return result
        wrapped = tree.map_structure(_wrap, result)
        if trace is None and call is None:
            record(RecordedOperation(self), recorded, kwargs, wrapped)
        return wrapped

    def __repr__(self) -> str:
        return f"<operation {self.name}>"


class RecordedOperation:
    """One use of an operation in a functional model: a node with a name of its own, such as ``multiply_1``."""

    def __init__(self, operation: OpFunction, name: str | None = None) -> None:
        self.operation = operation
        self.name = name or auto_name(operation.name)
        self._calls: list[Call] = []

    @property
    def function_name(self) -> str:
        """The public name in `graphkeras.ops`."""
        return self.operation.name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.operation(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<operation {self.function_name}, name={self.name}>"


def operation(body: Callable[..., Any]) -> OpFunction:
    """Make an operation of a body; it is found by its name from then on."""
    made = OpFunction(body)
    OPERATIONS[made.name] = made
    return made


def record(caller: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any, source: str = "") -> None:
    """Let the tensors in `result` remember the call that made them."""
    outputs = tuple(leaf for leaf in tree.flatten(result) if isinstance(leaf, KerasTensor))
    inputs = tuple(leaf for leaf in tree.flatten((args, kwargs)) if isinstance(leaf, KerasTensor))
    call = Call(caller, args, kwargs, outputs, result, source or user_source(), len(caller._calls), inputs)
    caller._calls.append(call)
    for position, tensor in enumerate(outputs):
        tensor.history = History(call, position)


def _wrap(leaf: Any) -> Any:
    if isinstance(leaf, (np.ndarray, np.generic)):
        leaf = ops.constant(value=np.asarray(leaf))
    return KerasTensor.of(leaf) if isinstance(leaf, Value) else leaf
