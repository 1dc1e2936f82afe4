"""Mistakes of the user of the dump tool."""

from __future__ import annotations


class DumpError(Exception):
    """Nothing can be dumped; the message says why and what to do. Shown without a traceback."""
