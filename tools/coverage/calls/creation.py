"""Calls: making tensors."""

from .call import INTEGERS, A, Call, call

CALLS: list[Call] = [
    call("zeros", (2, 3)), call("ones", (2, 3), dtype="int32"), call("full", (2,), 7),
    call("zeros_like", INTEGERS),
    call("ones_like", A), call("full_like", A, 2.5), call("array", [1.0, 2.0]),
    call("arange", 5), call("arange", 1.0, 2.0, 0.25),
    call("arange", 7, 1, -2),
    call("linspace", 0, 1, 5), call("linspace", 1.0, 3.0, num=4, endpoint=False), call("logspace", 0.0, 2.0, num=3),
    call("eye", 3), call("eye", 3, 4, 1), call("identity", 3), call("tri", 3, 4, 1),
    call("empty", (2, 3)), call("empty_like", A),
]  # fmt: skip
