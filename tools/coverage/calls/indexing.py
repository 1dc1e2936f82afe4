"""Calls: parts of tensors."""

import numpy as np

from .call import LABELS, ROW, A, Call, S, call

CALLS: list[Call] = [
    call("take", A, np.int32([2, 0]), axis=1), call("take", A, np.int32([-1, 0]), axis=-1),
    call("take", A, np.int32([[1, 29]])),
    call("take_along_axis", A, LABELS[:, :, None].repeat(5, 2), axis=1),
    call("slice", A, (0, 1, 2), (2, 2, 3)),
    call("slice_update", A, (0, 1, 2), np.ones((2, 1, 2), np.float32)),
    call("get_item", A, (0, slice(None, None, 2))),
    call("get_item", A, (Ellipsis, -1)),
    call("get_item", A, (slice(None), None, slice(2, 0, -1))),
    call("tril", S), call("triu", A, 1), call("tril", A, -1), call("diagonal", S), call("diagonal", A, 1, 1, 2),
    call("trace", S), call("diag", S), call("diag", ROW, 1), call("diagflat", ROW, -1),
]  # fmt: skip
