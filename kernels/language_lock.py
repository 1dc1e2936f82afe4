"""Who may use triton's language now: many compilations at once, or one interpretation alone.

Interpretation replaces the functions of ``triton.language`` for its duration; a compilation on another thread would then
see the wrong ones. So compilations share a lock that interpretation takes for itself.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class SharedLock:
    """A lock that is held by any number of sharers or by one owner.

    The owner's thread may take it again, either way; a waiting owner keeps new sharers out, so it gets its turn.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._sharers = 0
        self._waiting_owners = 0
        self._owner: int | None = None
        self._depth = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        me = threading.get_ident()
        with self._condition:
            if self._owner == me:
                raise RuntimeError("A kernel cannot be compiled while another is interpreted on the same thread.")
            self._condition.wait_for(lambda: self._owner is None and self._waiting_owners == 0)
            self._sharers += 1
        try:
            yield
        finally:
            with self._condition:
                self._sharers -= 1
                self._condition.notify_all()

    @contextmanager
    def owned(self) -> Iterator[bool]:
        """Yields True for the outermost block of the owner."""
        me = threading.get_ident()
        with self._condition:
            if self._owner != me:
                self._waiting_owners += 1
                try:
                    self._condition.wait_for(lambda: self._owner is None and self._sharers == 0)
                finally:
                    self._waiting_owners -= 1
                self._owner = me
            self._depth += 1
        try:
            yield self._depth == 1
        finally:
            with self._condition:
                self._depth -= 1
                if self._depth == 0:
                    self._owner = None
                self._condition.notify_all()


language = SharedLock()
