"""Calls: conversion, and scattering."""

import numpy as np

from .call import INTEGERS, A, Call, call, draw

CALLS: list[Call] = [
    call("cast", A, "int32"), call("cast", INTEGERS, "bool"),
    call("saturate_cast", A * 200, "int8"),
    call("convert_to_tensor", [[1, 2], [3, 4]]),
    call("convert_to_tensor", [1.5, 2]),
    call("stop_gradient", A),
    call("scatter", np.int32([[0], [2], [0]]), draw(3, 2), (4, 2)),
    call("segment_sum", draw(3, 2), np.int32([0, 2, 0]), 4),
]  # fmt: skip
