"""Calls: shapes."""

import numpy as np

from .call import COLUMN, INTEGERS, POSITIVE, ROW, A, B, Call, M, call, draw

CALLS: list[Call] = [
    call("reshape", A, (6, 5)), call("reshape", A, (-1, 3)), call("ravel", A), call("transpose", A),
    call("transpose", A, (1, 0, 2)),
    call("moveaxis", A, 0, -1), call("moveaxis", A, [0, 1], [-1, -2]), call("swapaxes", A, 0, 2),
    call("expand_dims", A, 1), call("expand_dims", A, (0, -1)), call("squeeze", A[:1]), call("squeeze", A[:, :1], 1),
    call("broadcast_to", COLUMN, (2, 3, 4)), call("copy", A), call("concatenate", [A, B], 1),
    call("concatenate", [INTEGERS, POSITIVE]),
    call("append", ROW, ROW), call("append", A, B, 2), call("stack", [A, B]), call("stack", [A, B], -1),
    call("hstack", [M, M]), call("vstack", [ROW, ROW]), call("dstack", [M, M]),
    call("split", A, 5, 2), call("split", A, [1, 3], 2), call("array_split", A, 2, 2), call("hsplit", draw(2, 4), 2),
    call("vsplit", draw(4, 2), 2), call("dsplit", draw(2, 2, 4), 2), call("unstack", A, axis=1),
    call("tile", M, (2, 1)), call("tile", ROW, (2, 2)), call("repeat", A, 2, 1),
    call("repeat", M, np.int64([1, 0, 2]), 0, known=(1,)),
    call("flip", A), call("flip", A, 1), call("fliplr", M), call("flipud", M), call("roll", A, 2), call("roll", A, -1, 2),
    call("roll", M, (1, 2), (0, 1)), call("rot90", M), call("rot90", M, 2), call("rot90", M, 3),
    call("pad", M, 1), call("pad", M, ((1, 0), (0, 2)), constant_values=3.0), call("pad", M, ((1, 2), (2, 1)), mode="reflect"),
    call("pad", M, 1, mode="symmetric"), call("meshgrid", ROW, draw(3)), call("meshgrid", ROW, draw(3), indexing="ij"),
]  # fmt: skip
