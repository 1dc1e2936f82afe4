"""Calls: attention."""

import numpy as np

from .call import Call, call, draw

NAME = "dot_product_attention"
Q, K, V = draw(2, 3, 4, 5), draw(2, 7, 4, 5, seed=1), draw(2, 7, 4, 5, seed=2)
SHARED_K, SHARED_V = draw(2, 7, 2, 5, seed=1), draw(2, 7, 2, 5, seed=2)
BIAS, MASK = draw(2, 4, 3, 7), draw(2, 4, 3, 7, seed=1) > 0
PADDING = np.arange(7) < np.array([[[[5]]], [[[0]]]])  # the second sample may look at nothing
SELF = draw(2, 6, 2, 3)

CALLS: list[Call] = [
    call(NAME, Q, K, V), call(NAME, Q, K, V, scale=0.7), call(NAME, Q, K, V, bias=BIAS), call(NAME, Q, K, V, mask=MASK),
    call(NAME, Q, K, V, bias=BIAS[:1], mask=MASK[:, :1]), call(NAME, Q, K, V, mask=PADDING),
    call(NAME, SELF, SELF, SELF, is_causal=True), call(NAME, Q, K, V, is_causal=True),
    call(NAME, Q, K, V, mask=PADDING, is_causal=True),
    call(NAME, Q, SHARED_K, SHARED_V), call(NAME, Q, SHARED_K, SHARED_V, bias=BIAS, mask=MASK, is_causal=True),
    call(NAME, Q, SHARED_K[:, :, :1], SHARED_V[:, :, :1], mask=MASK[:, :1]),
    call(NAME, *(x.astype("float16") for x in (Q, K, V)), mask=MASK), call(NAME, Q, K.astype("float16"), V),
]  # fmt: skip
