"""Calls: losses from probabilities and from logits."""

import numpy as np

from .call import FLAGS, Call, call, draw

LOGITS = draw(4, 3)
PROBABILITIES = (np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True)).astype(np.float32)
CLASSES, TARGETS = np.int32([0, 2, 1, 2]), np.eye(3, dtype=np.float32)[[0, 2, 1, 2]]

CALLS: list[Call] = [
    call("categorical_crossentropy", TARGETS, PROBABILITIES),
    call("categorical_crossentropy", TARGETS, LOGITS, from_logits=True),
    call("sparse_categorical_crossentropy", CLASSES, PROBABILITIES),
    call("sparse_categorical_crossentropy", CLASSES, LOGITS, from_logits=True),
    call("binary_crossentropy", FLAGS.astype(np.float32), draw(2, 3, low=0.1, high=0.9)),
    call("binary_crossentropy", FLAGS.astype(np.float32), draw(2, 3), from_logits=True),
]
