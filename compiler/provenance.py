"""Where a node comes from: the layer path it was traced in and the user's line of code."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, replace
from types import FrameType


@dataclass(frozen=True)
class Origin:
    """Attached to every node that is made.

    Attributes:
        scope: layer path, such as ``model/block_1/dense``.
        source: the user's ``file:line``; "" for none.
        forward: for a gradient node, the op that it differentiates; "" for other nodes.
    """

    scope: str = ""
    source: str = ""
    forward: str = ""


_SCOPE: ContextVar[str] = ContextVar("graphkeras_scope", default="")
_DERIVED: ContextVar[Origin | None] = ContextVar("graphkeras_derived", default=None)
_AT: ContextVar[tuple[str, FrameType] | None] = ContextVar("graphkeras_at", default=None)
_PACKAGE = __name__.partition(".")[0]
_STANDARD_LIBRARY = f"{sysconfig.get_path('stdlib')}{os.sep}"
_IS_USERS: dict[str, bool] = {}  # by file name


@contextmanager
def scope(name: str) -> Iterator[None]:
    """Nodes made inside belong to the layer `name`; scopes nest as ``outer/inner``."""
    outer = _SCOPE.get()
    with scope_set_to(f"{outer}/{name}" if outer else name):
        yield


@contextmanager
def scope_set_to(path: str) -> Iterator[None]:
    """Nodes made inside have the scope `path`, whatever the scopes around."""
    token = _SCOPE.set(path)
    try:
        yield
    finally:
        _SCOPE.reset(token)


class derived_from:  # a class, not a generator: it is entered for every node of every pass
    """Nodes made inside come from where `origin` says: a pass makes them in place of a node, or to differentiate it."""

    __slots__ = ("_origin", "_token")

    def __init__(self, origin: Origin, forward: str | None = None) -> None:
        self._origin = origin if forward is None else replace(origin, forward=forward)
        self._token: Token[Origin | None] | None = None

    def __enter__(self) -> None:
        self._token = _DERIVED.set(self._origin)

    def __exit__(self, *error: object) -> None:
        assert self._token is not None
        _DERIVED.reset(self._token)
        self._token = None


def current_origin() -> Origin:
    """The origin of a node made now."""
    return _DERIVED.get() or Origin(_SCOPE.get(), user_source())


def current_scope() -> str:
    return _SCOPE.get()


class at:  # lower case: it is used as ``with at(source):``
    """Nodes made inside come from `source` (``file:line``), unless user code is called inside: then from the line there.

    Used when recorded calls are replayed: a functional model calls its layers again inside a training step.
    """

    __slots__ = ("_source", "_token")

    def __init__(self, source: str) -> None:
        self._source = source
        self._token: Token[tuple[str, FrameType] | None] | None = None

    def __enter__(self) -> None:
        self._token = _AT.set((self._source, sys._getframe(1)))

    def __exit__(self, *error: object) -> None:
        assert self._token is not None
        _AT.reset(self._token)
        self._token = None


def user_source() -> str:
    """``file:line`` of the innermost frame outside graphkeras and the standard library, or "" if there is none.

    Inside `at`, only frames deeper than its block count; without any, the result is the block's source.
    """
    block = _AT.get()
    source, stop = block if block is not None else ("", None)
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame is not stop:
        file = frame.f_code.co_filename
        users = _IS_USERS.get(file)
        if users if users is not None else _is_users(frame):
            return f"{file}:{frame.f_lineno}"
        frame = frame.f_back
    return source


def is_users_frame(frame: FrameType) -> bool:
    """Whether a frame runs code outside of graphkeras and the standard library."""
    users = _IS_USERS.get(frame.f_code.co_filename)
    return users if users is not None else _is_users(frame)


def _is_users(frame: FrameType) -> bool:
    """Whether a frame runs user code. Ours is told by its package's name: the same in a checkout and in site-packages."""
    file, module = frame.f_code.co_filename, frame.f_globals
    if file.startswith("<"):  # generated code; in an interactive session, what the user types
        return module.get("__name__") == "__main__" and file in ("<stdin>", "<string>")
    ours = (module.get("__package__") or "").partition(".")[0] == _PACKAGE
    standard = file.startswith(_STANDARD_LIBRARY) and "-packages" not in file  # site-packages may lie inside
    _IS_USERS[file] = not ours and not standard
    return _IS_USERS[file]
