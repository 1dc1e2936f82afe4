"""Names of dtypes, from whatever users give as a dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkeras.compiler.types import DTYPES, STRING

from .config import floatx


def standard_dtype(dtype: Any) -> str:
    """The name of a dtype given as a name, a NumPy dtype, a Python type or None (the default float).

    Raises:
        ValueError: for anything else.
    """
    if dtype is None:
        return floatx()
    if dtype in (float, int, bool):
        return {float: floatx(), int: "int32", bool: "bool"}[dtype]
    name = dtype if isinstance(dtype, str) else getattr(dtype, "name", None)
    if name is None:
        try:
            name = np.dtype(dtype).name
        except TypeError:
            name = repr(dtype)
    if name not in DTYPES:
        raise ValueError(f"Unknown dtype {name!r}; known are {', '.join(DTYPES)}.")
    return str(name)


def tensor_dtype(dtype: Any) -> str:
    """The same for inputs of models, which may be strings."""
    return STRING if dtype is str or getattr(dtype, "name", dtype) == STRING else standard_dtype(dtype)
