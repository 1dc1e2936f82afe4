"""`keras.Operation`: the base of layers, and of users' own functions on tensors that become one call of a model."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import Any, Self

from graphkeras.compiler.provenance import scope, user_source

from . import tree
from .call_context import current_call
from .naming import auto_name
from .operation import record
from .rematerialization import RematMode, current_mode
from .saving.serialization import serialize_keras_object
from .tensor import Call, KerasTensor
from .trace import Trace, current_trace
from .tracebacks import filtered


@dataclass
class OperationState:
    """The books of an operation, kept apart from its attributes: those are searched for layers and variables.

    Attributes:
        arguments: of the constructor.
        calls: recorded calls outside of layers, for functional models.
        remat: which calls are computed again in the backward pass, as the `RematScope` around the constructor said.
    """

    arguments: tuple[tuple[Any, ...], dict[str, Any]]
    calls: list[Call] = field(default_factory=list)
    remat: RematMode | None = field(default_factory=current_mode)


class Operation:
    """A function on tensors with a name, which remembers the calls that functional models are made of.

    A subclass without variables defines `call`, in terms of `graphkeras.ops`; one with variables is a `Layer`.

    Args:
        name: a name without ``/``; made from the class by default.

    Raises:
        ValueError: for another name.

    Example:

    ```python
    class Scale(keras.Operation):
        def __init__(self, factor, name=None):
            super().__init__(name=name)
            self.factor = factor

        def call(self, x):
            return x * self.factor

    y = Scale(2.0)(keras.Input((3,)))
    ```
    """

    _operation_state: OperationState

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        made = super().__new__(cls)
        object.__setattr__(made, "_operation_state", OperationState((args, kwargs)))
        return made

    def __init__(self, name: str | None = None) -> None:
        if name is not None and (not isinstance(name, str) or "/" in name or not name):
            raise ValueError(f"{type(self).__name__}: a name is a string without '/', got {name!r}.")
        self.name = name or auto_name(type(self).__name__)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The function. It gets what the operation was called on: symbolic tensors, or arrays."""
        raise NotImplementedError(f"{type(self).__name__} must define call(self, ...).")

    @filtered
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not hasattr(self, "name"):
            cls = type(self).__name__
            raise RuntimeError(f"{cls} was not initialized: its __init__ must call super().__init__(name=name).")
        if any(isinstance(leaf, KerasTensor) for leaf in tree.flatten((args, kwargs))):
            return self.symbolic_call(*args, **kwargs)
        return self._scoped_call(args, kwargs)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """The symbolic results for symbolic arguments; outside of programs and layers the call is remembered."""
        if current_trace() is not None or current_call() is not None:
            return self._scoped_call(args, kwargs)
        inner = self.compute_output_spec(*args, **kwargs)
        outputs = tree.map_structure(lambda x: KerasTensor.of(x.value) if isinstance(x, KerasTensor) else x, inner)
        record(self, args, kwargs, outputs)
        return outputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbolic results for symbolic arguments, without any record of the call."""
        with Trace():
            return self._scoped_call(args, kwargs)

    def _scoped_call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        with scope(self.name):
            try:
                remat = self._operation_state.remat
                return self.call(*args, **kwargs) if remat is None else remat.call(self, lambda: self.call(*args, **kwargs))
            except (ValueError, TypeError, IndexError) as error:
                error.add_note(f"  in {type(self).__name__} {self.name!r} at {user_source()}")
                raise

    @property
    def _calls(self) -> list[Call]:
        return self._operation_state.calls

    @property
    def _inbound_nodes(self) -> list[Call]:
        return self._operation_state.calls

    @property
    def input(self) -> Any:
        """The symbolic input of its first call outside of layers; a list of them if there are several."""
        inputs = self._first_call("input").inputs
        return inputs[0] if len(inputs) == 1 else list(inputs)

    @property
    def output(self) -> Any:
        """The symbolic result of its first call outside of layers."""
        return self._first_call("output").structure

    def _first_call(self, what: str) -> Call:
        if not self._operation_state.calls:
            raise AttributeError(
                f"{type(self).__name__} {getattr(self, 'name', '')!r} has no {what} yet: it was not called on symbolic tensors."
            )
        return self._operation_state.calls[0]

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, as JSON-ready data.

        Raises:
            NotImplementedError: if one of them cannot be written to a file and the subclass defines no `get_config`.
        """
        return with_constructor_arguments(self, {"name": self.name})

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A new operation, from what `get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<Operation name={getattr(self, 'name', None)}>"


def with_constructor_arguments(operation: Operation, config: dict[str, Any]) -> dict[str, Any]:
    """`config`, for a class of a user that defines a constructor but no config: with the arguments it was called with.

    Raises:
        NotImplementedError: if one of those cannot be written to a file.
    """
    cls = type(operation)
    if not (_is_ours(cls.get_config) and not _is_ours(cls.__init__)):
        return config
    parameters = inspect.signature(cls.__init__).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    config = {key: value for key, value in config.items() if takes_any or key in parameters}
    for name, value in _constructor_arguments(operation).items():
        try:
            config[name] = serialize_keras_object(value)
        except TypeError as error:
            raise NotImplementedError(
                f"{cls.__name__} cannot be saved: its constructor argument {name!r} is {value!r}. Define get_config(self) in "
                f"{cls.__name__}, returning the constructor's arguments as numbers, strings, lists and dicts."
            ) from error
    return config


def _is_ours(function: Any) -> bool:
    return str(function.__module__).startswith("graphkeras.")


def _constructor_arguments(operation: Operation) -> dict[str, Any]:
    args, kwargs = operation._operation_state.arguments
    bound = inspect.signature(type(operation).__init__).bind(operation, *args, **kwargs)
    arguments = dict(list(bound.arguments.items())[1:])
    for parameter in bound.signature.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            arguments.update(arguments.pop(parameter.name, {}))
    for old in ("input_shape", "input_dim", "batch_input_shape", "weights"):  # of layers, see `apply_legacy_arguments`
        if old not in bound.signature.parameters:
            arguments.pop(old, None)
    return arguments
