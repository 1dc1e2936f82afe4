"""Calls: connectionist temporal classification."""

import numpy as np

from .call import Call, call, draw

TARGET = np.array([[1, 2, 2], [3, 1, 0], [2, 0, 0]], np.int32)
LOGITS = draw(3, 7, 4)
TARGET_LENGTH, OUTPUT_LENGTH = np.array([3, 2, 1], np.int32), np.array([7, 5, 4], np.int32)

CALLS: list[Call] = [
    call("ctc_loss", TARGET, LOGITS, TARGET_LENGTH, OUTPUT_LENGTH),
    call("ctc_loss", TARGET % 3, LOGITS, TARGET_LENGTH, OUTPUT_LENGTH, mask_index=3),
    call("ctc_decode", LOGITS, OUTPUT_LENGTH),
    call("ctc_decode", draw(2, 9, 3, seed=1), np.array([9, 6], np.int32), merge_repeated=False, mask_index=2),
    call("ctc_decode", draw(2, 9, 3, seed=1), np.array([9, 6], np.int32), mask_index=1),
]  # fmt: skip
