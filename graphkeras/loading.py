"""Whether a model is being made to be filled from a file: then nobody needs the random numbers its variables start with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_FROM_FILE: ContextVar[bool] = ContextVar("graphkeras_numbers_from_file", default=False)


@contextmanager
def numbers_come_from_a_file() -> Iterator[None]:
    """Inside the block, variables with a random initializer start as zeros, which costs nothing."""
    token = _FROM_FILE.set(True)
    try:
        yield
    finally:
        _FROM_FILE.reset(token)


def need_random_numbers() -> bool:
    return not _FROM_FILE.get()
