"""Calls: loops whose number of rounds depends on numbers."""

import numpy as np

from .call import Call, Given, M, call, draw

BELOW = Given(lambda keras: lambda i, x: i < 5)
NEXT = Given(lambda keras: lambda i, x: (i + 1, x * 0.5 + keras.ops.cast(i, "float32")))
ZERO = np.array(0, "int32")

CALLS: list[Call] = [
    call("while_loop", BELOW, NEXT, (ZERO, M)),
    call("while_loop", BELOW, NEXT, (ZERO, M), maximum_iterations=3),
    call("while_loop", BELOW, NEXT, [np.array(7, "int32"), M]),
    call("while_loop", Given(lambda keras: lambda x: keras.ops.sum(x) < 100.0),
         Given(lambda keras: lambda x: x + 3.0), draw(3)),
    call("while_loop", Given(lambda keras: lambda x, y: keras.ops.all(x < y)),
         Given(lambda keras: lambda x, y: (x + 1, y)), (ZERO, np.array([4, 5], "int32"))),
    call("while_loop", Given(lambda keras: lambda s: s["n"] < 4),
         Given(lambda keras: lambda s: ({"n": s["n"] + 1, "p": s["p"] * 2},)), ({"n": ZERO, "p": np.array(1, "int32")},)),
    call("fori_loop", ZERO, np.array(4, "int32"), Given(lambda keras: lambda i, x: x * 0.5 + keras.ops.cast(i, "float32")), M),
]  # fmt: skip
