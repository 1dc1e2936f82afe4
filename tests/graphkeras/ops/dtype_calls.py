"""Calls over all dtypes: every pair of them (Python numbers count) for functions of two operands, every one for others.

Plain data and NumPy only: real Keras makes the same calls, see `make_expected_dtypes.py`.
"""

import ml_dtypes
import numpy as np

DTYPES = (
    "bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64",
    "bfloat16", "float16", "float32", "float64",
)  # fmt: skip
#: Python numbers are weak: they give way to any dtype of their kind.
SCALARS = {"2": 2, "1.5": 1.5}
OPERANDS = (*DTYPES, *SCALARS)

_SIGNED, _UNSIGNED, _SECOND = [-3, 1, 2, 5], [3, 1, 2, 5], [2, 3, 1, 2]


def operand(name, second=False):
    """Four numbers of that dtype, or the Python number."""
    if name in SCALARS:
        return SCALARS[name]
    numbers = _SECOND if second else _UNSIGNED if name.startswith("u") else _SIGNED
    if name == "bool":
        numbers = [True, False, True, True] if second else [True, True, False, True]
    return np.array(numbers).astype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def _elementwise(name):
    return lambda ops, *operands: getattr(ops, name)(*operands)


PAIRS = {
    name: _elementwise(name)
    for name in (
        "add", "subtract", "multiply", "divide", "divide_no_nan", "power", "maximum", "floor_divide", "mod", "logaddexp",
        "bitwise_and", "left_shift", "right_shift", "equal", "greater", "logical_and", "isclose", "append", "outer",
        "heaviside",
    )
} | {
    "where": lambda ops, a, b: ops.where(np.array([True, False, True, False]), a, b),
    "clip": lambda ops, a, b: ops.clip(a, b, 4),
    "concatenate": lambda ops, a, b: ops.concatenate([a, b]),
    "stack": lambda ops, a, b: ops.stack([a, b]),
    "matmul": lambda ops, a, b: ops.matmul(a, b),
    "dot": lambda ops, a, b: ops.dot(a, b),
    "vdot": lambda ops, a, b: ops.vdot(a, b),
    "tensordot": lambda ops, a, b: ops.tensordot(a, b, axes=1),
    "einsum": lambda ops, a, b: ops.einsum("i,i->", a, b),
    "linspace": lambda ops, a, b: ops.linspace(a, b, 3),
    "average": lambda ops, a, b: ops.average(a, weights=b),
}  # fmt: skip

SINGLES = {
    name: _elementwise(name)
    for name in (
        "negative", "abs", "absolute", "sign", "exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sqrt", "rsqrt",
        "square", "reciprocal", "tanh", "sinh", "cosh", "sin", "cos", "tan", "arcsinh", "arccosh", "arctanh", "floor", "ceil",
        "round", "trunc", "deg2rad", "rad2deg", "erf", "erfc", "isnan", "isinf", "isfinite", "isposinf", "isneginf",
        "nan_to_num", "signbit", "isreal", "logical_not", "bitwise_not", "sum", "prod", "mean", "var", "std", "max", "min",
        "amax", "amin", "ptp", "any", "all", "argmax", "argmin", "count_nonzero", "logsumexp", "relu", "relu6", "leaky_relu",
        "elu", "celu", "selu", "gelu", "sigmoid", "silu", "softplus", "log_sigmoid", "softsign", "hard_sigmoid", "hard_silu",
        "softmax", "log_softmax", "normalize", "norm", "ravel", "flip", "copy", "zeros_like", "ones_like", "diag", "diagflat",
        "convert_to_tensor", "array", "stop_gradient", "average",
    )
} | {
    "sum keepdims": lambda ops, x: ops.sum(x, axis=0, keepdims=True),
    "round 1": lambda ops, x: ops.round(x, 1),
    "trace": lambda ops, x: ops.trace(ops.reshape(x, (2, 2))),
    "tril": lambda ops, x: ops.tril(ops.reshape(x, (2, 2))),
    "moments": lambda ops, x: ops.moments(x, [0]),
    "one_hot": lambda ops, x: ops.one_hot(x, 6),
    "clip numbers": lambda ops, x: ops.clip(x, 1, 3),
    "clip halves": lambda ops, x: ops.clip(x, 0.5, 2.5),
    "take": lambda ops, x: ops.take(x, [0, 2]),
    "take at": lambda ops, x: ops.take(np.float32([1, 2, 3, 4, 5, 6]), x),
    "pad": lambda ops, x: ops.pad(x, 1),
    "pad value": lambda ops, x: ops.pad(x, 1, constant_values=3),
    "tile": lambda ops, x: ops.tile(x, 2),
    "select": lambda ops, x: ops.select([np.array([True, False, False, True])], [x], 1.5),
    "cast float16": lambda ops, x: ops.cast(x, "float16"),
    "cast int8": lambda ops, x: ops.cast(x, "int8"),
    "cast uint8": lambda ops, x: ops.cast(ops.abs(x), "uint8"),
    "cast bool": lambda ops, x: ops.cast(x, "bool"),
    "saturate_cast": lambda ops, x: ops.saturate_cast(x, "uint8"),
    "meshgrid": lambda ops, x: ops.meshgrid(x, x)[0],
    "square sum": lambda ops, x: ops.sum(ops.square(x), axis=0),
}  # fmt: skip


def calls():
    """(name, names of the dtypes, function of `keras.ops`) for every call."""
    for name, function in PAIRS.items():
        for first in OPERANDS:
            for second in OPERANDS:
                yield name, f"{first} {second}", _bound(function, operand(first), operand(second, second=True))
    for name, function in SINGLES.items():
        for only in OPERANDS:
            yield name, only, _bound(function, operand(only))


def _bound(function, *operands):
    return lambda ops: function(ops, *operands)
