"""One thread at a time turns a kernel's text into a syntax tree.

CPython 3.11 (and 3.12 before 3.12.2) counts the depth of a tree under construction in one place for all threads. A switch of
threads inside ``ast.parse``, or a garbage collection there that parses something, ends it with ``SystemError: AST constructor
recursion depth mismatch`` (python/cpython issue 106905).
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from triton.runtime.jit import JITFunction

_lock = threading.Lock()


@contextmanager
def parsing_alone() -> Iterator[None]:
    """While the block runs, triton parses one function at a time, and nothing is collected meanwhile."""
    original = JITFunction.parse

    def parse(function: Any) -> Any:
        with _lock:
            collecting = gc.isenabled()
            gc.disable()
            try:
                return original(function)
            finally:
                if collecting:
                    gc.enable()

    JITFunction.parse = parse
    try:
        yield
    finally:
        JITFunction.parse = original
