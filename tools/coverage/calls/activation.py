"""Calls: activations of the second and third tier, and psnr."""

import numpy as np

from .call import INTEGERS, A, Call, call, draw

EDGES = np.array([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 50.0, -50.0], np.float32)
NEAR = EDGES + np.float32(0.03)  # beside the kinks, where derivatives do not agree
HALF = A.astype("float16")

CALLS: list[Call] = [
    call("hard_tanh", A), call("hard_tanh", INTEGERS), call("tanh_shrink", A), call("soft_shrink", A),
    call("soft_shrink", NEAR, threshold=1.0), call("hard_shrink", A), call("hard_shrink", NEAR, threshold=1.0),
    call("threshold", A, 0.3, -7.0), call("threshold", EDGES, 0.5, 2.5), call("squareplus", A), call("squareplus", A, b=1),
    call("sparse_plus", EDGES), call("sparse_plus", A), call("sparse_sigmoid", EDGES * 1.5), call("sparse_sigmoid", INTEGERS),
    call("glu", draw(2, 6)), call("glu", draw(4, 3), axis=0), call("sparsemax", A), call("sparsemax", A * 0.2, axis=1),
    call("leaky_relu", NEAR, negative_slope=0.0), call("leaky_relu", INTEGERS), call("elu", EDGES), call("elu", A, 1.5),
    call("celu", EDGES, alpha=2.0), call("selu", NEAR), call("hard_sigmoid", EDGES * 2), call("log_sigmoid", EDGES),
    call("softplus", EDGES), call("softsign", EDGES), call("gelu", EDGES), call("silu", EDGES),
    *(call(name, HALF) for name in ("hard_tanh", "tanh_shrink", "soft_shrink", "squareplus", "sparse_plus", "elu", "silu")),
    call("softmax", A, axis=(0, 2)), call("softmax", A, axis=None), call("log_softmax", A, axis=(1, 2)),
    call("psnr", A, draw(2, 3, 5, seed=1), 2.0), call("psnr", A, A + 0.5, 255),
]  # fmt: skip
