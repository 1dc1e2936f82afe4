"""Runs in the Python of real Keras: loads the layers that graphkeras wrote as JSON and calls them.

KERAS_BACKEND=jax python keras_side.py CONFIGS.json OUT.npz
"""

import importlib.util
import json
import sys
from pathlib import Path

import keras
import numpy as np

spec = importlib.util.spec_from_file_location("cases", Path(__file__).with_name("cases.py"))
cases = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cases)

found = {}
for number, (case, config) in enumerate(zip(cases.CASES, json.loads(Path(sys.argv[1]).read_text()))):
    layer = keras.saving.deserialize_keras_object(config)
    inputs = case.inputs
    if not layer.built:
        layer.build([x.shape for x in inputs] if isinstance(inputs, list) else inputs.shape)
    layer.set_weights(cases.weights_for([w.shape for w in layer.weights]))
    options = {} if case.training is None else {"training": case.training}
    found[f"{number}:output"] = keras.ops.convert_to_numpy(layer(inputs, **options))
    for k, weight in enumerate(layer.get_weights()):
        found[f"{number}:weight{k}"] = weight
    found[f"{number}:loss"] = np.array([float(loss) for loss in layer.losses])
    found[f"{number}:config"] = np.array(json.dumps(keras.saving.serialize_keras_object(layer)["config"], sort_keys=True))
np.savez(sys.argv[2], **found)
