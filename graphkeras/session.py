"""`clear_session`: begin anew."""

from __future__ import annotations

import gc

from . import naming


def clear_session(free_memory: bool = True) -> None:
    """Start numbering names anew, so that models made from here on get the names of a fresh process, and free memory.

    Models hold their own graphs, programs and memory, and nothing else does. Tensors, layers and models refer to each other,
    so without this their memory is free when Python next looks for such cycles, after some time; with it, at once.

    Args:
        free_memory: whether to let Python collect what nobody refers to any more.
    """
    naming.reset_names()
    if free_memory:
        gc.collect()
