"""Calls of `keras.random`: only dtypes and shapes are compared, but where no chance is left."""

import numpy as np

from .call import A, Call, M, call

CALLS: list[Call] = [
    call("random.normal", (2, 3), seed=1, values=False), call("random.normal", (2, 3), 1.0, 0.0, "float16", seed=1),
    call("random.uniform", (2, 3), seed=1, values=False), call("random.uniform", (4,), 3.0, 3.0, seed=1),
    call("random.truncated_normal", (2, 3), seed=1, values=False),
    call("random.randint", (2, 3), 0, 9, seed=1, values=False), call("random.randint", (5,), 4, 5, "uint8", seed=1),
    call("random.categorical", M, 4, seed=1, values=False),
    call("random.categorical", np.float32([[0, 1e9, 0], [1e9, 0, 0]]), 3, "int8", seed=1),
    call("random.dropout", A, 0.5, seed=1, values=False), call("random.dropout", A, 0.0, seed=1),
    call("random.dropout", A, 1.0, seed=1), call("random.dropout", A, 0.5, (2, 1, 5), seed=1, values=False),
    call("random.shuffle", A, seed=1, values=False), call("random.shuffle", np.full((3, 2), 7, "int32"), axis=1, seed=1),
    call("random.gamma", (2, 3), 2.0, seed=1, values=False),
    call("random.gamma", (2,), np.float32([0.5, 2.0]), seed=1, values=False),
    call("random.beta", (2, 3), 2.0, 3.0, seed=1, values=False),
    call("random.beta", (2,), np.float32([0.5, 2.0]), 1.0, seed=1, values=False),
    call("random.binomial", (2, 3), 9.0, 0.5, seed=1, values=False),
    call("random.binomial", (2,), np.float32([10, 20]), np.float32([1, 0]), seed=1),
    call("random.binomial", (2,), np.float32([100, 200]), 1.0, seed=1),
]  # fmt: skip
