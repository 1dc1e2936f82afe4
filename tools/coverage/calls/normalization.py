"""Calls: normalization."""

import numpy as np

from .call import ROW, A, Call, call, draw

X, CHANNELS = draw(2, 3, 5, 4), draw(3)
HALF = A.astype("float16")
SCALE, OFFSET = draw(5, low=0.5, high=1.5), draw(5, seed=3)
VARIANCE = draw(5, low=0.1, high=2.0, seed=4)

CALLS: list[Call] = [
    call("moments", A, (0, 1)), call("moments", A, -1, keepdims=True), call("moments", HALF, [0, 2]),
    call("moments", A, (0, 1, 2)), call("moments", np.array([[1, 2], [3, 5]], np.int32), 0),
    call("normalize", A), call("normalize", A, axis=(0, 2)), call("normalize", A, axis=1, order=3),
    call("normalize", A, axis=None), call("normalize", A, axis=0, order=1, epsilon=9.0),
    call("normalize", np.zeros((2, 3), "float32")), call("normalize", A, axis=-1, epsilon=2.0), call("normalize", HALF),
    call("batch_normalization", A, SCALE, VARIANCE, -1),
    call("batch_normalization", A, SCALE, VARIANCE, axis=2, offset=OFFSET),
    call("batch_normalization", A, SCALE, VARIANCE, axis=-1, scale=SCALE, epsilon=1e-5),
    call("batch_normalization", X, CHANNELS, CHANNELS**2, axis=1, offset=CHANNELS, scale=CHANNELS),
    call("batch_normalization", X, CHANNELS, CHANNELS**2, axis=-3),
    call("batch_normalization", HALF, SCALE, VARIANCE, -1),
    call("layer_normalization", A), call("layer_normalization", A, SCALE), call("layer_normalization", A, None, OFFSET),
    call("layer_normalization", A, SCALE, OFFSET, epsilon=1e-2),
    call("layer_normalization", A, draw(3, 5), draw(3, 5, seed=1), axis=(1, 2)),
    call("layer_normalization", A, draw(3), draw(3, seed=1), axis=1),
    call("layer_normalization", A, axis=(0, 2)),
    call("layer_normalization", A, SCALE, rms_scaling=True),
    call("layer_normalization", HALF, SCALE, OFFSET),
    call("rms_normalization", A), call("rms_normalization", A, ROW, epsilon=1e-2),
    call("rms_normalization", A, draw(3, 5), axis=(1, 2)), call("rms_normalization", A, draw(3, 1), axis=1),
    call("rms_normalization", A, ROW, axis=(1, 2)), call("rms_normalization", HALF, ROW.astype("float16")),
    call("rms_normalization", np.float32(2.0)),
]  # fmt: skip
