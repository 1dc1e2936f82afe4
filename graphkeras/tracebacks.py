"""Shorter tracebacks: of an error that explains itself, users see the lines of their own code.

`keras.config.disable_traceback_filtering()` shows graphkeras's frames, too. Errors that point to a mistake inside
graphkeras (`AssertionError`, `KeyError`, ...) always show all.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import TracebackType
from typing import ParamSpec, TypeVar

from graphkeras.compiler.provenance import is_users_frame

from .removed_names import advice_on

P = ParamSpec("P")
R = TypeVar("R")

#: Errors whose message says what came, what is allowed, and where in the user's code.
EXPLAINED = (ValueError, TypeError, IndexError, NotImplementedError, FileNotFoundError)

_enabled = True


def enable_traceback_filtering() -> None:
    """Tracebacks leave out frames inside graphkeras; so it is unless `disable_traceback_filtering` was called."""
    global _enabled
    _enabled = True


def disable_traceback_filtering() -> None:
    """Tracebacks show all frames."""
    global _enabled
    _enabled = False


def is_traceback_filtering_enabled() -> bool:
    """Whether tracebacks leave out frames inside graphkeras."""
    return _enabled


def filtered(function: Callable[P, R]) -> Callable[P, R]:
    """`function`, where errors of `EXPLAINED` lose the frames that are not the user's.

    An argument that older Keras had gets a note on what to write instead.
    """

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except EXPLAINED as error:
            traceback = error.__traceback__
            is_of_the_call = traceback is not None and traceback.tb_next is None  # the arguments fit no parameters
            if isinstance(error, TypeError) and is_of_the_call and (advice := advice_on(error)):
                error.add_note(advice)
            if _enabled:
                error.__traceback__ = _users_part(error.__traceback__)
            raise

    return call


def _users_part(traceback: TracebackType | None) -> TracebackType | None:
    frames: list[TracebackType] = []
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    shown: TracebackType | None = None
    for one in reversed(frames):
        if is_users_frame(one.tb_frame):
            shown = TracebackType(shown, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return shown
