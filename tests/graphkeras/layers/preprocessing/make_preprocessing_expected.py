"""What real Keras makes of the cases; run it after changing them, in a Python that has keras and jax:

KERAS_BACKEND=jax python tests/graphkeras/layers/preprocessing/make_preprocessing_expected.py
"""

import importlib.util
import json
from pathlib import Path

import keras
import numpy as np

HERE = Path(__file__).parent
spec = importlib.util.spec_from_file_location("cases", HERE / "preprocessing_cases.py")
cases = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cases)

found = {}
for number, (name, config, inputs) in enumerate(cases.CASES):
    layer = getattr(keras.layers, name)(**config, name="given")
    found[f"{number}:output"] = keras.ops.convert_to_numpy(layer(inputs))
    found[f"{number}:config"] = np.array(json.dumps(layer.get_config()))
    found[f"{number}:case"] = np.array(cases.label(number))
for number, (name, config) in enumerate(cases.CERTAIN):
    layer = getattr(keras.layers, name)(**config, name="given")
    found[f"certain{number}:output"] = keras.ops.convert_to_numpy(layer(cases.images_for(number), training=True))
    found[f"certain{number}:inference"] = keras.ops.convert_to_numpy(layer(cases.images_for(number), training=False))
    found[f"certain{number}:config"] = np.array(json.dumps(layer.get_config()))
for number, (config, data) in enumerate(cases.ADAPTED):
    layer = keras.layers.Discretization(**config)
    layer.reset_state()
    for part in np.array_split(data, 2):
        layer.update_state(part)
    layer.finalize_state()
    found[f"adapted{number}"] = np.array(layer.bin_boundaries)
np.savez_compressed(HERE / "preprocessing_expected.npz", **found)
