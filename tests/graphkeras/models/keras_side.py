"""Runs in the Python of real Keras: reads functional models that graphkeras wrote and tells what it sees.

KERAS_BACKEND=jax python keras_side.py MODELS.json OUT.json
"""

import copy
import json
import sys
from pathlib import Path

import keras
import numpy as np

found = []
for written in json.loads(Path(sys.argv[1]).read_text()):
    keras.utils.clear_session()
    model = keras.saving.deserialize_keras_object(copy.deepcopy(written))
    for weight in model.weights:
        weight.assign(np.random.default_rng([5, *weight.shape]).normal(size=tuple(weight.shape)).astype(np.float32))
    data = [np.random.default_rng(k).normal(size=(3, 4)).astype(np.float32) for k in range(len(model.inputs))]
    outputs = keras.tree.flatten(model(data if len(data) > 1 else data[0]))
    found.append(
        {
            "layers": [layer.name for layer in model.layers],
            "weights": [weight.path for weight in model.weights],
            "config": keras.saving.serialize_keras_object(model)["config"],
            "outputs": [keras.ops.convert_to_numpy(output).tolist() for output in outputs],
        }
    )
Path(sys.argv[2]).write_text(json.dumps(found))
