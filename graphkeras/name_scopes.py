"""`keras.name_scope`: a name around layers and variables, part of their paths and of the nodes that they make."""

from __future__ import annotations

from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Any

from graphkeras.compiler.provenance import current_scope, scope, scope_set_to

#: The callers of the scopes that are open, each with the path that its scope made.
_OPEN: ContextVar[tuple[tuple[Any, str], ...]] = ContextVar("graphkeras_name_scopes", default=())


class name_scope:  # lower case, as in Keras
    """``with keras.name_scope("encoder"):`` puts ``encoder/`` before the paths of variables made inside.

    Args:
        name: the name, without ``/``.
        caller: the object that opens the scope.
        deduplicate: whether a scope of the same name and caller as the innermost one adds nothing.
        override_parent: the path to start from in place of that of the scopes around; "" for none.

    Raises:
        ValueError: for a name that is no string or has a ``/``.
    """

    def __init__(self, name: str, caller: Any = None, deduplicate: bool = True, override_parent: str | None = None) -> None:
        if not isinstance(name, str) or "/" in name or not name:
            raise ValueError(f"name_scope: a name is a string without '/', got {name!r}.")
        self.name, self.caller, self.deduplicate, self.override_parent = name, caller, deduplicate, override_parent
        self._entered: list[tuple[AbstractContextManager[None], Any]] = []

    def __enter__(self) -> name_scope:
        opened, path = _OPEN.get(), current_scope()
        is_open = self.caller is not None and opened and opened[-1][0] is self.caller and opened[-1][1] == path
        if self.deduplicate and is_open and path.rpartition("/")[2] == self.name:
            inner: AbstractContextManager[None] = scope_set_to(path)
        elif self.override_parent is None:
            inner = scope(self.name)
        else:
            inner = scope_set_to(f"{self.override_parent}/{self.name}" if self.override_parent else self.name)
        inner.__enter__()
        self._entered.append((inner, _OPEN.set((*opened, (self.caller, current_scope())))))
        return self

    def __exit__(self, *error: Any) -> None:
        inner, token = self._entered.pop()
        _OPEN.reset(token)
        inner.__exit__(*error)
