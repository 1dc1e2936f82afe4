"""Functional models put together at random: shared layers, op nodes, several inputs and outputs."""

import random

import numpy as np

import graphkeras as keras
from graphkeras import layers, ops

COUNT = 25


def random_model(seed):
    draw = random.Random(seed)
    keras.utils.clear_session()
    inputs = [keras.Input((4,), name=f"in{k}") for k in range(draw.randint(1, 3))]
    shared = [layers.Dense(4) for _ in range(2)]
    makers = [
        lambda a, b: layers.Dense(4, activation=draw.choice(["relu", "tanh", None]))(a),
        lambda a, b: draw.choice(shared)(a),
        lambda a, b: layers.Add()([a, b]),
        lambda a, b: a * 2.0 + b,
        lambda a, b: layers.Dense(4)(ops.concatenate([a, b, a], axis=-1)),
        lambda a, b: layers.Dropout(0.5)(a),
        lambda a, b: ops.relu(a) - b,
    ]
    tensors = list(inputs)
    for _ in range(draw.randint(3, 12)):
        tensors.append(draw.choice(makers)(draw.choice(tensors), draw.choice(tensors)))
    outputs = [tensors[-1], *(draw.choice(tensors[len(inputs) :]) for _ in range(draw.randint(0, 2)))]
    structure = outputs[0] if len(outputs) == 1 else outputs
    if len(outputs) > 1 and draw.random() < 0.3:
        structure = {f"o{k}": output for k, output in enumerate(outputs)}
    return keras.Model(inputs[0] if len(inputs) == 1 else inputs, structure)


def data_for(count):
    return [np.random.default_rng(k).normal(size=(3, 4)).astype(np.float32) for k in range(count)]


def set_known_weights(weights):
    for weight in weights:
        shape = tuple(weight.shape)
        weight.assign(np.random.default_rng([5, *shape]).normal(size=shape).astype(np.float32))
