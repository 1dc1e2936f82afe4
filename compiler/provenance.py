"""Where a node comes from: the layer path it was traced in and the user's line of code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
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
_ROOT = Path(__file__).resolve().parent.parent
_HOUSES = tuple(f"{_ROOT / house}/" for house in ("graphkeras", "compiler", "kernels", "tools"))


@contextmanager
def scope(name: str) -> Iterator[None]:
    """Nodes made inside belong to the layer `name`; scopes nest as ``outer/inner``."""
    outer = _SCOPE.get()
    token = _SCOPE.set(f"{outer}/{name}" if outer else name)
    try:
        yield
    finally:
        _SCOPE.reset(token)


@contextmanager
def derived_from(origin: Origin, forward: str | None = None) -> Iterator[None]:
    """Nodes made inside come from where `origin` says: a pass makes them in place of a node, or to differentiate it."""
    token = _DERIVED.set(origin if forward is None else replace(origin, forward=forward))
    try:
        yield
    finally:
        _DERIVED.reset(token)


def current_origin() -> Origin:
    """The origin of a node made now."""
    return _DERIVED.get() or Origin(_SCOPE.get(), user_source())


def current_scope() -> str:
    return _SCOPE.get()


def user_source() -> str:
    """``file:line`` of the innermost frame outside graphkeras, or "" if there is none."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith((*_HOUSES, "<")):
            return f"{file}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
