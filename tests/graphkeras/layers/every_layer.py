"""One table of all layers, with several options each: the cases of all families, and those of layers that have no family.

A new layer needs a line in a table here or in its family's; `test_every_layer.py` does the rest.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import graphkeras as keras
from graphkeras import layers
from tests.graphkeras.layers import attention_cases, cases, recurrent_cases
from tests.graphkeras.layers.convolution import cases as convolution_cases
from tests.graphkeras.layers.preprocessing import preprocessing_cases


class Entry(NamedTuple):
    """A layer, the data of a model of it, and how the model calls it."""

    label: str
    make: Callable[[], Any]
    inputs: list
    call: Callable = lambda layer, *x: layer(x[0] if len(x) == 1 else list(x))


def _named(name, config):
    return lambda: getattr(layers, name)(**config)


def _recurrent(case):
    given = [case.inputs, *([recurrent_cases.MASK] if case.masked else []), *case.initial_state]

    def call(layer, x, *more):
        mask, states = (more[0], more[1:]) if case.masked else (None, more)
        return layer(x, **({"mask": mask} if case.masked else {}), **({"initial_state": list(states)} if states else {}))

    return Entry(case.label, lambda: case.make(layers), given, call)


X, IMAGE = cases.draw(4, 5), cases.draw(2, 4, 5, 3)
STEPS = cases.draw(2, 3, 4)
TOKENS = np.array([[3, 1, 0, 0], [5, 2, 7, 0]], np.int32)


def _backwards(layer, ids):
    """Embedded, and back to logits."""
    return layer(layer(ids), reverse=True)


def _images_for(config):
    return IMAGE.transpose(0, 3, 1, 2).copy() if config.get("data_format") == "channels_first" else IMAGE


#: Layers of no family, and options that the families do not have.
OWN = [
    Entry("Masking", _named("Masking", {"mask_value": 0.5}), [STEPS]),
    Entry("Embedding mask_zero", lambda: layers.Embedding(9, 3, mask_zero=True), [TOKENS]),
    Entry("ReversibleEmbedding", lambda: layers.ReversibleEmbedding(9, 3), [TOKENS], _backwards),
    Entry("ReversibleEmbedding free", lambda: layers.ReversibleEmbedding(9, 3, tie_weights=False), [TOKENS], _backwards),
    Entry("Lambda", lambda: layers.Lambda(keras.ops.square), [X]),
    Entry("SpectralNormalization", lambda: layers.SpectralNormalization(layers.Dense(3)), [X]),
    Entry("SpectralNormalization of images", lambda: layers.SpectralNormalization(layers.Conv2D(2, 2)), [IMAGE]),
    Entry("TimeDistributed normalization", lambda: layers.TimeDistributed(layers.BatchNormalization()), [STEPS]),
    Entry("TimeDistributed convolution", lambda: layers.TimeDistributed(layers.Conv1D(2, 2)), [cases.draw(2, 3, 4, 2)]),
    Entry("LSTM dropout", lambda: layers.LSTM(3, dropout=0.3, return_sequences=True), [STEPS]),
    Entry("GRU both dropouts", lambda: layers.GRU(3, dropout=0.3, recurrent_dropout=0.3, reset_after=False), [STEPS]),
    Entry("Dropout noise_shape", lambda: layers.Dropout(0.5, noise_shape=(None, 1, 4), seed=1), [STEPS]),
    Entry("RandomFlip", lambda: layers.RandomFlip(seed=1), [IMAGE]),
    Entry("STFTSpectrogram", lambda: layers.STFTSpectrogram("real", 16, 8), [cases.draw(2, 40, 1)]),
    Entry("IntegerLookup", lambda: layers.IntegerLookup(vocabulary=[3, 1, 5]), [TOKENS]),
    Entry("IntegerLookup counts", lambda: layers.IntegerLookup(vocabulary=[3, 1, 5], output_mode="count"), [TOKENS]),
    *(
        Entry(f"{name} {config}", _named(name, config), [_images_for(config)])
        for name, config in preprocessing_cases.CERTAIN
        if config.get("height", 0) < 7
    ),
]

ENTRIES = [
    *(
        Entry(case.label, _named(case.name, case.config), case.inputs if isinstance(case.inputs, list) else [case.inputs])
        for case in (*cases.CASES, *convolution_cases.CASES)
    ),
    *(Entry(case.label, _named(case.name, case.config), case.inputs, case.call) for case in attention_cases.CASES),
    *(_recurrent(case) for case in recurrent_cases.CASES),
    *(
        Entry(f"{name}{config}{x.dtype}{x.shape}", _named(name, config), [x if x.ndim > 1 else np.stack([x, x])])
        for name, config, x in preprocessing_cases.CASES
        if x.ndim != 3  # one image without a batch
    ),
    *OWN,
]


class Scale(keras.layers.Layer):
    """x times a number that is trained: its gradient is made of the gradients of x."""

    def build(self, input_shape):
        self.factor = self.add_weight((), initializer=keras.initializers.Constant(0.9), name="factor")

    def call(self, inputs):
        return inputs * self.factor


def model_of(entry, policy="float32"):
    """A model of the layer behind scaled inputs, with the same weights every time; and the layer."""
    keras.utils.set_random_seed(3)
    keras.config.set_dtype_policy(policy)
    try:
        inputs = [keras.Input(x.shape[1:], dtype=x.dtype.name, name=f"x{k}") for k, x in enumerate(entry.inputs)]
        scaled = [Scale()(x) if x.dtype == "float32" else x for x in inputs]
        layer = entry.make()
        outputs = keras.tree.flatten(entry.call(layer, *scaled))
    finally:
        keras.config.set_dtype_policy("float32")
    model = keras.Model(inputs, outputs)
    for weight, shape in zip(layer.weights, [weight.shape for weight in layer.weights]):
        weight.assign(np.random.default_rng([7, *shape]).uniform(0.2, 0.8, shape).astype(np.float32))
    return model, layer
