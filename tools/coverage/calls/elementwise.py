"""Calls: functions of one operand."""

import numpy as np

from .call import COUNTS, INTEGERS, ODD, POSITIVE, UNIT, A, Call, call

CALLS: list[Call] = [
    *(call(name, A) for name in ("negative", "abs", "absolute", "sign", "exp", "exp2", "expm1", "square", "tanh", "sinh",
                                 "cosh", "sin", "cos", "floor", "ceil", "round", "trunc", "deg2rad", "rad2deg", "arcsinh")),
    *(call(name, POSITIVE) for name in ("log", "log1p", "log2", "log10", "sqrt", "reciprocal")),
    call("rsqrt", POSITIVE), call("tan", UNIT), call("arctanh", UNIT),
    call("arccosh", POSITIVE + 1), call("sqrt", COUNTS), call("exp", INTEGERS), call("round", A, 1),
    call("erf", A), call("erfc", A),
    *(call(name, ODD) for name in ("isnan", "isinf", "isfinite", "isposinf", "isneginf")),
    call("isnan", INTEGERS), call("nan_to_num", ODD), call("nan_to_num", ODD, nan=2.0, posinf=3.0, neginf=-4.0),
    call("heaviside", np.float32([-1, 0, 2]), 0.5),
]  # fmt: skip
