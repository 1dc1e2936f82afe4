"""Calls of recurrent layers as plain data: both real Keras and we can make them."""

from typing import Any, NamedTuple

import numpy as np

BATCH, TIME, FEATURES, UNITS = 3, 5, 4, 6
GATES = {"simple_rnn": 1, "lstm": 4, "gru": 3}
#: Gaps at the start, in the middle and at the end.
MASK = np.array([[1, 1, 1, 1, 1], [0, 0, 1, 0, 1], [1, 1, 0, 0, 0]], bool)


class Case(NamedTuple):
    layer: str
    options: dict[str, Any]
    masked: bool = False
    initial: bool = True

    @property
    def label(self) -> str:
        options = "-".join(f"{key}={value}" for key, value in self.options.items())
        return f"{self.layer}-{options}-{'masked' if self.masked else ''}-{'initial' if self.initial else ''}"


CASES = [
    Case(layer, options, masked, initial)
    for layer in GATES
    for options, masked, initial in (
        ({}, False, True),
        ({}, True, True),
        ({"go_backwards": True}, False, False),
        ({"go_backwards": True}, True, True),
        ({"activation": "relu"}, False, True),
        ({"use_bias": False}, False, True),
        ({"zero_output_for_mask": True}, True, True),
    )
] + [
    Case("lstm", {"recurrent_activation": "hard_sigmoid"}),
    Case("gru", {"reset_after": False}),
    Case("gru", {"reset_after": False, "use_bias": False}, masked=True),
    Case("gru", {"activation": "softsign", "recurrent_activation": "hard_sigmoid"}, masked=True),
]


def numbers(*shape, seed):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


def arrays(case):
    """x, initial states, kernel, recurrent kernel, bias (None without)."""
    wide = GATES[case.layer] * UNITS
    x = numbers(BATCH, TIME, FEATURES, seed=1)
    count = 2 if case.layer == "lstm" else 1
    make = numbers if case.initial else lambda *shape, seed: np.zeros(shape, "float32")
    states = [make(BATCH, UNITS, seed=10 + k) for k in range(count)]
    kernel, recurrent = numbers(FEATURES, wide, seed=2), numbers(UNITS, wide, seed=3)
    two_rows = case.layer == "gru" and case.options.get("reset_after", True)
    bias = numbers(*((2, wide) if two_rows else (wide,)), seed=4) if case.options.get("use_bias", True) else None
    return x, states, kernel, recurrent, bias
