"""What a layer call tells the calls inside it: which layer is running, and whether it is training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CallContext:
    """The innermost layer call that is running.

    Attributes:
        layer: the layer.
        training: its mode; None if nobody has said.
        dtype: what float variables are cast to where operations read them; None to leave them as they are.
    """

    layer: Any
    training: bool | None = None
    dtype: str | None = None


_CALL: ContextVar[CallContext | None] = ContextVar("graphkeras_call", default=None)


def current_call() -> CallContext | None:
    return _CALL.get()


@contextmanager
def calling(layer: Any, training: bool | None, dtype: str | None = None) -> Iterator[None]:
    """Everything inside belongs to a call of `layer`."""
    token = _CALL.set(CallContext(layer, training, dtype))
    try:
        yield
    finally:
        _CALL.reset(token)


@contextmanager
def outside_of_calls() -> Iterator[None]:
    """Inside, no layer call is running, whatever runs outside."""
    token = _CALL.set(None)
    try:
        yield
    finally:
        _CALL.reset(token)
