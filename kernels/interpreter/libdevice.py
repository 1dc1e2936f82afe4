"""The functions of NVIDIA's libdevice that kernels may call, by NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def _by_element(function: Callable[[float], float]) -> Callable[[Array], Array]:
    """A function of one Python float, over arrays."""
    vectorized = np.vectorize(function, otypes=[np.float64])
    return lambda x: vectorized(x).astype(x.dtype)


def _gamma_logarithm(x: float) -> float:
    return math.inf if math.isinf(x) or (x <= 0 and x == math.floor(x)) else math.lgamma(x)


FUNCTIONS: Mapping[str, Callable[..., Array]] = {
    "acos": np.arccos,
    "acosh": np.arccosh,
    "asin": np.arcsin,
    "asinh": np.arcsinh,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "atanh": np.arctanh,
    "cbrt": np.cbrt,
    "ceil": np.ceil,
    "copysign": np.copysign,
    "cos": np.cos,
    "cosh": np.cosh,
    "erf": _by_element(math.erf),
    "erfc": _by_element(math.erfc),
    "exp": np.exp,
    "exp2": np.exp2,
    "expm1": np.expm1,
    "fabs": np.abs,
    "floor": np.floor,
    "fmod": np.fmod,
    "hypot": np.hypot,
    "isfinited": np.isfinite,
    "isinf": np.isinf,
    "isnan": np.isnan,
    "finite": np.isfinite,
    "lgamma": _by_element(_gamma_logarithm),
    "log": np.log,
    "log10": np.log10,
    "log1p": np.log1p,
    "log2": np.log2,
    "nearbyint": np.rint,
    "pow": np.power,
    "rint": np.rint,
    "sin": np.sin,
    "sinh": np.sinh,
    "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "tan": np.tan,
    "tanh": np.tanh,
    "trunc": np.trunc,
}


def libdevice_function(symbol: str) -> Callable[..., Array]:
    """The NumPy function for a symbol such as ``__nv_tanhf``; a final f or d says the precision, which the arrays know.

    Raises:
        NotImplementedError: for a function that is not in the table.
    """
    name = symbol.removeprefix("__nv_")
    for candidate in (name, name.removesuffix("f"), name.removesuffix("d")):
        if candidate in FUNCTIONS:
            return FUNCTIONS[candidate]
    raise NotImplementedError(
        f"The interpreter does not know libdevice's {symbol}. Add it to FUNCTIONS in kernels/interpreter/libdevice.py."
    )
