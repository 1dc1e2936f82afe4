"""`StatelessScope`: layers, metrics and optimizers as pure functions of the values of their variables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .variable import Variable


class StatelessScope:
    """Inside, variables have the values of `state_mapping`, and what is assigned to them stays in the scope.

    Args:
        state_mapping: (variable, value) pairs; other variables have their own values. Values are arrays or, for calls on
            symbolic tensors, KerasTensors.
        collect_losses: whether what layers add with `add_loss` goes to `losses` of the scope.
        initialize_variables: True; variables are made with their first numbers here as everywhere.

    Attributes:
        losses: the collected losses.

    Raises:
        ValueError: for a key that is no variable, a value of another shape, or `initialize_variables` False.
    """

    def __init__(
        self,
        state_mapping: Iterable[tuple[Variable, Any]] | None = None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ) -> None:
        if not initialize_variables:
            raise ValueError("StatelessScope: initialize_variables must be True: a variable here always has numbers.")
        self.collect_losses = collect_losses
        self.losses: list[Any] = []
        self._values: dict[Variable, Any] = {}
        self._tokens: list[Token[StatelessScope | None]] = []
        for variable, value in state_mapping or ():
            if not hasattr(variable, "symbol"):
                raise ValueError(f"StatelessScope: state_mapping has (variable, value) pairs, got the key {variable!r}.")
            self.add_update((variable, value))

    def __enter__(self) -> StatelessScope:
        self._tokens.append(_CURRENT.set(self))
        return self

    def __exit__(self, *error: object) -> None:
        _CURRENT.reset(self._tokens.pop())

    def get_current_value(self, variable: Variable) -> Any:
        """The value that the variable has inside; None if it is its own."""
        return self._values.get(variable)

    def add_update(self, update: tuple[Variable, Any]) -> None:
        """Give a variable, the first of the pair, a value, the second."""
        variable, value = update
        self._values[variable] = variable.checked(value)

    def add_loss(self, loss: Any) -> None:
        """Collect a loss."""
        self.losses.append(loss)


_CURRENT: ContextVar[StatelessScope | None] = ContextVar("graphkeras_stateless", default=None)


def current_scope() -> StatelessScope | None:
    """The innermost scope that is open."""
    return _CURRENT.get()


def paired(what: str, variables: Sequence[Variable], values: Sequence[Any]) -> list[tuple[Variable, Any]]:
    """Pairs for a scope.

    Raises:
        ValueError: for another number of values than of variables.
    """
    if len(variables) != len(values):
        raise ValueError(f"{what}: there are {len(variables)} variables, got {len(values)} values.")
    return list(zip(variables, values))


def current_values(scope: StatelessScope, variables: Sequence[Variable]) -> list[Any]:
    """The values inside, after the scope was left."""
    found = [scope.get_current_value(variable) for variable in variables]
    return [variable.value if value is None else value for variable, value in zip(variables, found)]
