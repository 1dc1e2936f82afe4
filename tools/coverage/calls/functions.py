"""Calls: inverse trigonometry, special functions, whole numbers, parts of complex numbers."""

import numpy as np

from .call import COUNTS, INTEGERS, ODD, POSITIVE, UNIT, A, B, Call, call, draw

DOUBLES = draw(2, 3, low=-0.95, high=0.95, dtype="float64")
LIMITS = np.float32([-np.inf, -3, -0.0, 0, 50, np.inf, np.nan])
COMPLEX = (draw(2, 3) + 1j * draw(2, 3, seed=1)).astype("complex64")

CALLS: list[Call] = [
    *(call(name, UNIT) for name in ("arccos", "arcsin", "arctan", "erfinv", "tan", "arctanh")),
    *(call(name, A) for name in ("arctan", "cbrt", "fabs", "i0", "sinc", "sinh", "cosh", "arcsinh", "erfc", "exp2", "angle")),
    *(call(name, COUNTS) for name in ("arctan", "cbrt", "fabs", "i0", "sinc", "log2", "log10", "exp2", "sinh", "angle")),
    *(call(name, UNIT.astype("float16")) for name in ("arccos", "arctan", "erfinv", "cbrt", "i0", "sinc", "tan")),
    *(call(name, LIMITS) for name in ("arctan", "cbrt", "erfc", "arcsinh", "sinc")),
    call("erfinv", np.float32([-1, 1, 0, 0.999999])), call("erfc", np.float32([3, 5, 9])), call("arccosh", POSITIVE + 1),
    call("i0", np.float32([0, 5, 20, 80])),
    call("arctan2", A, B), call("arctan2", INTEGERS, COUNTS), call("arctan2", 1.0, A), call("arctan2", A, 0),
    call("arctan2", np.float32([0, -0.0, 0, -0.0, 1, -1]), np.float32([1, 1, -1, -1, 0, -0.0])),
    call("hypot", A, B), call("hypot", A, 2.0), call("hypot", np.float32([3, 1e3]), np.float32([4, 1e3])),
    call("hypot", INTEGERS, COUNTS),
    *(call(name, ODD, np.float32([2, 1, np.nan, 0, -1])) for name in ("fmax", "fmin")),
    *(call(name, INTEGERS, COUNTS) for name in ("fmax", "fmin", "fmod", "gcd", "lcm")), call("fmax", A, 0.5),
    call("fmin", A, 1), call("erfc", COUNTS),
    call("fmod", A, 0.7), call("fmod", 1.5, A), call("fmod", A, B), call("gcd", INTEGERS, 6), call("lcm", np.int32([0, 4]), 0),
    call("ldexp", A, np.int32(3)), call("ldexp", UNIT, INTEGERS), call("ldexp", COUNTS, INTEGERS),
    call("nextafter", A, B, eager=True), call("nextafter", UNIT, 1.0, eager=True),
    *(call(name, A) for name in ("real", "imag", "conj", "conjugate")), call("real", INTEGERS), call("imag", INTEGERS),
    *(call(name, COMPLEX, eager=True) for name in ("real", "imag", "conj", "conjugate", "angle", "view_as_real")),
    call("angle", ODD[2:]), call("view_as_complex", draw(3, 2), eager=True), call("polar", UNIT, POSITIVE, eager=True),
]  # fmt: skip
