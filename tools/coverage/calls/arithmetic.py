"""Calls: arithmetic."""

import numpy as np

from .call import COLUMN, COUNTS, FLAGS, INTEGERS, OTHERS, POSITIVE, ROW, A, B, Call, call

CALLS: list[Call] = [
    call("add", A, B), call("add", A, ROW), call("add", INTEGERS, 1), call("add", INTEGERS, 1.5), call("add", 2, COLUMN),
    call("subtract", A, COLUMN), call("subtract", INTEGERS, COUNTS), call("multiply", A, ROW), call("multiply", FLAGS, OTHERS),
    call("divide", A, B), call("divide", INTEGERS, COUNTS), call("true_divide", 1.0, A),
    call("divide_no_nan", np.float32([1, 2, 0]), np.float32([0, 2, 0])),
    call("power", POSITIVE, 2), call("power", POSITIVE, 0.5), call("power", POSITIVE, POSITIVE),
    call("maximum", A, B), call("maximum", INTEGERS, 0), call("minimum", A, ROW), call("minimum", 0.5, A),
    call("floor_divide", INTEGERS, COUNTS), call("floor_divide", A, 0.7), call("mod", INTEGERS, COUNTS), call("mod", A, 0.7),
    call("logaddexp", A, B), call("logaddexp2", A, B),
    call("bitwise_and", INTEGERS, COUNTS), call("bitwise_or", INTEGERS, COUNTS), call("bitwise_xor", INTEGERS, COUNTS),
    call("bitwise_not", INTEGERS), call("bitwise_invert", INTEGERS),
    call("left_shift", INTEGERS, COUNTS), call("right_shift", INTEGERS, COUNTS),
    call("bitwise_left_shift", INTEGERS, COUNTS),
    call("bitwise_right_shift", INTEGERS, COUNTS),
    call("clip", A, -1, 1), call("clip", INTEGERS, -3, 3), call("clip", A, ROW, 2.5),
]  # fmt: skip
