"""`clear_session`: begin anew."""

from __future__ import annotations

from . import naming


def clear_session(free_memory: bool = True) -> None:
    """Start numbering names anew, so that models made from here on get the names of a fresh process.

    Models hold their own graphs, programs and memory; all of it goes with the last reference to them.
    """
    naming.reset_names()
