"""What a pass did and why. Passes write here while they run; the pipeline collects it and the dump tool shows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .graph import Node


@dataclass(frozen=True)
class Entry:
    """One thing that a pass did, or refused to do.

    Attributes:
        what: the change, such as ``x * 1 -> x`` or ``fused relu into matmul``.
        why: the reason, or "".
        scope: the layer path of the node concerned.
        source: its line of the user's code.
        refused: True for a change that nearly happened.
    """

    what: str
    why: str = ""
    scope: str = ""
    source: str = ""
    refused: bool = False


_ENTRIES: ContextVar[list[Entry] | None] = ContextVar("graphkeras_journal", default=None)


@contextmanager
def recording() -> Iterator[list[Entry]]:
    """Collect what passes note inside the block."""
    entries: list[Entry] = []
    token = _ENTRIES.set(entries)
    try:
        yield entries
    finally:
        _ENTRIES.reset(token)


def note(what: str, node: Node | None = None, why: str = "", refused: bool = False) -> None:
    """Write an entry; does nothing outside `recording`."""
    entries = _ENTRIES.get()
    if entries is not None:
        entries.append(Entry(what, why, node.origin.scope if node else "", node.origin.source if node else "", refused))
