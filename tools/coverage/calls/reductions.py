"""Calls: reductions."""

from .call import FLAGS, INTEGERS, ROW, A, Call, call

CALLS: list[Call] = [
    *(call(name, A) for name in ("sum", "prod", "mean", "var", "std", "max", "min", "amax", "amin", "ptp", "any", "all")),
    *(call(name, A, axis=1) for name in ("sum", "prod", "mean", "var", "std", "max", "min", "amax", "amin", "ptp")),
    call("argmax", A, axis=1), call("argmin", A, axis=1),
    *(call(name, A, axis=(0, -1), keepdims=True) for name in ("sum", "mean", "max", "all")),
    call("sum", FLAGS), call("mean", INTEGERS), call("max", FLAGS), call("argmax", A), call("argmin", FLAGS),
    call("max", A, initial=5.0), call("count_nonzero", INTEGERS), call("count_nonzero", FLAGS, axis=0),
    call("average", A, axis=2, weights=ROW), call("average", A),
    call("logsumexp", A, axis=1),
]  # fmt: skip
