"""Calls: branches and loops with a known number of rounds."""

from typing import Any

import numpy as np

from .call import FLAGS, INTEGERS, ROW, A, Call, Given, M, call, draw

POINT, WEIGHT = draw(3), draw(5, 5, low=-0.5, high=0.5)
YES, NO = np.array(True), np.array(False)


def _rnn(keras: Any) -> Any:
    def step(carry: Any, x: Any) -> Any:
        h = keras.ops.tanh(keras.ops.matmul(carry["h"], WEIGHT) + x[0])
        return {"h": h, "n": carry["n"] + 1}, {"h": h * x[1], "n": carry["n"]}

    return step


def _mean_and_spread(keras: Any) -> Any:
    return lambda x: (keras.ops.mean(x), {"spread": keras.ops.max(x, axis=-1) - keras.ops.min(x, axis=-1)})


ADD = Given(lambda keras: lambda a, b: a + b)
MULTIPLY = Given(lambda keras: lambda a, b: a * b)
COMPOSE = Given(lambda keras: lambda a, b: (a[0] * b[0], a[1] * b[0] + b[1]))
RNN, MEAN_AND_SPREAD = Given(_rnn), Given(_mean_and_spread)
BRANCHES = Given(lambda keras: [lambda x, y: x + y, lambda x, y: keras.ops.sin(x) * y, lambda x, y: x - 2.0 * y])

CALLS: list[Call] = [
    *(call("cond", pred, Given(lambda keras: lambda: keras.ops.exp(POINT)), Given(lambda keras: lambda: POINT * 2.0))
      for pred in (YES, NO)),
    call("cond", YES, Given(lambda keras: lambda: {"a": 1, "b": [ROW, 2.0]}),
         Given(lambda keras: lambda: {"a": 3, "b": [ROW, 1.0]})),
    *(call("switch", np.array(index, "int32"), BRANCHES, M, draw(4)) for index in (-1, 0, 1, 2, 7)),
    call("scan", Given(lambda keras: lambda total, x: (total + x, total * x)), POINT, draw(4, 3)),
    call("scan", Given(lambda keras: lambda total, x: (total + x, total * x)), POINT, draw(4, 3), reverse=True),
    call("scan", Given(lambda keras: lambda total, x: (total * 0.5 + 1.0, total)), POINT, length=5),
    call("scan", RNN, {"h": draw(2, 5), "n": np.array(0, "int32")}, (A.reshape(3, 2, 5), draw(3, 2, 1))),
    call("scan", RNN, {"h": draw(2, 5), "n": np.array(0, "int32")}, (A.reshape(3, 2, 5), draw(3, 2, 1)), reverse=True),
    call("scan", Given(lambda keras: lambda total, x: (total + x, (total, x))), np.array(0, "int32"), INTEGERS[0]),
    call("scan", Given(lambda keras: lambda seen, x: (keras.ops.logical_or(seen, x), seen)), FLAGS[0], FLAGS),
    call("scan", Given(lambda keras: lambda total, x: (total + x, total)), POINT, draw(0, 3)),
    call("fori_loop", 0, 4, Given(lambda keras: lambda i, x: x * 0.5 + keras.ops.cast(i, "float32")), POINT),
    call("fori_loop", 2, 5, Given(lambda keras: lambda i, x: [keras.ops.sin(x[0]), x[1] + i]), [M, np.array(1, "int32")]),
    call("fori_loop", 3, 1, Given(lambda keras: lambda i, x: x * 2.0), POINT),
    call("map", Given(lambda keras: lambda x: keras.ops.sum(x) * x), M),
    call("map", MEAN_AND_SPREAD, A),
    call("map", Given(lambda keras: lambda x: x["a"] + x["b"]), {"a": M, "b": draw(3)}),
    call("map", Given(lambda keras: lambda x: x * 2), draw(0, 3)),
    call("vectorized_map", Given(lambda keras: lambda x: keras.ops.sum(x) * x), M),
    call("vectorized_map", MEAN_AND_SPREAD, A),
    call("vectorized_map", Given(lambda keras: lambda x: keras.ops.matmul(x[0], x[1])), [A, draw(2, 5, 2)]),
    *(call("associative_scan", ADD, x, axis=axis, reverse=reverse)
      for x, axis in ((A, 0), (A, 2), (M, 1), (INTEGERS, 1)) for reverse in (False, True)),
    call("associative_scan", MULTIPLY, draw(9)),
    call("associative_scan", COMPOSE, (draw(6), draw(6, seed=1))),
    call("associative_scan", COMPOSE, (draw(2, 6), draw(2, 6, seed=1)), reverse=True, axis=1),
]  # fmt: skip
