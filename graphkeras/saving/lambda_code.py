"""Python lambdas as text, in Keras's form: marshalled code in base64, the defaults, the closure.

Reading runs whatever the file's author wrote, and works only on the Python version that wrote it.
"""

from __future__ import annotations

import base64
import builtins
import marshal
import math
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import graphkeras


def dump(function: types.FunctionType) -> list[Any]:
    """``[code, defaults, closure]`` of a lambda."""
    code = base64.b64encode(marshal.dumps(function.__code__)).decode("ascii")
    defaults = list(function.__defaults__) if function.__defaults__ else None
    closure = [cell.cell_contents for cell in function.__closure__] if function.__closure__ else None
    return [code, defaults, closure]


def load(value: Sequence[Any]) -> Callable[..., Any]:
    """The lambda that `dump` wrote. It sees the built-in functions and what lambdas in models are mostly made of: ``keras``,
    ``ops``, ``K`` (the functions of older Keras), ``np`` and ``math``; nothing else of its old module.

    Raises:
        ValueError: for code of another version of Python.
    """
    code_text, defaults, closure = value
    try:
        code = marshal.loads(base64.b64decode(code_text))
    except (ValueError, EOFError, TypeError) as error:
        raise ValueError(f"The lambda in the file was written by another version of Python: {error}.") from error
    cells = tuple(types.CellType(item) for item in closure) if closure else None
    known = {"keras": graphkeras, "ops": graphkeras.ops, "K": graphkeras.backend, "np": np, "math": math}
    scope = {"__builtins__": builtins, **known}
    return types.FunctionType(code, scope, code.co_name, tuple(defaults) if defaults else None, cells)
