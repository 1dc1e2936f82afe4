"""Calls: comparison and choice."""

import numpy as np

from .call import COUNTS, FLAGS, INTEGERS, ODD, OTHERS, POSITIVE, ROW, UNIT, A, B, Call, call

CALLS: list[Call] = [
    call("equal", INTEGERS, 1), call("not_equal", INTEGERS, COUNTS), call("greater", A, B), call("greater_equal", A, 0),
    call("less", A, ROW), call("less_equal", INTEGERS, COUNTS),
    call("logical_and", FLAGS, OTHERS), call("logical_or", FLAGS, OTHERS), call("logical_xor", FLAGS, OTHERS),
    call("logical_not", FLAGS), call("logical_and", INTEGERS, FLAGS),
    call("where", FLAGS, POSITIVE, UNIT), call("where", FLAGS, POSITIVE, 0.0), call("where", FLAGS, INTEGERS, 1),
    call("select", [FLAGS, OTHERS], [POSITIVE, UNIT]),
    call("isclose", A, A + np.float32(1e-7)), call("allclose", A, B), call("isreal", A),
    call("isin", INTEGERS, np.int32([1, 2, 3])), call("signbit", ODD[2:]),
]  # fmt: skip
