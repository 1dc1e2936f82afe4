"""Recurrent layers for comparison with real Keras; see `cases.py`, whose numbers they use. Works with either library."""

from typing import Any, NamedTuple

import numpy as np

X = np.random.default_rng(3).uniform(-1, 1, (3, 5, 2)).astype(np.float32)


class Case(NamedTuple):
    label: str
    make: Any  # from the layers module to a layer
    masked: bool = False
    states: tuple = ()
    inputs: Any = X
    state_shape: tuple = (4,)

    @property
    def initial_state(self):
        return [state(number, self.state_shape) for number in self.states]


MASK = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 1], [1, 0, 1, 0, 1]], bool)


def weights_for(shapes):
    return [np.random.default_rng([7, k, *shape]).uniform(-1, 1, shape).astype(np.float32) for k, shape in enumerate(shapes)]


def state(number, shape=(4,)):
    return np.random.default_rng([5, number]).uniform(-1, 1, (3, *shape)).astype(np.float32)


def _of(name, *args, **config):
    return lambda layers: getattr(layers, name)(*args, name="given", **config)


CASES = []
for name, count in (("SimpleRNN", 1), ("LSTM", 2), ("GRU", 1)):
    states = tuple(range(count))
    every = {"return_sequences": True, "return_state": True}
    CASES += [
        Case(f"{name} last", _of(name, 4)),
        Case(f"{name} all", _of(name, 4, **every)),
        Case(f"{name} backwards", _of(name, 4, go_backwards=True, **every), states=states),
        Case(f"{name} masked", _of(name, 4, **every), masked=True, states=states),
        Case(f"{name} masked backwards", _of(name, 4, go_backwards=True, **every), masked=True),
        Case(f"{name} without bias", _of(name, 4, use_bias=False, unroll=True, kernel_regularizer="l2")),
        Case(f"{name} gelu", _of(name, 4, activation="gelu", dropout=0.3, recurrent_dropout=0.2, **every), masked=True),
    ]
    CASES.append(
        Case(
            f"RNN of {name}Cell",
            lambda layers, name=name: layers.RNN(getattr(layers, f"{name}Cell")(4), return_sequences=True, name="given"),
            masked=True,
        )
    )
CASES += [
    Case("GRU reset before", _of("GRU", 4, reset_after=False, return_sequences=True), masked=True),
    Case("GRU relu", _of("GRU", 4, activation="relu", recurrent_activation="hard_sigmoid", reset_after=False)),
    Case("LSTM relu", _of("LSTM", 4, activation="relu", recurrent_activation="hard_sigmoid", unit_forget_bias=False)),
    Case(
        "stacked",
        lambda layers: layers.RNN(
            [layers.LSTMCell(4), layers.GRUCell(3), layers.SimpleRNNCell(2)],
            return_sequences=True,
            return_state=True,
            zero_output_for_mask=True,
            name="given",
        ),
    ),
]


def _both(name, *, other=False, **config):
    options = {key: config.pop(key) for key in ("merge_mode",) if key in config}

    def make(layers):
        inner = getattr(layers, name)
        back = {"backward_layer": inner(4, go_backwards=True, activation="relu", **config)} if other else {}
        return layers.Bidirectional(inner(4, name="inner", **config), name="given", **options, **back)

    return make


CASES += [
    Case("Bidirectional last", _both("LSTM")),
    Case("Bidirectional all", _both("GRU", return_sequences=True, return_state=True), masked=True),
    Case("Bidirectional states", _both("LSTM", return_state=True, merge_mode="ave"), states=(0, 1, 2, 3)),
    Case("Bidirectional sum", _both("SimpleRNN", merge_mode="sum", return_sequences=True, other=True)),
    Case("Bidirectional mul", _both("GRU", merge_mode="mul"), masked=True),
    Case("Bidirectional both", _both("LSTM", merge_mode=None, return_sequences=True)),
    Case("TimeDistributed", lambda layers: layers.TimeDistributed(layers.Dense(3, activation="tanh"), name="given")),
]


def films(*shape):
    return np.random.default_rng([4, *shape]).uniform(-1, 1, (3, 5, *shape)).astype(np.float32)


EVERY = {"return_sequences": True, "return_state": True}
FIRST = {"data_format": "channels_first"}

# Keras with JAX applies masks to images only when it unrolls.
CASES += [
    Case("LSTM unrolled", _of("LSTM", 4, unroll=True, **EVERY), masked=True),
    Case("GRU unrolled backwards", _of("GRU", 4, unroll=True, go_backwards=True, **EVERY), masked=True),
    Case("ConvLSTM1D", _of("ConvLSTM1D", 3, 2, **EVERY), inputs=films(4, 2), states=(0, 1), state_shape=(3, 3)),
    Case("ConvLSTM1D same", _of("ConvLSTM1D", 3, 3, padding="same", strides=2, dropout=0.2), inputs=films(5, 2)),
    Case("ConvLSTM1D masked", _of("ConvLSTM1D", 3, 2, unroll=True, **EVERY), masked=True, inputs=films(4, 2)),
    Case("ConvLSTM2D", _of("ConvLSTM2D", 2, (2, 3), go_backwards=True, **EVERY), inputs=films(3, 4, 2)),
    Case("ConvLSTM2D first", _of("ConvLSTM2D", 2, 2, dilation_rate=2, use_bias=False, **FIRST), inputs=films(2, 4, 3)),
    Case(
        "ConvLSTM2D relu",
        _of("ConvLSTM2D", 2, 2, padding="same", activation="relu", recurrent_activation="hard_sigmoid", bias_regularizer="l2"),
        inputs=films(3, 3, 1),
    ),
    Case(
        "ConvLSTM2D masked backwards",
        _of("ConvLSTM2D", 2, 2, unroll=True, go_backwards=True, return_sequences=True, **FIRST),
        masked=True,
        inputs=films(2, 3, 3),
    ),
    Case("ConvLSTM3D", _of("ConvLSTM3D", 2, 2, unit_forget_bias=False, return_state=True), inputs=films(2, 3, 2, 1)),
]
