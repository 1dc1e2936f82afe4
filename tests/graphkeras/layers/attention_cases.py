"""Attention and its kin, for comparison with real Keras: the same code runs on both sides."""

import json
from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Case(NamedTuple):
    name: str
    config: dict
    inputs: list
    call: Callable = lambda layer, x: layer(x)
    learns: bool = True

    @property
    def label(self):
        return f"{self.name}{self.config}{[np.shape(x) for x in self.inputs]}"


def draw(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).uniform(-1, 1, shape).astype(np.float32)


def chosen(*shape):
    """A mask, that lets each row see its first."""
    mask = np.random.default_rng([5, *shape]).uniform(size=shape) < 0.6
    mask[..., 0] = True
    return mask


def itself(layer, x):
    return layer(x, x)


def pair(layer, query, value):
    return layer(query, value)


def as_list(layer, *inputs):
    return layer(list(inputs))


X, QUERY, VALUE, KEY = draw(2, 4, 6), draw(2, 3, 6), draw(2, 5, 4), draw(2, 5, 7)
FLAT = draw(2, 5, 6)
MHA, GQA = "MultiHeadAttention", "GroupQueryAttention"

CASES = [
    Case("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 3, "bias_axes": "c", "activation": "relu"}, [draw(4, 5)]),
    Case("EinsumDense", {"equation": "abc,cd->abd", "output_shape": [None, 3], "bias_axes": "d"}, [X]),
    Case("EinsumDense", {"equation": "abc,cde->abde", "output_shape": [None, 3, 2], "bias_axes": "de"}, [X]),
    Case("EinsumDense", {"equation": "...x,xy->...y", "output_shape": 3, "bias_axes": "y"}, [draw(2, 3, 4, 5)]),
    Case("EinsumDense", {"equation": "ab...,bc->ac...", "output_shape": 3, "bias_axes": "c"}, [draw(2, 3, 4, 5)]),
    Case("EinsumDense", {"equation": "abc,bd->adc", "output_shape": [3, None], "bias_axes": "d"}, [X]),
    Case(MHA, {"num_heads": 2, "key_dim": 3}, [X], itself),
    Case(MHA, {"num_heads": 2, "key_dim": 3, "output_shape": 7, "use_bias": False}, [QUERY, VALUE], pair),
    Case(  # with JAX, Keras cannot do this without the scores
        MHA,
        {"num_heads": 2, "key_dim": 3, "value_dim": 5},
        [QUERY, VALUE],
        lambda layer, q, v: layer(q, v, return_attention_scores=True),
        False,
    ),
    Case(MHA, {"num_heads": 3, "key_dim": 2}, [QUERY, VALUE, KEY], lambda layer, q, v, k: layer(q, v, key=k)),
    Case(MHA, {"num_heads": 2, "key_dim": 3}, [X], lambda layer, x: layer(x, x, use_causal_mask=True)),
    Case(
        MHA,
        {"num_heads": 2, "key_dim": 3},
        [QUERY, VALUE, chosen(2, 3, 5)],
        lambda layer, q, v, m: layer(q, v, attention_mask=m),
    ),
    Case(
        MHA,
        {"num_heads": 2, "key_dim": 3},
        [X, chosen(2, 4, 4)],
        lambda layer, x, m: layer(x, x, attention_mask=m, use_causal_mask=True),
    ),
    Case(MHA, {"num_heads": 2, "key_dim": 3}, [X], lambda layer, x: layer(x, x, return_attention_scores=True), False),
    Case(
        MHA,
        {"num_heads": 2, "key_dim": 3},
        [X, chosen(2, 4, 4)],
        lambda layer, x, m: layer(x, x, attention_mask=m, return_attention_scores=True, use_causal_mask=True),
        False,
    ),
    Case(MHA, {"num_heads": 2, "key_dim": 3, "attention_axes": 2}, [draw(2, 3, 4, 6)], itself),
    Case(MHA, {"num_heads": 2, "key_dim": 3, "attention_axes": [1, 2]}, [draw(2, 3, 2, 6)], itself),
    Case(MHA, {"num_heads": 2, "key_dim": 3}, [draw(2, 3, 2, 6)], itself),
    Case(MHA, {"num_heads": 2, "key_dim": 3, "sliding_window": 2, "use_gate": True}, [X], itself),
    Case(MHA, {"num_heads": 2, "key_dim": 3, "dropout": 0.3, "kernel_regularizer": "l2"}, [X], itself, False),
    Case(GQA, {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}, [QUERY, FLAT], pair),
    Case(
        GQA,
        {"head_dim": 3, "num_query_heads": 2, "num_key_value_heads": 1, "use_gate": True, "use_bias": False},
        [X],
        lambda layer, x: layer(x, x, use_causal_mask=True),
    ),
    Case(
        GQA,
        {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2, "sliding_window": 2},
        [X, chosen(2, 4, 4)],
        lambda layer, x, m: layer(x, x, attention_mask=m, return_attention_scores=True),
        False,
    ),
    Case("Attention", {}, [QUERY, FLAT], as_list, False),
    Case("Attention", {"use_scale": True}, [QUERY, FLAT, draw(2, 5, 6, seed=3)], as_list),
    Case("Attention", {"score_mode": "concat", "use_scale": True}, [QUERY, FLAT], as_list),
    Case("Attention", {"dropout": 0.4}, [X, X], lambda layer, q, v: layer([q, v], use_causal_mask=True), False),
    Case(
        "Attention",
        {"use_scale": True},
        [QUERY, FLAT, chosen(2, 3), chosen(2, 5)],
        lambda layer, q, v, m, n: layer([q, v], mask=[m, n], return_attention_scores=True),
        False,
    ),
    Case("AdditiveAttention", {}, [QUERY, FLAT], as_list),
    Case("AdditiveAttention", {"use_scale": False}, [QUERY, FLAT], as_list, False),
    Case("Normalization", {"mean": [1.0, 2.0, 3.0], "variance": [0.5, 0.0, 2.0]}, [draw(4, 3)], learns=False),
    Case("Normalization", {"axis": None, "mean": 0.5, "variance": 4.0, "invert": True}, [X], learns=False),
    Case("Normalization", {"axis": [1, 2], "mean": [1.0, 2.0], "variance": [3.0, 4.0]}, [draw(2, 3, 2)], learns=False),
    Case("SpatialDropout1D", {"rate": 0.5}, [X], learns=False),
    Case("SpatialDropout2D", {"rate": 0.5, "data_format": "channels_first"}, [draw(2, 3, 4, 5)], learns=False),
    Case("SpatialDropout3D", {"rate": 0.5, "seed": 3}, [draw(2, 3, 2, 4, 5)], learns=False),
    Case("GaussianDropout", {"rate": 0.5, "seed": 3}, [X], learns=False),
    Case("AlphaDropout", {"rate": 0.5, "noise_shape": [None, 1, 6]}, [X], learns=False),
    Case("Dot", {"axes": 1}, [draw(3, 4), draw(3, 4, seed=1)], as_list, False),
    Case("Dot", {"axes": [1, 2]}, [draw(2, 3, 5), draw(2, 4, 3)], as_list, False),
    Case("Dot", {"axes": -1, "normalize": True}, [draw(2, 3, 5), draw(2, 4, 5)], as_list, False),
]


def weights_for(shapes):
    return [
        np.random.default_rng([7, k, *shape]).uniform(-0.9, 0.9, shape).astype(np.float32) for k, shape in enumerate(shapes)
    ]


def model_of(keras, case):
    """A model of the layer alone, with weights that are the same everywhere."""
    inputs = [keras.Input(x.shape[1:], dtype=str(x.dtype)) for x in case.inputs]
    layer = getattr(keras.layers, case.name)(**case.config, name="given")
    model = keras.Model(inputs, case.call(layer, *inputs))
    layer.set_weights(weights_for([w.shape for w in layer.weights]))
    return model, layer


def computed(keras, case):
    """Results, and for layers that learn the change of the weights in a step of SGD: their gradients."""
    model, layer = model_of(keras, case)
    outputs = model.predict(case.inputs, verbose=0)
    outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    found = {f"output{k}": np.asarray(output) for k, output in enumerate(outputs)}
    found["paths"] = np.array([w.path for w in layer.weights], dtype=str)
    found["entry"] = np.array(json.dumps(json.loads(json.dumps(keras.saving.serialize_keras_object(layer))), sort_keys=True))
    if case.learns:
        before = layer.get_weights()
        model.compile(keras.optimizers.SGD(1.0), "mse")
        model.train_on_batch(case.inputs, draw(*outputs[0].shape, seed=9))
        for k, (one, other) in enumerate(zip(before, layer.get_weights(), strict=True)):
            found[f"gradient{k}"] = one - other
    return found
