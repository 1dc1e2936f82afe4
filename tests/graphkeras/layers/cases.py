"""Layers with inputs, for comparison with real Keras. The weights are the same everywhere: see `weights_for`."""

from typing import Any, NamedTuple

import numpy as np


class Case(NamedTuple):
    name: str
    config: dict
    inputs: Any
    training: Any = None

    @property
    def label(self):
        return f"{self.name}{self.config}{'' if self.training is None else self.training}"


def draw(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).uniform(-2, 2, shape).astype(np.float32)


def weights_for(shapes):
    """Numbers for weights of these shapes, the same for every library; positive, so that they can be variances."""
    return [np.random.default_rng([7, k, *shape]).uniform(0.2, 1.5, shape).astype(np.float32) for k, shape in enumerate(shapes)]


X, Y, IMAGES = draw(4, 5), draw(4, 5, seed=1), draw(2, 3, 4, 5)
IDS = np.array([[0, 3, 1], [2, 2, 6]], np.int32)

CASES = [
    Case("Dense", {"units": 3}, X),
    Case("Dense", {"units": 3, "activation": "relu", "use_bias": False}, IMAGES),
    Case("Dense", {"units": 3, "activation": "softmax"}, X),
    Case("Dense", {"units": 3, "activation": "gelu", "kernel_regularizer": "l2"}, X),
    Case("Activation", {"activation": "tanh"}, X),
    Case("Activation", {"activation": "selu"}, X),
    Case("Activation", {"activation": "hard_sigmoid"}, X),
    Case("Activation", {"activation": "mish"}, X),
    Case("Activation", {"activation": "log_softmax"}, X),
    Case("ReLU", {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.2}, X),
    Case("ReLU", {}, X),
    Case("LeakyReLU", {}, X),
    Case("PReLU", {"shared_axes": [1]}, IMAGES),
    Case("ELU", {"alpha": 0.5}, X),
    Case("Softmax", {"axis": 1}, IMAGES),
    Case("Flatten", {}, IMAGES),
    Case("Flatten", {"data_format": "channels_first"}, IMAGES),
    Case("Reshape", {"target_shape": [10, -1]}, IMAGES),
    Case("Permute", {"dims": [3, 1, 2]}, IMAGES),
    Case("RepeatVector", {"n": 3}, X),
    Case("Dropout", {"rate": 0.5}, X, False),
    Case("GaussianNoise", {"stddev": 0.5}, X, False),
    Case("ActivityRegularization", {"l1": 0.1, "l2": 0.2}, X),
    Case("Add", {}, [X, Y]),
    Case("Add", {}, [draw(2, 4, 5), draw(2, 5)]),
    Case("Subtract", {}, [X, Y]),
    Case("Multiply", {}, [X, Y, X]),
    Case("Average", {}, [X, Y, X]),
    Case("Maximum", {}, [X, Y]),
    Case("Minimum", {}, [X, Y]),
    Case("Concatenate", {}, [X, Y]),
    Case("Concatenate", {"axis": 1}, [IMAGES, IMAGES]),
    Case("Embedding", {"input_dim": 7, "output_dim": 3}, IDS),
    Case("Rescaling", {"scale": 0.5, "offset": -1.0}, X),
    Case("Identity", {}, X),
    Case("BatchNormalization", {}, X, False),
    Case("BatchNormalization", {}, X, True),
    Case("BatchNormalization", {"axis": 1, "momentum": 0.9, "center": False}, IMAGES, True),
    Case("BatchNormalization", {"scale": False, "epsilon": 0.1}, IMAGES, False),
    Case("LayerNormalization", {}, X),
    Case("LayerNormalization", {"axis": [1, 2], "epsilon": 1e-5, "scale": False}, IMAGES),
    Case("GroupNormalization", {"groups": 1}, IMAGES),
    Case("GroupNormalization", {"groups": 3, "axis": 1, "scale": False}, IMAGES),
    Case("GroupNormalization", {"groups": 2, "axis": 2, "center": False, "epsilon": 0.1}, IMAGES),
    Case("RMSNormalization", {}, X),
    Case("RMSNormalization", {"axis": [2, 3], "epsilon": 1e-3}, IMAGES),
    Case("UnitNormalization", {}, X),
    Case("UnitNormalization", {"axis": [1, 2]}, IMAGES),
]
