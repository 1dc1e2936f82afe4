"""Calls: functions of neural networks."""

from .call import LABELS, ROW, A, Call, call

CALLS: list[Call] = [
    call("relu", A), call("relu6", A * 5),
    call("leaky_relu", A),
    call("elu", A, 0.5),
    call("celu", A, 0.5),
    call("selu", A),
    call("gelu", A),
    call("gelu", A, approximate=False),
    call("sigmoid", A), call("silu", A),
    call("swish", A), call("softplus", A),
    call("log_sigmoid", A),
    call("softsign", A),
    call("hard_sigmoid", A * 3),
    call("hard_silu", A * 3),
    call("hard_swish", A * 3),
    call("softmax", A), call("softmax", A, axis=1),
    call("softmax", A, axis=(1, 2)),
    call("log_softmax", A, axis=0),
    call("one_hot", LABELS, 3),
    call("one_hot", LABELS, 3, axis=1, dtype="int32"),
    call("multi_hot", LABELS, 3),
    call("normalize", A, axis=1),
    call("normalize", A, axis=-1, order=1),
    call("moments", A, (0, 1)),
    call("batch_normalization", A, ROW, ROW**2, axis=-1, offset=ROW, scale=ROW, epsilon=1e-3),
    call("layer_normalization", A, ROW, ROW, axis=-1, epsilon=1e-3),
]  # fmt: skip
